//! One `CORSRule`.

use std::borrow::Cow;

use super::cors::Context;
use super::{header, max_age};
use crate::config::model::Rule;
use crate::config::origin;
use crate::config::reading::field::{Fields, fields};
use crate::config::reading::recorded_json::Value;
use crate::config::reading::strings::{has_control_character, same_word};
use crate::config::reading::{Null, Reading};
use crate::config::report::{
    MessagePart::{self, Number},
    Place, Report, code,
};

/// The longest `ID`, in characters: S3's limit.
const LONGEST_ID: usize = 255;

/// The most bytes of a list that becomes a response header, with `, ` between its names. Envoy takes 60 KiB of headers
/// in all, Node.js 16 KiB; nginx gives the headers of a response one page of 4 or 8 KiB, and Apache 8,190 bytes to
/// each.
const MOST_LIST_BYTES: usize = 8_190;

fields! {
    ID "ID",
    ORIGINS "AllowedOrigins" "AllowedOrigin",
    METHODS "AllowedMethods" "AllowedMethod",
    HEADERS "AllowedHeaders" "AllowedHeader",
    EXPOSED "ExposeHeaders" "ExposeHeader",
    MAX_AGE "MaxAgeSeconds",
    RESPONSE_VARY "ResponseVary",
}

/// What the rules of a document are asked for together.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// The rule's own `ResponseVary`, Volcengine TOS's way.
    pub(crate) response_vary: Option<bool>,
    /// How many origins it lists, and in which field.
    pub(crate) origins: usize,
    pub(crate) origins_field: &'static str,
}

/// Reads a rule.
pub(crate) fn read<'a>(
    reading: &mut Reading<'a>,
    place: &Place<'_>,
    context: &Context<'_>,
) -> (Rule<'a>, Said) {
    let value = reading.value();
    read_begun(reading, place, value, context)
}

/// Reads a rule of which the first value was read.
pub(crate) fn read_begun<'a>(
    reading: &mut Reading<'a>,
    place: &Place<'_>,
    value: Value<'a>,
    context: &Context<'_>,
) -> (Rule<'a>, Said) {
    let mut rule = Rule::default();
    let mut said = Said::default();
    if value != Value::Object {
        reading.wrong_type(place, "a rule, which is an object", &value);
        return (rule, said);
    }
    let profile = context.profile;
    let mut fields = Fields::new("a rule", FIELDS);
    let (mut has_origin, mut has_method) = (false, false);
    while let Some(field) = fields.next(reading, place) {
        let place = &Place::Key(place, field.name);
        match field.number {
            ORIGINS => has_origin = origins(reading, place, context, &mut rule),
            METHODS => {
                has_method = texts(reading, place, &mut |report, place, text| {
                    if let Some(method) = header::read_method(report, place, text, profile) {
                        rule.allowed_methods.push(method);
                    }
                });
                check_length(&mut reading.report, place, &rule.allowed_methods);
            }
            HEADERS => {
                texts(reading, place, &mut |report, place, text| {
                    if let Some(pattern) = header::read_allowed(report, place, text) {
                        rule.allowed_headers.push(pattern);
                    }
                });
            }
            EXPOSED => {
                texts(reading, place, &mut |report, place, text| {
                    if let Some(name) = header::read_exposed(report, place, text, profile) {
                        rule.expose_headers.push(name);
                    }
                });
                check_length(&mut reading.report, place, &rule.expose_headers);
            }
            MAX_AGE => rule.max_age_seconds = max_age::read(reading, place),
            RESPONSE_VARY => said.response_vary = reading.flag(place, Null::IsAbsent),
            ID => rule.id = id(reading, place),
            _ => {}
        }
    }
    let report = &mut reading.report;
    if !has_origin {
        report.add(
            &code::MISSING_ORIGIN,
            place,
            "the rule has no origin: list those that it is for in AllowedOrigins",
            &[],
        );
    }
    if !has_method {
        report.add(
            &code::MISSING_METHOD,
            place,
            "the rule has no method: list GET, PUT, POST, DELETE or HEAD in AllowedMethods",
            &[],
        );
    }
    said.origins = rule.allowed_origins.len();
    said.origins_field = fields.given(ORIGINS).unwrap_or_default();
    warn(report, place, &rule, &fields);
    (rule, said)
}

/// A response carries the list in one header, which everything between the edge and the client has to take.
fn check_length(report: &mut Report, place: &Place<'_>, list: &[Cow<'_, str>]) {
    let bytes = list.iter().fold(0, |sum: usize, name| {
        sum.saturating_add(name.len()).saturating_add(", ".len())
    });
    let bytes = bytes.saturating_sub(", ".len());
    if bytes > MOST_LIST_BYTES {
        report.add(
            &code::HEADER_TOO_LONG,
            place,
            "the list makes a response header of {} bytes, and at most {} pass everywhere: list fewer names",
            &[Number(bytes), Number(MOST_LIST_BYTES)],
        );
    }
}

/// Reads strings. Whether there are any: one that could not be read is one, because one complaint about it is enough.
fn texts<'a>(
    reading: &mut Reading<'a>,
    place: &Place<'_>,
    each: &mut dyn FnMut(&mut Report, &Place<'_>, Cow<'a, str>),
) -> bool {
    let errors_before = reading.report.errors.total();
    let mut given = false;
    reading.texts(place, Null::IsAbsent, &mut |report, place, text| {
        given = true;
        each(report, place, text);
    });
    given || reading.report.errors.total() > errors_before
}

fn origins<'a>(
    reading: &mut Reading<'a>,
    place: &Place<'_>,
    context: &Context<'_>,
    rule: &mut Rule<'a>,
) -> bool {
    let mut any = false;
    texts(reading, place, &mut |report, place, text| {
        let Some(pattern) = origin::read(report, place, text, context.sends_credentials) else {
            return;
        };
        if pattern.is_any() && std::mem::replace(&mut any, true) {
            report.add(
                &code::DUPLICATE_ANY_ORIGIN,
                place,
                "the lone * is listed twice, which stores refuse: take one out",
                &[],
            );
        }
        rule.allowed_origins.push(pattern);
    })
}

fn id<'a>(reading: &mut Reading<'a>, place: &Place<'_>) -> Option<Cow<'a, str>> {
    let id = reading.text(place, "a string", Null::IsAbsent)?;
    if has_control_character(&mut reading.report, place, &id) {
        return None;
    }
    // Counting bytes first keeps the usual ID from being counted in characters.
    if id.len() > LONGEST_ID && id.chars().count() > LONGEST_ID {
        reading.report.add(
            &code::RULE_ID,
            place,
            "{} is longer than {} characters: shorten it",
            &[MessagePart::Value(&id), Number(LONGEST_ID)],
        );
        return None;
    }
    Some(id)
}

fn warn(report: &mut Report, place: &Place<'_>, rule: &Rule<'_>, fields: &Fields) {
    let lists = |name: &str| rule.allowed_methods.iter().any(|method| method == name);
    if lists("GET") && !lists("HEAD") {
        report.add(
            &code::GET_WITHOUT_HEAD,
            &Place::Key(place, fields.given(METHODS).unwrap_or_default()),
            "GET does not imply HEAD: list HEAD too where scripts ask for an object's size or date",
            &[],
        );
    }
    let writes = lists("PUT") || lists("POST");
    if writes && !rule.expose_headers.iter().any(|name| same_word(name, "etag")) {
        report.add(
            &code::ETAG_NOT_EXPOSED,
            place,
            "scripts that upload in parts read ETag of each answer, and cannot: list ETag in ExposeHeaders",
            &[],
        );
    }
}
