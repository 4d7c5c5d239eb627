//! One element of `buckets`.

use std::borrow::Cow;

use super::bucket_warnings;
use super::code;
use super::cors::{self, Cors};
use super::field::{Fields, fields};
use super::header;
use super::host::{self, Lone};
use super::json::Value;
use super::message::Part::{self, Pointer, Words};
use super::model::{Bucket, Mode, Rule, UpstreamCors};
use super::names::Names;
use super::overlap::Budget;
use super::place::Place;
use super::reading::{Null, Reading};
use super::report::Report;
use super::rule::PendingValue;
use super::text::has_control_character;
use crate::addressing::MAX_BUCKET_BYTES;
use crate::profile::{Credentials, Methods, PROFILES, Profile};

fields! {
    NAME "name",
    HOSTS "hosts",
    PROFILE "profile",
    CREDENTIALS "allow_credentials",
    PRIVATE_NETWORK "allow_private_network",
    UPSTREAM_CORS "upstream_cors",
    MODE "mode",
    CORS "cors",
}

/// What the buckets of a document share while they are read.
#[derive(Debug)]
pub(super) struct Shared<'a> {
    /// The plugin's profile.
    pub(super) profile: &'static Profile,
    /// Whether a bucket has no profile of its own.
    pub(super) used_profile: bool,
    pub(super) names: Names<'a>,
    pub(super) hosts: Names<'a>,
    pub(super) budget: Budget,
}

/// Reads a bucket. What it returns is valid only if nothing was added to the report's errors.
pub(super) fn read<'a>(
    reading: &mut Reading<'a>,
    place: &Place<'_>,
    index: usize,
    shared: &mut Shared<'a>,
) -> Option<Bucket<'a>> {
    let value = reading.value();
    if value != Value::Object {
        reading.wrong_type(place, "a bucket, which is an object with name and cors", &value);
        return None;
    }
    let mut fields = Fields::new("a bucket", FIELDS);
    let mut own_profile = None;
    let mut credentials = None;
    let mut cors = Cors::default();
    let mut bucket = Bucket {
        name: Cow::Borrowed(""),
        hosts: Vec::new(),
        profile: shared.profile,
        allow_credentials: false,
        allow_private_network: false,
        upstream_cors: UpstreamCors::Replace,
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
                if let Some(host) = host::read(report, place, text, Lone::Allowed) {
                    add_host(report, place, &mut shared.hosts, host.clone(), index);
                    bucket.hosts.push(host);
                }
            }),
            PROFILE => own_profile = profile(reading, place),
            UPSTREAM_CORS => {
                bucket.upstream_cors = match reading.word(place, &["replace", "keep", "none"]) {
                    Some("keep") => UpstreamCors::Keep,
                    Some("none") => UpstreamCors::None,
                    _ => UpstreamCors::Replace,
                };
            }
            MODE => {
                bucket.mode = match reading.word(place, &["enforce", "shadow"]) {
                    Some("shadow") => Mode::Shadow,
                    _ => Mode::Enforce,
                };
            }
            CORS => cors::read(reading, place, &mut cors, &mut shared.budget),
            CREDENTIALS => credentials = reading.flag(place, Null::IsWrong),
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
    bucket.profile = own_profile.unwrap_or(shared.profile);
    bucket.allow_credentials = credentials.unwrap_or(false);
    if credentials == Some(false) && bucket.profile.credentials == Credentials::Always {
        report.add(
            &code::CREDENTIALS_NOT_WITHHELD,
            &Place::Key(place, "allow_credentials"),
            "the {} profile sends credentials with every origin that it echoes, as the store does, whatever is \
             said here: take it out, or use a profile that asks for it",
            &[Words(bucket.profile.name)],
        );
    }
    check_against_profile(report, place, &bucket, &cors);
    bucket_warnings::warn(report, place, &bucket, &cors);
    bucket.response_vary = cors.response_vary();
    bucket.rules = cors.rules;
    Some(bucket)
}

/// Reads a `profile`, of the plugin or of a bucket.
pub(super) fn profile(reading: &mut Reading<'_>, place: &Place<'_>) -> Option<&'static Profile> {
    let word = reading.word(place, &PROFILES.map(|profile| profile.name));
    word.and_then(Profile::named)
}

/// A bucket is named by one path segment or by the first labels of a host.
fn name<'a>(reading: &mut Reading<'a>, place: &Place<'_>) -> Option<Cow<'a, str>> {
    let name = reading.text(place, "a bucket name", Null::IsWrong)?;
    if has_control_character(&mut reading.report, place, &name) {
        return None;
    }
    let has = |bytes: &[u8]| name.bytes().any(|byte| bytes.contains(&byte));
    let problem = if name == "*" {
        return Some(name);
    } else if name.is_empty() {
        "it is empty; the bucket for all that are not listed is *"
    } else if has(b"*") {
        "it is no pattern; only the lone * stands for every bucket that is not listed"
    } else if has(b"/?#") {
        "it is one segment of a path: write the bucket only, without / ? #"
    } else if matches!(&*name, "." | "..") {
        "it is a dot segment, with which a path names no bucket"
    } else if has(b" ") {
        "it holds a blank"
    } else if name.len() > MAX_BUCKET_BYTES {
        "it is longer than 255 bytes"
    } else {
        return Some(name);
    };
    reading.report.add(
        &code::BUCKET_NAME,
        place,
        "{} is no bucket name: {}",
        &[Part::Value(&name), Words(problem)],
    );
    None
}

fn add_name<'a>(
    report: &mut Report,
    place: &Place<'_>,
    names: &mut Names<'a>,
    name: Cow<'a, str>,
    index: usize,
) {
    if let Some(first) = names.add(name.clone(), index) {
        let first = Place::Index(&Place::Key(&Place::Document, "buckets"), first);
        report.add(
            &code::DUPLICATE_BUCKET,
            place,
            "the bucket {} already stands at {}: join the two",
            &[Part::Value(&name), Pointer(&first)],
        );
    }
}

fn add_host<'a>(
    report: &mut Report,
    place: &Place<'_>,
    hosts: &mut Names<'a>,
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
            &[Part::Value(&host)],
        );
    } else {
        let first = Place::Index(&Place::Key(&Place::Document, "buckets"), first);
        report.add(
            &code::DUPLICATE_HOST,
            place,
            "the host {} already stands in {}: it can lead to one bucket only",
            &[Part::Value(&host), Pointer(&first)],
        );
    }
}

/// What depends on the profile, which may have come last.
fn check_against_profile(report: &mut Report, place: &Place<'_>, bucket: &Bucket<'_>, cors: &Cors<'_>) {
    let profile = bucket.profile;
    for pending in &cors.pending {
        cors.shape.at_rule(place, pending.rule, &mut |rule| {
            let field = &Place::Key(rule, pending.field);
            let element = pending.index.map(|index| Place::Index(field, index));
            let place = element.as_ref().unwrap_or(field);
            match &pending.value {
                PendingValue::Method(method) => match profile.methods {
                    Methods::Store => header::refuse_method(report, place, method, profile.name),
                    Methods::AnyToken => header::warn_of_method(report, place, method),
                },
                PendingValue::Exposed(name) => {
                    if name.bytes().any(|byte| profile.expose_forbidden.contains(&byte)) {
                        report.add(
                            &code::EXPOSED_HEADER_BYTE,
                            place,
                            "{} holds & or ', which OSS refuses in ExposeHeader: rename the header",
                            &[Part::Value(name)],
                        );
                    }
                }
                // Where the document says it too, the rule's is not the one that counts.
                PendingValue::ResponseVary
                    if cors.own_response_vary.is_some() && profile.obeys_response_vary => {}
                PendingValue::ResponseVary => {
                    bucket_warnings::warn_of_response_vary(report, place, profile, cors);
                }
                PendingValue::Origins(count) => {
                    bucket_warnings::warn_of_several_origins(report, place, profile, cors, *count);
                }
            }
        });
    }
    // Fetch, "CORS check": credentials never pass with `*`, so that the flag could not have the effect it asks for.
    if bucket.allow_credentials
        && let Some(rule) = cors.rules.iter().position(Rule::allows_any_origin)
    {
        let flag = Place::Key(place, "allow_credentials");
        cors.shape.at_rule(place, rule, &mut |rule| {
            report.add(
                &code::CREDENTIALS_WITH_ANY_ORIGIN,
                &flag,
                "{} lists *, which never gets credentials: name the origins there, or take this out",
                &[Pointer(rule)],
            );
        });
    }
}
