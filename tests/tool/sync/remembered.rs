//! What is remembered beside the output by a process that was killed, and by one of an older version.

use std::thread;
use std::time::Duration;

use super::hands::{MEMORY, ONCE, OUTPUT, two_buckets};
use super::in_force::configuration;
use super::stand_in::{StoreReply, rules_for};
use super::{json, origins, sync, text};
use crate::tool::Folder;

#[test]
fn rules_that_a_killed_process_left_have_their_owner_and_their_age() {
    let store = two_buckets();
    let own = configuration(&["own-a", "own-b"], "https://o.example");
    let folder = Folder::new("sync-hand-killed").with("base.json", own);
    let once = [&["--bucket", "photos", "--base", "base.json"], &ONCE[..]].concat();
    let run = |more: &[&str]| sync(&folder, &store, &[&once[..], more].concat());
    assert_eq!(run(&[]).code, 0);
    let old = text(&folder, OUTPUT);
    let at = json(&folder, MEMORY)["at"].as_u64().unwrap();
    thread::sleep(Duration::from_millis(1_100));
    store.say("photos", rules_for(&["https://q.example"]));
    folder.write("base.json", configuration(&["own-b"], "https://o.example"));
    assert_eq!(run(&[]).code, 0);
    let new = text(&folder, OUTPUT);
    // The memory is of what was about to be written. A bucket of the base that was to go goes, as one may.
    folder.write(OUTPUT, &old);
    let output = run(&[]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(
        output.stderr.contains("own-a: the base has it no more"),
        "{}",
        output.stderr
    );
    assert_eq!(text(&folder, OUTPUT), new);
    // What the store told before is as old as that.
    folder.write(OUTPUT, &old);
    store.say("photos", StoreReply::error(403, "AccessDenied"));
    assert_eq!(run(&[]).code, 1);
    assert_eq!(
        origins(&json(&folder, OUTPUT), "photos").unwrap(),
        ["https://p.example"]
    );
    let memory = json(&folder, MEMORY);
    let label = format!("s3 {}", store.endpoint());
    assert_eq!(
        memory["stores"][&label]["photos"][1].as_u64(),
        Some(at),
        "{memory}"
    );
}

#[test]
fn a_memory_of_an_older_version_is_no_trap() {
    let store = two_buckets();
    for (way, followed) in [("all", &["--all"][..]), ("bucket", &["--bucket", "photos"])] {
        let folder = Folder::new(&format!("sync-hand-older-{way}"));
        folder.write("base.json", configuration(&["own-a"], "https://o.example"));
        let once = [followed, &["--base", "base.json"], &ONCE].concat();
        let run = |more: &[&str]| sync(&folder, &store, &[&once[..], more].concat());
        assert_eq!(run(&[]).code, 0);
        let mut memory = json(&folder, MEMORY);
        let fields = memory.as_object_mut().unwrap();
        for newer in ["going", "outputs", "setup"] {
            fields.remove(newer).unwrap();
        }
        fields["stores"].as_object_mut().unwrap().remove("base").unwrap();
        folder.write(MEMORY, memory.to_string());
        // Nothing changes by it.
        let checked = [followed, &["--base", "base.json", "--output", OUTPUT, "--check"]].concat();
        assert_eq!(sync(&folder, &store, &checked).code, 0);
        // A bucket of the base that goes with the update is named with a way out, which leads out.
        folder.write("base.json", r#"{"profile":"s3"}"#);
        let output = run(&[]);
        assert_eq!(output.code, 1, "{}", output.stderr);
        assert!(output.stderr.contains("--forget"), "{}", output.stderr);
        let written = json(&folder, OUTPUT);
        assert_eq!(origins(&written, "own-a").unwrap(), ["https://o.example"]);
        folder.write(MEMORY, memory.to_string());
        let output = run(&["--forget", "own-a"]);
        assert_eq!(output.code, 0, "{}", output.stderr);
        assert_eq!(origins(&json(&folder, OUTPUT), "own-a"), None);
        assert_eq!(run(&[]).stderr, "");
    }
}
