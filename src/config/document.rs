//! The whole configuration.

use std::borrow::Cow;

use super::bucket::{self, SharedByBuckets};
use super::host_name::{self, Lone};
use super::model::{BucketSink, Endpoint, Metering, Mode, OnRefused, Settings, Unmanaged, UpstreamCors};
use super::reading::field::{Field, Fields, fields};
use super::reading::recorded_json::{self, Json, Value};
use super::reading::recorder::{Handling, Receiver};
use super::reading::{Null, Reading};
use super::report::{
    MessagePart::{Number, Words},
    Place, code,
};
use super::rules::Budget;
use super::unique_names::UniqueNames;
use super::whole::WholeDocument;
use crate::profile::Profile;

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

/// A configuration while it is read.
pub(super) struct DocumentReader<'s, 'a> {
    pub(super) reading: Reading<'a>,
    fields: Fields,
    /// The field whose value is read.
    field: Option<Field>,
    pub(super) settings: Settings,
    shared: SharedByBuckets<'a>,
    endpoints: UniqueNames<'a>,
    bucket_count: usize,
    /// The first bucket of which a route that prepares responses would spoil something, and what.
    unprepared: Option<(usize, &'static str)>,
    pub(super) sink: &'s mut dyn BucketSink<'a>,
    /// Buckets were validated for another profile than this one, which stands behind them.
    pub(super) late_profile: Option<&'static Profile>,
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
        let whole = WholeDocument {
            settings: &self.settings,
            shared: &self.shared,
            endpoints: &self.endpoints,
            bucket_count: self.bucket_count,
            unprepared: self.unprepared,
        };
        whole.check(&mut self.reading.report);
    }
}

impl<'s, 'a> DocumentReader<'s, 'a> {
    /// `profile`: the plugin's, until the document says otherwise.
    pub(super) fn new(profile: &'static Profile, sink: &'s mut dyn BucketSink<'a>) -> Self {
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
            &[Number(recorded_json::MOST_PIECES)],
        );
        self.bucket_count = index.saturating_add(usize::from(is_bucket));
        self.reading.finish();
        true
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
                let Some(host) = host_name::read(report, place, text, Lone::Refused) else {
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
}
