//! The whole configuration.

use super::BucketSink;
use super::bucket::{self, Shared};
use super::code;
use super::field::Fields;
use super::host::{self, Lone};
use super::json::{Json, Stopped, Value};
use super::message::Part::{Number, Pointer, Words};
use super::model::{Settings, Unmanaged};
use super::names::Names;
use super::overlap::Budget;
use super::place::Place;
use super::reading::{Null, Reading};
use super::report::Report;
use super::source;
use crate::profile::{OSS, Profile};

const FIELDS: &[&[&str]] = &[
    &["profile"],
    &["endpoints"],
    &["unmanaged"],
    &["explain"],
    &["buckets"],
];

/// Reads a configuration; see [`super::read`].
pub(super) fn read<'a>(text: &'a [u8], sink: &mut dyn BucketSink<'a>) -> (Option<Settings>, Report) {
    // Windows editors begin UTF-8 with a byte order mark, which RFC 8259 section 8.1 lets a parser ignore.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut report = Report::default();
    if source::is_empty(&mut report, text) {
        return (None, report);
    }
    // Checking the encoding once is cheaper than once for each string. What stands before a bad byte is read all the same.
    let readable = match std::str::from_utf8(text) {
        Ok(readable) => readable,
        Err(error) => {
            let readable = text.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(readable).unwrap_or_default()
        }
    };
    let mut document = Document::new(readable, &OSS, sink);
    let mut result = document.read();
    if let Some(profile) = document.late_profile {
        let sink = document.sink;
        sink.restart();
        document = Document::new(readable, profile, sink);
        result = document.read();
    }
    let Reading { json, mut report } = document.reading;
    let offset = json.offset();
    if offset == readable.len() && offset < text.len() {
        let reason = "a byte that is no UTF-8";
        source::not_json(&mut report, text, offset, reason, "save the file as UTF-8");
    } else if result.is_err() {
        source::not_json(&mut report, text, offset, json.reason(), "the rest was not read");
    }
    (report.errors.is_empty().then_some(document.settings), report)
}

/// A configuration while it is read.
struct Document<'s, 'a> {
    reading: Reading<'a>,
    settings: Settings,
    shared: Shared<'a>,
    bucket_count: usize,
    sink: &'s mut dyn BucketSink<'a>,
    /// Buckets were validated for another profile than this one, which stands behind them.
    late_profile: Option<&'static Profile>,
}

impl<'s, 'a> Document<'s, 'a> {
    /// `profile`: the plugin's, until the document says otherwise.
    fn new(readable: &'a str, profile: &'static Profile, sink: &'s mut dyn BucketSink<'a>) -> Self {
        Self {
            reading: Reading {
                json: Json::new(readable),
                report: Report::default(),
            },
            settings: Settings {
                profile,
                ..Settings::default()
            },
            shared: Shared {
                profile,
                used_profile: false,
                names: Names::default(),
                hosts: Names::default(),
                budget: Budget::default(),
            },
            bucket_count: 0,
            sink,
            late_profile: None,
        }
    }

    fn read(&mut self) -> Result<(), Stopped> {
        match self.reading.json.value()? {
            Value::Object => self.fields()?,
            Value::List => {
                self.reading.report.add(
                    &code::WRONG_TYPE,
                    &Place::Document,
                    "a list stands where the configuration, an object with buckets belongs: a list \
                         of rules is the \"cors\" of a bucket",
                    &[],
                );
                self.reading.json.skip(&Value::List)?;
            }
            other => {
                let expected = "the configuration, an object with buckets";
                self.reading.wrong_type(&Place::Document, expected, &other)?;
            }
        }
        self.reading.json.end()
    }

    fn fields(&mut self) -> Result<(), Stopped> {
        let mut fields = Fields::new("the configuration", FIELDS);
        while let Some(field) = fields.next(&mut self.reading, &Place::Document)? {
            let place = &Place::Key(&Place::Document, field);
            match field {
                "profile" => {
                    if let Some(profile) = bucket::profile(&mut self.reading, place)? {
                        if self.shared.used_profile && profile != self.settings.profile {
                            self.late_profile = Some(profile);
                            return Err(Stopped);
                        }
                        self.settings.profile = profile;
                        self.shared.profile = profile;
                    }
                }
                "endpoints" => self.endpoints(place)?,
                "unmanaged" => {
                    if self.reading.word(place, &["pass", "refuse"])? == Some("refuse") {
                        self.settings.unmanaged = Unmanaged::Refuse;
                    }
                }
                "explain" => {
                    self.settings.explain = self.reading.flag(place, Null::IsWrong)?.unwrap_or(false);
                }
                _ => self.buckets(place)?,
            }
        }
        if fields.given("buckets").is_none() {
            self.reading.report.add(
                &code::MISSING_FIELD,
                &Place::Document,
                "there are no buckets: write \"buckets\": [{\"name\": …, \"cors\": …}]",
                &[],
            );
        }
        self.finish();
        Ok(())
    }

    fn endpoints(&mut self, place: &Place<'_>) -> Result<(), Stopped> {
        let mut known = Names::default();
        let endpoints = &mut self.settings.endpoints;
        self.reading
            .texts(place, Null::IsWrong, &mut |report, place, text| {
                let Some(host) = host::read(report, place, text, Lone::Refused) else {
                    return;
                };
                if known.add(host.clone(), 0).is_none() {
                    endpoints.push(host.into_owned());
                    return;
                }
                report.add(
                    &code::DUPLICATE_HOST,
                    place,
                    "the endpoint {} is given twice: take one out",
                    &[Words(&host)],
                );
            })
    }

    /// Reads the buckets and hands the valid ones on.
    fn buckets(&mut self, place: &Place<'_>) -> Result<(), Stopped> {
        let reading = &mut self.reading;
        match reading.json.value()? {
            Value::List => {}
            Value::Object => {
                reading.report.add(
                    &code::WRONG_TYPE,
                    place,
                    "buckets is a list, so that a bucket given twice can be told: write [{\"name\": …, \
                     \"cors\": …}]",
                    &[],
                );
                return reading.json.skip(&Value::Object);
            }
            other => return reading.wrong_type(place, "a list of buckets", &other),
        }
        while reading.json.element()? {
            let index = self.bucket_count;
            let bucket = bucket::read(reading, &Place::Index(place, index), index, &mut self.shared)?;
            // What nobody will use need not be compiled.
            if let Some(bucket) = bucket
                && reading.report.errors.is_empty()
            {
                self.sink.bucket(bucket);
            }
            self.bucket_count = index.saturating_add(1);
        }
        Ok(())
    }

    /// What can be said only when buckets and endpoints have been read, in whichever order they stand.
    fn finish(&mut self) {
        let report = &mut self.reading.report;
        let buckets = &Place::Key(&Place::Document, "buckets");
        let endpoints = &Place::Key(&Place::Document, "endpoints");
        for (index, endpoint) in self.settings.endpoints.iter().enumerate() {
            if let Some(bucket) = self.shared.hosts.get(endpoint) {
                report.add(
                    &code::HOST_IS_ENDPOINT,
                    &Place::Index(endpoints, index),
                    "{} is also a host of {}, which takes its requests: take one out",
                    &[Words(endpoint), Pointer(&Place::Index(buckets, bucket))],
                );
            }
        }
        let unchecked = self.shared.budget.unchecked;
        if unchecked > 0 {
            report.add(
                &code::OVERLAP_NOT_CHECKED,
                buckets,
                "the rules of {} of {} buckets were not checked for overlap: there are too many patterns",
                &[Number(unchecked), Number(self.bucket_count)],
            );
        }
    }
}
