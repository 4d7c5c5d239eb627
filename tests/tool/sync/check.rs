//! What differs between the stores and the edge.

use serde_json::Value;

use super::stand_in::{StandInStore, StoreReply, rule, rules_for};
use super::{sync, text};
use crate::tool::Folder;

const CHECK: [&str; 5] = ["--bucket", "photos", "--output", "cors.json", "--check"];

#[test]
fn the_status_says_whether_it_is_the_same_different_or_unknown() {
    let folder = Folder::new("sync-check");
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let check = || sync(&folder, &store, &CHECK);
    assert_eq!(check().code, 1);
    let once = ["--bucket", "photos", "--output", "cors.json", "--once"];
    assert_eq!(sync(&folder, &store, &once).code, 0);
    let written = text(&folder, "cors.json");
    let output = check();
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
    store.say("photos", rules_for(&["https://a.example", "https://b.example"]));
    let output = check();
    assert_eq!(
        (output.code, output.stdout.as_str()),
        (
            1,
            "photos: rule 0: origins +https://b.example\ndifferent: 1 bucket before, 1 after, 1 with other rules\n"
        )
    );
    store.say("photos", StoreReply::error(403, "AccessDenied"));
    assert_eq!(check().code, 2);
    assert_eq!(text(&folder, "cors.json"), written);
}

#[test]
fn programs_get_all_of_it() {
    let folder = Folder::new("sync-check-json");
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let once = ["--bucket", "photos", "--output", "cors.json", "--once"];
    assert_eq!(sync(&folder, &store, &once).code, 0);
    let check = |code| {
        let output = sync(&folder, &store, &[&CHECK[..], &["--format", "json"]].concat());
        assert_eq!(output.code, code, "{}", output.stderr);
        serde_json::from_str::<Value>(&output.stdout).unwrap()
    };
    assert_eq!(check(0)["result"], "same");
    let rules = rule(&["https://a.example"]) + &rule(&["https://b.example"]);
    store.say("photos", StoreReply::rules(&rules));
    let said = check(1);
    assert_eq!(said["changes"][0]["bucket"], "photos");
    assert_eq!(said["changes"][0]["change"], "changed");
    assert_eq!(
        said["changes"][0]["said"][0],
        "rule 1 added: GET from https://b.example"
    );
    store.say("photos", StoreReply::error(404, "NoSuchBucket"));
    let said = check(2);
    assert_eq!(said["result"], "unknown");
    assert_eq!(said["kept"][0]["failure"]["kind"], "no-bucket");
    assert!(said["kept"][0]["age_seconds"].is_u64());
}
