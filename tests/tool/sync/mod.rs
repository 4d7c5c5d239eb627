//! `bucket-cors sync`, with stores that answer as each test says.

mod check;
mod clock;
mod connections;
mod credentials;
mod disk;
mod faults;
mod fleet;
mod forget;
mod hands;
mod in_force;
mod into;
mod keeping;
mod killed;
mod listen;
mod losses;
mod meanwhile;
mod owners;
mod process;
mod real_envoy;
mod remembered;
mod slow;
mod stand_in;
mod tls;
mod together;
mod two_stores;
mod usage;
mod web_identity;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use serde_json::Value;

use crate::tool::{Folder, Output};
use stand_in::StandInStore;

/// Runs `sync` before a store, with credentials that it does not look at.
fn sync(folder: &Folder, store: &StandInStore, arguments: &[&str]) -> Output {
    finished(asking(folder, store).args(arguments))
}

/// `sync` before a store.
fn asking(folder: &Folder, store: &StandInStore) -> Command {
    let mut command = command(folder);
    let endpoint = store.endpoint();
    command.args(["--from", "s3", "--endpoint", &endpoint, "--path-style"]);
    command
}

/// Runs `sync` with these arguments alone.
fn sync_with(folder: &Folder, arguments: &[&str]) -> Output {
    finished(command(folder).args(arguments))
}

fn finished(command: &mut Command) -> Output {
    command.output().unwrap().into()
}

/// The first of three outputs that is as it should be, or the last: the tool does not wait for a machine that stands
/// still.
fn of_three(run: impl Fn() -> Output, is_so: impl Fn(&Output) -> bool) -> Output {
    let mut output = run();
    for _ in 0..2 {
        if is_so(&output) {
            break;
        }
        output = run();
    }
    output
}

fn command(folder: &Folder) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bucket-cors"));
    command
        .arg("sync")
        .current_dir(folder.path())
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env_remove("BUCKET_CORS_SYNC_TOKEN");
    command
}

/// `sync` that goes on, from a store with all its buckets into a file of resources.
fn following(folder: &Folder, store: &StandInStore) -> Command {
    let mut command = asking(folder, store);
    command.arg("--all").args([
        "--into",
        "into.json",
        "--output",
        "filter.json",
        "--interval",
        "1s",
    ]);
    command
}

fn json(folder: &Folder, file: &str) -> Value {
    serde_json::from_str(&text(folder, file)).unwrap()
}

fn text(folder: &Folder, file: &str) -> String {
    fs::read_to_string(folder.path().join(file)).unwrap()
}

/// The origins that a written configuration lists for a bucket. `None`: it has no such bucket.
fn origins(configuration: &Value, bucket: &str) -> Option<Vec<String>> {
    let buckets = configuration["buckets"].as_array().unwrap();
    let bucket = buckets.iter().find(|entry| entry["name"] == bucket)?;
    let rules = bucket["cors"]["CORSRules"].as_array().unwrap().iter();
    let origins = rules.flat_map(|rule| rule["AllowedOrigins"].as_array().unwrap().clone());
    Some(
        origins
            .map(|origin| origin.as_str().unwrap().to_owned())
            .collect(),
    )
}

#[test]
fn a_store_s_variable_that_is_no_text_is_named_and_its_value_is_not() {
    let folder = Folder::new("sync-variable-of-a-store");
    let store = StandInStore::start(&[("photos", stand_in::rules_for(&["https://a.example"]))]);
    for (from, name) in [
        ("s3", "AWS_SECRET_ACCESS_KEY"),
        ("s3", "AWS_PROFILE"),
        ("oss", "OSS_ACCESS_KEY_ID"),
        ("oss", "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ] {
        let mut command = command(&folder);
        command
            .args(["--from", from, "--endpoint", &store.endpoint(), "--path-style"])
            .args(["--region", "cn-hangzhou", "--bucket", "photos", "--output", "-"])
            .env(name, OsStr::from_bytes(b"word\xff"));
        let output = finished(&mut command);
        assert_eq!(output.code, 2, "{name}: {}", output.stderr);
        assert!(
            output
                .stderr
                .contains(&format!("the variable {name} is no UTF-8")),
            "{}",
            output.stderr
        );
        assert!(!output.stderr.contains("word"), "{}", output.stderr);
    }
}

#[test]
fn a_variable_that_is_no_text_is_no_reason_to_end() {
    let folder = Folder::new("sync-variable");
    let store = StandInStore::start(&[]);
    // OSS's clients ask for a folder.
    for path in ["photos", "photos/"] {
        store.say(path, stand_in::rules_for(&["https://a.example"]));
    }
    for from in ["s3", "oss"] {
        let mut command = command(&folder);
        command
            .args(["--from", from, "--endpoint", &store.endpoint(), "--path-style"])
            .args(["--region", "cn-hangzhou", "--bucket", "photos", "--output", "-"])
            .env("OSS_ACCESS_KEY_ID", "test")
            .env("OSS_ACCESS_KEY_SECRET", "test")
            .env("ANY_OTHER", OsStr::from_bytes(b"word\xff"))
            .env(OsStr::from_bytes(b"ANY_\xff"), "word");
        let output = finished(&mut command);
        assert_eq!(output.code, 0, "{from}: {}", output.stderr);
        assert!(!output.stderr.contains("word"), "{}", output.stderr);
        let printed = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(origins(&printed, "photos").unwrap(), ["https://a.example"]);
    }
}
