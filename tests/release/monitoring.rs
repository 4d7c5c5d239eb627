//! The dashboard, the alerts and the runbook, on a real Prometheus of real Envoys and of `bucket-cors sync`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::checkout;
use crate::support::envoy;

fn prometheus(program: &str) -> PathBuf {
    let program = checkout().join("target/prometheus").join(program);
    assert!(
        program.exists(),
        "no Prometheus: `. .ci/toolchain; need_prometheus` gets one"
    );
    program
}

fn yaml_text(path: &str) -> String {
    fs::read_to_string(checkout().join(path)).unwrap()
}

fn yaml(path: &str) -> Value {
    serde_norway::from_str(&yaml_text(path)).unwrap()
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
    let programs = [envoy::binary(), tool.into(), prometheus("prometheus")];
    succeeds("tests/release/monitoring.py", &programs);
}

/// Runs a script with these arguments.
pub(crate) fn succeeds(script: &str, arguments: &[PathBuf]) {
    let mut python = Command::new("python3");
    let output = python
        .arg(script)
        .args(arguments)
        .current_dir(checkout())
        .output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// Each sample's path and what is in it.
fn samples() -> Vec<(String, Value)> {
    let mut samples = Vec::new();
    for folder in ["envoy", "envoy/production"] {
        for entry in fs::read_dir(checkout().join(folder)).unwrap() {
            let path = format!("{folder}/{}", entry.unwrap().file_name().into_string().unwrap());
            if path.ends_with(".yaml") && yaml_text(&path).contains("\nstatic_resources:\n") {
                samples.push((path.clone(), yaml(&path)));
            }
        }
    }
    assert!(samples.len() >= 8, "{}", samples.len());
    samples
}

#[test]
fn every_sample_gives_the_same_labels() {
    let expected = &yaml("envoy/envoy.yaml")["stats_config"];
    assert_eq!(expected["stats_tags"].as_array().unwrap().len(), 4);
    for (path, sample) in samples() {
        assert_eq!(&sample["stats_config"], expected, "{path}");
    }
}

/// The access log says what becomes of requests when the rules were refused at the start.
#[test]
fn every_default_of_a_sample_that_logs_is_in_the_access_log() {
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    let mut defaults = 0;
    for (path, sample) in samples() {
        let manager = sample.pointer(manager).unwrap();
        let rules = "/http_filters/0/config_discovery/default_config/config/configuration/value";
        if let Some(rules) = manager.pointer(rules) {
            assert!(manager["access_log"].is_array(), "{path}");
            let rules: Value = serde_json::from_str(rules.as_str().unwrap()).unwrap();
            assert_eq!(rules["access_log"], true, "{path}");
            defaults += 1;
        }
    }
    assert_eq!(defaults, 4);
}
