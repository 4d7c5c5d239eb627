//! `origins.json`: whether a rule's patterns admit an origin.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::{ConfigurationDocument, Gathered, GatheredCase, bucket, in_one_configuration, permissive, read};
use crate::support::case::{Case, WireRequest};
use crate::support::expect::{AnsweredBy, Exact, Expectation};

#[derive(Deserialize)]
struct OriginCases {
    cases: Vec<Fact>,
}

#[derive(Deserialize)]
struct Fact {
    id: String,
    source: String,
    patterns: Vec<String>,
    origin: String,
    #[serde(rename = "match")]
    admitted: bool,
}

/// Every case, the projects with most of them first.
pub(crate) fn origins() -> Vec<Gathered> {
    let OriginCases { cases } = read("origins.json");
    let mut sources = BTreeMap::new();
    let mut counts = BTreeMap::<String, usize>::new();
    let (mut members, mut refused) = (Vec::new(), Vec::new());
    for case in cases {
        let project = project(&case.source);
        *counts.entry(project.clone()).or_default() += 1;
        sources.insert(case.id.clone(), project);
        let rule = json!({ "AllowedOrigins": case.patterns, "AllowedMethods": ["GET"] });
        let bucket = bucket(&case.id, &[rule], None);
        if case.patterns.is_empty() {
            // A rule without an origin is none, so nothing can be admitted.
            assert!(!case.admitted, "origins.json: {}", case.id);
            let document = json!({ "buckets": [bucket] });
            refused.push((
                case.id,
                GatheredCase::Configuration(ConfigurationDocument::refused(&document)),
            ));
        } else {
            members.push((bucket, convert(case)));
        }
    }
    let run = in_one_configuration("oss", members).into_iter();
    let mut all: Vec<_> = run
        .map(|case| (case.name.clone(), GatheredCase::Exchange(case)))
        .chain(refused)
        .collect();
    all.sort_by_key(|(id, _)| {
        let project = &sources[id];
        (Reverse(counts[project]), project.clone())
    });
    all.into_iter()
        .map(|(id, what)| Gathered {
            source: format!("Origin patterns: {}", sources[&id]),
            id,
            what,
        })
        .collect()
}

/// Which project a case was gathered from.
fn project(source: &str) -> String {
    let source = source.strip_prefix("probe run here on ").unwrap_or(source);
    if source.starts_with("https://") {
        "reports of faults elsewhere".to_owned()
    } else if source.starts_with("derived here") {
        "the definition of one star".to_owned()
    } else {
        source
            .split(['@', ' ', ':'])
            .next()
            .unwrap_or_default()
            .to_owned()
    }
}

fn convert(fact: Fact) -> Case {
    let Fact {
        id,
        source: _,
        patterns,
        origin,
        admitted,
    } = fact;
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
        request: WireRequest {
            method: "GET".to_owned(),
            authority: "store.example".to_owned(),
            path: format!("/{id}/test.txt"),
            headers: vec![("origin".to_owned(), origin.clone().into_bytes())],
        },
        upstream: permissive(200),
        expectation: Expectation::Exact(Exact {
            by: AnsweredBy::Upstream,
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
