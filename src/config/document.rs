//! The whole configuration.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess};

use super::BucketSink;
use super::bucket::{BucketReader, Shared};
use super::choice::Choice;
use super::code;
use super::field::{is_first, unknown};
use super::host::{self, Lone};
use super::model::{Settings, Unmanaged};
use super::place::Place;
use super::report::Report;
use super::source;
use super::value::{
    Flag, Null, Read, Scalar, Seed, Texts, next_key, skip_list, skip_object, skip_value, wrong_type,
};
use crate::profile::{OSS, Profile};

const FIELDS: [&str; 5] = ["profile", "endpoints", "unmanaged", "explain", "buckets"];
const EXPECTED: &str = "the configuration, an object with buckets";

/// Reads a configuration; see [`super::read`].
pub(super) fn read<'a>(text: &'a [u8], sink: &mut impl BucketSink<'a>) -> (Option<Settings>, Report) {
    // Windows editors begin UTF-8 with a byte order mark, which RFC 8259 section 8.1 lets a parser ignore.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    match read_once(text, sink, &OSS, MayRestart::Yes) {
        Outcome::Done(settings, report) => (settings, report),
        Outcome::OtherProfile(profile) => {
            sink.restart();
            match read_once(text, sink, profile, MayRestart::No) {
                Outcome::Done(settings, report) => (settings, report),
                // Not with `MayRestart::No`.
                Outcome::OtherProfile(_) => (None, Report::default()),
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MayRestart {
    Yes,
    No,
}

enum Outcome {
    Done(Option<Settings>, Report),
    /// Buckets were validated for another profile than the one that stands behind them.
    OtherProfile(&'static Profile),
}

fn read_once<'a>(
    text: &'a [u8],
    sink: &mut impl BucketSink<'a>,
    assumed: &'static Profile,
    may_restart: MayRestart,
) -> Outcome {
    let mut report = Report::default();
    if source::is_empty(&mut report, text) {
        return Outcome::Done(None, report);
    }
    let mut settings = Settings {
        profile: assumed,
        ..Settings::default()
    };
    let mut other_profile = None;
    // Checking the encoding once is cheaper than once for each string. What stands before a bad byte is read all the same.
    let (readable, bad_byte) = match std::str::from_utf8(text) {
        Ok(readable) => (readable, None),
        Err(error) => {
            let (readable, _) = text.split_at_checked(error.valid_up_to()).unwrap_or_default();
            (std::str::from_utf8(readable).unwrap_or_default(), Some(readable))
        }
    };
    let mut json = serde_json::Deserializer::from_str(readable);
    let reader = DocumentReader {
        report: &mut report,
        settings: &mut settings,
        sink,
        may_restart,
        other_profile: &mut other_profile,
    };
    let result = Seed(reader).deserialize(&mut json).and_then(|()| json.end());
    if let Some(profile) = other_profile {
        return Outcome::OtherProfile(profile);
    }
    match (result, bad_byte) {
        (Err(error), None) => source::not_json(&mut report, text, &error),
        (Err(error), Some(_)) if !error.is_eof() => source::not_json(&mut report, text, &error),
        (_, Some(before)) => source::not_utf8(&mut report, text, before),
        (Ok(()), None) => {}
    }
    let settings = report.errors.is_empty().then_some(settings);
    Outcome::Done(settings, report)
}

struct DocumentReader<'r, S> {
    report: &'r mut Report,
    settings: &'r mut Settings,
    sink: &'r mut S,
    may_restart: MayRestart,
    other_profile: &'r mut Option<&'static Profile>,
}

#[derive(Default)]
struct Seen {
    profile: Option<&'static str>,
    endpoints: Option<&'static str>,
    unmanaged: Option<&'static str>,
    explain: Option<&'static str>,
    buckets: Option<&'static str>,
}

impl<'a, S: BucketSink<'a>> Read<'a> for DocumentReader<'_, S> {
    type Output = ();

    fn scalar(self, value: Scalar<'a>) {
        wrong_type(self.report, &Place::Document, EXPECTED, value);
    }

    fn list<A: SeqAccess<'a>>(self, list: A) -> Result<(), A::Error> {
        self.report.add(&code::WRONG_TYPE, &Place::Document, || {
            format!("a list stands where {EXPECTED} belongs: a list of rules is the \"cors\" of a bucket")
        });
        skip_list(list)
    }

    fn object<A: MapAccess<'a>>(self, mut object: A) -> Result<(), A::Error> {
        let report = self.report;
        let mut seen = Seen::default();
        let mut shared = Shared::default();
        let mut used_default = false;
        let mut buckets = 0_usize;
        while let Some(key) = next_key(&mut object)? {
            let place = Place::Key(&Place::Document, &key);
            let (slot, name) = match key.as_ref() {
                "profile" => (&mut seen.profile, "profile"),
                "endpoints" => (&mut seen.endpoints, "endpoints"),
                "unmanaged" => (&mut seen.unmanaged, "unmanaged"),
                "explain" => (&mut seen.explain, "explain"),
                "buckets" => (&mut seen.buckets, "buckets"),
                "_rules_" => {
                    refuse_higress_rules(report, &place);
                    skip_value(&mut object)?;
                    continue;
                }
                other => {
                    unknown(report, &place, other, "the configuration", &FIELDS);
                    skip_value(&mut object)?;
                    continue;
                }
            };
            if !is_first(report, &place, slot, name) {
                skip_value(&mut object)?;
                continue;
            }
            match name {
                "profile" => {
                    let choice = Choice::new(report, &place, &Profile::CHOICES);
                    if let Some(profile) = object.next_value_seed(Seed(choice))? {
                        if used_default
                            && profile != self.settings.profile
                            && self.may_restart == MayRestart::Yes
                        {
                            *self.other_profile = Some(profile);
                            return Err(A::Error::custom("read again"));
                        }
                        self.settings.profile = profile;
                    }
                }
                "endpoints" => endpoints(report, &place, &mut object, self.settings)?,
                "unmanaged" => {
                    let choice = Choice::new(report, &place, &Unmanaged::CHOICES);
                    self.settings.unmanaged = object.next_value_seed(Seed(choice))?.unwrap_or_default();
                }
                "explain" => {
                    let flag = Flag {
                        report,
                        place: &place,
                        null: Null::IsWrong,
                    };
                    self.settings.explain = object.next_value_seed(Seed(flag))?.unwrap_or(false);
                }
                _ => {
                    let reader = Buckets {
                        report,
                        place: &place,
                        profile: self.settings.profile,
                        used_default: &mut used_default,
                        shared: &mut shared,
                        sink: self.sink,
                    };
                    buckets = object.next_value_seed(Seed(reader))?;
                }
            }
        }
        if seen.buckets.is_none() {
            report.add(&code::MISSING_FIELD, &Place::Document, || {
                "there are no buckets: write \"buckets\": [{\"name\": …, \"cors\": …}]".to_owned()
            });
        }
        finish(report, self.settings, &shared, buckets);
        Ok(())
    }
}

/// What can be said only when buckets and endpoints have been read, in whichever order they stand.
fn finish(report: &mut Report, settings: &Settings, shared: &Shared<'_>, buckets: usize) {
    let place = Place::Key(&Place::Document, "endpoints");
    for (index, endpoint) in settings.endpoints.iter().enumerate() {
        if let Some(bucket) = shared.hosts.get(endpoint) {
            report.add(&code::HOST_IS_ENDPOINT, &Place::Index(&place, index), || {
                format!(
                    "{endpoint} is also a host of /buckets/{bucket}, which takes its requests: take one out"
                )
            });
        }
    }
    let unchecked = shared.budget.unchecked;
    if unchecked > 0 {
        report.add(&code::OVERLAP_NOT_CHECKED, &Place::Key(&Place::Document, "buckets"), || {
            format!("the rules of {unchecked} of {buckets} buckets were not checked for overlap: there are too many patterns")
        });
    }
}

fn endpoints<'a, A: MapAccess<'a>>(
    report: &mut Report,
    place: &Place<'_>,
    object: &mut A,
    settings: &mut Settings,
) -> Result<(), A::Error> {
    let mut known = std::collections::BTreeSet::new();
    let each = |report: &mut Report, place: &Place<'_>, text: Cow<'a, str>| {
        let Some(host) = host::read(report, place, text, Lone::Refused) else {
            return;
        };
        if known.insert(host.clone()) {
            settings.endpoints.push(host.into_owned());
        } else {
            report.add(&code::DUPLICATE_HOST, place, || {
                format!("the endpoint {host} is given twice: take one out")
            });
        }
    };
    object.next_value_seed(Seed(Texts {
        report,
        place,
        null: Null::IsWrong,
        each,
    }))
}

fn refuse_higress_rules(report: &mut Report, place: &Place<'_>) {
    report.add(&code::HIGRESS_RULES, place, || {
        "Higress puts the matchRules of its WasmPlugin into _rules_, which this filter does not read: give one defaultConfig \
         that lists all buckets, and name the domains of a bucket in its \"hosts\""
            .to_owned()
    });
}

/// Reads `buckets` and hands the valid ones on; gives their number.
struct Buckets<'r, 'p, 'a, S> {
    report: &'r mut Report,
    place: &'p Place<'p>,
    profile: &'static Profile,
    used_default: &'r mut bool,
    shared: &'r mut Shared<'a>,
    sink: &'r mut S,
}

impl<'a, S: BucketSink<'a>> Read<'a> for Buckets<'_, '_, 'a, S> {
    type Output = usize;

    fn scalar(self, value: Scalar<'a>) -> usize {
        wrong_type(self.report, self.place, "a list of buckets", value);
        0
    }

    fn list<A: SeqAccess<'a>>(self, mut list: A) -> Result<usize, A::Error> {
        let mut index = 0_usize;
        loop {
            let place = Place::Index(self.place, index);
            let reader = BucketReader {
                report: self.report,
                place: &place,
                index,
                profile: self.profile,
                used_default: self.used_default,
                shared: self.shared,
            };
            let Some(bucket) = list.next_element_seed(Seed(reader))? else {
                return Ok(index);
            };
            // What nobody will use need not be compiled.
            if let Some(bucket) = bucket
                && self.report.errors.is_empty()
            {
                self.sink.bucket(bucket);
            }
            index = index.saturating_add(1);
        }
    }

    fn object<A: MapAccess<'a>>(self, object: A) -> Result<usize, A::Error> {
        self.report.add(&code::WRONG_TYPE, self.place, || {
            "buckets is a list, so that a bucket given twice can be told: write [{\"name\": …, \"cors\": …}]".to_owned()
        });
        skip_object(object).map(|()| 0)
    }
}
