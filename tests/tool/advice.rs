//! What `bucket-cors explain` says first: the verdict, its cause and the way out.

mod rules;

use serde_json::{Value, json};

use crate::check::json;
use crate::tool::Folder;

const APP: &str = "https://app.example.com";

fn rule(origins: Value, methods: Value, headers: Value) -> Value {
    json!({ "AllowedOrigins": origins, "AllowedMethods": methods, "AllowedHeaders": headers })
}

fn bucket(name: &str, rules: Value) -> Value {
    json!({ "name": name, "cors": rules })
}

/// The lines up to the first empty one.
fn lead(folder: &Folder, arguments: &[&str]) -> String {
    let output = folder.run(&[&["explain", "cors.json"], arguments].concat());
    assert!(output.code < 2, "{output:?}");
    output.stdout.split_once("\n\n").unwrap().0.to_owned()
}

#[test]
fn a_browser_that_does_not_ask_is_said_first() {
    let any = json!({ "buckets": [bucket("b", json!([rule(json!("*"), json!(["GET"]), json!([]))]))] });
    let folder = Folder::with_rules("unsent", &any);
    for (url, origin, check) in [
        ("http://edge.example/b/a", APP, "mixed-content"),
        ("http://192.0.2.1:8080/b/a", APP, "mixed-content"),
        ("http://edge.example/b/a", "http://app.example.com", ""),
        ("http://localhost:8080/b/a", APP, ""),
        ("http://127.8.9.1/b/a", APP, ""),
        ("http://[::1]:8080/b/a", APP, ""),
        ("https://edge.example:6667/b/a", APP, "blocked-port"),
        ("http://localhost:25/b/a", APP, "blocked-port"),
        ("https://edge.example:8443/b/a", APP, ""),
    ] {
        for more in [&[][..], &["--method", "OPTIONS", "--request-method", "GET"]] {
            let asked = [&["--url", url, "--origin", origin], more].concat();
            let said = folder.run(&[&["explain", "cors.json", "--format", "json"], &asked[..]].concat());
            let outcome = json(&said);
            assert_eq!(
                outcome["verdict"]["check"].as_str().unwrap_or_default(),
                check,
                "{asked:?}"
            );
            assert_eq!(said.code, i32::from(!check.is_empty()), "{asked:?}");
            // What the edge would answer is there all the same.
            assert_eq!(outcome["exchanges"][0]["decision"]["rule"], 0, "{asked:?}");
            if !check.is_empty() {
                assert!(outcome["way_out"].is_string(), "{outcome}");
            }
        }
    }
}

#[test]
fn a_header_value_that_fetch_refuses_is_refused() {
    let folder = Folder::with_rules("bytes", &json!({ "buckets": [] }));
    let output = folder.run(&[
        "explain",
        "cors.json",
        "--url",
        "https://e.example/",
        "-H",
        "x-a: €",
    ]);
    assert_eq!(output.code, 2);
    assert!(
        output
            .stderr
            .contains("its value holds '€', which fetch() refuses"),
        "{output:?}"
    );
}

#[test]
fn what_the_edge_does_not_decide_is_told_from_what_it_refuses() {
    let rules = json!([rule(json!([APP]), json!(["GET"]), json!([]))]);
    let mut keep = bucket("keep", rules.clone());
    keep["upstream_cors"] = json!("keep");
    let open = json!({ "buckets": [bucket("Photos", rules.clone()), keep] });
    let closed =
        json!({ "unmanaged": "refuse", "endpoints": ["s3.example"], "buckets": [bucket("Photos", rules)] });
    let (open, closed) = (
        Folder::with_rules("open", &open),
        Folder::with_rules("closed", &closed),
    );
    let star = [
        "--response-header",
        "access-control-allow-origin: *",
        "--credentials",
    ];
    for (folder, url, more, said) in [
        (
            &open,
            "https://e.example/keep/a",
            &star[..],
            "the store's own CORS headers stand [any-origin-with-credentials]\nway out: mend the store's",
        ),
        (
            &open,
            "https://e.example/other/a",
            &star[..],
            "the store's own CORS headers stand",
        ),
        (
            &closed,
            "https://s3.example/other/a",
            &[],
            "the edge gives no CORS: bucket \"other\", which is not listed",
        ),
        (
            &closed,
            "https://s3.example/photos/a",
            &[],
            "note: photos is not the listed bucket Photos: names compare byte for byte",
        ),
        (
            &closed,
            "https://Photos.s3.example/a",
            &[],
            "note: photos is not the listed bucket Photos",
        ),
    ] {
        let said_first = lead(
            folder,
            &[&["--url", url, "--origin", "https://b.example"], more].concat(),
        );
        assert!(
            said_first.starts_with("refused: ") && said_first.contains(said),
            "{url}: {said_first}"
        );
    }
}

#[test]
fn what_no_browser_sends_is_asked_again_and_not_listed() {
    let rules = |origins: Value| json!([rule(origins, json!(["GET"]), json!([]))]);
    let buckets = json!([
        bucket("one", rules(json!([APP]))),
        bucket("any", rules(json!("*")))
    ]);
    let folder = Folder::with_rules("not-sent", &json!({ "buckets": buckets }));
    for (origin, sent) in [
        ("https://A.example", "https://a.example"),
        ("https://a.example:443", "https://a.example"),
        ("http://a.example:80", "http://a.example"),
        ("HTTPS://a.example", "https://a.example"),
        ("a.example", "https://a.example"),
        ("https://a.example/", "https://a.example"),
        ("NULL", "null"),
    ] {
        let said = lead(&folder, &["--url", "https://e.example/one/a", "--origin", origin]);
        assert!(
            said.contains(&format!("\nway out: ask with --origin {sent}\n")),
            "{said}"
        );
        assert!(
            said.contains(&format!("it sends {sent:?}, so ask with that")),
            "{said}"
        );
    }
    // What no rule takes is not to be listed either.
    let odd = ["--url", "https://e.example/one/a", "--origin", "https://e\"x"];
    let said = lead(&folder, &odd);
    assert!(
        !said.contains("way out") && said.contains("\nnote: no rule can list this origin: "),
        "{said}"
    );
    let url = [
        "--url",
        "https://e.example/any/a",
        "--origin",
        "https://A.example",
        "--credentials",
    ];
    assert!(lead(&folder, &url).contains("\nway out: ask with --origin https://a.example\n"));
    let said = lead(
        &folder,
        &[
            "--url",
            "https://e.example/one/a",
            "--origin",
            "https://a.example",
        ],
    );
    assert!(
        said.contains("way out: rule 0: add \"https://a.example\" to AllowedOrigins"),
        "{said}"
    );
}

#[test]
fn a_url_is_resolved_as_a_browser_does_and_that_is_said() {
    let rules = json!([rule(json!([APP]), json!(["GET"]), json!([]))]);
    let folder = Folder::with_rules("resolved", &json!({ "buckets": [bucket("b", rules)] }));
    for (given, path) in [
        ("https://e.example/x/../b/a", "/b/a"),
        ("https://e.example/x/%2e%2E/b/./a", "/b/a"),
        ("https://e.example\\b\\a", "/b/a"),
        ("https://e.example/b\t/a", "/b/a"),
        ("https://e.example/b/\na", "/b/a"),
        (" https://e.example/b/a ", "/b/a"),
        ("https:e.example/b/a", "/b/a"),
        ("https://e.example/b/a b", "/b/a%20b"),
    ] {
        let said = lead(&folder, &["--url", given, "--origin", APP]);
        assert!(
            said.starts_with(&format!("allowed: GET https://e.example{path}, ")),
            "{given:?}: {said}"
        );
        let note =
            format!("note: a browser resolves the URL before it asks, and asks for https://e.example{path}");
        assert!(said.ends_with(&note), "{given:?}: {said}");
    }
    for same in [
        "https://e.example/b/a?x=/../y",
        "https://E.example:443/b/a",
        "https://e.example/b/a%2f..#/../x",
    ] {
        let said = lead(&folder, &["--url", same, "--origin", APP]);
        assert!(!said.contains("resolves the URL"), "{said}");
    }
    // Any client may send it as it stands.
    let header = format!("origin: {APP}");
    let said = lead(&folder, &["--url", "https://e.example/x/../b/a", "-H", &header]);
    assert!(
        said.contains("GET https://e.example/x/../b/a, ") && !said.contains("resolves the URL"),
        "{said}"
    );
}

#[test]
fn a_header_that_no_script_can_set_is_told() {
    let rules = json!([rule(json!([APP]), json!(["GET", "PUT"]), json!(["*"]))]);
    let folder = Folder::with_rules("forbidden", &json!({ "buckets": [bucket("b", rules)] }));
    let said = |more: &[&str]| lead(&folder, &[&["--url", "https://e.example/b/a"], more].concat());
    let told =
        |name: &str| format!("note: no script can set the header {name}, so that no preflight asks for it: ");
    for (line, name) in [
        ("Cookie: a=b", "cookie"),
        ("sec-fetch-mode: cors", "sec-fetch-mode"),
        ("X-HTTP-Method: TRACE", "x-http-method"),
    ] {
        let page = said(&["--origin", APP, "-H", line]);
        assert!(page.contains(&told(name)), "{page}");
        assert_eq!(page.contains("--credentials"), name == "cookie", "{page}");
        let client = said(&["-H", &format!("origin: {APP}"), "-H", line]);
        assert!(!client.contains("no script can set"), "{client}");
    }
    let asked = [
        "--method",
        "OPTIONS",
        "--request-method",
        "PUT",
        "--request-headers",
        "x-a, Host",
    ];
    let preflight = said(&[&["--origin", APP][..], &asked].concat());
    assert!(
        preflight.contains(&told("host")) && !preflight.contains("header x-a"),
        "{preflight}"
    );
    assert!(!said(&["--origin", APP, "-H", "x-a: b"]).contains("no script can set"));
}

#[test]
fn who_may_read_the_times_of_an_object_that_is_loaded_without_cors_is_said() {
    let told = "note: Resource Timing tells how long it took to pages of ";
    for (origins, sent, expected) in [
        (json!([APP]), None, Some(APP)),
        (json!("*"), None, Some("*")),
        (
            Value::Null,
            Some("timing-allow-origin: https://b.example"),
            Some("https://b.example"),
        ),
        (Value::Null, None, None),
    ] {
        let mut rules = bucket("b", json!(null));
        if !origins.is_null() {
            rules["timing_allow_origin"] = origins;
        }
        let folder = Folder::with_rules("timing", &json!({ "buckets": [rules] }));
        let mut asked = vec!["--url", "https://edge.example/b/a"];
        asked.extend(sent.iter().flat_map(|header| ["--response-header", header]));
        let said = lead(&folder, &asked);
        let expected = expected.map_or_else(
            || "tells pages of other origins nothing of how long it took: \"timing_allow_origin\" in the bucket b".to_owned(),
            |origins| format!("{told}{origins}"),
        );
        assert!(said.contains(&expected), "{said}");
        // A request of CORS has other advice.
        asked.extend(["--origin", APP]);
        assert!(!lead(&folder, &asked).contains("Resource Timing"));
    }
}
