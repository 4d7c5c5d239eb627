//! The ways out that `bucket-cors explain` offers, each followed, and what it takes for a question.

use serde_json::{Value, json};

use crate::check::json;
use crate::tool::Folder;

const APP: &str = "https://app.example.com";

fn rule(origins: &[&str], methods: &[&str]) -> Value {
    json!({ "AllowedOrigins": origins, "AllowedMethods": methods })
}

/// What is said of a request.
fn explained(folder: &Folder, arguments: &[&str]) -> Value {
    let all = [&["explain", "cors.json", "--format", "json"], arguments].concat();
    json(&folder.run(&all))
}

fn notes(it: &Value) -> String {
    it["notes"].to_string()
}

#[test]
fn an_origin_that_no_browser_sends_is_never_to_be_listed() {
    // The pattern is for the origin in lower case, and matches the other spelling.
    let rules = json!([rule(&[APP], &["GET"]), rule(&["*pp.example.com"], &["HEAD"])]);
    let folder = Folder::with_rules("spelled", &json!({ "buckets": [{ "name": "b", "cors": rules }] }));
    for (origin, way_out) in [
        ("https://App.example.com", Some(APP)),
        ("HTTPS://app.example.com", Some(APP)),
        ("https://app.example.com:443", Some(APP)),
        ("about:blank", Some("null")),
        ("data:text/html,x", Some("null")),
        ("file:///home/a.html", Some("null")),
        ("blob:null/1", Some("null")),
        ("https://app.example.com:70000", None),
        ("https://[::1", None),
        ("https://a.example,https://b.example", None),
    ] {
        let it = explained(
            &folder,
            &[
                "--url",
                "https://e.example/b/a",
                "--method",
                "PUT",
                "--origin",
                origin,
            ],
        );
        let expected = way_out.map(|origin| format!("ask with --origin {origin}"));
        assert_eq!(it["way_out"].as_str(), expected.as_deref(), "{it:#}");
        assert!(!notes(&it).contains("list \\\""), "{it:#}");
        assert_eq!(it["notes"].as_array().unwrap().len(), 1, "{it:#}");
    }
}

#[test]
fn a_way_out_for_credentials_is_complete_and_no_filter_refuses_it() {
    let bucket = |rules: Value, allow: bool| json!({ "profile": "oss", "buckets": [{ "name": "b", "allow_credentials": allow, "cors": rules }] });
    for (name, before, after, asked, said) in [
        (
            "rule-and-credentials",
            bucket(json!([rule(&["https://other.example"], &["GET"])]), false),
            bucket(json!([rule(&["https://other.example", APP], &["GET"])]), true),
            "GET",
            "rule 0: add \"https://app.example.com\" to AllowedOrigins; and write \"allow_credentials\": true in the bucket b, or \
             send no credentials",
        ),
        (
            "star-elsewhere",
            bucket(json!([rule(&["*"], &["GET"]), rule(&[APP], &["POST"])]), false),
            bucket(json!([rule(&[APP], &["GET"]), rule(&[APP], &["POST"])]), true),
            "POST",
            "rule 0: write \"https://app.example.com\" for \"*\" in AllowedOrigins, and \"allow_credentials\": true in the bucket b; \
             or send no credentials",
        ),
        (
            "star-and-method",
            bucket(json!([rule(&["*"], &["GET"])]), false),
            bucket(json!([rule(&[APP], &["GET", "POST"])]), true),
            "POST",
            "rule 0: add \"POST\" to AllowedMethods; and rule 0: write \"https://app.example.com\" for \"*\" in AllowedOrigins, and \
             \"allow_credentials\": true in the bucket b; or send no credentials",
        ),
    ] {
        let arguments = [
            "--url",
            "https://e.example/b/a",
            "--origin",
            APP,
            "--method",
            asked,
            "--credentials",
        ];
        let it = explained(&Folder::with_rules(name, &before), &arguments);
        assert_eq!(it["way_out"], said, "{it:#}");
        let followed = explained(&Folder::with_rules(name, &after), &arguments);
        assert_eq!(followed["verdict"]["outcome"], "allowed", "{followed:#}");
    }
}

#[test]
fn what_comes_to_light_once_a_request_is_sent_is_told_at_once() {
    let rules = json!([rule(&["https://other.example"], &["GET"])]);
    let folder = Folder::with_rules("then", &json!({ "buckets": [{ "name": "b", "cors": rules }] }));
    for (url, first) in [
        ("http://e.example/b/a", "ask the edge over https://"),
        ("https://e.example:6667/b/a", "serve the edge at another port"),
    ] {
        let it = explained(&folder, &["--url", url, "--origin", APP]);
        let way_out = format!("{first}, and then: rule 0: add \"https://app.example.com\" to AllowedOrigins");
        assert_eq!(it["way_out"], way_out, "{it:#}");
        assert!(
            it["cause"]
                .as_str()
                .unwrap()
                .contains("; and then: no rule of the bucket b"),
            "{it:#}"
        );
        let it = explained(&folder, &["--url", url, "--origin", "https://other.example"]);
        assert_eq!(it["way_out"], first, "{it:#}");
    }
}

#[test]
fn where_the_store_decides_it_is_not_known() {
    let rules = json!([rule(&[APP], &["GET"])]);
    let bucket = json!({ "name": "b", "upstream_cors": "keep", "cors": rules });
    let folder = Folder::with_rules("keep", &json!({ "buckets": [bucket] }));
    for origin in [APP, "https://other.example"] {
        let asked = ["--url", "https://e.example/b/a", "--origin", origin];
        let it = explained(&folder, &asked);
        assert_eq!(it["verdict"]["outcome"], "unknown", "{it:#}");
        // The edge answers preflights itself, and what the store answers can be said.
        let preflight = [&asked[..], &["--method", "OPTIONS", "--request-method", "GET"]].concat();
        assert_ne!(explained(&folder, &preflight)["verdict"]["outcome"], "unknown");
        let said = [&asked[..], &["--response-header", "content-type: text/plain"]].concat();
        let outcome = if origin == APP { "allowed" } else { "refused" };
        assert_eq!(explained(&folder, &said)["verdict"]["outcome"], outcome);
    }
}

#[test]
fn a_host_that_is_no_endpoint_is_told_from_a_bucket_that_is_not_listed() {
    let bucket = json!({ "name": "b", "cors": [rule(&[APP], &["GET"])] });
    let settings = json!({ "unmanaged": "refuse", "endpoints": ["s3.example.com"], "buckets": [bucket] });
    let folder = Folder::with_rules("endpoint", &settings);
    for (url, way_out) in [
        ("https://other.example.com/b/a", "add it to \"endpoints\""),
        ("https://s3.example.com/other/a", "list the bucket in \"buckets\""),
    ] {
        let it = explained(&folder, &["--url", url, "--origin", APP]);
        assert!(it["way_out"].as_str().unwrap().contains(way_out), "{it:#}");
    }
}

#[test]
fn a_recording_may_say_null_for_no_headers() {
    let entry = |request: Value| {
        json!({
            "request": { "method": "GET", "url": "https://e.example/b/a", "headers": request, "cookies": null },
            "response": { "status": 200, "headers": null },
        })
    };
    let origin = json!([{ "name": "Origin", "value": APP }]);
    let recording = json!({ "log": { "entries": [entry(Value::Null), entry(origin)] } });
    let rules = json!([rule(&[APP], &["GET"])]);
    let folder = Folder::with_rules(
        "har-null",
        &json!({ "buckets": [{ "name": "b", "cors": rules }] }),
    )
    .with("a.har", recording.to_string());
    let it = json(&folder.run(&["explain", "cors.json", "--format", "json", "--har", "a.har"]));
    assert_eq!(it.as_array().map(Vec::len), Some(1), "{it:#}");
    assert_eq!(it[0]["verdict"]["outcome"], "allowed", "{it:#}");
}
