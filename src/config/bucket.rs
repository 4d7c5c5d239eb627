//! One element of `buckets`.

use std::borrow::Cow;

use serde::de::{MapAccess, SeqAccess};

use super::bucket_warnings;
use super::choice::Choice;
use super::code;
use super::cors::{Cors, CorsReader};
use super::field::{is_first, unknown};
use super::host::{self, Lone};
use super::model::{Bucket, Mode, UpstreamCors};
use super::names::Names;
use super::overlap::Budget;
use super::place::Place;
use super::report::Report;
use super::rule::PendingValue;
use super::text::{has_control_character, shown};
use super::value::{
    Flag, Null, Read, Scalar, Seed, Text, Texts, next_key, skip_list, skip_value, wrong_type,
};
use crate::addressing::MAX_BUCKET_BYTES;
use crate::profile::{Methods, Profile};

const FIELDS: [&str; 8] = [
    "name",
    "hosts",
    "profile",
    "allow_credentials",
    "allow_private_network",
    "upstream_cors",
    "mode",
    "cors",
];

/// What the buckets of a document share while they are read.
#[derive(Debug, Default)]
pub(super) struct Shared<'a> {
    pub(super) names: Names<'a>,
    pub(super) hosts: Names<'a>,
    pub(super) budget: Budget,
}

/// Reads a bucket. What it returns is valid only if nothing was added to the report's errors.
pub(super) struct BucketReader<'r, 'p, 'a> {
    pub(super) report: &'r mut Report,
    pub(super) place: &'p Place<'p>,
    pub(super) index: usize,
    /// The plugin's.
    pub(super) profile: &'static Profile,
    /// Set where the bucket has no profile of its own.
    pub(super) used_default: &'r mut bool,
    pub(super) shared: &'r mut Shared<'a>,
}

#[derive(Default)]
struct Seen {
    name: Option<&'static str>,
    hosts: Option<&'static str>,
    profile: Option<&'static str>,
    credentials: Option<&'static str>,
    private_network: Option<&'static str>,
    upstream_cors: Option<&'static str>,
    mode: Option<&'static str>,
    cors: Option<&'static str>,
}

impl<'a> Read<'a> for BucketReader<'_, '_, 'a> {
    type Output = Option<Bucket<'a>>;

    fn scalar(self, value: Scalar<'a>) -> Self::Output {
        wrong_type(
            self.report,
            self.place,
            "a bucket, an object with name and cors",
            value,
        );
        None
    }

    fn list<A: SeqAccess<'a>>(self, list: A) -> Result<Self::Output, A::Error> {
        wrong_type(
            self.report,
            self.place,
            "a bucket, an object with name and cors",
            "a list",
        );
        skip_list(list).map(|()| None)
    }

    fn object<A: MapAccess<'a>>(self, mut object: A) -> Result<Self::Output, A::Error> {
        let report = self.report;
        let mut seen = Seen::default();
        let mut own_profile = None;
        let mut cors = Cors::default();
        let mut bucket = Bucket {
            name: Cow::Borrowed(""),
            hosts: Vec::new(),
            profile: self.profile,
            allow_credentials: false,
            allow_private_network: false,
            upstream_cors: UpstreamCors::default(),
            mode: Mode::default(),
            rules: Vec::new(),
            response_vary: None,
        };
        while let Some(key) = next_key(&mut object)? {
            let place = Place::Key(self.place, &key);
            let (slot, name) = match key.as_ref() {
                "name" => (&mut seen.name, "name"),
                "hosts" => (&mut seen.hosts, "hosts"),
                "profile" => (&mut seen.profile, "profile"),
                "allow_credentials" => (&mut seen.credentials, "allow_credentials"),
                "allow_private_network" => (&mut seen.private_network, "allow_private_network"),
                "upstream_cors" => (&mut seen.upstream_cors, "upstream_cors"),
                "mode" => (&mut seen.mode, "mode"),
                "cors" => (&mut seen.cors, "cors"),
                other => {
                    unknown(report, &place, other, "a bucket", &FIELDS);
                    skip_value(&mut object)?;
                    continue;
                }
            };
            if !is_first(report, &place, slot, name) {
                skip_value(&mut object)?;
                continue;
            }
            match name {
                "name" => {
                    let text = Text {
                        report,
                        place: &place,
                        expected: "a bucket name",
                        null: Null::IsWrong,
                    };
                    if let Some(text) = object.next_value_seed(Seed(text))?
                        && name_is_possible(report, &place, &text)
                    {
                        self.shared
                            .names
                            .add_bucket(report, &place, self.index, text.clone());
                        bucket.name = text;
                    }
                }
                "hosts" => {
                    let each = |report: &mut Report, place: &Place<'_>, text: Cow<'a, str>| {
                        if let Some(host) = host::read(report, place, text, Lone::Allowed) {
                            self.shared
                                .hosts
                                .add_host(report, place, self.index, host.clone());
                            bucket.hosts.push(host);
                        }
                    };
                    let hosts = Texts {
                        report,
                        place: &place,
                        null: Null::IsWrong,
                        each,
                    };
                    object.next_value_seed(Seed(hosts))?;
                }
                "profile" => {
                    let choice = Choice::new(report, &place, &Profile::CHOICES);
                    own_profile = object.next_value_seed(Seed(choice))?;
                }
                "upstream_cors" => {
                    let choice = Choice::new(report, &place, &UpstreamCors::CHOICES);
                    bucket.upstream_cors = object.next_value_seed(Seed(choice))?.unwrap_or_default();
                }
                "mode" => {
                    let choice = Choice::new(report, &place, &Mode::CHOICES);
                    bucket.mode = object.next_value_seed(Seed(choice))?.unwrap_or_default();
                }
                "cors" => {
                    let budget = &mut self.shared.budget;
                    let reader = CorsReader {
                        report,
                        place: &place,
                        cors: &mut cors,
                        budget,
                    };
                    object.next_value_seed(Seed(reader))?;
                }
                _ => {
                    let flag = Flag {
                        report,
                        place: &place,
                        null: Null::IsWrong,
                    };
                    let flag = object.next_value_seed(Seed(flag))?.unwrap_or(false);
                    if name == "allow_credentials" {
                        bucket.allow_credentials = flag;
                    } else {
                        bucket.allow_private_network = flag;
                    }
                }
            }
        }
        if seen.name.is_none() {
            report.add(&code::MISSING_FIELD, self.place, || {
                "the bucket has no name: write \"name\", or \"name\": \"*\" for every bucket that is not listed".to_owned()
            });
        }
        if seen.cors.is_none() {
            report.add(&code::NO_CORS_FIELD, self.place, || {
                "the bucket has no cors, so its preflights are refused: write \"cors\": null if that is meant".to_owned()
            });
        }
        *self.used_default |= own_profile.is_none();
        bucket.profile = own_profile.unwrap_or(self.profile);
        check_against_profile(report, self.place, &bucket, &cors);
        bucket_warnings::warn(report, self.place, &bucket, &cors);
        bucket.rules = cors.rules;
        bucket.response_vary = cors.response_vary;
        Ok(Some(bucket))
    }
}

/// A bucket is named by one path segment or by the first labels of a host.
fn name_is_possible(report: &mut Report, place: &Place<'_>, name: &str) -> bool {
    let problem = if name == "*" {
        None
    } else if name.is_empty() {
        Some("it is empty; the bucket for all that are not listed is *")
    } else if name.contains('*') {
        Some("it is no pattern; only the lone * stands for every bucket that is not listed")
    } else if name.contains(['/', '?', '#']) {
        Some("it is one segment of a path: write the bucket only, without / ? #")
    } else if name.contains(' ') {
        Some("it holds a blank")
    } else if name.len() > MAX_BUCKET_BYTES {
        Some("it is longer than 255 bytes")
    } else {
        None
    };
    if has_control_character(report, place, name) {
        return false;
    }
    if let Some(problem) = problem {
        report.add(&code::BUCKET_NAME, place, || {
            format!("{} is no bucket name: {problem}", shown(name))
        });
    }
    problem.is_none()
}

/// What depends on the profile, which may have come last.
fn check_against_profile(report: &mut Report, place: &Place<'_>, bucket: &Bucket<'_>, cors: &Cors<'_>) {
    let profile = bucket.profile;
    for pending in &cors.pending {
        cors.shape.at_rule(place, pending.rule, |rule| {
            let field = Place::Key(rule, pending.field);
            let element;
            let place = match pending.index {
                None => &field,
                Some(index) => {
                    element = Place::Index(&field, index);
                    &element
                }
            };
            match &pending.value {
                PendingValue::Method(method) => match profile.methods {
                    Methods::Store => super::header::refuse_method(report, place, method, profile.name),
                    Methods::AnyToken => super::header::warn_of_method(report, place, method),
                },
                PendingValue::Exposed(name) => {
                    if name.bytes().any(|byte| profile.expose_forbidden.contains(&byte)) {
                        report.add(&code::EXPOSED_HEADER_BYTE, place, || {
                            format!(
                                "{} holds & or ', which OSS refuses in ExposeHeader: rename the header",
                                shown(name)
                            )
                        });
                    }
                }
                PendingValue::ResponseVary => {
                    bucket_warnings::warn_of_response_vary(report, place, profile, cors);
                }
            }
        });
    }
    // Fetch, "CORS check": credentials never pass with `*`, so that the flag could not have the effect it asks for.
    if bucket.allow_credentials
        && let Some(rule) = cors.rules.iter().position(super::model::Rule::allows_any_origin)
    {
        report.add(&code::CREDENTIALS_WITH_ANY_ORIGIN, &Place::Key(place, "allow_credentials"), || {
            let pointer = cors.shape.at_rule(place, rule, |rule| rule.pointer());
            format!("{pointer} lists *, which never gets credentials: name the origins there, or take this out")
        });
    }
}
