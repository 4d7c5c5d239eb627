//! `explain --access-log`: the lines of the samples' log, as a real Envoy writes them, and as they come.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::envoy::{self, Envoy, Listener};
use crate::support::http::{PATIENCE, read_response};
use crate::support::upstream::Upstream;
use crate::tool::Folder;

const SAMPLES: [&str; 4] = [
    "envoy-ecds.yaml",
    "production/oss.yaml",
    "production/s3.yaml",
    "production/cluster.yaml",
];

const APP: &str = "https://app.example";

fn rules() -> Value {
    json!({ "access_log": true, "buckets": [
        { "name": "photos", "cors": { "CORSRules": [{
            "ID": "app", "AllowedOrigins": [APP], "AllowedMethods": ["GET", "HEAD", "PUT"], "AllowedHeaders": ["content-type"],
        }] } },
        { "name": "shadowed", "mode": "shadow", "cors": null },
    ] })
}

/// What the log needs of a sample's connection manager.
fn manager_of(sample: &str) -> Value {
    let text = fs::read_to_string(format!("{}/envoy/{sample}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let sample: Value = serde_norway::from_str(&text).unwrap();
    let listeners = sample["static_resources"]["listeners"].as_array().unwrap();
    let mut managers = listeners
        .iter()
        .flat_map(|it| it["filter_chains"].as_array().unwrap())
        .map(|chain| &chain["filters"][0]["typed_config"]);
    let manager = managers.find(|it| !it["access_log"].is_null()).unwrap();
    json!({ "access_log": manager["access_log"], "use_remote_address": manager["use_remote_address"] })
}

fn fields_of(sample: &str) -> Value {
    manager_of(sample)["access_log"][0]["typed_config"]["log_format"]["json_format"].clone()
}

#[test]
fn every_sample_and_page_has_the_same_log() {
    let fields = fields_of(SAMPLES[0]);
    for sample in SAMPLES {
        assert_eq!(fields_of(sample), fields, "{sample}");
        // Without it, a client chooses the host that the log shows.
        assert_eq!(manager_of(sample)["use_remote_address"], true, "{sample}");
    }
    let page = include_str!("../../envoy/operate.md");
    let blocks: Vec<Value> = page
        .split("```yaml\n")
        .skip(1)
        .map(|rest| serde_norway::from_str(rest.split("```").next().unwrap()).unwrap())
        .collect();
    let [istio, gateway] = &blocks[..] else {
        panic!("{blocks:?}");
    };
    let text = istio["accessLogFormat"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), fields);
    let settings = &gateway["spec"]["telemetry"]["accessLog"]["settings"][0];
    assert_eq!(settings["format"]["json"], fields);
}

/// Method, path and header lines.
type LoggedRequest<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

/// Sends requests to an Envoy with the sample's log, and returns what it has written. `route` is what the route does
/// besides.
fn logged(rules: &Value, route: Value, requests: &[LoggedRequest<'_>]) -> String {
    let upstream = Upstream::start();
    let mut manager = manager_of(SAMPLES[0]).to_string();
    if envoy::is_native() {
        manager = manager.replace("FILTER_STATE(wasm.", "FILTER_STATE(");
    }
    let mut route = route;
    route["cluster"] = json!("upstream");
    let listener = Listener::new("edge", vec![envoy::bucket_cors(&rules.to_string())])
        .with_routes(json!([
            // As for a client of this host alone, on which nothing is rewritten.
            { "match": { "prefix": "/as-it-is/" }, "route": { "cluster": "upstream" } },
            { "match": { "prefix": "/" }, "route": route },
        ]))
        .with_manager(serde_json::from_str(&manager).unwrap());
    let edge = Envoy::start(&[listener], upstream.address()).unwrap();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, edge.port("edge"))).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for (method, path, headers) in requests {
        use std::io::Write;

        let lines: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let request = format!("{method} {path} HTTP/1.1\r\nhost: edge.example\r\n{lines}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        read_response(&mut stream, false).unwrap();
    }
    let end = Instant::now() + PATIENCE;
    loop {
        let output = edge.output();
        // The last one may be half a line still.
        if output.matches('\n').count() == requests.len() {
            return output;
        }
        assert!(Instant::now() < end, "{output}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_a_real_envoy_logs_is_explained() {
    const PUT: (&str, &str) = ("access-control-request-method", "PUT");
    const NAMES: (&str, &str) = ("access-control-request-headers", "content-type,x-a,x-b");
    let app = ("origin", APP);
    let requests: [LoggedRequest<'_>; 9] = [
        ("OPTIONS", "/photos/1", &[app, PUT, NAMES]),
        ("OPTIONS", "/photos/2?x=%1b", &[app, PUT, NAMES]),
        ("OPTIONS", "/photos/3", &[app, PUT]),
        ("GET", "/photos/4", &[("origin", "https://other.example")]),
        ("GET", "/photos/5", &[app]),
        ("GET", "/photos/6", &[]),
        ("GET", "/shadowed/7", &[app]),
        ("GET", "/unlisted/8", &[app]),
        ("OPTIONS", "/photos/9", &[]),
    ];
    let log = logged(&rules(), json!({}), &requests);
    let folder = Folder::new("access-log").with("cors.json", rules().to_string());
    let arguments = ["explain", "cors.json", "--access-log", "-"];
    let output = folder.run_with(&arguments, log.as_bytes());
    assert_eq!((output.code, output.stderr.as_str()), (1, ""), "{output:?}");
    for said in [
        "2 requests, first at -:1, 20",
        "refused: OPTIONS https://edge.example/photos/1, from a page of https://app.example\n",
        "cause: no rule of the bucket photos that lists origin and method lists the headers x-a, x-b [no-allow-origin]\n",
        "way out: rule 0 \"app\": add \"x-a\", \"x-b\" to AllowedHeaders\n",
        "1 request, first at -:4, 20",
        "cause: no rule of the bucket photos lists the origin https://other.example [no-allow-origin]\n",
        "1 request, first at -:9, 20",
        "refused: OPTIONS https://edge.example/photos/9\ncause: no preflight, so the edge answers 400; without Origin ",
        "\nrequests: 9, refused or without CORS headers: 4\n",
    ] {
        assert!(output.stdout.contains(said), "{said}\n{}", output.stdout);
    }
    // What is no object has no time to tell.
    assert!(!output.stdout.contains("Resource Timing"), "{output:?}");
    // No note that the edge does otherwise.
    assert!(!output.stdout.contains("note: the log says"), "{output:?}");

    let output = folder.run_with(&[&arguments[..], &["--format", "json"]].concat(), log.as_bytes());
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&report["requests"], &report["refused"]), (&json!(9), &json!(4)));
    let groups = report["groups"].as_array().unwrap();
    let found: Vec<_> = groups
        .iter()
        .map(|group| (group["count"].as_u64(), group["line"].as_u64()))
        .collect();
    assert_eq!(
        found,
        [(Some(2), Some(1)), (Some(1), Some(4)), (Some(1), Some(9))]
    );
    assert_eq!(groups[0]["request_ids"].as_array().unwrap().len(), 2);
    // The same as of the request by itself.
    let alone = folder.run(&[
        "explain",
        "cors.json",
        "--url",
        "https://edge.example/photos/1",
        "--method",
        "OPTIONS",
        "--origin",
        APP,
        "--request-method",
        "PUT",
        "--request-headers",
        "content-type,x-a,x-b",
        "--format",
        "json",
    ]);
    let alone: Value = serde_json::from_str(&alone.stdout).unwrap();
    for (field, value) in alone.as_object().unwrap() {
        assert_eq!(groups[0][field], *value, "{field}");
    }
}

#[test]
fn what_a_real_envoy_logs_of_a_rewritten_request_is_explained_as_the_client_has_asked() {
    let mut rules = rules();
    rules["endpoints"] = json!(["edge.example"]);
    let rewritten =
        json!({ "host_rewrite_literal": "photos.store.example", "prefix_rewrite": "/elsewhere/" });
    let other = ("origin", "https://other.example");
    let forged = ("x-envoy-original-host", "forged.example");
    let log = logged(
        &rules,
        rewritten,
        &[
            ("GET", "/photos/1?X-Amz-Signature=secret", &[other]),
            ("GET", "/photos/2", &[other, forged]),
            ("GET", "/as-it-is/3", &[other, forged]),
            ("GET", "/photos/4", &[("origin", APP)]),
        ],
    );
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let asked: Vec<_> = lines.map(|it| (it["host"].clone(), it["path"].clone())).collect();
    let expected = ["/photos/1", "/photos/2", "/as-it-is/3", "/photos/4"];
    assert_eq!(
        asked,
        expected.map(|path| (json!("edge.example"), json!(path))),
        "{log}"
    );
    let output = Folder::new("access-log-rewritten")
        .with("cors.json", rules.to_string())
        .run_with(&["explain", "cors.json", "--access-log", "-"], log.as_bytes());
    let cause =
        "cause: no rule of the bucket photos lists the origin https://other.example [no-allow-origin]";
    assert!(
        output.stdout.contains("2 requests, first at -:1, 20"),
        "{output:?}"
    );
    assert!(output.stdout.contains(cause), "{output:?}");
    assert!(!output.stdout.contains("note: the log says"), "{output:?}");
    assert!(
        output
            .stdout
            .ends_with("\nrequests: 4, refused or without CORS headers: 2\n"),
        "{output:?}"
    );
}

/// A line with a preflight for `PUT`.
fn line(path: &str, details: &str, cors: Option<&str>) -> String {
    let line = json!({ "time": "2026-01-01T00:00:00Z", "method": "OPTIONS", "host": "edge.example", "path": path,
        "request_id": "1", "origin": APP, "requested_method": "PUT", "requested_headers": null, "status": 403,
        "details": details, "cors": cors });
    format!("{line}\n")
}

#[test]
fn what_is_no_line_of_the_log_is_named_and_the_rest_is_explained() {
    let good = line(
        "/photos/1",
        "bucket_cors_allowed",
        Some("bucket=\"photos\"; match; rule=0; id=\"app\""),
    );
    let text = format!(
        "[2026-01-01 00:00:00.000][1][info] starting\n\n[2026-01-01 00:00:00.000][1][info] started\n{{\"time\": 1}}\nedge-1  | {good}{}\n",
        good.replace("edge.example", "ed ge.example").trim_end()
    );
    let folder = Folder::new("access-log-lines")
        .with("cors.json", rules().to_string())
        .with("a.log", text)
        .with("other.log", "127.0.0.1 - - \"GET / HTTP/1.1\"\n");
    let output = folder.run(&["explain", "cors.json", "--access-log", "a.log"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(output.stdout, "requests: 1, refused or without CORS headers: 0\n");
    let said: Vec<_> = output.stderr.lines().collect();
    for (line, start) in [
        "warning: a.log:1: not explained, nor are 1 below it: this is no line of the samples' access log: it is no object of JSON",
        "warning: a.log:4: not explained: this is no line of the samples' access log: ",
        "warning: a.log:6: not explained: the URL \"https://ed ge.example/photos/1\" ",
    ]
    .iter()
    .enumerate()
    {
        assert!(said[line].starts_with(start), "{said:?}");
    }
    assert_eq!(said.len(), 3, "{said:?}");
    for (file, problem) in [
        (
            "other.log",
            "other.log: there is no line of the samples' access log in it",
        ),
        ("none.log", "none.log: it cannot be read: "),
    ] {
        let output = folder.run(&["explain", "cors.json", "--access-log", file]);
        assert_eq!(output.code, 2, "{output:?}");
        assert!(output.stderr.contains(problem), "{output:?}");
    }
}

#[test]
fn where_the_log_and_the_rules_differ_it_says_so() {
    let folder = Folder::new("access-log-differs").with("cors.json", rules().to_string());
    for (line, note) in [
        (
            line(
                "/photos/1",
                "bucket_cors_refused:origin",
                Some("bucket=\"photos\"; no-match; reason=origin"),
            ),
            "the log says bucket=\"photos\"; no-match; reason=origin, and by these rules it would say bucket=\"photos\"; match; \
             rule=0; id=\"app\": other rules were in force",
        ),
        (
            line("/photos/1", "jwt_authn_access_denied{Jwt_is_missing}", None),
            "the log says \"jwt_authn_access_denied{Jwt_is_missing}\", which is not the filter's: something before it answered, \
             or it was not there",
        ),
        (
            line(
                "/none/1",
                "bucket_cors_refused:unlisted-bucket",
                Some("no-match; reason=unlisted-bucket"),
            ),
            "the log says no-match; reason=unlisted-bucket, and by these rules it would say nothing: other rules were in force",
        ),
        // Without `access_log`, the filter's own words are in `details` alone.
        (
            line("/photos/1", "bucket_cors_refused:method", None),
            "the log says bucket_cors_refused:method, and by these rules it would say bucket_cors_allowed: other rules were in \
             force",
        ),
        (
            line("/photos/1", "bucket_cors_allowed", None).replace(APP, "https://other.example"),
            "the log says bucket_cors_allowed, and by these rules it would say bucket_cors_refused:origin: other rules were in \
             force",
        ),
        (
            line("/photos/1", "bucket_cors_no_configuration", None),
            "the log says bucket_cors_no_configuration, and by these rules it would say bucket_cors_allowed: no rules were in \
             force",
        ),
        (
            line("/photos/1", "bucket_cors_failed", None).replace("OPTIONS", "PUT"),
            "the log says bucket_cors_failed, and by these rules it would say nothing: the filter could not decide",
        ),
        (
            line("/photos/1", "via_upstream", None)
                .replace("OPTIONS", "GET")
                .replace(APP, "https://other.example"),
            "the log does not say what it got: \"access_log\" was not on, or the filter was not there. This is what these rules \
             say",
        ),
    ] {
        let output = folder.run_with(&["explain", "cors.json", "--access-log", "-"], line.as_bytes());
        assert_eq!(output.code, 1, "{output:?}");
        assert!(output.stdout.contains(&format!("\nnote: {note}\n")), "{output:?}");
        let short = folder.run_with(
            &["explain", "-q", "cors.json", "--access-log", "-"],
            line.as_bytes(),
        );
        assert!(
            short.stdout.contains(note) && short.stdout.lines().count() < 6,
            "{short:?}"
        );
    }
    // Without `access_log`, what Envoy itself says of the filter's answer is enough.
    let line = line("/photos/1", "bucket_cors_allowed", None);
    let output = folder.run_with(&["explain", "cors.json", "--access-log", "-"], line.as_bytes());
    assert_eq!(output.code, 0, "{output:?}");
}
