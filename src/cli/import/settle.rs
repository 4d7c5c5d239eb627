//! Holds the document against the core's own reading, and takes out what the edge would refuse to load.

use std::collections::BTreeSet;

use bucket_cors::config::{self, Bucket as Valid, BucketSink, Finding};

use super::document::{Document, Rule};
use super::report::Report;

/// What a finding of the core is about, with indexes into the document. In this order within a rule, so that taking them
/// out from the last to the first moves nothing that is still to be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    bucket: usize,
    rule: Option<usize>,
    part: Part,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Whole,
    Credentials,
    Id,
    Origin(usize),
    Method(usize),
    AllowedHeader(usize),
    ExposedHeader(usize),
    MaxAge,
}

/// Each pass takes something out, and what is left can be wrong in new ways only twice: a rule without its values, and a
/// bucket without its rules.
const PASSES: usize = 1_000;

struct Nowhere;

impl<'a> BucketSink<'a> for Nowhere {
    fn bucket(&mut self, _: Valid<'a>) {}
    fn restart(&mut self) {}
}

/// Makes the document one that the edge loads, and returns its text.
///
/// # Errors
/// What is wrong and cannot be taken out without taking out a bucket.
pub(crate) fn settle(document: &mut Document, report: &mut Report) -> Result<String, Vec<String>> {
    for _ in 0..PASSES {
        let text = serde_json::to_string_pretty(document).map_err(|error| vec![error.to_string()])?;
        let (settings, found) = config::read(text.as_bytes(), &mut Nowhere);
        if settings.is_some() {
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
                        let of = if target.part == Part::Credentials {
                            "credentials: "
                        } else {
                            ""
                        };
                        report.lost(&place, format!("{of}{} [{}]", finding.message, finding.code));
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

fn target(pointer: &str) -> Option<Target> {
    let steps: Vec<_> = pointer.split('/').skip(1).collect();
    let at = |part, bucket: &str, rule: Option<&str>| {
        Some(Target {
            bucket: bucket.parse().ok()?,
            rule: match rule {
                Some(rule) => Some(rule.parse().ok()?),
                None => None,
            },
            part,
        })
    };
    match steps.as_slice() {
        ["buckets", bucket, "allow_credentials"] => at(Part::Credentials, bucket, None),
        ["buckets", bucket, "cors", "CORSRules", rule] => at(Part::Whole, bucket, Some(rule)),
        ["buckets", bucket, "cors", "CORSRules", rule, field] => {
            let part = match *field {
                "ID" => Part::Id,
                "MaxAgeSeconds" => Part::MaxAge,
                _ => return None,
            };
            at(part, bucket, Some(rule))
        }
        ["buckets", bucket, "cors", "CORSRules", rule, field, index] => {
            let index = index.parse().ok()?;
            let part = match *field {
                "AllowedOrigins" => Part::Origin(index),
                "AllowedMethods" => Part::Method(index),
                "AllowedHeaders" => Part::AllowedHeader(index),
                "ExposeHeaders" => Part::ExposedHeader(index),
                _ => return None,
            };
            at(part, bucket, Some(rule))
        }
        _ => None,
    }
}

/// Where in the source it came from.
fn place(document: &Document, target: Target) -> Option<String> {
    let bucket = document.buckets.get(target.bucket)?;
    let Some(rule) = target.rule else {
        return Some(bucket.allow_credentials.place.clone());
    };
    let rule = bucket.cors.rules.get(rule)?;
    let place = match target.part {
        Part::Whole | Part::Credentials => &rule.place,
        Part::Id => &rule.id.as_ref()?.place,
        Part::Origin(index) => &rule.allowed_origins.get(index)?.place,
        Part::Method(index) => &rule.allowed_methods.get(index)?.place,
        Part::AllowedHeader(index) => &rule.allowed_headers.get(index)?.place,
        Part::ExposedHeader(index) => &rule.expose_headers.get(index)?.place,
        Part::MaxAge => &rule.max_age_seconds.as_ref()?.place,
    };
    Some(place.clone())
}

fn take_out(document: &mut Document, target: Target) {
    let Some(bucket) = document.buckets.get_mut(target.bucket) else {
        return;
    };
    let Some(index) = target.rule else {
        bucket.allow_credentials.value = false;
        return;
    };
    if target.part == Part::Whole {
        remove(&mut bucket.cors.rules, index);
        return;
    }
    let Some(Rule {
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
        Part::Whole | Part::Credentials => {}
        Part::Id => *id = None,
        Part::Origin(index) => remove(allowed_origins, index),
        Part::Method(index) => remove(allowed_methods, index),
        Part::AllowedHeader(index) => remove(allowed_headers, index),
        Part::ExposedHeader(index) => remove(expose_headers, index),
        Part::MaxAge => *max_age_seconds = None,
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
