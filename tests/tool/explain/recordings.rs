//! Recordings of browsers, explained.

use serde_json::json;

use super::{explain, folder};
use crate::check::json;

#[test]
fn a_recording_of_chromium_is_explained() {
    let folder = folder("chromium").with("a.har", include_str!("../recordings/chromium.har"));
    let output = explain(&folder, &["--har", "a.har"]);
    assert_eq!(output.code, 1);
    let (lines, details) = output.stdout.split_once("\n\n").unwrap();
    assert_eq!(
        lines,
        "\
allowed: OPTIONS https://edge.example/oss-cors-test/new.json, from a page of https://app.example.com
allowed: PUT https://edge.example/oss-cors-test/new.json, from a page of https://app.example.com
refused: DELETE https://edge.example/oss-cors-test/old.json?versionId=1, from a page of https://www.example.com"
    );
    assert!(
        details.starts_with("refused: DELETE https://edge.example/oss-cors-test/old.json?versionId=1"),
        "{details}"
    );
    assert!(
        details.contains("\npreflight, since the method DELETE is not safelisted:\n"),
        "{details}"
    );
    assert!(
        details.ends_with("\ncross-origin requests: 3, refused: 1\n"),
        "{details}"
    );
    let all = json(&explain(&folder, &["--har", "a.har", "--format", "json"]));
    assert_eq!(all.as_array().unwrap().len(), 3);
    // What the browser sent by itself asks for no preflight; what the page set does.
    assert_eq!(
        all[1]["preflight_because"],
        json!([
            "the method PUT is not safelisted",
            "the header content-type is not safelisted",
            "the header x-oss-meta-author is not safelisted"
        ])
    );
}

#[test]
fn a_recording_of_firefox_is_explained_with_its_cookies() {
    let folder = folder("firefox").with("a.har", include_str!("../recordings/firefox.har"));
    let output = explain(&folder, &["--har", "a.har"]);
    assert_eq!(output.code, 1);
    let first = output.stdout.lines().next().unwrap();
    assert_eq!(
        first,
        "refused: GET https://edge.example/oss-cors-test/a.txt, from a page of https://www.example.com, with credentials"
    );
    assert!(output.stdout.contains("[no-allow-credentials]\n"), "{output:?}");
    assert!(
        output
            .stdout
            .ends_with("\ncross-origin requests: 1, refused: 1\n"),
        "{output:?}"
    );
}

#[test]
fn no_cross_origin_request_of_a_recording_is_dropped_in_silence() {
    let recording = include_str!("../recordings/firefox.har");
    let folder = folder("odd-urls")
        .with(
            "text.har",
            recording.replace("oss-cors-test/a.txt", "oss-cors-test/é a"),
        )
        .with(
            "port.har",
            recording.replace("https://edge.example/", "https://edge.example:99999/"),
        );
    let output = explain(&folder, &["--har", "text.har"]);
    assert!(
        output
            .stdout
            .contains("GET https://edge.example/oss-cors-test/%C3%A9%20a, from"),
        "{output:?}"
    );
    let output = explain(&folder, &["--har", "port.har"]);
    assert!(
        output
            .stderr
            .starts_with("warning: port.har: not explained: the URL \"https://edge.example:99999/"),
        "{output:?}"
    );
}

#[test]
fn what_a_recording_holds_cannot_command_a_terminal() {
    let recording = include_str!("../recordings/firefox.har")
        .replace("oss-cors-test/a.txt", "oss-cors-test/a.txt?\\u001b");
    let escape = include_str!("../recordings/firefox.har")
        .replace("https://www.example.com\"", "https://a\\u001b[2J\"");
    let folder = folder("terminal")
        .with("url.har", recording)
        .with("origin.har", escape);
    for file in ["url.har", "origin.har"] {
        let output = explain(&folder, &["--har", file]);
        assert!(!output.stdout.contains('\u{1b}'), "{output:?}");
    }
}
