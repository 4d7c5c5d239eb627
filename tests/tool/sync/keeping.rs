//! Rules are never lost by accident.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::stand_in::{StandInStore, StoreReply, rule, rules_for};
use super::{json, origins, sync, sync_with, text};
use crate::tool::Folder;

const ONCE: [&str; 4] = ["--all", "--once", "--output", "cors.json"];

#[test]
fn rules_come_in_the_store_s_order_and_go_only_by_its_word() {
    let folder = Folder::new("sync-order");
    let two = StoreReply::rules(&(rule(&["https://b.example"]) + &rule(&["https://a.example"])));
    let store = StandInStore::start(&[("photos", two), ("videos", StoreReply::no_rules())]);
    let output = sync(&folder, &store, &ONCE);
    assert_eq!(
        (output.code, output.stdout.as_str()),
        (0, ""),
        "{}",
        output.stderr
    );
    let written = json(&folder, "cors.json");
    assert_eq!(written["profile"], "s3");
    assert_eq!(
        origins(&written, "photos").unwrap(),
        ["https://b.example", "https://a.example"]
    );
    assert_eq!(origins(&written, "videos").unwrap(), [""; 0]);
    store.say("photos", StoreReply::no_rules());
    let output = sync(&folder, &store, &ONCE);
    assert_eq!(output.stderr, "photos: the store has no rules for it any more\n");
    assert_eq!(origins(&json(&folder, "cors.json"), "photos").unwrap(), [""; 0]);
}

#[test]
fn whatever_else_a_store_says_keeps_the_last_good_rules_with_their_age() {
    let folder = Folder::new("sync-kept");
    let good = rules_for(&["https://a.example"]);
    let store = StandInStore::start(&[("photos", good.clone()), ("videos", good.clone())]);
    assert_eq!(sync(&folder, &store, &ONCE).code, 0);
    // The file's own age counts where nothing else says one.
    thread::sleep(Duration::from_millis(1_100));
    for (reply, kind) in [
        (StoreReply::error(403, "AccessDenied"), "denied"),
        (StoreReply::error(404, "NoSuchBucket"), "no-bucket"),
        (StoreReply::error(501, "NotImplemented"), "not-implemented"),
        (StoreReply::error(503, "ServiceUnavailable"), "unavailable"),
        (good.clone().cut_after(40), "cut-short"),
        (StoreReply::rules("<CORSRule/>"), "refused-document"),
        (StoreReply::rules(""), "unreadable"),
        (rules_for(&["https://*.*.example"]), "refused-document"),
        (rules_for(&[""]), "refused-document"),
        (rules_for(&["https://b.example", " "]), "refused-document"),
    ] {
        store.say("photos", reply);
        store.say("videos", rules_for(&[&format!("https://{kind}.example")]));
        let output = sync(&folder, &store, &ONCE);
        assert_eq!(output.code, 1, "{kind}: {}", output.stderr);
        let line = output
            .stderr
            .lines()
            .find(|line| line.starts_with("photos: "))
            .unwrap();
        assert!(
            line.starts_with("photos: the rules of ") && line.contains(" s ago are kept: "),
            "{line}"
        );
        assert!(!line.contains(" 0 s ago"), "{line}");
        assert!(line.ends_with(&format!("[{kind}]")), "{kind}: {line}");
        let written = json(&folder, "cors.json");
        assert_eq!(
            origins(&written, "photos").unwrap(),
            ["https://a.example"],
            "{kind}"
        );
        // The others move on.
        assert_eq!(
            origins(&written, "videos").unwrap(),
            [format!("https://{kind}.example")]
        );
    }
    store.delete("photos");
    let output = sync(&folder, &store, &ONCE);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(origins(&json(&folder, "cors.json"), "photos").is_some());
    let output = sync(&folder, &store, &[&ONCE[..], &["--forget", "photos"]].concat());
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert_eq!(origins(&json(&folder, "cors.json"), "photos"), None);
}

#[test]
fn a_store_that_is_gone_takes_no_rules_with_it() {
    let folder = Folder::new("sync-gone");
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    assert_eq!(sync(&folder, &store, &ONCE).code, 0);
    let before = text(&folder, "cors.json");
    store.say("", StoreReply::error(403, "AccessDenied"));
    store.say("photos", StoreReply::error(403, "AccessDenied"));
    let output = sync(&folder, &store, &ONCE);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(
        output.stderr.contains("the list of its buckets is not known"),
        "{}",
        output.stderr
    );
    assert_eq!(text(&folder, "cors.json"), before);
    // Without a memory there is nothing to write.
    fs::remove_file(folder.path().join("cors.json")).unwrap();
    let output = sync(&folder, &store, &ONCE);
    assert_eq!(output.code, 1);
    assert!(
        output.stderr.contains("no store tells the rules of any bucket"),
        "{}",
        output.stderr
    );
    assert!(!folder.path().join("cors.json").exists());
}

#[test]
fn a_store_that_is_spelled_in_another_way_takes_no_rules_with_it() {
    let folder = Folder::new("sync-spelled");
    let store = StandInStore::start(&[
        ("photos", rules_for(&["https://a.example"])),
        ("videos", rules_for(&["https://a.example"])),
    ]);
    assert_eq!(sync(&folder, &store, &ONCE).code, 0);
    store.delete("photos");
    let endpoint = store.endpoint().replace("127.0.0.1", "localhost");
    let spelled = ["--from", "s3", "--path-style", "--endpoint", &endpoint];
    let output = sync_with(&folder, &[&spelled[..], &ONCE].concat());
    assert_eq!(output.code, 1, "{}", output.stderr);
    let kept = |bucket: &str| origins(&json(&folder, "cors.json"), bucket);
    for bucket in ["photos", "videos"] {
        assert_eq!(kept(bucket).unwrap(), ["https://a.example"], "{bucket}");
    }
    let output = sync_with(&folder, &[&spelled[..], &ONCE, &["--forget", "photos"]].concat());
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert_eq!(kept("photos"), None);
    // Who names buckets wants no others.
    let named = ["--bucket", "none", "--once", "--output", "cors.json"];
    store.say("none", StoreReply::no_rules());
    let output = sync(&folder, &store, &named);
    // Nor does a process that would look like that.
    assert_eq!(output.code, 1, "{}", output.stderr);
    let output = sync(&folder, &store, &[&named[..], &["--max-loss", "1"]].concat());
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert_eq!(kept("videos"), None);
}

#[test]
fn many_losses_at_once_wait_until_they_are_allowed() {
    let folder = Folder::new("sync-losses");
    let names: Vec<String> = (0..30).map(|index| format!("bucket-{index}")).collect();
    let good = rules_for(&["https://a.example"]);
    let buckets: Vec<_> = names.iter().map(|name| (name.as_str(), good.clone())).collect();
    let store = StandInStore::start(&buckets);
    assert_eq!(sync(&folder, &store, &ONCE).code, 0);
    let lose = |count: usize| {
        names[..count]
            .iter()
            .for_each(|name| store.say(name, StoreReply::no_rules()))
    };
    lose(4);
    let before = text(&folder, "cors.json");
    let output = sync(&folder, &store, &ONCE);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(
        output
            .stderr
            .contains("4 buckets would lose all their rules at once"),
        "{}",
        output.stderr
    );
    assert_eq!(text(&folder, "cors.json"), before);
    let output = sync(&folder, &store, &[&ONCE[..], &["--max-loss", "4"]].concat());
    assert_eq!(output.code, 0, "{}", output.stderr);
    // A tenth of what is left, rounded down.
    lose(6);
    assert_eq!(sync(&folder, &store, &ONCE).code, 0);
    lose(9);
    assert_eq!(sync(&folder, &store, &ONCE).code, 1);
}

#[test]
fn what_was_written_and_cannot_be_read_is_not_written_over() {
    let folder = Folder::new("sync-corrupt").with("cors.json", "{\"buckets\": [");
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let output = sync(&folder, &store, &ONCE);
    assert_eq!(output.code, 2);
    assert!(
        output.stderr.contains("move it away to begin anew"),
        "{}",
        output.stderr
    );
    assert_eq!(text(&folder, "cors.json"), "{\"buckets\": [");
    folder.write("cors.json", "\n");
    assert_eq!(sync(&folder, &store, &ONCE).code, 0);
}

#[test]
fn what_a_killed_process_left_is_removed_and_what_another_one_writes_is_not() {
    let own = std::process::id();
    let folder = Folder::new("sync-parts")
        .with("cors.json.999999999.part", "{")
        .with(&format!("cors.json.{own}.part"), "{")
        .with("cors.json.part", "{");
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    assert_eq!(sync(&folder, &store, &ONCE).code, 0);
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut left: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    let expected = [
        ".bucket-cors-sync",
        "cors.json",
        &format!("cors.json.{own}.part"),
        "cors.json.part",
    ];
    assert_eq!(left, expected);
}

#[test]
fn what_a_link_leads_to_is_written_and_the_link_stays() {
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    // To a file that is there, to one that is not, and to a link to that.
    for (name, is_there) in [("there", true), ("dangling", false), ("twice", false)] {
        let folder = Folder::new(&format!("sync-link-{name}"));
        let path = |file: &str| folder.path().join(file);
        fs::create_dir(path("live")).unwrap();
        if is_there {
            folder.write("live/real.json", "");
        }
        let target = if name == "twice" {
            "live/second"
        } else {
            "live/real.json"
        };
        symlink("real.json", path("live/second")).unwrap();
        symlink(target, path("cors.json")).unwrap();
        folder.write("live/real.json.999999999.part", "{");
        for origin in ["https://a.example", "https://b.example"] {
            store.say("photos", rules_for(&[origin]));
            let output = sync(&folder, &store, &ONCE);
            assert_eq!(output.code, 0, "{name}: {}", output.stderr);
            assert_eq!(
                fs::read_link(path("cors.json")).unwrap().to_str(),
                Some(target),
                "{name}"
            );
            assert_eq!(
                origins(&json(&folder, "live/real.json"), "photos").unwrap(),
                [origin],
                "{name}"
            );
        }
        let entries = |at: &Path| {
            let entries = fs::read_dir(at).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.collect::<BTreeSet<_>>()
        };
        let own = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(entries(folder.path()), own(&["cors.json", "live"]), "{name}");
        let beside = own(&[".bucket-cors-sync", "real.json", "second"]);
        assert_eq!(entries(&path("live")), beside, "{name}");
        let ages = own(&["real.json.json"]);
        assert_eq!(entries(&path("live/.bucket-cors-sync")), ages, "{name}");
    }
    let folder = Folder::new("sync-link-circle");
    symlink("cors.json", folder.path().join("cors.json")).unwrap();
    assert_eq!(sync(&folder, &store, &ONCE).code, 2);
    assert!(fs::read_link(folder.path().join("cors.json")).is_ok());
}

#[test]
fn a_place_for_ages_that_cannot_be_written_keeps_no_rules_back() {
    let folder = Folder::new("sync-ages").with(".bucket-cors-sync", "no folder");
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let output = sync(&folder, &store, &ONCE);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(output.stderr.contains(".bucket-cors-sync"), "{}", output.stderr);
    assert!(folder.path().join("cors.json").exists());
    let output = sync(
        &folder,
        &store,
        &["--all", "--output", "-", "--listen", "127.0.0.1:0"],
    );
    assert_eq!(output.code, 2, "{}", output.stderr);
}
