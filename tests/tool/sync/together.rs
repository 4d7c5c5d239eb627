//! Rules that the filter takes of each bucket alone, and not of all together.

use serde_json::{Value, json};

use super::hands::{MEMORY, ONCE, OUTPUT, two_buckets};
use super::stand_in::{StandInStore, StoreReply, rules_for};
use super::{json, origins, sync, text};
use crate::tool::{Folder, Output};

const BASE: [&str; 3] = ["--all", "--base", "base.json"];

fn run(folder: &Folder, store: &StandInStore, more: &[&str]) -> Output {
    sync(folder, store, &[&BASE[..], &ONCE, more].concat())
}

fn written(folder: &Folder, bucket: &str) -> Option<Vec<String>> {
    origins(&json(folder, OUTPUT), bucket)
}

fn cors(origin: &str) -> Value {
    json!({ "CORSRules": [{ "AllowedOrigins": [origin], "AllowedMethods": ["GET"] }] })
}

/// The line that says why a bucket's rules are not in force.
fn refused<'o>(output: &'o Output, bucket: &str) -> &'o str {
    let starts = [
        format!("{bucket}: the rules of "),
        format!("{bucket}: its rules are not known"),
    ];
    let mut lines = output.stderr.lines();
    let line = lines.find(|line| starts.iter().any(|start| line.starts_with(start)));
    let line = line.unwrap_or_else(|| panic!("{bucket}: {}", output.stderr));
    assert!(line.ends_with("[refused-document]"), "{line}");
    line
}

#[test]
fn a_bucket_too_many_stops_no_other_one() {
    let store = StandInStore::start(&[("photos", rules_for(&["*"])), ("videos", rules_for(&["*"]))]);
    for index in 0..998 {
        store.say(&format!("a{index:03}"), StoreReply::no_rules());
    }
    let folder = Folder::new("sync-together-many").with("base.json", r#"{"metrics":"bucket"}"#);
    assert_eq!(run(&folder, &store, &[]).code, 0);
    // The new one comes first by its name, and has to wait all the same.
    store.say("a-new", StoreReply::no_rules());
    store.say("photos", rules_for(&["https://narrow.example"]));
    store.say("videos", StoreReply::no_rules());
    let output = run(&folder, &store, &[]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(
        refused(&output, "a-new").contains("base.json: /metrics"),
        "{}",
        output.stderr
    );
    assert_eq!(written(&folder, "photos").unwrap(), ["https://narrow.example"]);
    assert_eq!(written(&folder, "videos").unwrap(), [""; 0]);
    assert_eq!(written(&folder, "a-new"), None);
    // A check says the same, and nothing else differs.
    let checked = [&BASE[..], &["--output", OUTPUT, "--check"]].concat();
    let output = sync(&folder, &store, &checked);
    assert_eq!(output.code, 2, "{}", output.stdout);
    assert!(
        output.stdout.contains("a-new: its rules are not known"),
        "{}",
        output.stdout
    );
    store.delete("videos");
    assert_eq!(run(&folder, &store, &["--forget", "videos"]).code, 0);
    assert_eq!(written(&folder, "a-new").unwrap(), [""; 0]);
}

#[test]
fn buckets_that_only_the_base_refuses_keep_what_they_had() {
    let store = two_buckets();
    let base = json!({
        "endpoints": ["e.example"],
        "buckets": [{ "name": "docs/", "cors": cors("https://f.example") }],
    });
    let folder = Folder::new("sync-together-name").with("base.json", base.to_string());
    assert_eq!(run(&folder, &store, &[]).code, 0);
    for index in 0..20 {
        store.say(&format!("n{index:02}"), rules_for(&["https://n.example"]));
    }
    store.say("docs", rules_for(&["https://d.example"]));
    store.say("photos", rules_for(&["https://q.example"]));
    let output = run(&folder, &store, &[]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    refused(&output, "docs");
    assert_eq!(written(&folder, "photos").unwrap(), ["https://q.example"]);
    assert_eq!(written(&folder, "docs"), None);
    for index in 0..20 {
        assert_eq!(
            written(&folder, &format!("n{index:02}")).unwrap(),
            ["https://n.example"]
        );
    }
    // Where the base refuses what is in force, nothing moves, and whose the place is is said.
    let base = json!({
        "endpoints": ["e.example"],
        "buckets": [{ "name": "own", "cors": cors("ftp://*.*.example") }],
    });
    folder.write("base.json", base.to_string());
    store.say("photos", rules_for(&["https://r.example"]));
    let output = run(&folder, &store, &[]);
    assert_eq!(output.code, 2, "{}", output.stderr);
    assert!(
        output.stderr.contains("\"own\" of base.json: /buckets/0/"),
        "{}",
        output.stderr
    );
    assert_eq!(written(&folder, "photos").unwrap(), ["https://q.example"]);
}

#[test]
fn an_error_of_the_base_is_said_once_and_by_its_file() {
    let store = two_buckets();
    let folder = Folder::new("sync-together-base").with("base.json", "{}");
    assert_eq!(run(&folder, &store, &[]).code, 0);
    for base in [
        json!({ "nosuch": 1 }),
        json!({ "profile": "nosuch" }),
        json!({ "buckets": [{ "name": "x", "hosts": ["h.example"] }, { "name": "y", "hosts": ["h.example"] }] }),
    ] {
        folder.write("base.json", base.to_string());
        store.say("photos", rules_for(&["https://q.example"]));
        let output = run(&folder, &store, &[]);
        assert_eq!(output.code, 2, "{base}: {}", output.stderr);
        assert!(
            output
                .stderr
                .contains("base.json: the filter does not take it: /"),
            "{base}: {}",
            output.stderr
        );
        assert_eq!(output.stderr.lines().count(), 1, "{base}: {}", output.stderr);
        assert_eq!(
            written(&folder, "photos").unwrap(),
            ["https://p.example"],
            "{base}"
        );
    }
}

#[test]
fn a_bucket_of_the_base_without_rules_had_none() {
    let store = two_buckets();
    let base = json!({ "buckets": [{ "name": "own", "cors": { "CORSRules": [], "ResponseVary": true } }] });
    let folder = Folder::new("sync-together-vary").with("base.json", base.to_string());
    assert_eq!(run(&folder, &store, &[]).code, 0);
    assert!(text(&folder, MEMORY).contains("own"));
    // Neither where the output is gone nor where another hand wrote one has it anything to lose.
    std::fs::remove_file(folder.path().join(OUTPUT)).unwrap();
    folder.write("base.json", "{}");
    let output = run(&folder, &store, &[]);
    assert_eq!(output.code, 0, "{}", output.stderr);
}
