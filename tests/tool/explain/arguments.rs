//! What can be asked: of which files, and of which URLs.

use super::{RULES, SITE, URL, explained, folder};

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
    let manifest = include_str!("../../../envoy/istio-wasm-plugin.yaml");
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
