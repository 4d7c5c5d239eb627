//! How many buckets may lose their rules at once, and what a check leaves alone.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::stand_in::{StandInStore, StoreReply, rules_for};
use super::two_stores::{ONCE, TwoStores, rules};
use super::{sync, text};
use crate::tool::Folder;

#[test]
fn losses_count_over_all_stores_and_over_restarts() {
    let stores = TwoStores::new("sync-losses-stores");
    assert_eq!(stores.run(&ONCE).code, 0);
    let before = text(&stores.folder, "cors.json");
    // One in each store.
    stores.first.say("shared", StoreReply::no_rules());
    stores.second.say("own", StoreReply::no_rules());
    for allowed in [&[][..], &["--max-loss", "1"], &["--max-loss", "0"]] {
        for _ in 0..2 {
            let output = stores.run(&[&ONCE[..], allowed].concat());
            assert_eq!(output.code, 1, "{allowed:?}: {}", output.stderr);
            assert!(
                output
                    .stderr
                    .contains("2 buckets would lose all their rules at once"),
                "{allowed:?}: {}",
                output.stderr
            );
            assert_eq!(text(&stores.folder, "cors.json"), before, "{allowed:?}");
        }
    }
    assert_eq!(stores.run(&[&ONCE[..], &["--max-loss", "2"]].concat()).code, 0);
    assert_eq!(stores.written(), [Some(Vec::new()), Some(Vec::new())]);
    // What has no rules has none to lose, and what comes is no loss.
    stores.first.say("shared", rules_for(&["https://first.example"]));
    stores.second.say("own", rules_for(&["https://own.example"]));
    assert_eq!(stores.run(&[&ONCE[..], &["--max-loss", "0"]].concat()).code, 0);
    assert_eq!(
        stores.written(),
        rules(["https://first.example", "https://own.example"])
    );
    for none in ["-1", "1%", "ten", ""] {
        let output = stores.run(&[&ONCE[..], &[&format!("--max-loss={none}")]].concat());
        assert_eq!(output.code, 2, "{none}");
    }
}

#[test]
fn a_first_start_has_nothing_to_lose() {
    let folder = Folder::new("sync-losses-first");
    let store = StandInStore::start(&[]);
    for name in ["a", "b", "c"] {
        store.say(name, StoreReply::no_rules());
    }
    let once = ["--all", "--once", "--output", "cors.json", "--max-loss", "0"];
    let output = sync(&folder, &store, &once);
    assert_eq!(output.code, 0, "{}", output.stderr);
}

/// Every file below a folder, with what it holds and when it was written.
fn everything(folder: &Path) -> Vec<(String, Vec<u8>, SystemTime)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        let path = entry.path();
        let bytes = if metadata.is_dir() {
            found.extend(everything(&path));
            Vec::new()
        } else {
            fs::read(&path).unwrap()
        };
        found.push((path.display().to_string(), bytes, metadata.modified().unwrap()));
    }
    found.sort();
    found
}

#[test]
fn a_check_writes_nothing_at_all() {
    let stores = TwoStores::new("sync-check-nothing");
    // What a killed process left is left.
    stores.folder.write("cors.json.999999999.part", "{");
    let check = |code: i32| {
        let before = everything(stores.folder.path());
        let output = stores.run(&["--output", "cors.json", "--check"]);
        assert_eq!(output.code, code, "{}{}", output.stdout, output.stderr);
        assert_eq!(everything(stores.folder.path()), before);
    };
    check(1);
    assert_eq!(stores.run(&ONCE).code, 0);
    stores.folder.write("cors.json.999999999.part", "{");
    check(0);
    stores.first.say("shared", rules_for(&["https://other.example"]));
    check(1);
    stores.first.say("shared", StoreReply::error(403, "AccessDenied"));
    check(2);
    // Losses that a round would hold back.
    stores.first.say("shared", StoreReply::no_rules());
    stores.second.say("own", StoreReply::no_rules());
    check(1);
    // A bucket that goes to another store.
    stores.first.delete("shared");
    stores.second.say("own", rules_for(&["https://own.example"]));
    check(1);
    for bucket in ["shared", "own"] {
        stores
            .second
            .say(bucket, StoreReply::error(503, "ServiceUnavailable"));
    }
    check(2);
    stores.folder.write("cors.json", "{");
    check(2);
}
