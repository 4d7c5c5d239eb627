//! `recipe --har`: a recording of one's own becomes rules, and never more than was recorded.

use serde_json::{Value, json};

use super::list;
use crate::check;
use crate::support::clients::PAGE;
use crate::tool::{Folder, Output};

const OTHER: &str = "https://other.example.com";

fn entry(method: &str, url: &str, headers: &[(&str, &str)]) -> Value {
    let headers = headers
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }));
    json!({
        "request": { "method": method, "url": url, "headers": headers.collect::<Vec<_>>() },
        "response": { "status": 403, "headers": [] },
    })
}

fn recipe(name: &str, entries: &[Value], more: &[&str]) -> Output {
    let har = json!({ "log": { "entries": entries } });
    let folder = Folder::new(&format!("clients-har-{name}")).with("recording.har", har.to_string());
    let mut arguments = vec!["recipe", "--har", "recording.har"];
    arguments.extend(more);
    if !more.contains(&"--profile") {
        arguments.extend(["--profile", "s3"]);
    }
    folder.run(&arguments)
}

const PHOTO: &str = "https://edge.example/photos/a.txt";

#[test]
fn a_recording_of_one_s_own_becomes_rules() {
    let origin = ("Origin", PAGE);
    let entries = [
        entry(
            "OPTIONS",
            PHOTO,
            &[
                origin,
                ("Access-Control-Request-Method", "PUT"),
                ("Access-Control-Request-Headers", "content-type,x-amz-meta-author"),
            ],
        ),
        entry(
            "PUT",
            PHOTO,
            &[
                origin,
                ("Content-Type", "image/png"),
                ("x-amz-meta-author", "demo"),
            ],
        ),
        entry("GET", PHOTO, &[origin, ("If-None-Match", "\"a\"")]),
        entry("GET", PHOTO, &[]),
    ];
    let output = recipe("own", &entries, &[]);
    assert_eq!(output.code, 0, "{output:?}");
    let rule = &check::json(&output)["CORSRules"][0];
    assert_eq!(rule["AllowedOrigins"], json!([PAGE]));
    assert_eq!(rule["AllowedMethods"], json!(["GET", "PUT"]));
    assert_eq!(rule["AllowedHeaders"], json!(["content-type", "x-amz-meta-*"]));
    assert!(output.stderr.contains("response headers"), "{output:?}");
}

fn of_two_buckets() -> Vec<Value> {
    vec![
        entry("PUT", PHOTO, &[("Origin", PAGE), ("x-one", "1")]),
        entry("DELETE", PHOTO, &[("Origin", OTHER), ("x-two", "1")]),
        entry(
            "GET",
            "https://edge.example/videos?list-type=2",
            &[("Origin", OTHER)],
        ),
        entry("GET", "https://edge.example/videos/a", &[("Origin", OTHER)]),
    ]
}

/// Origins, methods and headers of each rule.
fn rules(bucket: &Value) -> Vec<[Vec<String>; 3]> {
    let rules = bucket["cors"]["CORSRules"].as_array().unwrap().iter();
    let fields = ["AllowedOrigins", "AllowedMethods", "AllowedHeaders"];
    rules.map(|rule| fields.map(|field| list(&rule[field]))).collect()
}

fn rule(origin: &str, method: &str, headers: &[&str]) -> [Vec<String>; 3] {
    let headers = headers.iter().map(|&name| name.to_owned()).collect();
    [vec![origin.to_owned()], vec![method.to_owned()], headers]
}

#[test]
fn each_bucket_has_a_rule_for_each_origin() {
    let output = recipe("buckets", &of_two_buckets(), &[]);
    assert_eq!(output.code, 0, "{output:?}");
    let buckets = check::json(&output)["buckets"].clone();
    assert_eq!(buckets.as_array().unwrap().len(), 2, "{output:?}");
    assert_eq!(buckets[0]["name"], "photos");
    assert_eq!(
        rules(&buckets[0]),
        [rule(PAGE, "PUT", &["x-one"]), rule(OTHER, "DELETE", &["x-two"])]
    );
    assert_eq!(buckets[1]["name"], "videos");
    assert_eq!(rules(&buckets[1]), [rule(OTHER, "GET", &[])]);
    // XML holds one bucket's.
    let xml = recipe("buckets-xml", &of_two_buckets(), &["--format", "xml"]);
    assert_eq!(xml.code, 2);
    assert!(xml.stderr.contains("photos, videos"), "{xml:?}");
}

#[test]
fn what_is_for_other_buckets_or_origins_is_left_out() {
    let output = recipe("wanted", &of_two_buckets(), &["--bucket", "videos"]);
    let buckets = check::json(&output)["buckets"].clone();
    assert_eq!(buckets.as_array().unwrap().len(), 1);
    assert_eq!(rules(&buckets[0]), [rule(OTHER, "GET", &[])]);
    let said = "PUT to edge.example is left out: it is for the bucket \"photos\"";
    assert!(output.stderr.contains(said), "{output:?}");
    let more = ["--bucket", "photos", "--origin", PAGE];
    let output = recipe("origin", &of_two_buckets(), &more);
    let buckets = check::json(&output)["buckets"].clone();
    assert_eq!(rules(&buckets[0]), [rule(PAGE, "PUT", &["x-one"])]);
    assert!(output.stderr.contains(OTHER), "{output:?}");
    // One page stands for another.
    let more = ["--bucket", "videos", "--origin", "https://new.example.com"];
    let output = recipe("meant", &of_two_buckets(), &more);
    let buckets = check::json(&output)["buckets"].clone();
    assert_eq!(rules(&buckets[0]), [rule("https://new.example.com", "GET", &[])]);
    let output = recipe("none", &of_two_buckets(), &["--bucket", "music"]);
    assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{output:?}");
}

/// Two pages asked the same URL for different headers.
#[test]
fn a_preflight_is_that_of_its_own_origin() {
    let preflight = |origin, names| {
        let headers = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "PUT"),
            ("Access-Control-Request-Headers", names),
        ];
        entry("OPTIONS", PHOTO, &headers)
    };
    let entries = [
        preflight(PAGE, "x-one"),
        preflight(OTHER, "x-two"),
        entry("PUT", PHOTO, &[("Origin", PAGE), ("x-one", "1")]),
        entry("PUT", PHOTO, &[("Origin", OTHER), ("x-two", "1")]),
    ];
    let output = recipe("preflights", &entries, &["--bucket", "photos"]);
    let buckets = check::json(&output)["buckets"].clone();
    assert_eq!(
        rules(&buckets[0]),
        [rule(PAGE, "PUT", &["x-one"]), rule(OTHER, "PUT", &["x-two"])]
    );
}

#[test]
fn what_no_rule_may_list_is_left_out_with_a_remark() {
    for (name, entries, said) in [
        (
            "null",
            entry("GET", PHOTO, &[("Origin", "null")]),
            "its origin is \"null\": files, sandboxed frames",
        ),
        (
            "malformed",
            entry("GET", PHOTO, &[("Origin", "https://a.example\"-->")]),
            "its origin is",
        ),
        (
            "origin-star",
            entry("GET", PHOTO, &[("Origin", "https://*.a.example")]),
            "no browser sends a pattern",
        ),
        (
            "star",
            entry("GET", PHOTO, &[("Origin", PAGE), ("*", "1")]),
            "the header \"*\" is left out",
        ),
        (
            "part",
            entry("GET", PHOTO, &[("Origin", PAGE), ("x-a*", "1")]),
            "the header \"x-a*\" is left out",
        ),
        (
            "method",
            entry("PROPFIND", PHOTO, &[("Origin", PAGE)]),
            "cannot list PROPFIND",
        ),
    ] {
        let good = entry("PUT", PHOTO, &[("Origin", OTHER)]);
        let output = recipe(name, &[entries, good], &["--bucket", "photos"]);
        assert_eq!(output.code, 1, "{name}: {output:?}");
        assert!(output.stderr.contains(said), "{name}: {output:?}");
        assert!(!output.stdout.contains('*'), "{name}: {output:?}");
        assert!(!output.stdout.contains("null"), "{name}: {output:?}");
        let rules = rules(&check::json(&output)["buckets"][0]);
        assert!(rules.contains(&rule(OTHER, "PUT", &[])), "{name}: {output:?}");
    }
}

#[test]
fn credentials_are_allowed_where_a_browser_sent_them() {
    let plain = entry("GET", PHOTO, &[("Origin", PAGE)]);
    let cookie = entry("GET", PHOTO, &[("Origin", PAGE), ("Cookie", "a=b")]);
    let signed = entry("GET", PHOTO, &[("Origin", PAGE), ("Authorization", "AWS4")]);
    for (name, entry, expected) in [
        ("plain", plain, Value::Null),
        ("cookie", cookie.clone(), json!(true)),
        ("signed", signed, Value::Null),
    ] {
        let output = recipe(name, &[entry], &["--bucket", "photos", "--profile", "oss"]);
        assert_eq!(
            check::json(&output)["buckets"][0]["allow_credentials"],
            expected,
            "{name}"
        );
    }
    let output = recipe("cookie-bare", &[cookie], &["--profile", "oss"]);
    assert!(output.stderr.contains("allow_credentials"), "{output:?}");
}
