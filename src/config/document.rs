//! The whole configuration.

use std::borrow::Cow;

use super::bucket::{self, SharedByBuckets};
use super::host::{self, Lone};
use super::model::{BucketSink, Endpoint, Metering, Mode, OnRefused, Settings, Unmanaged, UpstreamCors};
use super::names::UniqueNames;
use super::reading::field::{Field, Fields, fields};
use super::reading::json::{self, Json, Value};
use super::reading::not_json;
use super::reading::recorder::{self, Handling, Receiver};
use super::reading::{Null, Reading};
use super::report::{
    Part::{Number, Pointer, Words},
    Place, Report, code,
};
use super::rules::Budget;
use crate::profile::{OSS, Profile};

fields! {
    PROFILE "profile",
    ENDPOINTS "endpoints",
    UNMANAGED "unmanaged",
    EXPLAIN "explain",
    ACCESS_LOG "access_log",
    METRICS "metrics",
    ROUTE_PREPARES "route_prepares",
    ON_REFUSED_RULES "on_refused_rules",
    BUCKETS "buckets",
}

/// For how many buckets there may be statistics of their own. Envoy keeps a statistic for ever, and there are four of
/// each bucket; with more of them what watches Envoy is in trouble before Envoy is.
const MOST_COUNTED_BUCKETS: usize = 1_000;

/// The longest configuration that is read, in bytes. A VM's memory ends at 4 GiB, and the old rules stand there until
/// the new ones are ready. `tests/module/memory.rs` loads the worst shapes of this size twice.
const MOST_BYTES: usize = 64 << 20;

/// Reads a configuration; see [`super::read`].
pub(super) fn read<'a>(text: &'a [u8], sink: &mut dyn BucketSink<'a>) -> (Settings, Report) {
    // Windows editors begin UTF-8 with a byte order mark, which RFC 8259 section 8.1 lets a parser ignore.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut report = Report::default();
    if not_json::is_empty(&mut report, text) || is_too_large(&mut report, text) {
        return (Settings::default(), report);
    }
    // Checking the encoding once is cheaper than once for each string. What stands before a bad byte is read all the
    // same.
    let readable = match std::str::from_utf8(text) {
        Ok(readable) => readable,
        Err(error) => {
            let readable = text.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(readable).unwrap_or_default()
        }
    };
    let mut document = DocumentReader::new(&OSS, sink);
    let mut result = recorder::read(&mut document, readable);
    if let Some(profile) = document.late_profile {
        let sink = document.sink;
        sink.restart();
        document = DocumentReader::new(profile, sink);
        result = recorder::read(&mut document, readable);
    }
    let mut report = document.reading.report;
    let mut settings = document.settings;
    let is_cut = readable.len() < text.len();
    if is_cut || result.is_err() {
        // What else the text asks for, nobody knows.
        settings.on_refused_rules = OnRefused::Reject;
    }
    match result {
        Err(error) if !(is_cut && error.is_eof()) => not_json::not_json(&mut report, text, &error),
        _ if is_cut => not_json::not_utf8(&mut report, text, readable.len()),
        _ => {}
    }
    (settings, report)
}

#[cold]
fn is_too_large(report: &mut Report, text: &[u8]) -> bool {
    let too_large = text.len() > MOST_BYTES;
    if too_large {
        report.add(
            &code::CONFIGURATION_TOO_LARGE,
            &Place::Document,
            "the configuration is {} bytes, and at most {} are read, so that the next rules fit beside these: take out \
             buckets that nobody asks for, or spread the rest over several listeners",
            &[Number(text.len()), Number(MOST_BYTES)],
        );
    }
    too_large
}

/// A configuration while it is read.
struct DocumentReader<'s, 'a> {
    reading: Reading<'a>,
    fields: Fields,
    /// The field whose value is read.
    field: Option<Field>,
    settings: Settings,
    shared: SharedByBuckets<'a>,
    endpoints: UniqueNames<'a>,
    bucket_count: usize,
    /// The first bucket of which a route that prepares responses would spoil something, and what.
    unprepared: Option<(usize, &'static str)>,
    sink: &'s mut dyn BucketSink<'a>,
    /// Buckets were validated for another profile than this one, which stands behind them.
    late_profile: Option<&'static Profile>,
}

impl<'a> Receiver<'a> for DocumentReader<'_, 'a> {
    fn json(&mut self) -> &mut Json<'a> {
        &mut self.reading.json
    }

    fn field(&mut self, key: &str) -> Handling {
        // All that follows is read again.
        if self.late_profile.is_some() {
            return Handling::Ignored;
        }
        let place = Place::Key(&Place::Document, key);
        self.field = self.fields.take(&mut self.reading.report, &place, key);
        match self.field {
            Some(field) if field.number == BUCKETS => Handling::Elements,
            Some(_) => Handling::Whole,
            None => Handling::Ignored,
        }
    }

    fn value(&mut self) -> bool {
        let Some(field) = self.field else {
            return self.reading.finish();
        };
        let place = &Place::Key(&Place::Document, field.name);
        if self.reading.json.is_too_large() {
            return self.too_large_value(field);
        }
        match field.number {
            PROFILE => {
                if let Some(profile) = bucket::read_profile(&mut self.reading, place) {
                    if self.shared.used_profile && profile != self.settings.profile {
                        self.late_profile = Some(profile);
                    }
                    self.settings.profile = profile;
                    self.shared.profile = profile;
                }
            }
            ENDPOINTS => self.endpoints(place),
            UNMANAGED => {
                if self.reading.word(place, &["pass", "refuse"]) == Some("refuse") {
                    self.settings.unmanaged = Unmanaged::Refuse;
                }
            }
            EXPLAIN => {
                self.settings.explain = self.reading.flag(place, Null::IsWrong).unwrap_or(false);
            }
            ACCESS_LOG => {
                self.settings.access_log = self.reading.flag(place, Null::IsWrong).unwrap_or(false);
            }
            METRICS => {
                self.settings.metrics = match self.reading.word(place, &["off", "plugin", "bucket"]) {
                    Some("off") => Metering::Off,
                    Some("bucket") => Metering::Bucket,
                    _ => Metering::Plugin,
                };
            }
            ROUTE_PREPARES => {
                self.settings.route_prepares = self.reading.flag(place, Null::IsWrong).unwrap_or(false);
            }
            ON_REFUSED_RULES => {
                if self.reading.word(place, &["reject", "last_good"]) == Some("last_good") {
                    self.settings.on_refused_rules = OnRefused::LastGood;
                }
            }
            _ => return self.bucket(place),
        }
        self.reading.finish()
    }

    fn no_object(&mut self, value: &Value<'_>) {
        let hint = match value {
            Value::List => "; a list of rules is the \"cors\" of a bucket",
            _ => "",
        };
        self.reading.report.add(
            &code::WRONG_TYPE,
            &Place::Document,
            "{} stands where the configuration belongs: write an object with buckets{}",
            &[value.part(), Words(hint)],
        );
    }

    fn no_list(&mut self, value: &Value<'_>) {
        let place = &Place::Key(&Place::Document, "buckets");
        if *value == Value::Object {
            self.reading.report.add(
                &code::WRONG_TYPE,
                place,
                "buckets is a list, so that a bucket given twice can be told: write [{\"name\": …, \
                 \"cors\": …}]",
                &[],
            );
        } else {
            self.reading.wrong_type(place, "a list of buckets", value);
        }
    }

    fn end(&mut self) {
        if self.fields.given(BUCKETS).is_none() {
            self.reading.report.add(
                &code::MISSING_FIELD,
                &Place::Document,
                "there are no buckets: write \"buckets\": [{\"name\": …, \"cors\": …}]",
                &[],
            );
        }
        self.check_endpoints();
        self.check_hosts();
        self.check_folders();
        self.check_budget();
        self.check_route();
        if self.settings.metrics == Metering::Bucket && self.bucket_count > MOST_COUNTED_BUCKETS {
            self.reading.report.add(
                &code::TOO_MANY_METRICS,
                &Place::Key(&Place::Document, "metrics"),
                "{} buckets would be counted one by one, and Envoy keeps every statistic for ever: for more \
                 than {} buckets write \"plugin\"",
                &[Number(self.bucket_count), Number(MOST_COUNTED_BUCKETS)],
            );
        }
    }
}

impl<'s, 'a> DocumentReader<'s, 'a> {
    /// `profile`: the plugin's, until the document says otherwise.
    fn new(profile: &'static Profile, sink: &'s mut dyn BucketSink<'a>) -> Self {
        Self {
            reading: Reading::default(),
            fields: Fields::new("the configuration", FIELDS),
            field: None,
            settings: Settings {
                profile,
                ..Settings::default()
            },
            shared: SharedByBuckets {
                profile,
                used_profile: false,
                names: UniqueNames::default(),
                hosts: UniqueNames::default(),
                budget: Budget::default(),
            },
            endpoints: UniqueNames::default(),
            bucket_count: 0,
            unprepared: None,
            sink,
            late_profile: None,
        }
    }

    /// Reads a bucket and hands it on if it is valid. Whether it was whole.
    fn bucket(&mut self, place: &Place<'_>) -> bool {
        let index = self.bucket_count;
        let place = &Place::Index(place, index);
        let bucket = bucket::read(&mut self.reading, place, index, &mut self.shared);
        let is_whole = self.reading.finish();
        if let Some(bucket) = &bucket {
            let spoilt = match (bucket.mode, bucket.upstream_cors) {
                (Mode::Shadow, _) => Some("mode"),
                (Mode::Enforce, UpstreamCors::Keep) => Some("upstream_cors"),
                (Mode::Enforce, UpstreamCors::Replace | UpstreamCors::None) => None,
            };
            self.unprepared = self.unprepared.or(spoilt.map(|field| (index, field)));
        }
        // What nobody will use need not be compiled.
        if let Some(bucket) = bucket
            && is_whole
            && self.reading.report.errors.is_empty()
        {
            self.sink.bucket(bucket);
        }
        self.bucket_count = index.saturating_add(1);
        is_whole
    }

    /// Reports a value of which a part was not recorded. There is nothing to be said about the rest of it.
    #[cold]
    fn too_large_value(&mut self, field: Field) -> bool {
        let index = self.bucket_count;
        let place = &Place::Key(&Place::Document, field.name);
        let bucket = Place::Index(place, index);
        let is_bucket = field.number == BUCKETS;
        self.reading.report.add(
            &code::TOO_LARGE,
            if is_bucket { &bucket } else { place },
            "more than {} keys and values stand in it, so it was not read: take out what is not needed",
            &[Number(json::MOST_PIECES)],
        );
        self.bucket_count = index.saturating_add(usize::from(is_bucket));
        self.reading.finish();
        true
    }

    /// Such a bucket leaves alone what the store sent, and the route has taken it.
    fn check_route(&mut self) {
        if let Some((index, field)) = self.unprepared.filter(|_| self.settings.route_prepares) {
            let buckets = &Place::Key(&Place::Document, "buckets");
            self.reading.report.add(
                &code::ROUTE_PREPARES,
                &Place::Key(&Place::Index(buckets, index), field),
                "it lets the store's CORS headers stand, and with route_prepares the route has taken them: take one of \
                 the two out",
                &[],
            );
        }
    }

    fn endpoints(&mut self, place: &Place<'_>) {
        let known = &mut self.endpoints;
        let endpoints = &mut self.settings.endpoints;
        self.reading
            .texts(place, Null::IsWrong, &mut |report, place, text| {
                let is_path_only = text.ends_with('/');
                let text = match text.strip_suffix('/') {
                    Some(text) => Cow::Owned(text.to_owned()),
                    None => text,
                };
                let Some(host) = host::read(report, place, text, Lone::Refused) else {
                    return;
                };
                if known.add(host.clone(), usize::from(is_path_only)).is_none() {
                    let host = host.into_owned();
                    endpoints.push(Endpoint { host, is_path_only });
                    return;
                }
                report.add(
                    &code::DUPLICATE_HOST,
                    place,
                    "the endpoint {} is given twice: take one out",
                    &[Words(&host)],
                );
            });
    }

    fn check_endpoints(&mut self) {
        let report = &mut self.reading.report;
        let buckets = &Place::Key(&Place::Document, "buckets");
        let endpoints = &Place::Key(&Place::Document, "endpoints");
        for (index, endpoint) in self.settings.endpoints.iter().enumerate() {
            if let Some(bucket) = self.shared.hosts.get(&endpoint.host) {
                report.add(
                    &code::HOST_IS_ENDPOINT,
                    &Place::Index(endpoints, index),
                    "{} is also a host of {}, which takes its requests: take one out",
                    &[Words(&endpoint.host), Pointer(&Place::Index(buckets, bucket))],
                );
            }
        }
    }

    /// Warns of hosts that are what an endpoint calls a listed bucket anyway, or another one.
    fn check_hosts(&mut self) {
        let buckets = &Place::Key(&Place::Document, "buckets");
        for (host, owner) in self.shared.hosts.iter() {
            let dots = host.bytes().enumerate().filter(|&(_, byte)| byte == b'.');
            let named = dots.filter_map(|(dot, _)| {
                let (name, endpoint) = host.split_at_checked(dot)?;
                self.endpoints
                    .get(endpoint.get(1..)?)
                    .filter(|&is_path_only| is_path_only == 0)?;
                self.shared.names.get(name)
            });
            for bucket in named {
                let (message, bucket) = if bucket == owner {
                    (
                        "the endpoints call this bucket {} already: take it out of the hosts{}",
                        None,
                    )
                } else {
                    (
                        "{} is what the endpoints call {}, which loses its requests to this bucket: take it out of the hosts",
                        Some(Place::Index(buckets, bucket)),
                    )
                };
                self.reading.report.add(
                    &code::HOST_IS_BUCKET,
                    &Place::Key(&Place::Index(buckets, owner), "hosts"),
                    message,
                    &[Words(host), bucket.as_ref().map_or(Words(""), Pointer)],
                );
            }
        }
    }

    /// Warns of buckets that hosts would name, were it not for the slash behind their names.
    fn check_folders(&mut self) {
        if self
            .settings
            .endpoints
            .iter()
            .all(|endpoint| endpoint.is_path_only)
        {
            return;
        }
        let buckets = &Place::Key(&Place::Document, "buckets");
        for (name, bucket) in self.shared.names.iter().filter(|(name, _)| name.ends_with('/')) {
            self.reading.report.add(
                &code::FOLDER_NAME,
                &Place::Key(&Place::Index(buckets, bucket), "name"),
                "{} is for paths alone, and an endpoint names buckets in hosts too: take the slash out, or put one \
                 behind each endpoint",
                &[Words(name)],
            );
        }
    }

    fn check_budget(&mut self) {
        let report = &mut self.reading.report;
        let buckets = &Place::Key(&Place::Document, "buckets");
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
