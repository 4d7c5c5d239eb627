//! The fields of an object, in whatever order they stand: each is read once, and those that do not exist are reported.

use super::Reading;
use super::strings::{has_word, nearest};
use crate::config::report::{
    MessagePart::{Names, Value, Words},
    Place, Report, code,
};

/// The most fields that an object has, which [`fields`] checks.
pub(crate) const MOST: usize = 10;

/// Numbers the fields of an object, and lists the spellings of each in `FIELDS`. The first one is recommended.
macro_rules! fields {
    ($($number:ident $($spelling:literal)+,)*) => {
        #[allow(clippy::upper_case_acronyms, non_camel_case_types)] // They become constants, which a match can name.
        enum Numbered { $($number,)* }
        $(const $number: usize = Numbered::$number as usize;)*
        const FIELDS: &[&[&str]] = &[$(&[$($spelling,)+],)*];
        const _: () = assert!(FIELDS.len() <= $crate::config::reading::field::MOST, "MOST is to be the most fields of an object");
    };
}
pub(crate) use fields;

/// A field as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) number: usize,
    /// Its spelling.
    pub(crate) name: &'static str,
}

/// Fields of one object.
#[derive(Debug)]
pub(crate) struct Fields {
    object: &'static str,
    /// The spellings of each, by number.
    known: &'static [&'static [&'static str]],
    /// The spelling in which each was given.
    given: [Option<&'static str>; MOST],
}

impl Fields {
    /// `object`: what a message calls it. `known`: the spellings of each field, at most [`MOST`] of them.
    pub(crate) fn new(object: &'static str, known: &'static [&'static [&'static str]]) -> Self {
        Self {
            object,
            known,
            given: [None; MOST],
        }
    }

    /// Reads to the next field that exists and was not given before. Its value is to be read next.
    pub(crate) fn next(&mut self, reading: &mut Reading<'_>, place: &Place<'_>) -> Option<Field> {
        while let Some(key) = reading.key() {
            let field = self.take(&mut reading.report, &Place::Key(place, &key), &key);
            if field.is_some() {
                return field;
            }
            reading.skip();
        }
        None
    }

    /// The spelling in which a field was given.
    pub(crate) fn given(&self, number: usize) -> Option<&'static str> {
        self.given.get(number).copied().flatten()
    }

    /// The field of that key, if it exists and was not given before.
    pub(crate) fn take(&mut self, report: &mut Report, place: &Place<'_>, key: &str) -> Option<Field> {
        for (number, (spellings, given)) in self.known.iter().zip(&mut self.given).enumerate() {
            let Some(&name) = spellings.iter().find(|name| **name == key) else {
                continue;
            };
            let Some(first) = *given else {
                *given = Some(name);
                return Some(Field { number, name });
            };
            given_twice(report, place, first, name);
            return None;
        }
        self.unknown(report, place, key);
        None
    }

    #[cold]
    fn unknown(&self, report: &mut Report, place: &Place<'_>, field: &str) {
        if matches!(place, Place::Key(Place::Document, "_rules_")) {
            report.add(
                &code::HIGRESS_RULES,
                place,
                "Higress puts the matchRules of its WasmPlugin into _rules_, which this filter does not \
                 read: give one defaultConfig that lists all buckets, and name the domains of a bucket \
                 in its \"hosts\"",
                &[],
            );
            return;
        }
        let names: Vec<&str> = self
            .known
            .iter()
            .filter_map(|spellings| spellings.first().copied())
            .collect();
        let foreign = FOREIGN.iter().find(|(names, _)| has_word(names, field));
        let way_out = match (nearest(field, &names), foreign) {
            (Some(meant), _) => [Words("write "), Words(meant)],
            (None, Some((_, way_out))) => [Words(way_out), Words("")],
            (None, None) => [Words("it takes "), Names(&names)],
        };
        let [way, out] = way_out;
        report.add(
            &code::UNKNOWN_FIELD,
            place,
            "{} has no field {}: {}{}",
            &[Words(self.object), Value(field), way, out],
        );
    }
}

/// Parsers differ in which of two wins, so that a reviewer may have read another policy (RFC 8259 section 4).
#[cold]
fn given_twice(report: &mut Report, place: &Place<'_>, first: &str, second: &str) {
    if first == second {
        report.add(
            &code::DUPLICATE_FIELD,
            place,
            "{} is given twice: take one out",
            &[Words(second)],
        );
    } else {
        report.add(
            &code::DUPLICATE_FIELD,
            place,
            "{} and {} are two spellings of one field: take one out",
            &[Words(first), Words(second)],
        );
    }
}

/// Fields of other products, and fields that stand in the wrong object: what to write instead.
static FOREIGN: &[(&[&str], &str)] = &[
    (
        &[
            "CORSRules",
            "CORSRule",
            "CORSConfiguration",
            "ResponseVary",
            "rules",
            "cors_rule",
            "cors_rules",
        ],
        "a CORS document is the value of \"cors\" in an element of \"buckets\", with its rules in CORSRules",
    ),
    (
        &[
            "AllowedOrigins",
            "AllowedOrigin",
            "AllowedMethods",
            "AllowedMethod",
            "AllowedHeaders",
            "AllowedHeader",
        ],
        "a rule is an element of a list: \"cors\": {\"CORSRules\": [{\"AllowedOrigins\": […], …}]}",
    ),
    (
        &["origin", "method", "responseHeader", "maxAgeSeconds"],
        "Google Cloud Storage's rules have one header list for two purposes: write AllowedOrigins, AllowedMethods, AllowedHeaders, ExposeHeaders and MaxAgeSeconds",
    ),
    (
        &[
            "allow_origins",
            "allow_origin_patterns",
            "allow_methods",
            "allow_headers",
            "expose_headers",
            "max_age",
        ],
        "those are the fields of other CORS filters: write rules as the store has them, with AllowedOrigins and so on",
    ),
    (
        &["bucket", "Bucket", "Name", "bucket_name"],
        "a bucket's name is \"name\", in an element of \"buckets\"",
    ),
];
