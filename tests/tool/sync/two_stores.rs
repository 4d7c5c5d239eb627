//! Stores that have buckets of the same names: the one that comes first has them.

use std::fs;

use super::stand_in::{StandInStore, StoreReply, rules_for};
use super::{json, origins, sync_with, text};
use crate::tool::{Folder, Output};

pub(super) const ONCE: [&str; 3] = ["--output", "cors.json", "--once"];

/// Two stores that have a bucket `shared`, the second one with another beside it.
pub(super) struct TwoStores {
    pub(super) folder: Folder,
    pub(super) first: StandInStore,
    pub(super) second: StandInStore,
}

impl TwoStores {
    pub(super) fn new(name: &str) -> Self {
        let stores = Self {
            folder: Folder::new(name),
            first: StandInStore::start(&[("shared", rules_for(&["https://first.example"]))]),
            second: StandInStore::start(&[
                ("shared", rules_for(&["https://second.example"])),
                ("own", rules_for(&["https://own.example"])),
            ]),
        };
        stores.follow(&[(&stores.first, "all: true"), (&stores.second, "all: true")]);
        stores
    }

    /// These are followed from now on, in this order. `buckets`: which of their buckets.
    pub(super) fn follow(&self, order: &[(&StandInStore, &str)]) {
        let entries = order.iter().map(|(store, buckets)| {
            let endpoint = store.endpoint();
            format!("- {{ from: s3, endpoint: '{endpoint}', path_style: true, {buckets} }}\n")
        });
        self.folder.write("stores.yaml", entries.collect::<String>());
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        sync_with(&self.folder, &[&["--stores", "stores.yaml"], arguments].concat())
    }

    /// Asks once, with this status, and with these origins in force after that.
    pub(super) fn gives(&self, code: i32, origins: [&str; 2]) {
        let output = self.run(&ONCE);
        assert_eq!(output.code, code, "{}", output.stderr);
        assert_eq!(self.written(), rules(origins));
    }

    /// The origins that are in force for `shared` and for `own`.
    pub(super) fn written(&self) -> [Option<Vec<String>>; 2] {
        let written = json(&self.folder, "cors.json");
        ["shared", "own"].map(|bucket| origins(&written, bucket))
    }
}

pub(super) fn refuses(store: &StandInStore) {
    store.say("", StoreReply::error(403, "AccessDenied"));
    store.say("shared", StoreReply::error(403, "AccessDenied"));
}

fn answers_again(store: &StandInStore, origin: &str) {
    store.delete("");
    store.say("shared", rules_for(&[origin]));
}

pub(super) fn rules(origins: [&str; 2]) -> [Option<Vec<String>>; 2] {
    origins.map(|origin| Some(vec![origin.to_owned()]))
}

#[test]
fn a_bucket_of_two_stores_stays_with_the_first() {
    let stores = TwoStores::new("sync-two-stores");
    let output = stores.run(&ONCE);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(
        output.stderr.contains("has a bucket of that name too"),
        "{}",
        output.stderr
    );
    let output = stores.run(&["--output", "cors.json", "--check", "--format", "json"]);
    let said: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(said["doubled"][0]["bucket"], "shared", "{said}");
    // Nor does it move to the second one where the first does not answer, while what the first did not have moves on.
    refuses(&stores.first);
    stores.second.say("own", rules_for(&["https://other.example"]));
    stores.gives(1, ["https://first.example", "https://other.example"]);
    // Of a bucket that was not there before, the first one says nothing.
    stores.second.say("new", rules_for(&["https://new.example"]));
    let output = stores.run(&ONCE);
    assert_eq!(output.code, 1);
    assert!(
        output
            .stderr
            .contains("comes first, and does not say whether it has it"),
        "{}",
        output.stderr
    );
    assert_eq!(origins(&json(&stores.folder, "cors.json"), "new"), None);
    answers_again(&stores.first, "https://again.example");
    stores.gives(0, ["https://again.example", "https://other.example"]);
    assert!(origins(&json(&stores.folder, "cors.json"), "new").is_some());
}

#[test]
fn nothing_is_taken_from_a_later_store_before_the_first_has_answered() {
    let stores = TwoStores::new("sync-two-stores-first");
    refuses(&stores.first);
    let output = stores.run(&ONCE);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(!stores.folder.path().join("cors.json").exists());
    let output = stores.run(&["--output", "-"]);
    assert_eq!((output.code, output.stdout.as_str()), (1, ""));
    // What is in force stays, be it in what is written into or in what was written without a word on whose it is.
    let in_force = r#"{"profile":"s3","buckets":[
        {"name":"shared","cors":{"CORSRules":[{"AllowedOrigins":["https://before.example"],"AllowedMethods":["GET"]}]}},
        {"name":"own","cors":{"CORSRules":[{"AllowedOrigins":["https://before.example"],"AllowedMethods":["GET"]}]}}]}"#;
    let before = rules(["https://before.example"; 2]);
    stores.folder.write("in-force.json", in_force);
    let output = stores.run(&["--into", "in-force.json", "--output", "-"]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    let printed = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(["shared", "own"].map(|bucket| origins(&printed, bucket)), before);
    stores.folder.write("cors.json", in_force);
    let output = stores.run(&ONCE);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(
        output.stderr.contains("shared: the rules of "),
        "{}",
        output.stderr
    );
    assert_eq!(stores.written(), before);
    // A check cannot tell.
    let output = stores.run(&["--output", "cors.json", "--check"]);
    assert_eq!(output.code, 2, "{}", output.stdout);
    answers_again(&stores.first, "https://first.example");
    let output = stores.run(&["--into", "in-force.json", "--output", "-"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let printed = serde_json::from_str(&output.stdout).unwrap();
    let of_stores = rules(["https://first.example", "https://own.example"]);
    assert_eq!(
        ["shared", "own"].map(|bucket| origins(&printed, bucket)),
        of_stores
    );
    assert_eq!(stores.run(&ONCE).code, 0);
    assert_eq!(stores.written(), of_stores);
}

#[test]
fn a_bucket_that_went_to_a_later_store_comes_back_to_the_first() {
    let stores = TwoStores::new("sync-two-stores-back");
    stores.follow(&[(&stores.second, "all: true")]);
    assert_eq!(stores.run(&ONCE).code, 0);
    let of_second = ["https://second.example", "https://own.example"];
    assert_eq!(stores.written(), rules(of_second));
    // A store that is named before the one that was there, and which cannot be asked yet.
    stores.follow(&[(&stores.first, "all: true"), (&stores.second, "all: true")]);
    refuses(&stores.first);
    stores.second.say("shared", rules_for(&["https://later.example"]));
    stores.gives(1, of_second);
    answers_again(&stores.first, "https://first.example");
    stores.gives(0, ["https://first.example", "https://own.example"]);
    // The same two in another order: what was in neither's way before may be now.
    stores.follow(&[(&stores.second, "all: true"), (&stores.first, "all: true")]);
    refuses(&stores.second);
    stores
        .first
        .say("shared", rules_for(&["https://changed.example"]));
    stores.gives(1, ["https://first.example", "https://own.example"]);
    answers_again(&stores.second, "https://second.example");
    stores.gives(0, of_second);
}

#[test]
fn what_is_remembered_of_other_rules_says_nothing_of_these() {
    let stores = TwoStores::new("sync-two-stores-memory");
    let path = |file: &str| stores.folder.path().join(file);
    let memory = ".bucket-cors-sync/cors.json.json";
    // The bucket is the second store's, and then the first one's too.
    stores.first.delete("shared");
    assert_eq!(stores.run(&ONCE).code, 0);
    let of_second = (text(&stores.folder, "cors.json"), text(&stores.folder, memory));
    answers_again(&stores.first, "https://first.example");
    assert_eq!(stores.run(&ONCE).code, 0);
    let of_first = (text(&stores.folder, "cors.json"), text(&stores.folder, memory));
    refuses(&stores.first);
    // Whichever of the two files is the newer one, be it that no other could be written.
    for (output, remembered) in [(&of_first.0, &of_second.1), (&of_second.0, &of_first.1)] {
        stores.folder.write("cors.json", output);
        stores.folder.write(memory, remembered);
        stores.second.say("shared", rules_for(&["https://later.example"]));
        assert_eq!(stores.run(&ONCE).code, 1);
        let before = origins(&serde_json::from_str(output).unwrap(), "shared");
        assert_eq!(stores.written()[0], before);
    }
    // A memory of the very rules says whose they are, although the owner changed and nothing else did.
    stores.second.say("shared", rules_for(&["https://same.example"]));
    stores.first.delete("shared");
    stores.first.delete("");
    fs::remove_file(path("cors.json")).unwrap();
    assert_eq!(stores.run(&ONCE).code, 0);
    answers_again(&stores.first, "https://same.example");
    assert_eq!(stores.run(&ONCE).code, 0);
    refuses(&stores.first);
    stores.second.say("shared", rules_for(&["https://later.example"]));
    stores.gives(1, ["https://same.example", "https://own.example"]);
}

#[test]
fn rules_whose_memory_cannot_be_written_are_nobody_s() {
    let stores = TwoStores::new("sync-two-stores-unwritable");
    stores.first.delete("shared");
    assert_eq!(stores.run(&ONCE).code, 0);
    // The bucket is the first store's from now on, and what is remembered cannot say so.
    answers_again(&stores.first, "https://first.example");
    let memory = stores.folder.path().join(".bucket-cors-sync");
    let before = fs::read(memory.join("cors.json.json")).unwrap();
    fs::remove_dir_all(&memory).unwrap();
    fs::write(&memory, "no folder").unwrap();
    let output = stores.run(&ONCE);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(output.stderr.contains("is not remembered"), "{}", output.stderr);
    assert_eq!(
        stores.written(),
        rules(["https://first.example", "https://own.example"])
    );
    fs::remove_file(&memory).unwrap();
    fs::create_dir(&memory).unwrap();
    fs::write(memory.join("cors.json.json"), before).unwrap();
    refuses(&stores.first);
    stores.second.say("shared", rules_for(&["https://later.example"]));
    assert_eq!(stores.run(&ONCE).code, 1);
    assert_eq!(stores.written()[0], rules(["https://first.example"; 2])[0]);
}

#[test]
fn a_bucket_that_is_named_is_the_first_store_s_too() {
    let stores = TwoStores::new("sync-two-stores-named");
    stores.follow(&[
        (&stores.first, "all: true"),
        (&stores.second, "buckets: [shared, own]"),
    ]);
    refuses(&stores.first);
    let output = stores.run(&ONCE);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(!stores.folder.path().join("cors.json").exists());
    answers_again(&stores.first, "https://first.example");
    let output = stores.run(&ONCE);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(
        output.stderr.contains("has a bucket of that name too"),
        "{}",
        output.stderr
    );
    assert_eq!(
        stores.written(),
        rules(["https://first.example", "https://own.example"])
    );
    // Named first, it is asked for there alone, whatever is said of it.
    fs::remove_file(stores.folder.path().join("cors.json")).unwrap();
    fs::remove_dir_all(stores.folder.path().join(".bucket-cors-sync")).unwrap();
    stores.follow(&[
        (&stores.first, "buckets: [shared]"),
        (&stores.second, "all: true"),
    ]);
    refuses(&stores.first);
    assert_eq!(stores.run(&ONCE).code, 1);
    assert_eq!(
        stores.written(),
        [None, Some(vec!["https://own.example".to_owned()])]
    );
}

#[test]
fn a_store_at_another_endpoint_that_does_not_answer_takes_no_rules_with_it() {
    let stores = TwoStores::new("sync-two-stores-moved");
    assert_eq!(stores.run(&ONCE).code, 0);
    let moved = StandInStore::start(&[]);
    refuses(&moved);
    stores.follow(&[(&moved, "all: true"), (&stores.second, "all: true")]);
    stores.gives(1, ["https://first.example", "https://own.example"]);
}
