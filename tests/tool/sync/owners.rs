//! Whose a bucket is, where its store lists it no more.

use std::fs;

use super::stand_in::{StandInStore, StoreReply, rules_for};
use super::two_stores::{ONCE, TwoStores, refuses, rules};
use super::{json, origins};

const OF_BOTH: [&str; 2] = ["https://first.example", "https://own.example"];

#[test]
fn a_list_without_a_bucket_gives_it_to_no_other_store() {
    let stores = TwoStores::new("sync-owner-less");
    assert_eq!(stores.run(&ONCE).code, 0);
    stores.first.say("", StoreReply::list(&[]));
    // Its store tells its rules, or may not tell them to this key, or cannot.
    assert_eq!(stores.run(&ONCE).code, 0);
    for reply in [
        StoreReply::error(403, "AccessDenied"),
        StoreReply::error(403, "NoSuchBucket"),
        StoreReply::error(200, "NoSuchBucket"),
        StoreReply::error(404, "NoSuchKey"),
        StoreReply::error(503, "ServiceUnavailable"),
        StoreReply::error(404, "NoSuchBucket").cut_after(40),
    ] {
        stores.first.say("shared", reply.clone());
        assert_eq!(stores.run(&ONCE).code, 1, "{reply:?}");
        assert_eq!(stores.written(), rules(OF_BOTH), "{reply:?}");
    }
    stores.first.say("shared", StoreReply::no_rules());
    assert_eq!(stores.run(&ONCE).code, 0);
    assert_eq!(stores.written()[0], Some(Vec::new()));
}

#[test]
fn a_bucket_goes_to_the_next_store_once_its_own_has_it_no_more() {
    let stores = TwoStores::new("sync-owner-gone");
    assert_eq!(stores.run(&ONCE).code, 0);
    // Which it does not say while it does not list its buckets.
    stores.first.say("", StoreReply::error(503, "ServiceUnavailable"));
    stores.first.say("shared", StoreReply::error(404, "NoSuchBucket"));
    stores.gives(1, OF_BOTH);
    // Nor does it go before the other one tells its rules.
    stores.first.say("", StoreReply::list(&[]));
    stores
        .second
        .say("shared", StoreReply::error(403, "AccessDenied"));
    stores.gives(1, OF_BOTH);
    stores
        .second
        .say("shared", rules_for(&["https://second.example"]));
    let output = stores.run(&ONCE);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(
        output.stderr.contains("shared: it is gone from s3 http://"),
        "{}",
        output.stderr
    );
    assert_eq!(
        stores.written(),
        rules(["https://second.example", "https://own.example"])
    );
    // It is the other one's from now on, and comes back where the first one has it again.
    assert_eq!(stores.run(&ONCE).stderr, "");
    stores.first.delete("");
    stores.first.say("shared", rules_for(&["https://first.example"]));
    stores.gives(0, OF_BOTH);
}

#[test]
fn many_buckets_that_go_at_once_are_held_back() {
    let stores = TwoStores::new("sync-owner-many");
    for bucket in ["another", "third"] {
        stores.first.say(bucket, rules_for(&["https://first.example"]));
        stores.second.say(bucket, rules_for(&["https://first.example"]));
    }
    assert_eq!(stores.run(&ONCE).code, 0);
    // A store that begins anew, with nothing in it.
    for bucket in ["shared", "another", "third"] {
        stores.first.delete(bucket);
    }
    let output = stores.run(&ONCE);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(
        output
            .stderr
            .contains("3 buckets would lose all their rules at once"),
        "{}",
        output.stderr
    );
    assert_eq!(stores.written(), rules(OF_BOTH));
    assert_eq!(stores.run(&[&ONCE[..], &["--max-loss", "3"]].concat()).code, 0);
    assert_eq!(
        stores.written(),
        rules(["https://second.example", "https://own.example"])
    );
}

#[test]
fn a_store_behind_another_does_not_inherit_what_that_lists_no_more_at_another_address() {
    let stores = TwoStores::new("sync-owner-moved");
    assert_eq!(stores.run(&ONCE).code, 0);
    let moved = StandInStore::start(&[]);
    let both = [(&moved, "all: true"), (&stores.second, "all: true")];
    stores.follow(&both);
    // Again and again: what is remembered of the store that is gone stays so.
    for _ in 0..3 {
        let output = stores.run(&ONCE);
        assert_eq!(output.code, 1, "{}", output.stderr);
        assert!(
            output.stderr.contains("--forget shared gives it up"),
            "{}",
            output.stderr
        );
        assert_eq!(stores.written(), rules(OF_BOTH));
    }
    // The same store lists it again, or has other rules.
    moved.say("shared", rules_for(&["https://moved.example"]));
    stores.gives(0, ["https://moved.example", "https://own.example"]);
}

#[test]
fn the_operator_s_word_gives_a_bucket_to_another_store() {
    let of_second = rules(["https://second.example", "https://own.example"]);
    for way in ["forget", "name", "remove", "order"] {
        let stores = TwoStores::new(&format!("sync-owner-{way}"));
        assert_eq!(stores.run(&ONCE).code, 0);
        let moved = StandInStore::start(&[]);
        stores.follow(&[(&moved, "all: true"), (&stores.second, "all: true")]);
        assert_eq!(stores.run(&ONCE).code, 1, "{way}");
        let mut arguments = ONCE.to_vec();
        match way {
            "forget" => arguments.extend(["--forget", "shared"]),
            "name" => stores.follow(&[(&moved, "all: true"), (&stores.second, "buckets: [shared, own]")]),
            "remove" => fs::remove_dir_all(stores.folder.path().join(".bucket-cors-sync")).unwrap(),
            _ => stores.follow(&[(&stores.second, "all: true"), (&stores.first, "all: true")]),
        }
        let output = stores.run(&arguments);
        assert_eq!(output.code, 0, "{way}: {}", output.stderr);
        assert_eq!(stores.written(), of_second, "{way}");
    }
}

#[test]
fn a_memory_that_cannot_be_read_is_told_and_written_anew() {
    let stores = TwoStores::new("sync-owner-unreadable");
    assert_eq!(stores.run(&ONCE).code, 0);
    let memory = ".bucket-cors-sync/cors.json.json";
    for content in [
        &b"{\"at\": "[..],
        b"\xff",
        b"{}",
        b"[]",
        b"{\"at\": 1, \"stores\": {\"a\": {\"b\": 1}}}",
    ] {
        stores.folder.write(memory, content);
        refuses(&stores.first);
        stores.second.say("shared", rules_for(&["https://later.example"]));
        let output = stores.run(&ONCE);
        assert_eq!(output.code, 1, "{}", output.stderr);
        assert!(
            output.stderr.contains("cors.json.json: ") && output.stderr.contains("is not remembered"),
            "{}",
            output.stderr
        );
        assert_eq!(stores.written(), rules(OF_BOTH));
        assert!(json(&stores.folder, memory)["at"].is_u64());
        assert_eq!(
            origins(&json(&stores.folder, "cors.json"), "shared")
                .unwrap()
                .len(),
            1
        );
    }
}
