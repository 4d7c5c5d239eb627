//! `--forget`, and what it does not do without a store's word.

use super::hands::two_buckets;
use super::process::{Syncing, wait_for};
use super::stand_in::{StoreReply, rules_for};
use super::{json, origins, sync, text};
use crate::tool::Folder;

#[test]
fn what_is_forgotten_is_told_as_what_it_does() {
    let store = two_buckets();
    let folder = Folder::new("sync-forget");
    let output = ["--all", "--output", "cors.json"];
    let run = |more: &[&str]| sync(&folder, &store, &[&output[..], more].concat());
    assert_eq!(run(&["--once"]).code, 0);
    // One that the store has stays as it is.
    let stays = run(&["--once", "--forget", "photos"]);
    assert!(
        stays
            .stderr
            .starts_with("--forget photos: the bucket is followed in s3 http://"),
        "{stays:?}"
    );
    assert_eq!((stays.code, stays.stderr.lines().count()), (0, 1), "{stays:?}");
    store.delete("videos");
    let checked = run(&["--check", "--forget", "videos"]);
    let said = "videos: it is forgotten, and its rules go\ndifferent: 2 buckets before, 1 after, 1 with other rules\n";
    assert_eq!((checked.code, checked.stdout.as_str()), (1, said));
    let forgotten = run(&["--once", "--forget", "videos", "--max-loss", "0"]);
    assert_eq!(
        (forgotten.code, forgotten.stderr.as_str()),
        (0, "videos: it is forgotten, and its rules go\n")
    );
    // The option may stand where the process is started from.
    let again = run(&["--once", "--forget", "videos"]);
    let said = "--forget videos: no rules of such a bucket are in force, and the option can go\n";
    assert_eq!((again.code, again.stderr.as_str()), (0, said));
}

#[test]
fn a_bucket_that_a_store_may_have_keeps_its_rules_where_they_are_not_told() {
    let denied = || StoreReply::error(403, "AccessDenied");
    for followed in [&["--all"][..], &["--bucket", "photos", "--bucket", "videos"]] {
        let store = two_buckets();
        let folder = Folder::new(&format!("sync-forget-untold{}", followed.len()));
        let run = |more: &[&str]| {
            let output = ["--output", "cors.json", "--once"];
            sync(&folder, &store, &[followed, &output, more].concat())
        };
        let forget = || run(&["--forget", "photos", "--max-loss", "0"]);
        let has = |bucket: &str| origins(&json(&folder, "cors.json"), bucket);
        assert_eq!(run(&[]).code, 0);
        for reply in [
            denied(),
            StoreReply::error(503, "ServiceUnavailable"),
            // The filter would not take it.
            rules_for(&["https://*.*.example"]),
        ] {
            store.say("photos", reply);
            // The option stands where the process is started from each time.
            for _ in 0..2 {
                let output = forget();
                assert_eq!(output.code, 1, "{}", output.stderr);
                let said = "--forget photos: its rules stay, since a store that may have the bucket does not tell them: ";
                assert!(output.stderr.contains(said), "{}", output.stderr);
                assert_eq!(has("photos").unwrap(), ["https://p.example"]);
            }
        }
        if followed == ["--all"] {
            // Nobody says whether the store has it.
            store.delete("photos");
            store.say("", denied());
            let output = forget();
            assert!(
                output.stderr.contains("--forget photos: its rules stay"),
                "{}",
                output.stderr
            );
            assert_eq!(has("photos").unwrap(), ["https://p.example"]);
            store.say("", StoreReply::list(&["videos"]));
        }
        // The store's own word.
        store.say("photos", StoreReply::error(404, "NoSuchBucket"));
        let output = forget();
        assert!(
            output.stderr.contains("photos: it is forgotten"),
            "{}",
            output.stderr
        );
        assert_eq!(has("photos"), None);
        assert!(has("videos").is_some());
    }
}

#[test]
fn a_bucket_that_has_no_rules_in_its_store_is_not_said_to_have_some() {
    let store = two_buckets();
    let folder = Folder::new("sync-forget-empty");
    let run = |more: &[&str]| {
        sync(
            &folder,
            &store,
            &[&["--all", "--output", "cors.json", "--once"], more].concat(),
        )
    };
    assert_eq!(run(&[]).code, 0);
    store.say("photos", StoreReply::no_rules());
    for _ in 0..2 {
        let output = run(&["--forget", "photos", "--max-loss", "0"]);
        assert_eq!(output.code, 0, "{}", output.stderr);
        assert!(
            output
                .stderr
                .contains(", and has no rules there: the option can go"),
            "{}",
            output.stderr
        );
        assert!(
            !output.stderr.contains("has the rules there"),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn a_process_that_goes_on_keeps_what_is_not_told_too() {
    let store = two_buckets();
    let folder = Folder::new("sync-forget-goes-on");
    let start = |more: &[&str]| {
        let command = super::listen::following(&folder, &store, more);
        Syncing::start(command, "127.0.0.1:0")
    };
    let syncing = start(&[]);
    wait_for("rules", || {
        folder.path().join("filter.json").exists()
            && text(&folder, "filter.json").contains("https://p.example")
    });
    store.say("photos", StoreReply::error(403, "AccessDenied"));
    syncing.wait_for_rounds(2);
    syncing.kill();
    let syncing = start(&["--forget", "photos"]);
    syncing.wait_for_rounds(2);
    assert!(
        syncing.said().contains("--forget photos: its rules stay"),
        "{}",
        syncing.said()
    );
    assert!(text(&folder, "filter.json").contains("https://p.example"));
}
