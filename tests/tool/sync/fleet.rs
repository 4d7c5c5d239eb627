//! What a fleet has is what it was given, whatever another hand has put into the output since.

use std::fs;

use serde_json::{Value, json};

use super::in_force::configuration;
use super::listen;
use super::process::{Syncing, wait_for};
use super::stand_in::{StandInStore, StoreReply, rules_for};
use super::{asking, json as read, text};
use crate::tool::Folder;

const ANY_PORT: &str = "127.0.0.1:0";
const OUTPUT: &str = "filter.json";

/// Another hand changes the configuration that stands in the output.
fn change(folder: &Folder, changed: impl Fn(&str) -> String) {
    let mut output = read(folder, OUTPUT);
    for resource in output["resources"].as_array_mut().unwrap() {
        let config = &mut resource["typed_config"];
        let config = match config.get("config") {
            Some(_) => &mut config["config"]["configuration"]["value"],
            None => &mut config["filter_config"]["value"],
        };
        *config = Value::String(changed(config.as_str().unwrap()));
    }
    folder.write("part", output.to_string());
    fs::rename(folder.path().join("part"), folder.path().join(OUTPUT)).unwrap();
}

/// A configuration without these buckets.
fn without(configuration: &str, names: &[&str]) -> String {
    let mut configuration: Value = serde_json::from_str(configuration).unwrap();
    let buckets = configuration["buckets"].as_array_mut().unwrap();
    buckets.retain(|bucket| !names.contains(&bucket["name"].as_str().unwrap()));
    configuration.to_string()
}

fn three_buckets() -> StandInStore {
    StandInStore::start(&["photos", "videos", "sounds"].map(|name| (name, rules_for(&["https://a.example"]))))
}

fn version(syncing: &Syncing) -> String {
    wait_for("rules", || syncing.discover("", "bucket-cors").status == 200);
    let given: Value = serde_json::from_slice(&syncing.discover("", "bucket-cors").body).unwrap();
    given["version_info"].as_str().unwrap().to_owned()
}

#[test]
fn a_fleet_loses_no_rules_by_what_another_hand_takes_out_of_the_output() {
    let store = three_buckets();
    let folder = Folder::new("sync-fleet-taken-out");
    let syncing = Syncing::start(listen::following(&folder, &store, &[]), ANY_PORT);
    let given = version(&syncing);
    for name in ["videos", "sounds"] {
        store.say(name, StoreReply::no_rules());
    }
    syncing.wait_for_metric("bucket_cors_sync_withheld 1");
    change(&folder, |text| without(text, &["videos", "sounds"]));
    syncing.wait_for_rounds(3);
    syncing.wait_for_metric("bucket_cors_sync_withheld 1");
    assert_eq!(syncing.discover(&given, "bucket-cors").status, 304);
    syncing.wait_until_said("start with --max-loss 2, or with --forget for each");
    // Told again, they come again.
    for name in ["videos", "sounds"] {
        store.say(name, rules_for(&["https://a.example"]));
    }
    wait_for("all rules", || text(&folder, OUTPUT).contains("sounds"));
    assert_eq!(version(&syncing), given);
}

#[test]
fn one_bucket_may_not_be_lost_to_a_fleet_by_another_hand() {
    let store = three_buckets();
    let folder = Folder::new("sync-fleet-one");
    let syncing = Syncing::start(listen::following(&folder, &store, &[]), ANY_PORT);
    let given = version(&syncing);
    store.say("videos", StoreReply::error(403, "AccessDenied"));
    syncing.wait_for_metric("bucket_cors_sync_kept_buckets 1");
    change(&folder, |text| without(text, &["videos"]));
    syncing.wait_for_metric("bucket_cors_sync_withheld 1");
    assert_eq!(syncing.discover(&given, "bucket-cors").status, 304);
    // Of a bucket that kept its rules, nothing is known any more.
    syncing.wait_until_said("videos: the rules of ");
    syncing.wait_until_said("videos: its rules are not known");
    // Who puts back what was there puts an end to it.
    change(&folder, |_| configuration(&["videos"], "https://a.example"));
    store.say("videos", rules_for(&["https://a.example"]));
    syncing.wait_for_metric("bucket_cors_sync_withheld 0");
    assert_eq!(version(&syncing), given);
}

#[test]
fn each_change_that_a_fleet_gets_has_a_line() {
    let store = three_buckets();
    let folder = Folder::new("sync-fleet-told");
    let syncing = Syncing::start(listen::following(&folder, &store, &[]), ANY_PORT);
    let given = version(&syncing);
    store.say("videos", StoreReply::error(403, "AccessDenied"));
    syncing.wait_for_metric("bucket_cors_sync_kept_buckets 1");
    let other = |text: &str| {
        let mut configuration: Value = serde_json::from_str(text).unwrap();
        for bucket in configuration["buckets"].as_array_mut().unwrap() {
            if bucket["name"] == "videos" {
                bucket["cors"]["CORSRules"][0]["AllowedOrigins"] = json!(["https://b.example"]);
            }
        }
        configuration.to_string()
    };
    change(&folder, other);
    wait_for("other rules", || {
        syncing.discover(&given, "bucket-cors").status == 200
    });
    wait_for("a line", || {
        let said = syncing.said();
        said.contains("videos: rule 0: origins +https://b.example -https://a.example\n")
    });
    assert!(
        !syncing.said().contains("the rules are the same"),
        "{}",
        syncing.said()
    );
}

#[test]
fn a_fleet_gets_nothing_by_a_template_of_which_nothing_is_remembered() {
    let store = three_buckets();
    store.say("videos", StoreReply::error(503, "ServiceUnavailable"));
    let folder = Folder::new("sync-fleet-template");
    let command = listen::following(&folder, &store, &[]);
    fs::copy(folder.path().join("into.json"), folder.path().join(OUTPUT)).unwrap();
    let syncing = Syncing::start(command, ANY_PORT);
    syncing.wait_for_metric("bucket_cors_sync_withheld 1");
    assert_eq!(syncing.discover("", "bucket-cors").status, 503);
    wait_for("a word on it", || {
        let said = syncing.said();
        said.contains("nothing is handed out: ") && said.contains("start with --max-loss 1")
    });
    store.say("videos", rules_for(&["https://a.example"]));
    wait_for("rules", || syncing.discover("", "bucket-cors").status == 200);
}

#[test]
fn the_base_s_own_buckets_are_known_buckets() {
    let store = three_buckets();
    let own = configuration(&["own-a", "own-b"], "https://o.example");
    let folder = Folder::new("sync-fleet-own").with("base.json", own);
    let mut command = asking(&folder, &store);
    command.args([
        "--all",
        "--base",
        "base.json",
        "--output",
        "cors.json",
        "--interval",
        "1s",
    ]);
    let syncing = Syncing::start(command, ANY_PORT);
    syncing.wait_for_metric("bucket_cors_sync_buckets 5");
    assert!(!syncing.metrics().contains("rules_age_seconds{bucket=\"own-a\"}"));
}

#[test]
fn a_second_process_of_the_same_setup_is_no_other_hand() {
    let store = three_buckets();
    let folder = Folder::new("sync-fleet-second");
    let start = || Syncing::start(listen::following(&folder, &store, &[]), ANY_PORT);
    let both = [start(), start()];
    let given = both.each_ref().map(version);
    assert_eq!(given[0], given[1]);
    // One bucket may lose its rules, whichever of the two writes it.
    store.say("videos", StoreReply::no_rules());
    for syncing in &both {
        wait_for("other rules", || {
            syncing.discover(&given[0], "bucket-cors").status == 200
        });
        syncing.wait_for_rounds(2);
        syncing.wait_for_metric("bucket_cors_sync_withheld 0");
    }
    assert_eq!(version(&both[0]), version(&both[1]));
}
