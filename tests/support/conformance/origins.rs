//! `origins.json`: whether a rule's patterns admit an origin.

use bucket_cors::config;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{bucket, in_one_configuration, permissive, read};
use crate::support::case::{Case, Request};
use crate::support::expect::{By, Exact, Expectation};

#[derive(Deserialize)]
struct File {
    cases: Vec<Gathered>,
}

#[derive(Deserialize)]
struct Gathered {
    id: String,
    patterns: Vec<String>,
    origin: String,
    #[serde(rename = "match")]
    admitted: bool,
}

/// The cases that a request can show, and apart from them those whose patterns no configuration may hold, with whether
/// their origin should have been admitted.
pub(crate) fn origins() -> (Vec<Case>, Vec<(String, bool)>) {
    let File { cases } = read("origins.json");
    let (mut members, mut refused) = (Vec::new(), Vec::new());
    for case in cases {
        let rule = json!({ "AllowedOrigins": case.patterns, "AllowedMethods": ["GET"] });
        let bucket = bucket(&case.id, &[rule], None);
        if is_accepted(&bucket) {
            members.push((bucket, convert(case)));
        } else {
            refused.push((case.id, case.admitted));
        }
    }
    (in_one_configuration("oss", members), refused)
}

fn is_accepted(bucket: &Value) -> bool {
    let text = json!({ "buckets": [bucket] }).to_string();
    let (settings, _) = config::read(text.as_bytes(), &mut Vec::new());
    settings.is_some()
}

fn convert(gathered: Gathered) -> Case {
    let Gathered {
        id,
        patterns,
        origin,
        admitted,
    } = gathered;
    let allowed = if patterns.iter().any(|pattern| pattern == "*") {
        "*"
    } else {
        origin.as_str()
    };
    let mut headers = vec![("vary", "Origin")];
    if admitted {
        headers.extend([
            ("access-control-allow-origin", allowed),
            ("x-bucket-cors", "match; rule=0"),
        ]);
    } else if is_sendable(&origin) {
        headers.push(("x-bucket-cors", "no-match; reason=origin"));
    } else {
        headers.push(("x-bucket-cors", "no-match; reason=malformed-origin"));
    }
    Case {
        name: id.clone(),
        configuration: "".into(),
        request: Request {
            method: "GET".to_owned(),
            authority: "store.example".to_owned(),
            path: format!("/{id}/test.txt"),
            headers: vec![("origin".to_owned(), origin.clone().into_bytes())],
        },
        upstream: permissive(200),
        expectation: Expectation::Exact(Exact {
            by: By::Upstream,
            status: 200,
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            error: None,
        }),
    }
}

/// What the contract says of an `Origin` that a browser can send, said again.
fn is_sendable(origin: &str) -> bool {
    let after_scheme = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    !after_scheme.contains('/')
        && origin
            .chars()
            .all(|c| matches!(c, '!'..='~') && !",@?#\\".contains(c))
}
