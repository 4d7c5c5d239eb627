//! What `check` warns about by itself: rules that look like a client's and miss part of what it was recorded to send or
//! read.

use std::borrow::Cow;

use bucket_cors::config::{self, Bucket, Code, Configuration, Finding, Rule, Severity};
use bucket_cors::wildcard::Pattern;
use serde_json::Value;

/// The kinds of these warnings. They are the tool's alone: the filter knows no clients.
pub(crate) static CODES: &[Code] = &[
    warning(
        "aws-sdk-headers",
        "`x-amz-*` and `authorization` without the `amz-sdk-` headers that the AWS SDK v3 sends with every request",
    ),
    warning(
        "oss-authorization",
        "`x-oss-*` without `authorization`, which ali-oss sends with every request",
    ),
    warning(
        "oss-content-md5",
        "`x-oss-*` and POST without `content-md5`, with which ali-oss ends a multipart upload",
    ),
    warning(
        "checksum-not-exposed",
        "a rule for the multipart uploads of the AWS SDK v3 that exposes `ETag` but no `x-amz-checksum-` header",
    ),
    warning(
        "range-not-exposed",
        "`range` and GET without exposing `Accept-Ranges` and `Content-Range`",
    ),
];

const fn warning(name: &'static str, meaning: &'static str) -> Code {
    Code {
        name,
        severity: Severity::Warning,
        meaning,
    }
}

/// The warnings about a configuration that the filter would load.
pub(crate) fn of(text: &[u8]) -> Vec<Finding> {
    let (Some(configuration), _) = config::parse(text) else {
        return Vec::new();
    };
    let document = serde_json::from_slice(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text));
    all(&configuration, &document.unwrap_or_default())
}

fn all(configuration: &Configuration<'_>, document: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, bucket) in configuration.buckets.iter().enumerate() {
        let rules = pointer_to_rules(document, index);
        for (at, rule) in bucket.rules.iter().enumerate() {
            for (code, list, message) in of_rule(bucket, rule) {
                let mut pointer = match document.pointer(&rules) {
                    // One rule may stand for a list of one.
                    Some(Value::Object(_)) => rules.clone(),
                    _ => format!("{rules}/{at}"),
                };
                let spelled = [format!("{pointer}/{list}s"), format!("{pointer}/{list}")];
                if let Some(there) = spelled.into_iter().find(|it| document.pointer(it).is_some()) {
                    pointer = there;
                }
                found.push(Finding {
                    code,
                    pointer,
                    message,
                });
            }
        }
    }
    found
}

/// A CORS document is a list of rules, or an object with one, or that in a wrapper.
fn pointer_to_rules(document: &Value, bucket: usize) -> String {
    let mut pointer = format!("/buckets/{bucket}/cors");
    for name in ["CORSConfiguration", "CORSRules", "CORSRule"] {
        let inner = format!("{pointer}/{name}");
        if document.pointer(&inner).is_some() {
            pointer = inner;
        }
    }
    pointer
}

/// Code, list and message of each.
fn of_rule(bucket: &Bucket<'_>, rule: &Rule<'_>) -> Vec<(&'static str, &'static str, String)> {
    let mut found = Vec::new();
    let amz_sdk = missing(rule, &["amz-sdk-invocation-id", "amz-sdk-request"]);
    if names_all(rule, "x-amz-*") && allows(rule, "authorization") && !amz_sdk.is_empty() {
        let message = format!(
            "the AWS SDK v3 sends {} too. If no rule lists these, only requests to presigned URLs work: list {}",
            amz_sdk.join(" and "),
            each(&amz_sdk)
        );
        found.push(("aws-sdk-headers", "AllowedHeader", message));
    }
    let is_of_oss = names_all(rule, "x-oss-*");
    if is_of_oss && !allows(rule, "authorization") {
        let message = "ali-oss sends authorization too. If no rule lists it, only requests to presigned URLs work: list \
                       \"authorization\"";
        found.push(("oss-authorization", "AllowedHeader", message.to_owned()));
    }
    if is_of_oss && lists(rule, "POST") && !allows(rule, "content-md5") {
        let message = "the last request of ali-oss's multipart upload carries content-md5, and is refused if no rule lists it: list \
                       \"content-md5\"";
        found.push(("oss-content-md5", "AllowedHeader", message.to_owned()));
    }
    let is_multipart = lists(rule, "PUT") && lists(rule, "POST") && exposes(rule, "ETag");
    // A lone * is as much for the SDKs of other stores, except where the bucket's own store is the SDK's.
    let is_of_aws = names_all(rule, "x-amz-checksum-crc32")
        || bucket.profile.sdk_checks_parts && allows(rule, "x-amz-checksum-crc32");
    let has_checksum = || {
        let mut names = rule.expose_headers.iter();
        names.any(|name| name.to_ascii_lowercase().starts_with("x-amz-checksum-"))
    };
    if is_multipart && is_of_aws && !has_checksum() {
        let message = "the AWS SDK v3 gives each part of a multipart upload a CRC32, and a store that keeps to it refuses the \
                       last request where the page cannot read it: expose \"x-amz-checksum-crc32\"";
        found.push(("checksum-not-exposed", "ExposeHeader", message.to_owned()));
    }
    let of_ranges = ["Accept-Ranges", "Content-Range"];
    let hidden: Vec<&str> = of_ranges
        .into_iter()
        .filter(|name| !exposes(rule, name))
        .collect();
    if lists(rule, "GET") && names_all(rule, "range") && !hidden.is_empty() {
        let message = format!(
            "a page that asks for ranges reads {} to know what it got and what it may ask for: expose {}",
            hidden.join(" and "),
            each(&hidden)
        );
        found.push(("range-not-exposed", "ExposeHeader", message));
    }
    found
}

fn each(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    quoted.join(" and ")
}

fn missing<'n>(rule: &Rule<'_>, names: &[&'n str]) -> Vec<&'n str> {
    names.iter().copied().filter(|name| !allows(rule, name)).collect()
}

/// Whether every header of a pattern, or one name, may be sent.
fn allows(rule: &Rule<'_>, pattern: &str) -> bool {
    covers(&rule.allowed_headers, pattern, |_| true)
}

/// The same by what names the family: `*` and `x-*` are as much for an app's own headers.
fn names_all(rule: &Rule<'_>, pattern: &str) -> bool {
    covers(&rule.allowed_headers, pattern, |listed| {
        listed.parts().is_none_or(|(prefix, _)| prefix.len() > "x-".len())
    })
}

fn covers(listed: &[Pattern<'_>], pattern: &str, counts: fn(&Pattern<'_>) -> bool) -> bool {
    let Ok(pattern) = Pattern::new(Cow::Borrowed(pattern)) else {
        return false;
    };
    let mut counted = listed.iter().filter(|listed| counts(listed));
    counted.any(|listed| listed.covers_ignoring_case(&pattern))
}

fn lists(rule: &Rule<'_>, method: &str) -> bool {
    rule.allowed_methods.iter().any(|listed| listed == method)
}

fn exposes(rule: &Rule<'_>, name: &str) -> bool {
    rule.expose_headers
        .iter()
        .any(|exposed| exposed.eq_ignore_ascii_case(name))
}
