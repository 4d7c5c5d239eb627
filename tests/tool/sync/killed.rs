//! A process that is killed at each of its calls that change a file, in turn.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::faults::killed_at;
use super::stand_in::{StandInStore, StoreReply, rules_for};
use super::{command, finished, origins, text};
use crate::tool::Folder;

const OUTPUT: &str = "cors.json";
const MEMORY: &str = ".bucket-cors-sync/cors.json.json";

/// More calls than a round makes.
const MOST: usize = 60;

/// LeftFiles as a process left them.
struct LeftFiles([Option<String>; 2]);

impl LeftFiles {
    fn of(folder: &Folder) -> Self {
        Self([OUTPUT, MEMORY].map(|file| fs::read_to_string(folder.path().join(file)).ok()))
    }

    /// Nothing else is in the folder then.
    fn restore(&self, folder: &Folder) {
        let path = |file: &str| folder.path().join(file);
        fs::remove_dir_all(path(".bucket-cors-sync")).ok();
        fs::remove_file(path(OUTPUT)).ok();
        for (file, text) in [OUTPUT, MEMORY].into_iter().zip(&self.0) {
            if let Some(text) = text {
                fs::create_dir_all(path(file).parent().unwrap()).unwrap();
                folder.write(file, text);
            }
        }
    }

    /// The origins of a bucket in the output. `None`: there is no output, or no such bucket.
    fn origins(&self, bucket: &str) -> Option<Vec<String>> {
        origins(&serde_json::from_str(self.0[0].as_ref()?).unwrap(), bucket)
    }
}

/// Two stores that have a bucket `shared`, and one beside it each. What stands in the base is never in force while
/// rules of a store are known.
struct KilledWorld {
    folder: Folder,
    first: StandInStore,
    second: StandInStore,
}

impl KilledWorld {
    fn new(name: &str) -> Self {
        let base = r#"{"profile":"s3","buckets":[
            {"name":"photos","cors":{"CORSRules":[{"AllowedOrigins":["https://base.example"],"AllowedMethods":["GET"]}]}}]}"#;
        let first = StandInStore::start(&[("photos", rules_for(&["https://photos.example"]))]);
        let second = StandInStore::start(&[
            ("shared", rules_for(&["https://second.example"])),
            ("own", rules_for(&["https://own.example"])),
        ]);
        let entries = [&first, &second].map(|store| {
            let endpoint = store.endpoint();
            format!("- {{ from: s3, endpoint: '{endpoint}', path_style: true, all: true }}\n")
        });
        let folder = Folder::new(name)
            .with("base.json", base)
            .with("stores.yaml", entries.concat());
        Self {
            folder,
            first,
            second,
        }
    }

    fn command(&self) -> Command {
        let mut command = command(&self.folder);
        let arguments = [
            "--stores",
            "stores.yaml",
            "--base",
            "base.json",
            "--output",
            OUTPUT,
        ];
        command.args(arguments).arg("--once");
        command
    }

    fn run(&self, code: i32) -> LeftFiles {
        let output = finished(&mut self.command());
        assert_eq!(output.code, code, "{}", output.stderr);
        LeftFiles::of(&self.folder)
    }

    fn is_down(&self, is_down: bool) {
        for store in [&self.first, &self.second] {
            if is_down {
                store.say("", StoreReply::error(403, "AccessDenied"));
            } else {
                store.delete("");
            }
        }
        let all = [
            (&self.first, "photos", "https://changed.example"),
            (&self.first, "shared", "https://first.example"),
            (&self.second, "shared", "https://later.example"),
            (&self.second, "own", "https://changed.example"),
        ];
        for (store, bucket, origin) in all {
            let down = StoreReply::error(403, "AccessDenied");
            store.say(bucket, if is_down { down } else { rules_for(&[origin]) });
        }
    }

    /// Kills a process at each of its calls, with these files before it. `new`: what they become.
    fn kill_at_each_call(&self, old: &LeftFiles, new: &LeftFiles) {
        for call in 1..MOST {
            old.restore(&self.folder);
            let status = killed_at(&mut self.command(), call).output().unwrap().status;
            if status.signal().is_none() {
                assert_eq!(status.code(), Some(0), "call {call}");
                // Each of the two files is opened, written, flushed and renamed, and its folder is flushed.
                assert!(
                    call > 10,
                    "it ended by itself where it was to be killed at call {call}"
                );
                return;
            }
            assert_eq!(status.signal(), Some(9), "call {call}");
            let left = LeftFiles::of(&self.folder);
            assert!(
                left.0[0] == old.0[0] || left.0[0] == new.0[0],
                "call {call}: {:?}",
                left.0
            );
            if left.0[0].is_some() {
                let checked = self.folder.run(&["check", OUTPUT]);
                assert_eq!(checked.code, 0, "call {call}: {}", checked.stdout);
            }
            if let Some(memory) = &left.0[1] {
                let memory: Value = serde_json::from_str(memory).unwrap();
                assert!(memory["at"].is_u64(), "call {call}: {memory}");
            }
            // What comes next finds no store that answers: no rules go, and none come from elsewhere.
            self.is_down(true);
            let kept = self.run(1);
            assert_eq!(kept.0[0], left.0[0], "call {call}");
            self.nothing_else_is_left(&format!("call {call}"), kept.0[0].is_some());
            // Nor where the second one answers, and tells other rules of a bucket that is the first one's by now.
            self.second.delete("");
            self.second.say("shared", rules_for(&["https://later.example"]));
            let kept = self.run(1);
            if left.0[0] == new.0[0] {
                assert_eq!(kept.origins("shared"), new.origins("shared"), "call {call}");
            }
            assert_eq!(kept.origins("photos"), left.origins("photos"), "call {call}");
            self.is_down(false);
            assert_eq!(self.run(0).0[0], new.0[0], "call {call}");
        }
        panic!("it did not end in {MOST} calls");
    }

    fn nothing_else_is_left(&self, said: &str, has_output: bool) {
        let names = |folder: &Path| {
            let entries = fs::read_dir(folder).into_iter().flatten();
            let mut names: Vec<_> = entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .filter(|name| !["base.json", "stores.yaml", ".bucket-cors-sync"].contains(&name.as_str()))
                .collect();
            names.sort();
            names
        };
        let folder = self.folder.path();
        let expected: &[&str] = if has_output { &[OUTPUT] } else { &[] };
        assert_eq!(names(folder), expected, "{said}");
        let memory = names(&folder.join(".bucket-cors-sync"));
        assert!(
            memory.iter().all(|name| name == "cors.json.json"),
            "{said}: {memory:?}"
        );
    }
}

#[test]
#[ignore = "takes long"]
fn a_process_that_is_killed_at_any_call_leaves_the_old_rules_or_the_new_ones() {
    let world = KilledWorld::new("sync-killed");
    let nothing = LeftFiles([None, None]);
    let old = world.run(0);
    assert_eq!(old.origins("photos").unwrap(), ["https://photos.example"]);
    assert_eq!(old.origins("shared").unwrap(), ["https://second.example"]);
    world.is_down(false);
    let new = world.run(0);
    assert_eq!(new.origins("photos").unwrap(), ["https://changed.example"]);
    assert_eq!(new.origins("shared").unwrap(), ["https://first.example"]);
    world.kill_at_each_call(&old, &new);
    world.kill_at_each_call(&nothing, &new);
    assert!(text(&world.folder, OUTPUT).contains("https://changed.example"));
}
