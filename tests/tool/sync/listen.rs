//! What `--listen` serves: Envoy's discovery, metrics, and access to them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use serde_json::{Value, json};

use super::process::{Syncing, wait_for};
use super::stand_in::{StandInStore, StoreReply, rules_for};
use super::{finished, text};
use crate::support::http;
use crate::tool::Folder;

const ANY_PORT: &str = "127.0.0.1:0";

/// A file of resources with the filter in both forms.
fn resources() -> String {
    let resource = |name: &str, kind: &str, config: Value| {
        let mut config = config;
        config["@type"] = format!("type.googleapis.com/envoy.extensions.filters.http.{kind}").into();
        json!({
            "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
            "name": name,
            "typed_config": config,
        })
    };
    let empty = json!({ "@type": "type.googleapis.com/google.protobuf.StringValue", "value": "" });
    json!({
        "version_info": "",
        "resources": [
            resource("bucket-cors", "wasm.v3.Wasm", json!({ "config": { "configuration": empty } })),
            resource("bucket-cors-native", "dynamic_modules.v3.DynamicModuleFilter", json!({
                "filter_name": "bucket-cors",
                "filter_config": empty,
            })),
        ],
    })
    .to_string()
}

pub(super) fn following(folder: &Folder, store: &StandInStore, more: &[&str]) -> Command {
    folder.write("into.json", resources());
    let mut command = super::following(folder, store);
    command.args(more);
    command
}

#[test]
fn envoys_get_what_they_lack_and_304_where_they_lack_nothing() {
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let folder = Folder::new("sync-listen");
    let syncing = Syncing::start(following(&folder, &store, &[]), ANY_PORT);
    wait_for("rules", || syncing.discover("", "bucket-cors").status == 200);
    let parsed = |name: &str| {
        let response = syncing.discover("", name);
        assert_eq!(response.status, 200);
        serde_json::from_slice::<Value>(&response.body).unwrap()
    };
    let given = parsed("bucket-cors");
    assert_eq!(given["resources"].as_array().unwrap().len(), 1);
    assert_eq!(given["resources"][0]["name"], "bucket-cors");
    let value = given["resources"][0]["typed_config"]["config"]["configuration"]["value"].as_str();
    assert!(value.unwrap().contains("https://a.example"), "{given}");
    let native = parsed("bucket-cors-native");
    let value = native["resources"][0]["typed_config"]["filter_config"]["value"].as_str();
    assert!(value.unwrap().contains("https://a.example"), "{native}");
    let version = given["version_info"].as_str().unwrap().to_owned();
    assert_eq!(syncing.discover(&version, "bucket-cors").status, 304);
    assert_eq!(syncing.discover("another", "bucket-cors").status, 200);
    assert_eq!(syncing.discover("", "unknown").status, 404);
    // Of what an Envoy asks for, it gets what there is.
    let asked = |kind: &str, names: &[&str]| {
        let kind = format!("type.googleapis.com/{kind}");
        syncing.discover_with(&json!({ "type_url": kind, "resource_names": names }), "")
    };
    let own = "envoy.config.core.v3.TypedExtensionConfig";
    let names = |response: http::Response| {
        assert_eq!(response.status, 200);
        let given: Value = serde_json::from_slice(&response.body).unwrap();
        let resources = given["resources"].as_array().unwrap().iter();
        resources
            .map(|resource| resource["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(asked(own, &["bucket-cors"])), ["bucket-cors"]);
    assert_eq!(
        names(asked(own, &["unknown", "bucket-cors", "bucket-cors"])),
        ["bucket-cors"]
    );
    assert_eq!(names(asked(own, &[])), ["bucket-cors", "bucket-cors-native"]);
    assert_eq!(asked(own, &["unknown", "none"]).status, 404);
    for other in [
        "envoy.config.listener.v3.Listener",
        "envoy.config.core.v3.TypedExtension",
    ] {
        for wanted in [&["bucket-cors"][..], &[], &["bucket-cors", "bucket-cors-native"]] {
            assert_eq!(asked(other, wanted).status, 404, "{other} {wanted:?}");
        }
    }
    let other =
        json!({ "typeUrl": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "versionInfo": version });
    assert_eq!(syncing.discover_with(&other, "").status, 404);
    let all = syncing.discover_with(&json!({ "versionInfo": version }), "");
    assert_eq!(all.status, 304);
    assert_eq!(syncing.discover_with(&json!("x"), "").status, 400);
    assert_eq!(http::get(syncing.port, "/healthz").unwrap().status, 200);
    assert_eq!(
        http::get(syncing.port, "/v3/discovery:extension_configs")
            .unwrap()
            .status,
        405
    );
    // A process that starts anew gives the same, before it has asked any store.
    store.say("photos", StoreReply::error(503, "ServiceUnavailable"));
    syncing.kill();
    let syncing = Syncing::start(following(&folder, &store, &[]), ANY_PORT);
    assert_eq!(syncing.discover(&version, "bucket-cors").status, 304);
    store.say("photos", rules_for(&["https://b.example"]));
    wait_for("a new version", || {
        syncing.discover(&version, "bucket-cors").status == 200
    });
    assert!(text(&folder, "filter.json").contains("https://b.example"));
    assert_eq!(syncing.terminate(), Some(0));
}

#[test]
fn what_was_changed_by_hand_is_not_given_under_the_version_of_what_was_there_before() {
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let folder = Folder::new("sync-listen-changed");
    let syncing = Syncing::start(following(&folder, &store, &[]), ANY_PORT);
    wait_for("rules", || syncing.discover("", "bucket-cors").status == 200);
    syncing.kill();
    let written = text(&folder, "filter.json");
    folder.write("filter.json", written.replace("a.example", "b.example"));
    let version: Value = serde_json::from_str(&written).unwrap();
    let version = version["version_info"].as_str().unwrap();
    // The store does not answer, and no round puts anything in the place of what is there.
    store.say("", StoreReply::error(503, "ServiceUnavailable"));
    store.say("photos", StoreReply::error(503, "ServiceUnavailable"));
    let held = store.hold();
    let syncing = Syncing::start(following(&folder, &store, &[]), ANY_PORT);
    // Before the first round has put anything in force.
    assert_eq!(syncing.discover(version, "bucket-cors").status, 503);
    drop(held);
    wait_for("a word on it", || {
        syncing.said().contains("another hand has written the output: ")
    });
    wait_for("what is in force, with its own version", || {
        let given = syncing.discover(version, "bucket-cors");
        given.status == 200 && String::from_utf8(given.body).unwrap().contains("b.example")
    });
}

#[test]
fn metrics_say_what_is_kept_since_when_and_why() {
    let store = StandInStore::start(&[
        ("photos", rules_for(&["https://a.example"])),
        ("videos", rules_for(&["https://a.example"])),
        ("sounds", rules_for(&["https://a.example"])),
    ]);
    let folder = Folder::new("sync-metrics");
    let syncing = Syncing::start(following(&folder, &store, &[]), ANY_PORT);
    syncing.wait_for_metric("bucket_cors_sync_buckets 3");
    let metrics = syncing.metrics();
    for line in [
        "bucket_cors_sync_kept_buckets 0",
        "bucket_cors_sync_drift_buckets 0",
        "bucket_cors_sync_errors_total{kind=\"denied\"} 0",
        "# TYPE bucket_cors_sync_rules_age_seconds gauge",
    ] {
        assert!(metrics.lines().any(|known| known == line), "{line}\n{metrics}");
    }
    store.say("photos", StoreReply::error(403, "AccessDenied"));
    syncing.wait_for_metric("bucket_cors_sync_kept_buckets 1");
    wait_for("its age", || {
        let metrics = syncing.metrics();
        let age = metrics
            .lines()
            .find_map(|line| line.strip_prefix("bucket_cors_sync_rules_age_seconds{bucket=\"photos\"} "));
        age.unwrap().parse::<u64>().unwrap() >= 3
    });
    // What is the same in each round is said once.
    assert_eq!(
        syncing.said().matches("photos: the rules of").count(),
        1,
        "{}",
        syncing.said()
    );
    store.say("photos", rules_for(&["https://a.example"]));
    wait_for("it is known again", || {
        syncing.said().contains("photos: known again")
    });
    // What is held back is drift.
    for bucket in ["photos", "videos"] {
        store.say(bucket, StoreReply::no_rules());
    }
    syncing.wait_for_metric("bucket_cors_sync_withheld 1");
    syncing.wait_for_metric("bucket_cors_sync_drift_buckets 2");
    assert!(text(&folder, "filter.json").matches("https://a.example").count() >= 3);
    for bucket in ["photos", "videos"] {
        store.say(bucket, rules_for(&["https://a.example"]));
    }
    syncing.wait_for_metric("bucket_cors_sync_withheld 0");
}

#[test]
fn a_bearer_token_may_be_demanded() {
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let folder = Folder::new("sync-token").with("token", "a-secret\n");
    let syncing = Syncing::start(following(&folder, &store, &["--token-file", "token"]), ANY_PORT);
    let asked = |headers: &str| {
        let body = json!({ "resource_names": ["bucket-cors"] });
        syncing.discover_with(&body, headers).status
    };
    let bearer = "authorization: Bearer a-secret\r\n";
    wait_for("rules", || asked(bearer) == 200);
    for headers in [
        "",
        "authorization: Bearer a-secre\r\n",
        "authorization: Basic a-secret\r\n",
    ] {
        assert_eq!(asked(headers), 401, "{headers}");
    }
    assert_eq!(http::get(syncing.port, "/metrics").unwrap().status, 401);
    assert_eq!(http::get(syncing.port, "/healthz").unwrap().status, 200);
    // One that is renewed counts without a restart, and one that is none does not.
    folder.write("token", "another-secret\n");
    let renewed = "authorization: Bearer another-secret\r\n";
    wait_for("the renewed token", || asked(renewed) == 200);
    assert_eq!(asked(bearer), 401);
    folder.write("token", "\n");
    wait_for("a word on the empty one", || {
        syncing.said().contains("token: the bearer token is empty")
    });
    assert_eq!((asked(renewed), asked(bearer)), (200, 401));
    assert_eq!(asked("authorization: Bearer \r\n"), 401);
    // What is no token keeps it from starting, and is not printed.
    for none in [&b"\n"[..], b"word\xff", b"two words", "wört".as_bytes()] {
        folder.write("none", none);
        let listening = ["--listen", ANY_PORT];
        let mut of_file = following(&folder, &store, &["--token-file", "none"]);
        let mut of_variable = following(&folder, &store, &[]);
        of_variable.env("BUCKET_CORS_SYNC_TOKEN", OsStr::from_bytes(none));
        for command in [&mut of_file, &mut of_variable] {
            let output = finished(command.args(listening));
            assert_eq!(output.code, 2, "{none:?}: {}", output.stderr);
            assert!(output.stderr.contains("the bearer token "), "{}", output.stderr);
            assert!(!output.stderr.contains("wor"), "{}", output.stderr);
        }
    }
}
