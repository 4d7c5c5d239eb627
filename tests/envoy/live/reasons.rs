//! The access log says what became of a request, and why.

use serde_json::{Value, json};

use super::live_edge::{LiveConnection, LiveEdge, RulesFile, wait_for};
use super::{alone, changes, with_sample_log};

const APP: &str = "https://app.example";

/// Method, path, header lines; then `details` and `cors` of the log.
type LoggedLine = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
    Option<&'static str>,
);

const METHOD: &str = "access-control-request-method";
const HEADERS: &str = "access-control-request-headers";

const LINES: [LoggedLine; 14] = [
    (
        "OPTIONS",
        "/b/allowed",
        &[("origin", APP), (METHOD, "PUT")],
        "bucket_cors_allowed",
        Some("bucket=\"b\"; match; rule=0; id=\"app\""),
    ),
    (
        "OPTIONS",
        "/b/origin",
        &[("origin", "https://other.example"), (METHOD, "PUT")],
        "bucket_cors_refused:origin",
        Some("bucket=\"b\"; no-match; reason=origin"),
    ),
    (
        "OPTIONS",
        "/b/malformed",
        &[("origin", "https://app.example,x"), (METHOD, "PUT")],
        "bucket_cors_refused:malformed-origin",
        Some("bucket=\"b\"; no-match; reason=malformed-origin"),
    ),
    (
        "OPTIONS",
        "/b/method",
        &[("origin", APP), (METHOD, "DELETE")],
        "bucket_cors_refused:method",
        Some("bucket=\"b\"; no-match; reason=method"),
    ),
    (
        "OPTIONS",
        "/b/header",
        &[("origin", APP), (METHOD, "PUT"), (HEADERS, "x-other")],
        "bucket_cors_refused:header",
        Some("bucket=\"b\"; no-match; reason=header"),
    ),
    (
        "OPTIONS",
        "/b/malformed-header",
        &[("origin", APP), (METHOD, "PUT"), (HEADERS, "no token")],
        "bucket_cors_refused:malformed-header",
        Some("bucket=\"b\"; no-match; reason=malformed-header"),
    ),
    (
        "OPTIONS",
        "/none/no-rules",
        &[("origin", APP), (METHOD, "PUT")],
        "bucket_cors_refused:no-rules",
        Some("bucket=\"none\"; no-match; reason=no-rules"),
    ),
    (
        "OPTIONS",
        "/b/no-origin",
        &[],
        "bucket_cors_bad_request:no-origin",
        Some("bucket=\"b\"; no-match; reason=no-origin"),
    ),
    (
        "OPTIONS",
        "/b/no-method",
        &[("origin", APP)],
        "bucket_cors_bad_request:no-request-method",
        Some("bucket=\"b\"; no-match; reason=no-request-method"),
    ),
    (
        "PUT",
        "/b/actual",
        &[("origin", APP)],
        "direct_response",
        Some("bucket=\"b\"; match; rule=0; id=\"app\""),
    ),
    (
        "GET",
        "/b/actual",
        &[("origin", APP)],
        "direct_response",
        Some("bucket=\"b\"; no-match; reason=method"),
    ),
    (
        "PUT",
        "/shadowed/actual",
        &[("origin", APP)],
        "direct_response",
        Some("bucket=\"shadowed\"; shadow; match; rule=0"),
    ),
    (
        "OPTIONS",
        "/shadowed/preflight",
        &[("origin", APP), (METHOD, "DELETE")],
        "direct_response",
        Some("bucket=\"shadowed\"; shadow; no-match; reason=method"),
    ),
    (
        "GET",
        "/unlisted/actual",
        &[("origin", APP)],
        "direct_response",
        None,
    ),
];

pub(crate) fn the_access_log_of_the_sample_says_what_became_of_each_request_and_why() {
    let _alone = alone();
    let configuration = json!({ "access_log": true, "buckets": [
        { "name": "b", "cors": { "CORSRules": [{
            "ID": "app", "AllowedOrigins": [APP], "AllowedMethods": ["PUT"], "AllowedHeaders": ["content-type"],
        }] } },
        { "name": "none", "cors": null },
        { "name": "shadowed", "mode": "shadow", "cors": { "CORSRules": [{
            "AllowedOrigins": [APP], "AllowedMethods": ["PUT"],
        }] } },
    ] });
    let edge = LiveEdge::start(RulesFile::new("1", &configuration.to_string()), &[], |listener| {
        with_sample_log(changes::answers_itself(listener))
    });
    let mut connection = LiveConnection::open(edge.port).unwrap();
    for (method, path, lines, ..) in LINES {
        connection.exchange(method, path, lines).unwrap();
    }
    let logged = || -> Vec<Value> {
        let output = edge.envoy.output();
        let lines = output.lines().map_while(|line| serde_json::from_str(line).ok());
        lines.collect()
    };
    wait_for("every line of the log", || logged().len() == LINES.len());
    for (line, (method, path, lines, details, cors)) in logged().iter().zip(LINES) {
        let origin = lines.iter().find(|(name, _)| *name == "origin");
        let origin = origin.map(|(_, value)| *value);
        for (name, expected) in [
            ("method", Some(method)),
            ("path", Some(path)),
            ("origin", origin),
            ("details", Some(details)),
            ("cors", cors),
        ] {
            assert_eq!(line[name].as_str(), expected, "{name} of {line}");
        }
    }
}
