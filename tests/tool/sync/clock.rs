//! A clock that is wrong.

use super::faults::Faults;
use super::process::{Syncing, wait_for};
use super::stand_in::{StandInStore, StoreReply, rules_for};
use super::{asking, finished, following, sync};
use crate::tool::Folder;

const ONCE: [&str; 4] = ["--all", "--once", "--output", "cors.json"];
const DAY: i64 = 86_400;

#[test]
fn a_clock_that_is_set_back_makes_no_rules_younger() {
    let folder = Folder::new("sync-clock-back").with("into.json", r#"{"buckets":[]}"#);
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let faults = Faults::new(&folder);
    let mut command = following(&folder, &store);
    faults.befall(&mut command);
    let syncing = Syncing::start(command, "127.0.0.1:0");
    syncing.wait_for_metric("bucket_cors_sync_buckets 1");
    store.say("photos", StoreReply::error(403, "AccessDenied"));
    syncing.wait_for_metric("bucket_cors_sync_kept_buckets 1");
    let success = syncing.metric("last_success_timestamp_seconds");
    faults.begin(&format!("clock -{DAY}"));
    wait_for("its age", || syncing.metric("oldest_rules_age_seconds") >= 4);
    assert!(syncing.metric("oldest_rules_age_seconds") < 60);
    // Timestamps are of the same clock as that of who compares them.
    let day = u64::try_from(DAY).unwrap();
    let moved = success - syncing.metric("last_success_timestamp_seconds");
    assert!((day - 5..day + 5).contains(&moved), "{moved}");
    assert!(success - syncing.metric("last_round_timestamp_seconds") > day - 60);
}

#[test]
fn a_clock_that_is_behind_what_was_written_is_told() {
    let folder = Folder::new("sync-clock-behind");
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let faults = Faults::new(&folder);
    assert_eq!(sync(&folder, &store, &ONCE).code, 0);
    store.say("photos", StoreReply::error(403, "AccessDenied"));
    let asked = |more: &[&str]| finished(faults.befall(asking(&folder, &store).args(ONCE)).args(more));
    faults.begin(&format!("clock -{DAY}"));
    let output = asked(&[]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    let lines: Vec<&str> = output.stderr.lines().collect();
    assert!(lines[0].starts_with("this machine's clock is behind the time at which rules were told"));
    assert!(lines[1].starts_with("photos: the rules of "), "{lines:?}");
    // What it remembers from then on is of a time that this clock has had: a later one says an age that is too great.
    faults.end();
    let output = asked(&[]);
    assert!(!output.stderr.contains("clock"), "{}", output.stderr);
    assert!(
        output.stderr.contains("photos: the rules of 1 d"),
        "{}",
        output.stderr
    );
}
