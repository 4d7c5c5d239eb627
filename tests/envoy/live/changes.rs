//! Rules that change under load. The soak test does the same for longer.

use serde_json::{Value, json};

use super::live_edge::{LiveEdge, RulesFile, version_in_force, wait_for};
use super::versions;
use super::wrk::{Summary, Wrk};
use crate::support::envoy::Listener;

/// Every answer comes from Envoy itself, at once: nothing but the filter is at work.
pub(crate) fn answers_itself(listener: Listener) -> Listener {
    listener.with_routes(json!([{
        "match": { "prefix": "/" },
        "direct_response": { "status": 200, "body": { "inline_string": "just for test" } },
    }]))
}

const CONNECTIONS: u32 = 16;

/// Changes the rules `count` times, while wrk asks. Nothing may fail.
pub(crate) fn under_load(count: u32) -> Summary {
    let rules = RulesFile::new("0", &versions::configuration(0, []));
    let edge = LiveEdge::start(rules, &[], answers_itself);
    let wrk = Wrk::start(edge.port, CONNECTIONS);
    for version in 1..=count {
        let name = version.to_string();
        edge.rules.replace(&name, &versions::configuration(version, []));
        wait_for(&name, || version_in_force(&edge.envoy) == name);
        // The workers were told. After so many requests on so few connections one of them has looked, and wrk has seen
        // what it answers since.
        let asked = edge.http("downstream_rq_total");
        wait_for("its requests", || {
            edge.http("downstream_rq_total") > asked + 1_000
        });
    }
    let summary = wrk.finish();

    summary.assert_clean();
    assert_eq!(summary.versions, u64::from(count) + 1, "{summary:?}");
    assert_eq!(edge.discovery("update_success"), u64::from(count) + 1);
    assert_eq!(edge.discovery("update_rejected"), 0);
    assert_eq!(edge.discovery("config_fail"), 0);
    // As many connections as wrk opened at first, and one of its own with which it looks whether anybody is there: none
    // had to be opened again.
    let opened = edge.http("downstream_cx_total");
    assert!(
        opened == u64::from(CONNECTIONS) || opened == u64::from(CONNECTIONS) + 1,
        "{opened} connections"
    );
    for name in [
        "downstream_cx_destroy_local",
        "downstream_cx_destroy_local_active_rq",
        "downstream_cx_protocol_error",
        "downstream_rq_4xx",
        "downstream_rq_5xx",
    ] {
        assert_eq!(edge.http(name), 0, "{name}");
    }
    edge.assert_no_failure();
    summary
}

/// How much memory many changes of large rules leave behind.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) configuration_bytes: usize,
    pub(crate) at_start_kib: u64,
    pub(crate) warm_kib: u64,
    pub(crate) at_end_kib: u64,
    /// The linear memory of the VMs, where this Envoy counts it.
    pub(crate) wasm_bytes: Option<(u64, u64)>,
}

/// Changes rules of a megabyte `warm` times and then as often again as it takes to `count`.
pub(crate) fn of_a_megabyte(warm: u32, count: u32) -> Memory {
    let rules = RulesFile::new("0", &versions::configuration(0, []));
    let edge = LiveEdge::start(rules, &[], answers_itself);
    let at_start_kib = edge.envoy.resident_kib();
    let mut memory = Memory {
        configuration_bytes: 0,
        at_start_kib,
        warm_kib: 0,
        at_end_kib: 0,
        wasm_bytes: None,
    };
    let mut warm_wasm = None;
    for version in 1..=count {
        let configuration = versions::configuration(version, a_megabyte(version));
        memory.configuration_bytes = configuration.len();
        let name = version.to_string();
        edge.rules.replace(&name, &configuration);
        wait_for(&name, || version_in_force(&edge.envoy) == name);
        if version == warm {
            memory.warm_kib = edge.envoy.resident_kib();
            warm_wasm = edge.envoy.wasm_bytes();
        }
    }
    memory.at_end_kib = edge.envoy.resident_kib();
    memory.wasm_bytes = warm_wasm.zip(edge.envoy.wasm_bytes());
    edge.assert_no_failure();
    memory
}

/// Buckets of ten rules each, other ones in each version.
fn a_megabyte(version: u32) -> impl Iterator<Item = Value> {
    (0..600).map(move |bucket| {
        let rules = (0..10).map(|rule| {
            json!({
                "ID": format!("rule-{rule}-of-bucket-{bucket}-in-version-{version}"),
                "AllowedOrigins": [format!("https://app-{rule}.tenant-{bucket}.v{version}.example")],
                "AllowedMethods": ["GET", "HEAD", "PUT"],
                "AllowedHeaders": ["content-type"],
                "ExposeHeaders": ["ETag"],
                "MaxAgeSeconds": 600,
            })
        });
        json!({ "name": format!("bucket-{bucket}"), "cors": { "CORSRules": rules.collect::<Vec<_>>() } })
    })
}
