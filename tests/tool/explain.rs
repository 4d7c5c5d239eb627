//! `bucket-cors explain`: the way of a request, and what a browser makes of it.

mod recordings;

use serde_json::{Value, json};

use crate::check::json;
use crate::tool::{Folder, Output};

const RULES: &str = include_str!("../../envoy/cors.json");
const URL: &str = "https://edge.example/oss-cors-test/test.txt";
const APP: &str = "https://app.example.com";
const SITE: &str = "https://www.example.com";

fn explain(folder: &Folder, arguments: &[&str]) -> Output {
    folder.run(&[&["explain", "cors.json"], arguments].concat())
}

fn explained(folder: &Folder, arguments: &[&str]) -> Value {
    let output = explain(folder, &[arguments, &["--format", "json"]].concat());
    let explanation = json(&output);
    let is_refused = explanation["verdict"]["outcome"] == "refused";
    assert_eq!(output.code, i32::from(is_refused), "{output:?}");
    explanation
}

fn folder(name: &str) -> Folder {
    Folder::new(name).with("cors.json", RULES)
}

#[test]
fn a_request_without_a_preflight_is_explained() {
    let output = explain(&folder("simple"), &["--url", URL, "--origin", SITE]);
    assert_eq!(output.code, 0);
    assert_eq!(
        output.stdout,
        "\
allowed: GET https://edge.example/oss-cors-test/test.txt, from a page of https://www.example.com
cause: rule 1 \"read-from-the-site\" of the bucket oss-cors-test allows it

bucket: oss-cors-test, path-style, profile oss

request, without a preflight:
  > origin: https://www.example.com
  rule 0 \"upload-from-the-app\": fails by origin: https://www.example.com; the rule lists https://app.example.com
  rule 1 \"read-from-the-site\": matches
  rule 2 \"read-from-a-partner\": fails by origin: https://www.example.com; the rule lists https://www.example.net:8443
  the store answers, and the edge changes its headers:
  + access-control-allow-origin: https://www.example.com
  + access-control-expose-headers: ETag, Content-Range, Accept-Ranges
  + vary: Origin
  browser: passes; scripts may read ETag, Content-Range, Accept-Ranges
"
    );
}

#[test]
fn a_preflight_that_a_browser_makes_on_its_own_is_explained_with_its_request() {
    let arguments = [
        "--url",
        URL,
        "--origin",
        APP,
        "--method",
        "put",
        "-H",
        "Content-Type: application/json",
        "-H",
        "X-Other: 1",
    ];
    let output = explain(&folder("refused"), &arguments);
    assert_eq!(output.code, 1);
    assert_eq!(
        output.stdout,
        "\
refused: PUT https://edge.example/oss-cors-test/test.txt, from a page of https://app.example.com
cause: its preflight is refused: no rule of the bucket oss-cors-test that lists origin and method lists the header x-other \
[no-allow-origin]
way out: rule 0 \"upload-from-the-app\": add \"x-other\" to AllowedHeaders

bucket: oss-cors-test, path-style, profile oss

preflight, since the method PUT is not safelisted and the header content-type is not safelisted and the header x-other is \
not safelisted:
  > origin: https://app.example.com
  > access-control-request-method: PUT
  > access-control-request-headers: content-type,x-other
  rule 0 \"upload-from-the-app\": fails by header: x-other; the rule lists authorization, content-md5, content-type, x-oss-*
  rule 1 \"read-from-the-site\": fails by method: PUT; the rule lists GET, HEAD
  rule 2 \"read-from-a-partner\": fails by origin: https://app.example.com; the rule lists https://www.example.net:8443
  no rule that lists origin and method lists every requested header
  the edge answers: 403
  < vary: Origin
  < content-type: application/xml
  < <?xml version=\"1.0\" encoding=\"UTF-8\"?>
  < <Error><Code>AccessForbidden</Code><Message>CORSResponse: This CORS request is not allowed.</Message><RequestId>\
00000000-0000-0000-0000-000000000000</RequestId></Error>
  browser: refused: there is no Access-Control-Allow-Origin

request, which would get this if it were sent:
  > origin: https://app.example.com
  rule 0 \"upload-from-the-app\": matches
  rule 1 \"read-from-the-site\": fails by method: PUT; the rule lists GET, HEAD
  rule 2 \"read-from-a-partner\": fails by origin: https://app.example.com; the rule lists https://www.example.net:8443
  the store answers, and the edge changes its headers:
  + access-control-allow-origin: https://app.example.com
  + access-control-expose-headers: ETag, x-oss-request-id
  + vary: Origin
  browser: passes; scripts may read ETag, x-oss-request-id
"
    );
}

#[test]
fn a_preflight_by_itself_is_explained_with_how_long_it_is_kept() {
    let arguments = [
        "--url",
        URL,
        "--origin",
        APP,
        "--method",
        "OPTIONS",
        "--request-method",
        "PUT",
        "--request-headers",
        "content-type",
    ];
    let output = explain(&folder("preflight"), &arguments);
    assert_eq!(output.code, 0);
    assert_eq!(
        output.stdout,
        "\
allowed: OPTIONS https://edge.example/oss-cors-test/test.txt, from a page of https://app.example.com
cause: rule 0 \"upload-from-the-app\" of the bucket oss-cors-test allows it

bucket: oss-cors-test, path-style, profile oss

preflight:
  > origin: https://app.example.com
  > access-control-request-method: PUT
  > access-control-request-headers: content-type
  rule 0 \"upload-from-the-app\": matches
  rule 1 \"read-from-the-site\": fails by method: PUT; the rule lists GET, HEAD
  rule 2 \"read-from-a-partner\": fails by origin: https://app.example.com; the rule lists https://www.example.net:8443
  the edge answers: 200
  < vary: Origin
  < access-control-allow-origin: https://app.example.com
  < access-control-allow-methods: PUT, POST, DELETE
  < access-control-allow-headers: content-type
  < access-control-expose-headers: ETag, x-oss-request-id
  < access-control-max-age: 600
  browser: passes, and is kept for 600 s in Chromium, 600 s in Firefox, 600 s in WebKit
"
    );
}

#[test]
fn credentials_null_and_the_same_origin_are_regarded() {
    let rules = |origins: Value, allow: bool| {
        let cors = json!([{ "AllowedOrigins": origins, "AllowedMethods": ["GET", "PUT"] }]);
        json!({ "buckets": [{ "name": "b", "allow_credentials": allow, "cors": cors }] })
    };
    let url = "https://edge.example/b/x";
    for (name, configuration, arguments, outcome, check) in [
        (
            "star",
            rules(json!("*"), false),
            &["--origin", APP][..],
            "allowed",
            "",
        ),
        (
            "star-credentials",
            rules(json!("*"), false),
            &["--origin", APP, "--credentials"],
            "refused",
            "any-origin-with-credentials",
        ),
        (
            "echo-credentials",
            rules(json!([APP]), false),
            &["--origin", APP, "--credentials"],
            "refused",
            "no-allow-credentials",
        ),
        (
            "echo-allowed",
            rules(json!([APP]), true),
            &["--origin", APP, "--credentials"],
            "allowed",
            "",
        ),
        (
            "null",
            rules(json!(["null"]), true),
            &["--origin", "null"],
            "allowed",
            "",
        ),
        (
            "null-credentials",
            rules(json!(["null"]), true),
            &["--origin", "null", "--credentials"],
            "refused",
            "no-allow-credentials",
        ),
        (
            "same",
            rules(json!([APP]), false),
            &["--origin", "https://edge.example"],
            "not-cors",
            "",
        ),
        ("none", rules(json!([APP]), false), &[], "not-cors", ""),
        (
            "trace",
            rules(json!([APP]), false),
            &["--origin", APP, "--method", "TRACE"],
            "refused",
            "forbidden-method",
        ),
    ] {
        let said = explained(
            &Folder::with_rules(name, &configuration),
            &[&["--url", url], arguments].concat(),
        );
        assert_eq!(said["verdict"]["outcome"], outcome, "{name}: {said}");
        assert_eq!(
            said["verdict"]["check"].as_str().unwrap_or_default(),
            check,
            "{name}"
        );
    }
}

#[test]
fn each_way_to_a_bucket_is_named() {
    let cors = json!([{ "AllowedOrigins": [APP], "AllowedMethods": ["GET"] }]);
    let configuration = json!({
        "endpoints": ["oss.example"],
        "buckets": [
            { "name": "listed", "hosts": ["static.example.com"], "cors": cors, "mode": "shadow" },
            { "name": "*", "hosts": ["*"], "cors": cors, "profile": "s3" },
        ],
    });
    let endpoints = Folder::with_rules("ways", &configuration);
    let bare = Folder::with_rules(
        "bare",
        &json!({ "buckets": [{ "name": "listed", "cors": cors }] }),
    );
    let path_only = Folder::with_rules(
        "path-only",
        &json!({ "endpoints": ["oss.example/"], "buckets": [{ "name": "listed", "cors": cors }] }),
    );
    let any = Folder::with_rules("any", &json!({ "buckets": [{ "name": "*", "cors": cors }] }));
    for (folder, url, bucket, how) in [
        (
            &endpoints,
            "http://static.example.com:8080/x",
            "listed",
            "custom domain static.example.com",
        ),
        (
            &endpoints,
            "http://LISTED.oss.example/x",
            "listed",
            "virtual-hosted-style under the endpoint oss.example",
        ),
        (&endpoints, "http://oss.example/listed/x", "listed", "path-style"),
        (
            &endpoints,
            "http://oss.example/other/x",
            "*",
            "path-style, as \"*\" stands for \"other\", which is not listed",
        ),
        (
            &endpoints,
            "http://other.oss.example/x",
            "*",
            "virtual-hosted-style under the endpoint oss.example, as \"*\" stands for \"other\", which is not listed",
        ),
        (
            &endpoints,
            "http://elsewhere.example/x",
            "*",
            "by its host \"*\", which stands for every host that nothing else claims",
        ),
        (&path_only, "http://oss.example/listed", "listed", "path-style"),
        (
            &path_only,
            "http://listed.oss.example/listed/x",
            "",
            "none: it is for the service itself, or for a host that is not the store's",
        ),
        (&bare, "http://a.example/listed/x?y=/z", "listed", "path-style"),
        (
            &bare,
            "http://a.example/other/x",
            "",
            "\"other\", which is not listed",
        ),
        (
            &bare,
            "http://a.example/listed/..%2fother",
            "",
            "none: servers read its path or host in different ways, so that it may be a listed bucket's",
        ),
        (
            &endpoints,
            "http://oss.example/listed%2Fx",
            "",
            "none: its path does not say clearly for which bucket it is",
        ),
        (
            &any,
            "http://a.example/other%2Fx",
            "*",
            "path-style, as \"*\" stands for whichever bucket its path is for",
        ),
        (
            &bare,
            "http://a.example",
            "",
            "none: it is for the service itself, or for a host that is not the store's",
        ),
    ] {
        let said = explained(folder, &["--url", url, "--origin", APP]);
        assert_eq!(
            said["owner"]["bucket"].as_str().unwrap_or_default(),
            bucket,
            "{url}"
        );
        assert_eq!(said["owner"]["how"], how, "{url}");
    }
    let shadow = explain(
        &endpoints,
        &["--url", "https://oss.example/listed/x", "--origin", APP],
    );
    assert!(
        shadow
            .stdout
            .contains("profile oss, in shadow mode: the edge changes nothing\n"),
        "{shadow:?}"
    );
    assert!(shadow.stdout.starts_with("not known: "), "{shadow:?}");
    assert!(
        shadow
            .stdout
            .contains("\ncause: the CORS headers are the store's\nway out: say what the store answers with --response-header"),
        "{shadow:?}"
    );
}

#[test]
fn what_the_store_sends_counts_where_the_edge_leaves_it() {
    let store = [
        "--response-header",
        "Access-Control-Allow-Origin: *",
        "--response-header",
        "Vary: Accept",
    ];
    let asked = |url| [&["--url", url, "--origin", APP][..], &store].concat();
    let replaced = [
        &["--url", URL, "--origin", "https://elsewhere.example"][..],
        &store,
    ]
    .concat();
    let replaced = explained(&folder("replaced"), &replaced);
    let exchange = &replaced["exchanges"][0];
    assert_eq!(exchange["decision"]["reason"], "origin");
    assert_eq!(exchange["removed"], json!(["access-control-allow-origin"]));
    assert_eq!(exchange["headers"], json!([["vary", "Accept, Origin"]]));
    assert_eq!(replaced["verdict"]["check"], "no-allow-origin");
    let unlisted = explained(&folder("unlisted"), &asked("https://edge.example/other/x"));
    assert_eq!(unlisted["exchanges"][0]["by"], "store-alone");
    assert_eq!(unlisted["verdict"]["outcome"], "allowed");
    let keep = json!({ "buckets": [{ "name": "b", "upstream_cors": "keep", "cors": [] }] });
    let kept = explained(
        &Folder::with_rules("keep", &keep),
        &asked("https://edge.example/b/x"),
    );
    assert_eq!(kept["exchanges"][0]["by"], "store-alone");
    assert_eq!(kept["verdict"]["outcome"], "allowed");
}

#[test]
fn a_rule_that_comes_too_late_is_told_from_one_that_does_not_match() {
    let rule = |id: &str| json!({ "ID": id, "AllowedOrigins": ["https://*.example.com"], "AllowedMethods": ["GET"] });
    let configuration = json!({ "buckets": [{ "name": "b", "cors": [rule("first"), rule("second")] }] });
    let output = explain(
        &Folder::with_rules("late", &configuration),
        &["--url", "https://a.example/b/x", "--origin", APP],
    );
    assert!(
        output.stdout.contains("\n  rule 0 \"first\": matches\n"),
        "{output:?}"
    );
    assert!(
        output
            .stdout
            .contains("\n  rule 1 \"second\": would match, but rule 0 comes first\n"),
        "{output:?}"
    );
}

#[test]
fn what_cannot_be_explained_is_said_and_ends_with_2() {
    let plugin = |rules: &str| {
        format!(
            "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: bucket-cors}}\n\
             spec: {{pluginConfig: {rules}}}\n---\n"
        )
    };
    let (one, other) = (plugin("{buckets: []}"), plugin("{profile: s3, buckets: []}"));
    let folder = folder("wrong")
        .with("bare.yaml", "buckets: []\n")
        .with("bad.json", r#"{"buckets": [{"name": "", "cors": []}]}"#)
        .with("two.yaml", format!("{one}{other}"))
        .with("same.yaml", format!("{one}{one}"))
        .with("no.har", "{}");
    let fails = |arguments: &[&str], said: &str| {
        let output = folder.run(&[&["explain"], arguments].concat());
        assert_eq!(output.code, 2, "{arguments:?}: {output:?}");
        assert!(output.stderr.contains(said), "{arguments:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
    };
    let is_yaml = "(document): expected value at line 1 column 1: this is YAML";
    for (file, said) in [
        ("bad.json", "bad.json:1:23: /buckets/0/name: "),
        ("bare.yaml", &format!("bare.yaml:1:1: {is_yaml}")),
        ("none.json", "none.json: it cannot be read: "),
        (
            "two.yaml",
            "two.yaml has 2 configurations: choose one with --configuration N",
        ),
    ] {
        fails(&[file, "--url", URL], said);
    }
    for number in ["3", "0"] {
        let said = format!("two.yaml has no configuration {number}: there are 2");
        fails(&["two.yaml", "--url", URL, "--configuration", number], &said);
    }
    for (url, said) in [
        ("edge.example/x", "does not begin with http:// or https://"),
        ("ftp://edge.example/x", "does not begin with http:// or https://"),
        (
            "https://edge.example:99999/",
            "is none that a browser can request: invalid port number",
        ),
        (
            "https://user:pw@edge.example/",
            "holds a user name or a password: fetch() refuses it",
        ),
    ] {
        fails(&["cors.json", "--url", url], said);
    }
    for (option, value, said) in [
        ("-H", "no colon", "write it as 'name: value'"),
        ("-H", "a b: c", "\"a b\" is no header name"),
        ("-H", "a: b\nc: d", "its value holds a control character"),
        ("--method", "a b", "\"a b\" is no method"),
        ("--har", "no.har", "cannot be used with"),
    ] {
        fails(&["cors.json", "--url", URL, option, value], said);
    }
    fails(
        &["cors.json", "--har", "no.har"],
        "no.har: this is no HAR recording: missing field `log`",
    );
    fails(
        &["cors.json", "--har", "none.har"],
        "none.har: it cannot be read: ",
    );
    fails(&["cors.json"], "--url <URL>");
    fails(
        &["cors.json", "--har", "no.har", "--access-log", "a.log"],
        "cannot be used with",
    );
    for arguments in [&["two.yaml", "--configuration", "2"][..], &["same.yaml"]] {
        let output = folder.run(&[&["explain"], arguments, &["--url", URL]].concat());
        assert_eq!(output.code, 0, "{output:?}");
    }
}

#[test]
fn the_rules_are_found_in_a_manifest_as_by_check() {
    let manifest = include_str!("../../envoy/istio-wasm-plugin.yaml");
    let manifest = manifest.replace("\"@envoy/cors.json@\"", &RULES.trim().replace('\n', "\n      "));
    let folder = folder("manifest").with("plugin.yaml", manifest);
    let of = |file| {
        folder
            .run(&["explain", file, "--url", URL, "--origin", SITE])
            .stdout
    };
    assert_eq!(of("plugin.yaml"), of("cors.json"));
}

#[test]
fn a_url_is_explained_as_a_browser_writes_it() {
    let url = "https://bücher.example/oss-cors-test/é b?ü#x";
    let explanation = explained(&folder("written"), &["--url", url, "--origin", SITE]);
    assert_eq!(
        explanation["url"],
        "https://xn--bcher-kva.example/oss-cors-test/%C3%A9%20b?%C3%BC"
    );
    assert_eq!(explanation["owner"]["bucket"], "oss-cors-test");
}
