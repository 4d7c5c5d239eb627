//! Holds the document against the core's own reading, and takes out what the edge would refuse to load.

use std::collections::BTreeSet;

use bucket_cors::config::{self, Finding};

use super::code::{self, RemarkCode};
use super::foreign;
use super::imported_document::{Document, ImportedRule};
use super::remarks::Remarks;
use crate::source::placeholder;

/// What a finding of the core is about, with indexes into the document. In this order within a rule, so that taking
/// them out from the last to the first moves nothing that is still to be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct FindingTarget {
    bucket: usize,
    rule: Option<usize>,
    part: FoundIn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum FoundIn {
    Whole,
    Credentials,
    Id,
    Origin(usize),
    Method(usize),
    AllowedHeader(usize),
    ExposedHeader(usize),
    MaxAge,
}

/// More than any document takes. Each pass takes out what is wrong. That can leave a rule without values, which the
/// next pass takes out, and a bucket without rules, which the one after it takes out.
const PASSES: usize = 1_000;

/// Makes the document one that the edge loads, and returns its text.
///
/// # Errors
/// What is wrong and cannot be taken out without taking out a bucket.
pub(crate) fn settle(document: &mut Document, remarks: &mut Remarks) -> Result<String, Vec<String>> {
    for _ in 0..PASSES {
        let text = serde_json::to_string_pretty(document).map_err(|error| vec![error.to_string()])?;
        let (_, found) = config::read(text.as_bytes(), &mut Vec::new());
        if found.errors.is_empty() {
            return Ok(text);
        }
        let mut targets = BTreeSet::new();
        let mut others = Vec::new();
        for finding in found.errors.kept() {
            match target(&finding.pointer) {
                Some(target) => {
                    if let Some(place) = place(document, target)
                        && targets.insert(target)
                    {
                        let of = if target.part == FoundIn::Credentials {
                            "credentials: "
                        } else {
                            ""
                        };
                        let filled_later =
                            value(document, target).filter(|value| placeholder::within(value).is_some());
                        match filled_later {
                            Some(value) => remarks.say(code::TEMPLATE, &place, foreign::to_be_filled(value)),
                            None => {
                                let code = RemarkCode::of_the_core(finding.code);
                                let message = format!("{of}{}", finding.message);
                                // A rule as a whole lacks what was taken out of it.
                                if target.part == FoundIn::Whole {
                                    remarks.say_outcome(code, &place, message);
                                } else {
                                    remarks.say(code, &place, message);
                                }
                            }
                        }
                    }
                }
                None => others.push(said(document, finding)),
            }
        }
        if targets.is_empty() || !others.is_empty() {
            if found.errors.left_out() > 0 {
                others.push(format!("and {} more errors", found.errors.left_out()));
            }
            return Err(others);
        }
        for target in targets.iter().rev() {
            take_out(document, *target);
        }
    }
    Err(vec!["too much in it is wrong".to_owned()])
}

fn target(pointer: &str) -> Option<FindingTarget> {
    let steps: Vec<_> = pointer.split('/').skip(1).collect();
    let at = |part, bucket: &str, rule: Option<&str>| {
        Some(FindingTarget {
            bucket: bucket.parse().ok()?,
            rule: match rule {
                Some(rule) => Some(rule.parse().ok()?),
                None => None,
            },
            part,
        })
    };
    match steps.as_slice() {
        ["buckets", bucket, "allow_credentials"] => at(FoundIn::Credentials, bucket, None),
        ["buckets", bucket, "cors", "CORSRules", rule] => at(FoundIn::Whole, bucket, Some(rule)),
        ["buckets", bucket, "cors", "CORSRules", rule, field] => {
            let part = match *field {
                "ID" => FoundIn::Id,
                "MaxAgeSeconds" => FoundIn::MaxAge,
                _ => return None,
            };
            at(part, bucket, Some(rule))
        }
        ["buckets", bucket, "cors", "CORSRules", rule, field, index] => {
            let index = index.parse().ok()?;
            let part = match *field {
                "AllowedOrigins" => FoundIn::Origin(index),
                "AllowedMethods" => FoundIn::Method(index),
                "AllowedHeaders" => FoundIn::AllowedHeader(index),
                "ExposeHeaders" => FoundIn::ExposedHeader(index),
                _ => return None,
            };
            at(part, bucket, Some(rule))
        }
        _ => None,
    }
}

/// Where in the source it came from.
fn place(document: &Document, target: FindingTarget) -> Option<String> {
    let bucket = document.buckets.get(target.bucket)?;
    let Some(rule) = target.rule else {
        return Some(bucket.allow_credentials.place.clone());
    };
    let rule = bucket.cors.rules.get(rule)?;
    let place = match target.part {
        FoundIn::Whole | FoundIn::Credentials => &rule.place,
        FoundIn::Id => &rule.id.as_ref()?.place,
        FoundIn::Origin(index) => &rule.allowed_origins.get(index)?.place,
        FoundIn::Method(index) => &rule.allowed_methods.get(index)?.place,
        FoundIn::AllowedHeader(index) => &rule.allowed_headers.get(index)?.place,
        FoundIn::ExposedHeader(index) => &rule.expose_headers.get(index)?.place,
        FoundIn::MaxAge => &rule.max_age_seconds.as_ref()?.place,
    };
    Some(place.clone())
}

/// The text that a finding is about.
fn value(document: &Document, target: FindingTarget) -> Option<&str> {
    let rule = document
        .buckets
        .get(target.bucket)?
        .cors
        .rules
        .get(target.rule?)?;
    let (list, index) = match target.part {
        FoundIn::Origin(index) => (&rule.allowed_origins, index),
        FoundIn::Method(index) => (&rule.allowed_methods, index),
        FoundIn::AllowedHeader(index) => (&rule.allowed_headers, index),
        FoundIn::ExposedHeader(index) => (&rule.expose_headers, index),
        _ => return None,
    };
    list.get(index).map(|value| value.value.as_str())
}

fn take_out(document: &mut Document, target: FindingTarget) {
    let Some(bucket) = document.buckets.get_mut(target.bucket) else {
        return;
    };
    let Some(index) = target.rule else {
        bucket.allow_credentials.value = false;
        return;
    };
    if target.part == FoundIn::Whole {
        remove(&mut bucket.cors.rules, index);
        return;
    }
    let Some(ImportedRule {
        id,
        allowed_origins,
        allowed_methods,
        allowed_headers,
        expose_headers,
        max_age_seconds,
        ..
    }) = bucket.cors.rules.get_mut(index)
    else {
        return;
    };
    match target.part {
        FoundIn::Whole | FoundIn::Credentials => {}
        FoundIn::Id => *id = None,
        FoundIn::Origin(index) => remove(allowed_origins, index),
        FoundIn::Method(index) => remove(allowed_methods, index),
        FoundIn::AllowedHeader(index) => remove(allowed_headers, index),
        FoundIn::ExposedHeader(index) => remove(expose_headers, index),
        FoundIn::MaxAge => *max_age_seconds = None,
    }
}

fn remove<T>(values: &mut Vec<T>, index: usize) {
    if index < values.len() {
        values.remove(index);
    }
}

/// A finding with the place of its bucket in the source, where it has one.
fn said(document: &Document, finding: &Finding) -> String {
    let bucket = finding
        .pointer
        .strip_prefix("/buckets/")
        .and_then(|rest| rest.split('/').next()?.parse::<usize>().ok())
        .and_then(|index| document.buckets.get(index));
    match bucket {
        Some(bucket) => format!("{}: {} [{}]", bucket.place, finding.message, finding.code),
        None => finding.to_string(),
    }
}
