//! What the edge does with a request: the bucket, the rule, and what it leaves to the store.

use serde_json::json;

use super::{APP, URL, explain, explained, folder};
use crate::tool::Folder;

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
