//! The dashboard, the alerts and the runbook, on a real Prometheus of real Envoys and of `bucket-cors sync`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::envoy;

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn prometheus(program: &str) -> PathBuf {
    let program = checkout().join("target/prometheus").join(program);
    assert!(
        program.exists(),
        "no Prometheus: `. .ci/toolchain; need_prometheus` gets one"
    );
    program
}

fn yaml(path: &str) -> Value {
    serde_norway::from_str(&fs::read_to_string(checkout().join(path)).unwrap()).unwrap()
}

/// The values of a key anywhere below.
fn values_of<'v>(key: &str, value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| values_of(key, item, found)),
        Value::Object(fields) => {
            found.extend(fields.get(key).and_then(Value::as_str));
            fields.values().for_each(|field| values_of(key, field, found));
        }
        _ => {}
    }
}

#[test]
fn each_alert_fires_when_it_should_and_not_before() {
    for arguments in [
        ["check", "rules", "envoy/monitoring/alerts.yaml"],
        ["test", "rules", "tests/release/alerts.yaml"],
    ] {
        let output = Command::new(prometheus("promtool"))
            .args(arguments)
            .current_dir(checkout())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:#?}");
    }
    // And none is left out, here or in the runbook.
    let (alerts, tests) = (
        yaml("envoy/monitoring/alerts.yaml"),
        yaml("tests/release/alerts.yaml"),
    );
    let mut named = BTreeSet::new();
    values_of("alert", &alerts, &mut named);
    assert!(named.len() > 10, "{named:?}");
    let tried = tests["tests"].as_array().unwrap().iter();
    let tried = tried.flat_map(|test| test["alert_rule_test"].as_array().unwrap());
    let fired = tried.filter(|tried| tried["exp_alerts"].is_array());
    let fired: BTreeSet<_> = fired.map(|tried| tried["alertname"].as_str().unwrap()).collect();
    assert_eq!(named, fired);
    let runbook = include_str!("../../envoy/operate.md");
    let explained = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("| `BucketCors")?.split('`').next());
    let explained: BTreeSet<_> = explained.map(|rest| format!("BucketCors{rest}")).collect();
    assert_eq!(named, explained.iter().map(String::as_str).collect());
}

#[test]
fn every_query_finds_what_it_asks_for_and_every_command_of_the_runbook_runs() {
    let Some(tool) = option_env!("CARGO_BIN_EXE_bucket-cors") else {
        panic!("the tool is built with --features sync");
    };
    let output = Command::new("python3")
        .arg("tests/release/monitoring.py")
        .args([envoy::binary(), tool.into(), prometheus("prometheus")])
        .current_dir(checkout())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn every_sample_gives_the_same_labels() {
    let text = |path: &str| fs::read_to_string(checkout().join("envoy").join(path)).unwrap();
    let tags = |text: &str| -> Value {
        let sample: Value = serde_norway::from_str(text).unwrap();
        sample["stats_config"].clone()
    };
    let expected = tags(&text("envoy.yaml"));
    assert_eq!(expected["stats_tags"].as_array().unwrap().len(), 4);
    let mut samples = 0;
    for folder in [".", "production"] {
        for entry in fs::read_dir(checkout().join("envoy").join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let path = format!("{folder}/{name}");
            if name.ends_with(".yaml") && text(&path).contains("\nstatic_resources:\n") {
                assert_eq!(tags(&text(&path)), expected, "{path}");
                samples += 1;
            }
        }
    }
    assert!(samples >= 8, "{samples}");
}
