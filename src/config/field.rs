//! Fields that do not exist, or exist twice.

use super::code;
use super::place::Place;
use super::report::Report;
use super::text::{nearest, shown};

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

/// Reports a field that `object` does not have.
pub(super) fn unknown(report: &mut Report, place: &Place<'_>, field: &str, object: &str, fields: &[&str]) {
    report.add(&code::UNKNOWN_FIELD, place, || {
        let field_shown = shown(field);
        if let Some(meant) = nearest(field, fields) {
            return format!("{object} has no field {field_shown}: write {meant}");
        }
        match FOREIGN.iter().find(|(names, _)| names.contains(&field)) {
            Some((_, way_out)) => format!("{object} has no field {field_shown}: {way_out}"),
            None => format!(
                "{object} has no field {field_shown}: it takes {}",
                fields.join(", ")
            ),
        }
    });
}

/// Notes that a field is there; false, and reported, where it already was. Parsers differ in which of two wins, so that a
/// reviewer may have read another policy (RFC 8259 section 4).
pub(super) fn is_first(
    report: &mut Report,
    place: &Place<'_>,
    seen: &mut Option<&'static str>,
    name: &'static str,
) -> bool {
    match seen {
        None => {
            *seen = Some(name);
            true
        }
        Some(first) => {
            let first = *first;
            report.add(&code::DUPLICATE_FIELD, place, || {
                if first == name {
                    format!("{name} is given twice: take one out")
                } else {
                    format!("{first} and {name} are two spellings of one field: take one out")
                }
            });
            false
        }
    }
}
