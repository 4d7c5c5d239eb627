//! One `CORSRule`.

use std::borrow::Cow;

use super::code;
use super::cors::Cors;
use super::field::{Fields, fields};
use super::json::Value;
use super::message::Part::{self, Number};
use super::model::Rule;
use super::place::Place;
use super::reading::{Null, Reading};
use super::report::Report;
use super::text::{has_control_character, has_word};
use super::{header, max_age, origin};
use crate::profile::STORE_METHODS;

/// The longest `ID`, in characters: S3's limit.
const LONGEST_ID: usize = 255;

fields! {
    ID "ID",
    ORIGINS "AllowedOrigins" "AllowedOrigin",
    METHODS "AllowedMethods" "AllowedMethod",
    HEADERS "AllowedHeaders" "AllowedHeader",
    EXPOSED "ExposeHeaders" "ExposeHeader",
    MAX_AGE "MaxAgeSeconds",
    RESPONSE_VARY "ResponseVary",
}

/// What is to be said about a value once the bucket's profile is known, which may stand behind its rules.
#[derive(Debug)]
pub(super) struct Pending<'a> {
    pub(super) rule: usize,
    pub(super) field: &'static str,
    pub(super) index: Option<usize>,
    pub(super) value: PendingValue<'a>,
}

/// See [`Pending`].
#[derive(Debug)]
pub(super) enum PendingValue<'a> {
    /// A method that is none of the five.
    Method(Cow<'a, str>),
    /// An exposed header with a byte that OSS refuses.
    Exposed(Cow<'a, str>),
    /// The rule's own `ResponseVary`, Volcengine TOS's way.
    ResponseVary,
    /// Several origins: so many.
    Origins(usize),
}

/// Reads a rule. What it says about the document as a whole goes to `cors`.
pub(super) fn read<'a>(
    reading: &mut Reading<'a>,
    place: &Place<'_>,
    value: Value<'a>,
    index: usize,
    cors: &mut Cors<'a>,
) -> Rule<'a> {
    let mut rule = Rule::default();
    if value != Value::Object {
        reading.wrong_type(place, "a rule, which is an object", &value);
        return rule;
    }
    let mut fields = Fields::new("a rule", FIELDS);
    let (mut has_origin, mut has_method) = (false, false);
    while let Some(field) = fields.next(reading, place) {
        let place = &Place::Key(place, field.name);
        let pending = |place: &Place<'_>, value| Pending {
            rule: index,
            field: field.name,
            index: last_index(place),
            value,
        };
        match field.number {
            ORIGINS => has_origin = origins(reading, place, &mut rule),
            METHODS => {
                has_method = texts(reading, place, &mut |report, place, text| {
                    let Some(method) = header::read_method(report, place, text) else {
                        return;
                    };
                    if !has_word(&STORE_METHODS, &method) {
                        cors.pending
                            .push(pending(place, PendingValue::Method(method.clone())));
                    }
                    rule.allowed_methods.push(method);
                });
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
                    let Some(name) = header::read_exposed(report, place, text) else {
                        return;
                    };
                    if name.bytes().any(|byte| matches!(byte, b'&' | b'\'')) {
                        cors.pending
                            .push(pending(place, PendingValue::Exposed(name.clone())));
                    }
                    rule.expose_headers.push(name);
                });
            }
            MAX_AGE => rule.max_age_seconds = max_age::read(reading, place),
            RESPONSE_VARY => {
                if let Some(flag) = reading.flag(place, Null::IsAbsent) {
                    cors.add_response_vary(flag);
                    cors.pending.push(pending(place, PendingValue::ResponseVary));
                }
            }
            ID => rule.id = id(reading, place),
            _ => {}
        }
    }
    let report = &mut reading.report;
    if !has_origin {
        report.add(
            &code::MISSING_ORIGIN,
            place,
            "the rule has no origin: list one in AllowedOrigins, or *",
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
    if rule.allowed_origins.len() > 1 {
        cors.pending.push(Pending {
            rule: index,
            field: fields.given(ORIGINS).unwrap_or_default(),
            index: None,
            value: PendingValue::Origins(rule.allowed_origins.len()),
        });
    }
    warn(report, place, &rule, &fields);
    rule
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

fn origins<'a>(reading: &mut Reading<'a>, place: &Place<'_>, rule: &mut Rule<'a>) -> bool {
    let mut any = false;
    texts(reading, place, &mut |report, place, text| {
        let Some(pattern) = origin::read(report, place, text) else {
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
            &[Part::Value(&id), Number(LONGEST_ID)],
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
}

fn last_index(place: &Place<'_>) -> Option<usize> {
    match place {
        Place::Index(_, index) => Some(*index),
        _ => None,
    }
}
