//! `bucket-cors explain`: the way of a request, and what a browser makes of it.

mod arguments;
mod at_the_edge;
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
