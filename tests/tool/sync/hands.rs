//! An output that another hand has written: a person, or another process.

use std::fs;

use serde_json::Value;

use super::in_force::configuration;
use super::stand_in::{StandInStore, StoreReply, rules_for};
use super::{json, origins, sync, sync_with, text};
use crate::tool::{Folder, Output};

pub(super) const OUTPUT: &str = "cors.json";
/// What is remembered beside it.
pub(super) const MEMORY: &str = ".bucket-cors-sync/cors.json.json";
pub(super) const ONCE: [&str; 3] = ["--output", OUTPUT, "--once"];

pub(super) fn two_buckets() -> StandInStore {
    StandInStore::start(&[
        ("photos", rules_for(&["https://p.example"])),
        ("videos", rules_for(&["https://v.example"])),
    ])
}

/// What keeps a bucket's rules, with both ways out.
fn is_held(output: &Output, bucket: &str, count: usize) {
    assert_eq!(output.code, 1, "{}", output.stderr);
    for word in [
        "nothing is written: ".to_owned(),
        format!("{bucket:?}"),
        format!("start with --max-loss {count}, or with --forget for each"),
    ] {
        assert!(output.stderr.contains(&word), "{word}: {}", output.stderr);
    }
    assert!(!output.stderr.contains("--max-loss is"), "{}", output.stderr);
}

#[test]
fn an_output_of_which_nothing_is_remembered_loses_no_bucket() {
    let store = two_buckets();
    store.say("photos", StoreReply::no_rules());
    let written = configuration(&["photos"], "https://h.example");
    for (way, followed) in [("all", &["--all"][..]), ("bucket", &["--bucket", "videos"])] {
        for allowed in [&["--max-loss", "1"], &["--forget", "photos"]] {
            let folder = Folder::new(&format!("sync-hand-{way}{}", allowed[0])).with(OUTPUT, &written);
            let run = |more: &[&str]| sync(&folder, &store, &[followed, &ONCE, more].concat());
            for _ in 0..2 {
                is_held(&run(&[]), "photos", 1);
                assert_eq!(text(&folder, OUTPUT), written);
            }
            let output = run(allowed);
            assert_eq!(output.code, 0, "{}", output.stderr);
            assert!(!text(&folder, OUTPUT).contains("https://h.example"));
        }
    }
}

#[test]
fn two_processes_on_one_output_take_no_rules_from_each_other() {
    let (store, other) = (two_buckets(), two_buckets());
    let own = |name: &str| configuration(&[name], "https://o.example");
    let of = |store: &StandInStore, more: &[&str]| {
        let endpoint = store.endpoint();
        let store = ["--from", "s3", "--path-style", "--endpoint", &endpoint];
        [&store[..], more, &ONCE]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for (way, first, second, taken) in [
        (
            "buckets",
            of(&store, &["--bucket", "photos"]),
            of(&store, &["--bucket", "videos"]),
            "photos",
        ),
        (
            "stores",
            of(&store, &["--bucket", "photos"]),
            of(&other, &["--bucket", "videos"]),
            "photos",
        ),
        (
            "bases",
            of(&store, &["--all", "--base", "a.json"]),
            of(&store, &["--all", "--base", "b.json"]),
            "own-a",
        ),
    ] {
        let folder = Folder::new(&format!("sync-hand-two-{way}"));
        let folder = folder.with("a.json", own("own-a")).with("b.json", own("own-b"));
        let run = |arguments: &[String], more: &[&str]| {
            let arguments: Vec<&str> = arguments
                .iter()
                .map(String::as_str)
                .chain(more.iter().copied())
                .collect();
            sync_with(&folder, &arguments)
        };
        assert_eq!(run(&first, &[]).code, 0, "{way}");
        let before = text(&folder, OUTPUT);
        for _ in 0..2 {
            is_held(&run(&second, &[]), taken, 1);
            assert_eq!(text(&folder, OUTPUT), before, "{way}");
            assert_eq!(run(&first, &[]).code, 0, "{way}");
        }
        // Whoever is told to write it has written it, and the other one holds.
        assert_eq!(run(&second, &["--max-loss", "1"]).code, 0, "{way}");
        assert_eq!(run(&second, &[]).stderr, "", "{way}");
        assert_eq!(run(&first, &[]).code, 1, "{way}");
    }
}

#[test]
fn a_template_in_the_place_of_the_output_takes_no_rules_that_nobody_tells() {
    let store = two_buckets();
    let template = configuration(&[], "");
    let emptied = configuration(&["own-a", "videos"], "https://x.example");
    let mut emptied: Value = serde_json::from_str(&emptied).unwrap();
    for bucket in emptied["buckets"].as_array_mut().unwrap() {
        bucket["cors"]["CORSRules"] = Value::Array(Vec::new());
    }
    let own = configuration(&["own-a"], "https://o.example");
    for (index, placed) in [Some(template), Some(emptied.to_string()), None]
        .into_iter()
        .enumerate()
    {
        for allowed in [
            &["--max-loss", "2"][..],
            &["--forget", "videos", "--forget", "own-a"],
        ] {
            let folder = Folder::new(&format!("sync-hand-template-{index}{}", allowed[0]));
            folder.write("base.json", &own);
            let once = [&["--all", "--base", "base.json"], &ONCE[..]].concat();
            let run = |more: &[&str]| sync(&folder, &store, &[&once[..], more].concat());
            store.say("videos", rules_for(&["https://v.example"]));
            assert_eq!(run(&[]).code, 0);
            let put = || match &placed {
                Some(text) => folder.write(OUTPUT, text),
                None => fs::remove_file(folder.path().join(OUTPUT)).unwrap(),
            };
            // What is told comes again.
            put();
            let output = run(&[]);
            assert_eq!(output.code, 0, "{}", output.stderr);
            assert!(origins(&json(&folder, OUTPUT), "own-a").is_some());
            // What is not told is held, be it a store's or the base's.
            store.say("videos", StoreReply::error(503, "ServiceUnavailable"));
            folder.write("base.json", r#"{"profile":"s3"}"#);
            put();
            for _ in 0..2 {
                let output = run(&[]);
                is_held(&output, "own-a", 2);
                assert!(output.stderr.contains("\"videos\""), "{}", output.stderr);
            }
            assert_eq!(run(allowed).code, 1);
            let written = json(&folder, OUTPUT);
            assert!(origins(&written, "photos").is_some(), "{written}");
            assert!(
                origins(&written, "own-a").unwrap_or_default().is_empty(),
                "{written}"
            );
        }
    }
}

#[test]
fn the_only_bucket_may_be_forgotten_or_left_out() {
    let store = two_buckets();
    let denied = StoreReply::error(403, "AccessDenied");
    store.say("photos", denied.clone());
    for allowed in [&["--max-loss", "1"], &["--forget", "photos"]] {
        let folder = Folder::new(&format!("sync-hand-only{}", allowed[0]));
        let once = [&["--bucket", "photos"], &ONCE[..]].concat();
        let run = |more: &[&str]| sync(&folder, &store, &[&once[..], more].concat());
        is_held(&run(&[]), "photos", 1);
        assert!(!folder.path().join(OUTPUT).exists());
        assert_eq!(run(allowed).code, 1);
        assert_eq!(origins(&json(&folder, OUTPUT), "photos"), None);
        // One that was in force stays until the store says that there is none.
        store.say("photos", rules_for(&["https://p.example"]));
        assert_eq!(run(&[]).code, 0);
        for (reply, is_kept) in [
            (denied.clone(), true),
            (StoreReply::error(404, "NoSuchBucket"), false),
        ] {
            store.say("photos", reply);
            let output = run(&["--forget", "photos"]);
            assert_eq!(output.code, 1, "{}", output.stderr);
            let has = origins(&json(&folder, OUTPUT), "photos").is_some();
            assert_eq!(has, is_kept, "{}", output.stderr);
        }
        store.say("photos", denied.clone());
    }
}

#[test]
fn all_that_speaks_against_a_write_is_said_at_once() {
    let store = two_buckets();
    for name in ["sounds", "texts"] {
        store.say(name, rules_for(&["https://s.example"]));
    }
    let folder = Folder::new("sync-hand-at-once");
    let once = [&["--all"], &ONCE[..]].concat();
    let run = |more: &[&str]| sync(&folder, &store, &[&once[..], more].concat());
    assert_eq!(run(&[]).code, 0);
    folder.write(OUTPUT, configuration(&["photos", "videos"], "https://h.example"));
    store.say("photos", StoreReply::no_rules());
    for name in ["sounds", "texts"] {
        store.say(name, StoreReply::error(503, "ServiceUnavailable"));
    }
    let output = run(&[]);
    is_held(&output, "photos", 3);
    for word in [
        "1 bucket would lose",
        "the rules of 2 buckets",
        "\"sounds\", \"texts\"",
    ] {
        assert!(output.stderr.contains(word), "{word}: {}", output.stderr);
    }
    let output = run(&["--max-loss", "2"]);
    assert!(output.stderr.contains("; --max-loss is 2; "), "{}", output.stderr);
    assert_eq!(run(&["--max-loss", "3"]).code, 1);
    assert!(origins(&json(&folder, OUTPUT), "videos").is_some());
}
