//! What `check` says of `timing_allow_origin` by itself: what loading says of the same origins in a rule.

use bucket_cors::config::{self, Finding};
use serde_json::{Value, json};

/// The warnings about a configuration that the filter would load.
pub(super) fn warnings(text: &[u8]) -> Vec<Finding> {
    let document: Value =
        serde_json::from_slice(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)).unwrap_or_default();
    let buckets = document.get("buckets").and_then(Value::as_array);
    let lists = buckets
        .into_iter()
        .flatten()
        .map(|it| it.get("timing_allow_origin"));
    let mut found = Vec::new();
    for (index, list) in lists.enumerate() {
        let Some(list) = list.filter(|list| !list.is_null()) else {
            continue;
        };
        let rule = json!({ "AllowedOrigins": list, "AllowedMethods": ["GET"] });
        let rules = json!({ "buckets": [{ "name": "bucket", "cors": [rule] }] }).to_string();
        let (_, report) = config::parse(rules.as_bytes());
        let findings = report.errors.kept().iter().chain(report.warnings.kept());
        found.extend(findings.filter_map(|finding| {
            let (_, at) = finding.pointer.split_once("/AllowedOrigins")?;
            // What is said of a whole list is about answers to requests with `Origin`.
            if at.is_empty() && list.is_array() {
                return None;
            }
            Some(Finding {
                pointer: format!("/buckets/{index}/timing_allow_origin{at}"),
                ..finding.clone()
            })
        }));
    }
    found
}
