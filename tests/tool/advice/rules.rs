//! What the rules of a bucket lack, and what is to be added to which of them.

use serde_json::json;

use super::{APP, bucket, lead, rule};
use crate::check::json;
use crate::tool::Folder;

#[test]
fn every_missing_header_is_named_at_once_with_the_rule_to_add_it_to() {
    let rules = json!([
        rule(json!(["https://other.example"]), json!(["PUT"]), json!(["*"])),
        rule(json!([APP]), json!(["PUT"]), json!(["content-type"])),
    ]);
    let folder = Folder::with_rules("missing", &json!({ "buckets": [bucket("b", rules)] }));
    let arguments = [
        "--url",
        "https://edge.example/b/a",
        "--origin",
        APP,
        "--method",
        "PUT",
    ];
    let headers = [
        "-H",
        "x-c: 1",
        "-H",
        "x-a: 1",
        "-H",
        "content-type: a/b",
        "-H",
        "x-b: 1",
    ];
    assert_eq!(
        lead(&folder, &[&arguments[..], &headers].concat()),
        "refused: PUT https://edge.example/b/a, from a page of https://app.example.com\n\
         cause: its preflight is refused: no rule of the bucket b that lists origin and method lists the headers x-a, x-b, x-c \
         [no-allow-origin]\n\
         way out: rule 1: add \"x-a\", \"x-b\", \"x-c\" to AllowedHeaders"
    );
    let said = lead(
        &folder,
        &[
            "--url",
            "https://edge.example/b/a",
            "--origin",
            APP,
            "--method",
            "DELETE",
        ],
    );
    assert!(
        said.ends_with("\nway out: rule 1: add \"DELETE\" to AllowedMethods"),
        "{said}"
    );
    let said = lead(
        &folder,
        &[
            "--url",
            "https://edge.example/b/a",
            "--origin",
            "https://new.example",
            "--method",
            "PUT",
        ],
    );
    assert!(
        said.contains("lists the origin https://new.example [no-allow-origin]\nway out: rule 0: add "),
        "{said}"
    );
}

#[test]
fn a_bucket_without_rules_and_credentials_have_their_way_out() {
    let buckets = json!([
        bucket("none", json!([])),
        bucket("any", json!([rule(json!("*"), json!(["GET"]), json!([]))])),
        bucket(
            "echo",
            json!([rule(json!([APP, "null"]), json!(["GET"]), json!([]))])
        ),
    ]);
    let folder = Folder::with_rules("ways-out", &json!({ "buckets": buckets }));
    for (url, arguments, way_out) in [
        (
            "https://e.example/none/a",
            &["--origin", APP][..],
            "add a rule: \"https://app.example.com\" to AllowedOrigins and \"GET\" to AllowedMethods",
        ),
        (
            "https://e.example/any/a",
            &["--origin", APP, "--credentials"],
            "rule 0: write \"https://app.example.com\" for \"*\" in AllowedOrigins, and \"allow_credentials\": true in the bucket any; or \
             send no credentials",
        ),
        (
            "https://e.example/echo/a",
            &["--origin", APP, "--credentials"],
            "write \"allow_credentials\": true in the bucket echo, or send no credentials",
        ),
        (
            "https://e.example/echo/a",
            &["--origin", "null", "--credentials"],
            "null gets no credentials",
        ),
        (
            "https://e.example/echo/a",
            &["--origin", "https://app.example.com/"],
            "ask with --origin https://app.example.com",
        ),
        (
            "https://e.example/echo/a",
            &["--origin", APP, "--method", "TRACE"],
            "use another method: no rule can allow this one",
        ),
        (
            "https://e.example/echo/..%2fa",
            &["--origin", APP],
            "write the path so that every server reads the same bucket in it",
        ),
    ] {
        let said = lead(&folder, &[&["--url", url], arguments].concat());
        assert!(
            said.contains(&format!("\nway out: {way_out}")),
            "{url} {arguments:?}: {said}"
        );
    }
}

#[test]
fn what_nearly_matches_is_explained_in_a_sentence() {
    for (index, (pattern, method, origin, asked, note)) in [
        (
            "http://localhost:*",
            "GET",
            "http://localhost",
            "GET",
            "stands for a colon and a port",
        ),
        (
            "https://app.example.com/",
            "GET",
            APP,
            "GET",
            "an origin has no slash at its end: list \"https://app.example.com\"",
        ),
        (
            "https://App.example.com",
            "GET",
            APP,
            "GET",
            "scheme and host are in lower case",
        ),
        (
            "https://app.example.com:443",
            "GET",
            APP,
            "GET",
            "the scheme's own port is left out",
        ),
        (
            "https://*.app.example.com",
            "GET",
            APP,
            "GET",
            "app.example.com has nothing there",
        ),
        (
            "http://app.example.com",
            "GET",
            APP,
            "GET",
            "this one came over https://",
        ),
        (
            APP,
            "GET",
            "https://APP.example.com:443",
            "GET",
            "no browser sends this origin",
        ),
        (APP, "PATCH", APP, "patch", "write \"PATCH\" in the page"),
    ]
    .into_iter()
    .enumerate()
    {
        let rules = json!([rule(json!([pattern]), json!([method]), json!([]))]);
        let configuration = json!({ "profile": "fetch", "buckets": [bucket("b", rules)] });
        let folder = Folder::with_rules(&format!("near-{index}"), &configuration);
        let arguments = [
            "--url",
            "http://localhost:8080/b/a",
            "--origin",
            origin,
            "--method",
            asked,
        ];
        let said = lead(&folder, &arguments);
        assert!(said.starts_with("refused: "), "{said}");
        let line = said.lines().find(|line| line.starts_with("note: "));
        assert!(
            line.is_some_and(|line| line.contains(note)),
            "{pattern} {origin}: {said}"
        );
    }
}

#[test]
fn a_listed_bucket_in_a_host_without_an_endpoint_is_pointed_out() {
    let rules = json!([rule(json!([APP]), json!(["GET"]), json!([]))]);
    let buckets = json!([bucket("photos", rules.clone()), bucket("*", rules)]);
    let configurations = [
        json!({ "buckets": [buckets[0]] }),
        json!({ "endpoints": ["other.example"], "buckets": [buckets[0]] }),
        json!({ "buckets": buckets }),
    ];
    let url = "https://photos.oss.example/2024/a.jpg";
    for (index, configuration) in configurations.iter().enumerate() {
        let folder = Folder::with_rules(&format!("in-host-{index}"), configuration);
        let said = lead(&folder, &["--url", url, "--origin", APP]);
        assert!(said.contains("the listed bucket photos, but oss.example is no endpoint: add \"oss.example\" to \"endpoints\""), "{said}");
    }
    let path_only = json!({ "endpoints": ["oss.example/"], "buckets": [buckets[0]] });
    let said = lead(
        &Folder::with_rules("in-host-path-only", &path_only),
        &["--url", url, "--origin", APP],
    );
    assert!(
        said.contains("but the endpoint \"oss.example/\" is for paths alone: take the slash off if photos.oss.example is"),
        "{said}"
    );
    let known = json!({ "endpoints": ["oss.example"], "buckets": [buckets[0]] });
    let said = lead(
        &Folder::with_rules("in-host", &known),
        &["--url", url, "--origin", APP],
    );
    assert!(!said.contains("note: "), "{said}");
}

#[test]
fn warnings_about_the_rules_that_were_tried_are_shown_and_no_others() {
    let rules = |origin: &str| json!([rule(json!([origin]), json!(["GET"]), json!([]))]);
    let buckets = json!([
        bucket("a", rules("https://a.example/")),
        bucket("b", rules("https://B.example"))
    ]);
    let folder = Folder::with_rules("warned", &json!({ "buckets": buckets }));
    let arguments = [
        "explain",
        "cors.json",
        "--url",
        "https://e.example/b/x",
        "--origin",
        APP,
    ];
    let output = folder.run(&arguments);
    let (_, warnings) = output
        .stdout
        .split_once("\n\nwarnings about these rules:\n")
        .unwrap();
    assert!(
        warnings.contains("  cors.json:1:") && warnings.contains("[upper-case-origin]"),
        "{warnings}"
    );
    assert!(!warnings.contains("[origin-path]"), "{warnings}");
    let said = json(&folder.run(&[&arguments[..], &["--format", "json"]].concat()));
    assert_eq!(said["warnings"][0]["line"], 1, "{said}");
    assert!(said["cause"].is_string(), "{said}");
}
