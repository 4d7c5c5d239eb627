//! What counts is the difference between what is in force and what is about to be, whosever the buckets are.

use std::fs;

use serde_json::{Value, json};

use super::listen;
use super::process::{Syncing, wait_for};
use super::stand_in::{StandInStore, StoreReply, rules_for};
use super::two_stores::{TwoStores, refuses};
use super::{asking, command, json as read, origins, sync, text};
use crate::tool::Folder;

const ANY_PORT: &str = "127.0.0.1:0";

/// A configuration with a bucket of each of these names.
pub(super) fn configuration(names: &[&str], origin: &str) -> String {
    let rules = json!([{ "AllowedOrigins": [origin], "AllowedMethods": ["GET"] }]);
    let buckets = names
        .iter()
        .map(|name| json!({ "name": name, "cors": { "CORSRules": rules } }));
    json!({ "profile": "s3", "buckets": buckets.collect::<Vec<_>>() }).to_string()
}

const OWN: [&str; 3] = ["own-a", "own-b", "own-c"];

/// Each way in which the base's own buckets lose their rules.
fn lesser_bases() -> [String; 2] {
    let mut emptied: Value = serde_json::from_str(&configuration(&OWN, "https://o.example")).unwrap();
    for bucket in emptied["buckets"].as_array_mut().unwrap() {
        bucket["cors"] = json!({ "CORSRules": [] });
    }
    [r#"{"profile":"s3"}"#.to_owned(), emptied.to_string()]
}

#[test]
fn rules_of_the_base_are_lost_no_more_easily_than_those_of_a_store() {
    let store = StandInStore::of_photos();
    for (of, option) in [("--all", &["--all"][..]), ("--bucket", &["--bucket", "photos"])] {
        for (option_of, file) in [("--base", "base.json"), ("--into", "into.json")] {
            for (index, lesser) in lesser_bases().iter().enumerate() {
                let folder = Folder::new(&format!("sync-base-lost{of}{option_of}{index}"));
                folder.write(file, configuration(&OWN, "https://o.example"));
                let once = [option, &[option_of, file, "--output", "cors.json", "--once"]].concat();
                let run = |more: &[&str]| sync(&folder, &store, &[&once[..], more].concat());
                assert_eq!(run(&[]).code, 0, "{of} {option_of}");
                assert_eq!(run(&[]).stderr, "", "{of} {option_of}");
                let before = text(&folder, "cors.json");
                folder.write(file, lesser);
                for most in [&[][..], &["--max-loss", "0"], &["--max-loss", "2"]] {
                    let output = run(most);
                    assert_eq!(output.code, 1, "{lesser} {most:?}: {}", output.stderr);
                    let said = "3 buckets would lose all their rules at once";
                    assert!(output.stderr.contains(said), "{}", output.stderr);
                    assert_eq!(text(&folder, "cors.json"), before);
                }
                let check = [option, &[option_of, file, "--output", "cors.json", "--check"]].concat();
                let output = sync(&folder, &store, &[&check[..], &["--format", "json"]].concat());
                assert_eq!(output.code, 1, "{}", output.stderr);
                let said: Value = serde_json::from_str(&output.stdout).unwrap();
                assert_eq!(said["changes"].as_array().unwrap().len(), 3, "{said}");
                let output = if index == 0 {
                    run(&["--max-loss", "3"])
                } else {
                    let forget = OWN.iter().flat_map(|name| ["--forget", name]);
                    run(&[&forget.collect::<Vec<_>>()[..], &["--max-loss", "0"]].concat())
                };
                assert_eq!(output.code, 0, "{}", output.stderr);
                for name in OWN {
                    assert!(output.stderr.contains(&format!("{name}: ")), "{}", output.stderr);
                }
                assert!(
                    !output.stderr.contains("the rules are the same"),
                    "{}",
                    output.stderr
                );
                assert_eq!(run(&[]).stderr, "");
            }
        }
    }
}

#[test]
fn a_base_that_loses_rules_is_held_by_a_process_that_runs() {
    let store = StandInStore::of_photos();
    let folder = Folder::new("sync-base-runs").with("base.json", configuration(&OWN, "https://o.example"));
    let mut following = asking(&folder, &store);
    following.args(["--all", "--base", "base.json", "--output", "cors.json"]);
    following.args(["--interval", "1s"]);
    let syncing = Syncing::start(following, ANY_PORT);
    wait_for("the output", || folder.path().join("cors.json").exists());
    syncing.wait_for_metric("bucket_cors_sync_withheld 0");
    for lesser in lesser_bases() {
        folder.write("base.json", lesser);
        syncing.wait_for_metric("bucket_cors_sync_withheld 1");
        assert!(text(&folder, "cors.json").contains("https://o.example"));
        folder.write("base.json", configuration(&OWN, "https://o.example"));
        syncing.wait_for_metric("bucket_cors_sync_withheld 0");
    }
    // What is wider is no loss, and is told.
    folder.write("base.json", configuration(&OWN, "*"));
    wait_for("a line", || {
        syncing
            .said()
            .contains("own-c: rule 0: origins +* -https://o.example\n")
    });
}

#[test]
fn what_another_hand_writes_is_not_thrown_away() {
    let store = StandInStore::of_photos();
    let folder = Folder::new("sync-another-hand");
    let mut following = asking(&folder, &store);
    following.args(["--bucket", "photos", "--output", "cors.json", "--interval", "1s"]);
    let syncing = Syncing::start(following, ANY_PORT);
    wait_for("the output", || folder.path().join("cors.json").exists());
    let of_another = configuration(&["photos", "another"], "https://h.example");
    // Not what is no document at all, or has rules that the filter refuses, however many rounds it stands there.
    let refused = of_another.replace("GET", "BAD METHOD");
    for (unreadable, word) in [
        ("{", "move it away to begin anew"),
        (&refused, "are none that the filter takes"),
    ] {
        store.while_asked(|| folder.write("cors.json", unreadable));
        syncing.wait_until_said(word);
        syncing.wait_for_rounds(3);
        assert_eq!(text(&folder, "cors.json"), unreadable);
    }
    store.while_asked(|| folder.write("cors.json", &of_another));
    // One bucket, which may be lost where nobody else writes.
    syncing.wait_until_said("nothing is written: 1 bucket would lose all its rules at once");
    assert_eq!(text(&folder, "cors.json"), of_another);
    // Other rules of the same bucket are told.
    store.while_asked(|| folder.write("cors.json", configuration(&["photos"], "https://h.example")));
    syncing.wait_until_said("photos: rule 0: origins +https://a.example -https://h.example\n");
    wait_for("the store's rules", || {
        text(&folder, "cors.json").contains("https://a.example")
    });
}

#[test]
fn a_fleet_gets_nothing_from_an_empty_disk_before_all_is_told() {
    let store = StandInStore::start(&[
        ("photos", rules_for(&["https://a.example"])),
        ("videos", StoreReply::error(503, "ServiceUnavailable")),
    ]);
    let folder = Folder::new("sync-empty-disk");
    let listening = |more: &[&str]| Syncing::start(listen::following(&folder, &store, more), ANY_PORT);
    let syncing = listening(&[]);
    syncing.wait_for_metric("bucket_cors_sync_withheld 1");
    assert_eq!(syncing.discover("", "bucket-cors").status, 503);
    assert!(!folder.path().join("filter.json").exists());
    syncing.wait_until_said("nothing is handed out: ");
    // What was told is known, although it is held back.
    syncing.wait_for_metric("bucket_cors_sync_buckets 1");
    assert!(
        syncing
            .metrics()
            .contains("rules_age_seconds{bucket=\"photos\"} ")
    );
    store.say("videos", rules_for(&["https://v.example"]));
    wait_for("rules", || syncing.discover("", "bucket-cors").status == 200);
    // A new bucket is no reason to hold anything back.
    store.say("sounds", StoreReply::error(503, "ServiceUnavailable"));
    store.say("photos", rules_for(&["https://b.example"]));
    wait_for("other rules", || {
        text(&folder, "filter.json").contains("https://b.example")
    });
    // The operator's word.
    syncing.kill();
    for file in ["filter.json", ".bucket-cors-sync/filter.json.json"] {
        fs::remove_file(folder.path().join(file)).unwrap();
    }
    let syncing = listening(&["--max-loss", "1"]);
    wait_for("rules", || syncing.discover("", "bucket-cors").status == 200);
}

#[test]
fn a_fleet_gets_nothing_before_each_store_has_listed_its_buckets() {
    let stores = TwoStores::new("sync-empty-disk-list");
    refuses(&stores.first);
    stores.follow(&[(&stores.second, "all: true"), (&stores.first, "all: true")]);
    let mut listening = command(&stores.folder);
    let arguments = [
        "--stores",
        "stores.yaml",
        "--output",
        "cors.json",
        "--interval",
        "1s",
    ];
    listening.args(arguments).args(["--max-loss", "9"]);
    let syncing = Syncing::start(listening, ANY_PORT);
    wait_for("a word on the list", || {
        syncing.said().contains("until each store has said")
    });
    assert!(!stores.folder.path().join("cors.json").exists());
    stores.first.delete("");
    stores.first.say("shared", rules_for(&["https://first.example"]));
    wait_for("the output", || stores.folder.path().join("cors.json").exists());
    // Both have the bucket, which is no news in each round.
    syncing.wait_for_rounds(3);
    let said = syncing.said();
    assert_eq!(said.matches("has a bucket of that name too").count(), 1, "{said}");
    assert!(!said.contains("shared in "), "{said}");
}

#[test]
fn buckets_of_an_output_that_is_gone_are_remembered() {
    let store = StandInStore::of_photos();
    store.say("videos", rules_for(&["https://v.example"]));
    let folder = Folder::new("sync-output-gone");
    let once = ["--all", "--once", "--output", "cors.json"];
    let run = |more: &[&str]| sync(&folder, &store, &[&once[..], more].concat());
    let path = folder.path().join("cors.json");
    assert_eq!(run(&[]).code, 0);
    store.say("videos", StoreReply::error(503, "ServiceUnavailable"));
    for more in [&["--forget", "videos"][..], &["--max-loss", "1"]] {
        fs::remove_file(&path).unwrap();
        for _ in 0..2 {
            let output = run(&[]);
            assert_eq!(output.code, 1, "{}", output.stderr);
            assert!(output.stderr.contains("the output is gone"), "{}", output.stderr);
            assert!(!path.exists());
        }
        assert_eq!(run(more).code, 1);
        assert!(origins(&read(&folder, "cors.json"), "photos").is_some());
        store.say("videos", rules_for(&["https://v.example"]));
        assert_eq!(run(&[]).code, 0);
        store.say("videos", StoreReply::error(503, "ServiceUnavailable"));
    }
    // Told again, it has nothing to lose.
    fs::remove_file(&path).unwrap();
    store.say("videos", rules_for(&["https://v.example"]));
    assert_eq!(run(&[]).code, 0);
}

#[test]
fn what_is_to_be_forgotten_and_stands_in_the_base_is_told() {
    let store = StandInStore::of_photos();
    for (option, more) in [("--base", ""), ("--into", ""), ("--into", "--check")] {
        let folder = Folder::new(&format!("sync-forget-base{option}{more}"));
        folder.write("own.json", configuration(&OWN[..1], "https://o.example"));
        let output = ["--all", option, "own.json", "--output", "cors.json"];
        let run = |more: &[&str]| sync(&folder, &store, &[&output[..], more].concat());
        assert_eq!(run(&["--once"]).code, 0);
        let forgotten = run(&[if more.is_empty() { "--once" } else { more }, "--forget", "own-a"]);
        let said = format!("{}{}", forgotten.stdout, forgotten.stderr);
        let line = "--forget own-a: the bucket stands in own.json: take it out there\n";
        assert!(forgotten.code == 0 && said.contains(line), "{forgotten:?}");
        folder.write("own.json", r#"{"profile":"s3"}"#);
        assert_eq!(run(&["--once", "--forget", "own-a", "--max-loss", "0"]).code, 0);
        assert_eq!(origins(&read(&folder, "cors.json"), "own-a"), None);
    }
}
