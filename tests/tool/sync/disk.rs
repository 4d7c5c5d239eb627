//! A disk that is full or broken, and places that cannot be written.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::Command;

use super::faults::Faults;
use super::process::{Syncing, wait_for};
use super::stand_in::{StandInStore, rules_for};
use super::{asking, finished, following, json, origins, sync, text};
use crate::tool::Folder;

const ONCE: [&str; 4] = ["--all", "--once", "--output", "cors.json"];

/// Errors of the kernel, by number.
const NO_SPACE: &str = "28";
const NO_PERMISSION: &str = "13";
const READ_ONLY: &str = "30";
const IO_ERROR: &str = "5";

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_fault_of_the_disk_is_said_and_cuts_no_file_off() {
    let folder = Folder::new("sync-disk");
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let faults = Faults::new(&folder);
    assert_eq!(sync(&folder, &store, &ONCE).code, 0);
    let others = files(folder.path());
    for (index, (call, error)) in [
        ("open", NO_SPACE),
        ("open", NO_PERMISSION),
        ("open", READ_ONLY),
        ("fchmod", READ_ONLY),
        ("write", NO_SPACE),
        ("write", IO_ERROR),
        ("fsync", NO_SPACE),
        ("fsync", IO_ERROR),
        ("rename", NO_SPACE),
    ]
    .into_iter()
    .enumerate()
    {
        let origin = format!("https://{index}.example");
        store.say("photos", rules_for(&[&origin]));
        let before = text(&folder, "cors.json");
        faults.begin(&format!("{call} {error}"));
        let output = finished(faults.befall(asking(&folder, &store).args(ONCE)));
        assert_eq!(output.code, 2, "{call}: {}", output.stderr);
        let lines = output.stderr.lines();
        let line: Vec<&str> = lines
            .filter(|line| line.starts_with("error: cors.json: "))
            .collect();
        assert_eq!(line.len(), 1, "{call}: {}", output.stderr);
        assert!(line[0].ends_with(&format!("(os error {error})")), "{line:?}");
        faults.end();
        assert_eq!(text(&folder, "cors.json"), before, "{call}");
        assert_eq!(files(folder.path()), others, "{call}");
        let output = sync(&folder, &store, &ONCE);
        assert_eq!(output.code, 0, "{call}: {}", output.stderr);
        assert_eq!(origins(&json(&folder, "cors.json"), "photos").unwrap(), [origin]);
    }
}

#[test]
fn a_disk_that_is_full_for_a_while_holds_rules_back_and_no_longer() {
    let folder = Folder::new("sync-disk-for-a-while").with("into.json", r#"{"buckets":[]}"#);
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let faults = Faults::new(&folder);
    let mut command = following(&folder, &store);
    faults.befall(&mut command);
    let syncing = Syncing::start(command, "127.0.0.1:0");
    syncing.wait_for_metric("bucket_cors_sync_buckets 1");
    faults.begin(&format!("write {NO_SPACE}"));
    store.say("photos", rules_for(&["https://b.example"]));
    syncing.wait_for_metric("bucket_cors_sync_withheld 1");
    syncing.wait_for_rounds(4);
    assert!(text(&folder, "filter.json").contains("https://a.example"));
    syncing.wait_until_said("filter.json: ");
    assert_eq!(
        syncing.said().matches("filter.json: ").count(),
        1,
        "{}",
        syncing.said()
    );
    faults.end();
    wait_for("the rules", || {
        text(&folder, "filter.json").contains("https://b.example")
    });
    syncing.wait_for_metric("bucket_cors_sync_withheld 0");
    syncing.wait_until_said("nothing is held back any more");
}

#[test]
fn what_stands_in_the_output_s_place_is_left_alone_and_a_folder_that_is_gone_comes_back() {
    let folder = Folder::new("sync-places").with("into.json", r#"{"buckets":[]}"#);
    let path = |file: &str| folder.path().join(file);
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    fs::create_dir_all(path("directory/within")).unwrap();
    for place in ["directory", "/dev/full", "/dev/null"] {
        let output = sync(&folder, &store, &["--all", "--once", "--output", place]);
        assert_eq!(output.code, 2, "{place}: {}", output.stderr);
        let said = format!("error: {place}: it is no file\n");
        assert_eq!(output.stderr, said, "{place}");
    }
    assert_eq!(files(&path("directory")), ["within"]);
    // While it runs.
    let mut command = asking(&folder, &store);
    command.args(["--all", "--output", "live/cors.json", "--interval", "1s"]);
    let syncing = Syncing::start(command, "127.0.0.1:0");
    syncing.wait_for_metric("bucket_cors_sync_buckets 1");
    store.while_asked(|| fs::remove_dir_all(path("live")).unwrap());
    wait_for("the folder", || path("live/cors.json").exists());
    assert_eq!(
        origins(&json(&folder, "live/cors.json"), "photos").unwrap(),
        ["https://a.example"]
    );
    store.while_asked(|| {
        fs::remove_file(path("live/cors.json")).unwrap();
        fs::create_dir(path("live/cors.json")).unwrap();
    });
    syncing.wait_until_said("live/cors.json: Is a directory");
    syncing.wait_for_metric("bucket_cors_sync_withheld 1");
    fs::remove_dir(path("live/cors.json")).unwrap();
    wait_for("the file", || path("live/cors.json").is_file());
}

#[test]
fn what_goes_wrong_for_a_while_is_said_once_when_it_begins_and_once_when_it_ends() {
    let folder = Folder::new("sync-for-a-while").with("base.json", "{}");
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let mut command = asking(&folder, &store);
    let arguments = [
        "--all",
        "--base",
        "base.json",
        "--output",
        "cors.json",
        "--interval",
        "1s",
    ];
    command.args(arguments);
    let syncing = Syncing::start(command, "127.0.0.1:0");
    syncing.wait_for_metric("bucket_cors_sync_buckets 1");
    // Both at once, and nothing else.
    let memory = folder.path().join(".bucket-cors-sync");
    store.while_asked(|| {
        fs::remove_dir_all(&memory).unwrap();
        fs::write(&memory, "no folder").unwrap();
        folder.write("base.json", "{");
    });
    let counts = || {
        let said = syncing.said();
        let begins = ["is not remembered", "what it said before holds on"];
        let ends = ["is remembered again", "are read again"];
        [begins, ends].map(|of| of.map(|line| said.matches(line).count()))
    };
    wait_for("a word on both", || counts()[0] == [1, 1]);
    for origin in ["https://b.example", "https://c.example", "https://d.example"] {
        store.say("photos", rules_for(&[origin]));
        wait_for(origin, || text(&folder, "cors.json").contains(origin));
    }
    assert_eq!(counts(), [[1, 1], [0, 0]], "{}", syncing.said());
    store.while_asked(|| {
        fs::remove_file(&memory).unwrap();
        folder.write("base.json", "{}");
    });
    wait_for("the end of both", || counts() == [[1, 1], [1, 1]]);
}

#[test]
fn who_may_read_the_output_may_read_the_next_one() {
    let folder = Folder::new("sync-owner-of-file");
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let once = ["--all", "--once", "--output", "cors.json"];
    assert_eq!(sync(&folder, &store, &once).code, 0);
    let path = folder.path().join("cors.json");
    // Nobody but root gives files away.
    let is_given = chown(&path, Some(1000), Some(1000)).is_ok();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let of = || {
        let metadata = fs::metadata(&path).unwrap();
        (metadata.uid(), metadata.gid(), metadata.mode() & 0o777)
    };
    let before = of();
    assert!(!is_given || before.0 == 1000);
    store.say("photos", rules_for(&["https://b.example"]));
    assert_eq!(sync(&folder, &store, &once).code, 0);
    assert!(text(&folder, "cors.json").contains("https://b.example"));
    assert_eq!(of(), before);
}

#[test]
fn an_output_whose_owner_cannot_be_kept_is_told() {
    let folder = Folder::new("sync-owner-lost").with("cors.json", "");
    let path = folder.path().join("cors.json");
    // Nobody but root gives files away, and only what is given can be lost.
    if chown(&path, Some(1000), Some(1000)).is_err() {
        return;
    }
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let own = asking(&folder, &store);
    let mut other = Command::new("setpriv");
    other
        .args(["--bounding-set=-chown", "--inh-caps=-chown"])
        .arg(own.get_program());
    other
        .args(own.get_args())
        .args(["--all", "--once", "--output", "cors.json"]);
    other.current_dir(folder.path());
    other
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    let output = finished(&mut other);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let said = "its owner and group were 1000:1000, and are 0:0 now";
    assert!(output.stderr.contains(said), "{}", output.stderr);
}
