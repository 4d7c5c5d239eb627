//! Why there are no credentials, and what a profile's program leaves behind.

use std::fs;
use std::path::Path;

use super::process::wait_for;
use super::stand_in::{StandInStore, rules_for};
use super::{asking, finished, of_three, text};
use crate::tool::{Folder, Output};

/// What is said where the profile `team` is asked for, with these files.
fn said(folder: &Folder, config: &str) -> Output {
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    folder.write("config", config.replace("HERE", folder.path().to_str().unwrap()));
    finished(
        asking(folder, &store)
            .args(["--all", "--output", "cors.json", "--once"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", folder.path().join("config"))
            .env("AWS_PROFILE", "team"),
    )
}

const PROGRAM: &str = "[profile team]\ncredential_process = HERE/program --word secret-word\n";

#[test]
fn the_cause_that_was_met_is_named() {
    for (index, (config, script, cause)) in [
        (
            PROGRAM,
            "echo secret-word >&2; exit 3",
            "program\" failed with exit status: 3",
        ),
        (
            PROGRAM,
            "echo '{\"Version\":\"secret-word\"}'",
            "program\" printed no credentials that are valid",
        ),
        (
            "[profile team]\ncredential_process = HERE/none\n",
            "",
            "none\" cannot be run: No such file",
        ),
        (
            "[profile other]\nregion = x\n",
            "",
            "config has no profile \"team\", which AWS_PROFILE names",
        ),
        (
            "[profile team]\nregion = x\nsecret-word\n",
            "",
            "config:3 is no line of a profile",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let folder = Folder::new(&format!("sync-credentials-cause-{index}"));
        folder.program("program", script);
        let output = said(&folder, config);
        assert_eq!(output.code, 1, "{}", output.stderr);
        for word in [cause, "; looked in ", "[credentials]"] {
            assert!(output.stderr.contains(word), "{word}: {}", output.stderr);
        }
        assert!(!output.stderr.contains("secret-word"), "{}", output.stderr);
    }
}

#[test]
fn a_program_that_hangs_is_ended_with_what_it_started() {
    let folder = Folder::new("sync-credentials-hang");
    folder.program("program", "sleep 300 & echo $! >started; echo $$ >own; wait");
    // The call itself ends 5 s after the program.
    let output = of_three(
        || said(&folder, PROGRAM),
        |output| !output.stderr.contains("[timeout]"),
    );
    assert_eq!(output.code, 1, "{}", output.stderr);
    for word in ["program\" did not end in time", "[credentials]"] {
        assert!(output.stderr.contains(word), "{word}: {}", output.stderr);
    }
    for file in ["own", "started"] {
        let status = format!("/proc/{}/status", text(&folder, file).trim());
        wait_for("its end", || {
            !Path::new(&status).exists()
                || fs::read_to_string(&status).is_ok_and(|text| text.contains("State:\tZ"))
        });
    }
}

#[test]
fn a_proxy_that_cannot_be_used_is_said() {
    let folder = Folder::new("sync-proxy");
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let output = finished(
        asking(&folder, &store)
            .args(["--all", "--output", "cors.json", "--once"])
            .env("HTTP_PROXY", "ftp://user:secret-word@proxy.example"),
    );
    assert_eq!(output.code, 0, "{}", output.stderr);
    let said = "the variable HTTP_PROXY names no proxy that can be used";
    assert!(output.stderr.contains(said), "{}", output.stderr);
    assert!(!output.stderr.contains("secret-word"), "{}", output.stderr);
}
