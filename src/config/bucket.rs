//! One element of `buckets`.

use std::borrow::Cow;

use super::host_name::{self, Lone};
use super::model::{Bucket, Mode, UpstreamCors};
use super::reading::field::{Fields, fields};
use super::reading::recorded_json::Value;
use super::reading::strings::has_control_character;
use super::reading::{Null, Reading};
use super::report::{
    MessagePart::{self, Pointer, Words},
    Place, Report, code,
};
use super::rules::Budget;
use super::rules::{self, Context};
use super::unique_names::UniqueNames;
use crate::addressing::MAX_BUCKET_BYTES;
use crate::http::origin;
use crate::profile::{Credentials, PROFILES, Profile};

fields! {
    NAME "name",
    HOSTS "hosts",
    PROFILE "profile",
    CREDENTIALS "allow_credentials",
    PRIVATE_NETWORK "allow_private_network",
    UPSTREAM_CORS "upstream_cors",
    RESOURCE_POLICY "cross_origin_resource_policy",
    TIMING "timing_allow_origin",
    MODE "mode",
    CORS "cors",
}

/// The longest `Timing-Allow-Origin`, in bytes without the last origin: every response of the bucket carries it, and
/// many clients take 8 KiB of headers in all.
const MAX_TIMING_BYTES: usize = 4_096;

/// What the buckets of a document share while they are read.
#[derive(Debug)]
pub(super) struct SharedByBuckets<'a> {
    /// The plugin's profile.
    pub(super) profile: &'static Profile,
    /// Whether a bucket has no profile of its own.
    pub(super) used_profile: bool,
    pub(super) names: UniqueNames<'a>,
    pub(super) hosts: UniqueNames<'a>,
    pub(super) budget: Budget,
}

/// Reads a bucket. What it returns is valid only if nothing was added to the report's errors.
pub(super) fn read<'a>(
    reading: &mut Reading<'a>,
    place: &Place<'_>,
    index: usize,
    shared: &mut SharedByBuckets<'a>,
) -> Option<Bucket<'a>> {
    let value = reading.value();
    if value != Value::Object {
        reading.wrong_type(place, "a bucket, which is an object with name and cors", &value);
        return None;
    }
    // What decides on what the rules may say can stand behind them.
    let own_profile = reading
        .ahead("profile")
        .and_then(Value::text)
        .and_then(Profile::named);
    let credentials = reading.ahead("allow_credentials").and_then(Value::flag);
    let profile = own_profile.unwrap_or(shared.profile);
    let allow_credentials = credentials.unwrap_or(false);
    let context = Context {
        place,
        profile,
        allow_credentials,
        sends_credentials: allow_credentials || profile.credentials == Credentials::Always,
    };
    let mut fields = Fields::new("a bucket", FIELDS);
    let mut bucket = Bucket {
        name: Cow::Borrowed(""),
        hosts: Vec::new(),
        profile,
        allow_credentials,
        allow_private_network: false,
        upstream_cors: UpstreamCors::Replace,
        resource_policy: "",
        timing_allow_origin: String::new(),
        mode: Mode::Enforce,
        rules: Vec::new(),
        response_vary: None,
    };
    while let Some(field) = fields.next(reading, place) {
        let place = &Place::Key(place, field.name);
        match field.number {
            NAME => {
                if let Some(name) = name(reading, place) {
                    add_name(&mut reading.report, place, &mut shared.names, name.clone(), index);
                    bucket.name = name;
                }
            }
            HOSTS => reading.texts(place, Null::IsWrong, &mut |report, place, text| {
                if let Some(host) = host_name::read(report, place, text, Lone::Allowed) {
                    add_host(report, place, &mut shared.hosts, host.clone(), index);
                    bucket.hosts.push(host);
                }
            }),
            PROFILE => {
                read_profile(reading, place);
            }
            UPSTREAM_CORS => {
                bucket.upstream_cors = match reading.word(place, &["replace", "keep", "none"]) {
                    Some("keep") => UpstreamCors::Keep,
                    Some("none") => UpstreamCors::None,
                    _ => UpstreamCors::Replace,
                };
            }
            RESOURCE_POLICY => {
                let policies = &["same-origin", "same-site", "cross-origin"];
                bucket.resource_policy = reading.word(place, policies).unwrap_or_default();
            }
            TIMING => timing_allow_origin(reading, place, &mut bucket.timing_allow_origin),
            MODE => {
                bucket.mode = match reading.word(place, &["enforce", "shadow"]) {
                    Some("shadow") => Mode::Shadow,
                    _ => Mode::Enforce,
                };
            }
            CORS => {
                let cors = rules::read(reading, place, &context, &mut shared.budget);
                bucket.rules = cors.rules;
                bucket.response_vary = cors.response_vary;
            }
            CREDENTIALS => {
                reading.flag(place, Null::IsWrong);
            }
            PRIVATE_NETWORK => {
                bucket.allow_private_network = reading.flag(place, Null::IsWrong).unwrap_or(false);
            }
            _ => {}
        }
    }
    let report = &mut reading.report;
    if fields.given(NAME).is_none() {
        report.add(
            &code::MISSING_FIELD,
            place,
            "the bucket has no name: write \"name\", or \"name\": \"*\" for every bucket that is not listed",
            &[],
        );
    }
    if fields.given(CORS).is_none() {
        report.add(
            &code::NO_CORS_FIELD,
            place,
            "the bucket has no cors, so its preflights are refused: write \"cors\": null if that is meant",
            &[],
        );
    }
    shared.used_profile |= own_profile.is_none();
    if credentials == Some(false) && profile.credentials == Credentials::Always {
        report.add(
            &code::CREDENTIALS_NOT_WITHHELD,
            &Place::Key(place, "allow_credentials"),
            "the {} profile sends credentials with every origin that it echoes, as the store does, whatever is \
             said here: take it out, or use a profile that asks for it",
            &[Words(profile.name)],
        );
    }
    Some(bucket)
}

/// Reads a `profile`, of the plugin or of a bucket.
pub(super) fn read_profile(reading: &mut Reading<'_>, place: &Place<'_>) -> Option<&'static Profile> {
    let word = reading.word(place, &PROFILES.map(|profile| profile.name));
    word.and_then(Profile::named)
}

/// Origins that may read an object's timing, as the header lists them. No patterns: a request for an object that is
/// loaded without CORS carries no `Origin` to match.
fn timing_allow_origin(reading: &mut Reading<'_>, place: &Place<'_>, list: &mut String) {
    reading.texts(place, Null::IsWrong, &mut |report, place, text| {
        let is_origin = origin::is_sendable(text.as_bytes()) && !text.contains('*');
        if !is_origin && text != "*" {
            report.add(
                &code::TIMING_ORIGIN,
                place,
                "{} is no origin, and the header takes no pattern: write whole origins, as in https://www.example.com, \
                 or the lone *",
                &[MessagePart::Value(&text)],
            );
        } else if list.len().saturating_add(text.len()) > MAX_TIMING_BYTES {
            report.add(
                &code::TIMING_ORIGIN,
                place,
                "the list is longer than a header of 4,096 bytes: list fewer origins",
                &[],
            );
        } else {
            if !list.is_empty() {
                list.push_str(", ");
            }
            list.push_str(&text);
        }
    });
}

/// A bucket is named by one path segment or by the first labels of a host.
fn name<'a>(reading: &mut Reading<'a>, place: &Place<'_>) -> Option<Cow<'a, str>> {
    let name = reading.text(place, "a bucket name", Null::IsWrong)?;
    if has_control_character(&mut reading.report, place, &name) {
        return None;
    }
    if name == "*" {
        return Some(name);
    }
    let named = name.strip_suffix('/').unwrap_or(&name);
    let has = |bytes: &[u8]| named.bytes().any(|byte| bytes.contains(&byte));
    let problem = if named.is_empty() {
        "it is empty; the bucket for all that are not listed is *"
    } else if has(b"*") {
        "it is no pattern; only the lone * stands for every bucket that is not listed"
    } else if has(b"/?#") {
        "it is one segment of a path: write the bucket only, without / ? #, but for a slash at its end"
    } else if has(b"\\;%") {
        "servers read \\ ; and % in a path in different ways: only a bucket without them can be named by one"
    } else if matches!(named, "." | "..") {
        "it is a dot segment, with which a path names no bucket"
    } else if has(b" ") {
        "it holds a blank"
    } else if named.len() > MAX_BUCKET_BYTES {
        "it is longer than 255 bytes"
    } else {
        return Some(name);
    };
    reading.report.add(
        &code::BUCKET_NAME,
        place,
        "{} is no bucket name: {}",
        &[MessagePart::Value(&name), Words(problem)],
    );
    None
}

fn add_name<'a>(
    report: &mut Report,
    place: &Place<'_>,
    names: &mut UniqueNames<'a>,
    name: Cow<'a, str>,
    index: usize,
) {
    if let Some(first) = names.add(name.clone(), index) {
        let first = Place::Index(&Place::Key(&Place::Document, "buckets"), first);
        report.add(
            &code::DUPLICATE_BUCKET,
            place,
            "the bucket {} already stands at {}: join the two",
            &[MessagePart::Value(&name), Pointer(&first)],
        );
    }
}

fn add_host<'a>(
    report: &mut Report,
    place: &Place<'_>,
    hosts: &mut UniqueNames<'a>,
    host: Cow<'a, str>,
    index: usize,
) {
    let Some(first) = hosts.add(host.clone(), index) else {
        return;
    };
    if first == index {
        report.add(
            &code::DUPLICATE_HOST,
            place,
            "the host {} stands twice in this bucket: take one out",
            &[MessagePart::Value(&host)],
        );
    } else {
        let first = Place::Index(&Place::Key(&Place::Document, "buckets"), first);
        report.add(
            &code::DUPLICATE_HOST,
            place,
            "the host {} already stands in {}: it can lead to one bucket only",
            &[MessagePart::Value(&host), Pointer(&first)],
        );
    }
}
