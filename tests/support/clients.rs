//! What real clients were recorded to send, as cases: with the smallest rules for a client, all of it passes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::case::{Case, UpstreamAnswer, WireRequest};
use super::expect::{AnsweredBy, Exact, Expectation};

pub(crate) const PAGE: &str = "https://app.example.com";

/// The recordings, which are the tool's and the playground's.
pub(crate) fn recorded() -> Vec<Value> {
    serde_json::from_str(include_str!("../../src/cli/clients/clients.json")).unwrap()
}

fn texts(list: &Value) -> impl Iterator<Item = String> + '_ {
    let list = list.as_array().into_iter().flatten();
    list.map(|text| text.as_str().unwrap().to_owned())
}

/// The requests of a client that rules have a say in.
fn requests(client: &Value) -> impl Iterator<Item = &Value> {
    let operations = client["operations"].as_array().unwrap().iter();
    let all = operations.flat_map(|operation| operation["requests"].as_array().unwrap());
    all.filter(|sent| sent["no_cors"].is_null())
}

/// The smallest rule for a client, written down naively.
pub(crate) fn smallest_rule(client: &Value) -> Value {
    let mut methods = BTreeSet::new();
    let mut headers = BTreeSet::new();
    let mut exposed = BTreeSet::new();
    for sent in requests(client) {
        methods.insert(sent["method"].as_str().unwrap().to_owned());
        for name in texts(&sent["preflight"]) {
            // Metadata has names of the page's own.
            headers.insert(match name.split_once("-meta-") {
                Some((store, _)) => format!("{store}-meta-*"),
                None => name,
            });
        }
        exposed.extend(texts(&sent["needs"]).chain(texts(&sent["wants"])));
    }
    // No store takes a star there.
    exposed.retain(|name| !name.contains('*'));
    let mut rule = json!({
        "ID": client["name"],
        "AllowedOrigins": [PAGE],
        "AllowedMethods": methods,
        "MaxAgeSeconds": 600,
    });
    for (field, names) in [("AllowedHeaders", headers), ("ExposeHeaders", exposed)] {
        if !names.is_empty() {
            rule[field] = json!(names);
        }
    }
    rule
}

/// Each kind of request of each client, and its preflight, as the profile `oss` answers them.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for client in recorded() {
        let rule = smallest_rule(&client);
        // The rules of a store cannot list PATCH.
        if texts(&rule["AllowedMethods"]).any(|method| method == "PATCH") {
            continue;
        }
        let buckets = json!([{ "name": "photos", "cors": { "CORSRules": [rule] } }]);
        let configuration = json!({ "buckets": buckets }).to_string();
        let mut seen = BTreeSet::new();
        for sent in requests(&client) {
            let name = client["name"].as_str().unwrap();
            for (title, request, exact) in exchanges(sent, &rule) {
                if seen.insert(title.clone()) {
                    cases.push(Case {
                        name: format!("clients: {name} {title}"),
                        configuration: configuration.as_str().into(),
                        request,
                        upstream: UpstreamAnswer::default(),
                        expectation: Expectation::Exact(exact),
                    });
                }
            }
        }
    }
    assert!(cases.len() > 60, "{}", cases.len());
    cases
}

fn exchanges(sent: &Value, rule: &Value) -> Vec<(String, WireRequest, Exact)> {
    let method = sent["method"].as_str().unwrap();
    let mut allowed: BTreeMap<String, String> = BTreeMap::from([
        ("access-control-allow-origin".to_owned(), PAGE.to_owned()),
        ("vary".to_owned(), "Origin".to_owned()),
    ]);
    let exposed: Vec<String> = texts(&rule["ExposeHeaders"]).collect();
    if !exposed.is_empty() {
        allowed.insert("access-control-expose-headers".to_owned(), exposed.join(", "));
    }
    let request = |method: &str, headers: Vec<(&str, String)>| WireRequest {
        method: method.to_owned(),
        authority: "127.0.0.1".to_owned(),
        path: "/photos/object".to_owned(),
        headers: headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into_bytes()))
            .collect(),
    };
    let exact = |by, headers| Exact {
        by,
        status: 200,
        headers,
        error: None,
    };
    let origin = ("origin", PAGE.to_owned());
    let mut exchanges = Vec::new();
    if sent["preflight"].is_array() {
        let names: Vec<String> = texts(&sent["preflight"]).collect();
        let mut headers = vec![
            origin.clone(),
            ("access-control-request-method", method.to_owned()),
        ];
        let mut answer = allowed.clone();
        let methods: Vec<String> = texts(&rule["AllowedMethods"]).collect();
        answer.insert("access-control-allow-methods".to_owned(), methods.join(", "));
        answer.insert("access-control-max-age".to_owned(), "600".to_owned());
        if !names.is_empty() {
            headers.push(("access-control-request-headers", names.join(",")));
            answer.insert("access-control-allow-headers".to_owned(), names.join(", "));
        }
        let title = format!("asks to {method} with {}", names.join(", "));
        exchanges.push((
            title,
            request("OPTIONS", headers),
            exact(AnsweredBy::Edge, answer),
        ));
    }
    let mut headers = vec![origin];
    if sent["range"] == true {
        headers.push(("range", "bytes=0-1023".to_owned()));
    }
    let title = format!("sends {method} with {} headers", headers.len());
    exchanges.push((
        title,
        request(method, headers),
        exact(AnsweredBy::Upstream, allowed),
    ));
    exchanges
}
