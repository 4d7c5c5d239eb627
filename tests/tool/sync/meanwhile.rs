//! What is changed by another hand while a process asks the stores, or writes.

use std::fs;
use std::thread;

use super::faults::Faults;
use super::hands::{ONCE, OUTPUT, two_buckets};
use super::in_force::configuration;
use super::process::wait_for;
use super::stand_in::rules_for;
use super::{asking, finished, json, origins, sync, text};
use crate::tool::Folder;

#[test]
fn what_is_narrowed_while_the_stores_are_asked_stays_narrowed() {
    let store = two_buckets();
    let folder = Folder::new("sync-hand-narrowed");
    let wide = configuration(&["own-a"], "*");
    for into in ["into.json", OUTPUT] {
        folder.write(into, &wide);
        let once = [&["--bucket", "photos", "--into", into], &ONCE[..]].concat();
        assert_eq!(sync(&folder, &store, &once).code, 0);
        let held = store.hold();
        let output = thread::scope(|scope| {
            let asked = scope.spawn(|| sync(&folder, &store, &once));
            store.wait_until_asked();
            let narrowed = text(&folder, into).replace("\"*\"", "\"https://narrow.example\"");
            folder.write(into, narrowed);
            drop(held);
            asked.join().unwrap()
        });
        assert_eq!(output.code, 0, "{}", output.stderr);
        let written = json(&folder, OUTPUT);
        assert_eq!(
            origins(&written, "own-a").unwrap(),
            ["https://narrow.example"],
            "{into}"
        );
        fs::remove_file(folder.path().join(OUTPUT)).unwrap();
        fs::remove_dir_all(folder.path().join(".bucket-cors-sync")).unwrap();
    }
}

#[test]
fn what_is_written_between_the_last_look_and_the_write_is_not_written_over() {
    let store = two_buckets();
    let folder = Folder::new("sync-hand-window");
    let faults = Faults::new(&folder);
    let once = [&["--all"], &ONCE[..]].concat();
    assert_eq!(sync(&folder, &store, &once).code, 0);
    store.say("photos", rules_for(&["https://q.example"]));
    let of_another = configuration(&["another"], "https://h.example");
    faults.begin("stall 100");
    let output = thread::scope(|scope| {
        let writing = scope.spawn(|| finished(faults.befall(asking(&folder, &store).args(&once))));
        let is_written = || {
            let mut entries = fs::read_dir(folder.path()).unwrap();
            entries.any(|entry| entry.unwrap().path().extension().is_some_and(|end| end == "part"))
        };
        wait_for("what is to be moved into its place", is_written);
        folder.write(OUTPUT, &of_another);
        faults.end();
        writing.join().unwrap()
    });
    assert_eq!(output.code, 2, "{}", output.stderr);
    assert!(
        output.stderr.contains("another hand has written it just now"),
        "{}",
        output.stderr
    );
    assert_eq!(text(&folder, OUTPUT), of_another);
}
