//! What the filter counts adds up over both workers, and over changes of the rules.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::code::{CodeFile, document, resource};
use super::live_edge::{LiveConnection, LiveEdge, PATIENCE, RulesFile, version_in_force, wait_for};
use super::{alone, changes};
use crate::support::envoy;

const PAGE: &str = "https://page.example";
const OTHER: &str = "https://other.example";
const METHOD: &str = "access-control-request-method";
const HEADERS: &str = "access-control-request-headers";

/// How often it is sent in a round, the request, and what that adds to.
type CountedRequest = (
    u64,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

const MIX: [CountedRequest; 14] = [
    (7, "GET", "/b/o", &[("origin", PAGE)], &["actual_matched"]),
    (
        3,
        "GET",
        "/b/o",
        &[("origin", OTHER)],
        &["actual_unmatched", "actual_unmatched_origin"],
    ),
    (
        2,
        "DELETE",
        "/b/o",
        &[("origin", PAGE)],
        &["actual_unmatched", "actual_unmatched_method"],
    ),
    (
        1,
        "GET",
        "/b/o",
        &[("origin", "https://page.example,x")],
        &["actual_unmatched", "actual_unmatched_malformed"],
    ),
    (
        2,
        "GET",
        "/none/o",
        &[("origin", PAGE)],
        &["actual_unmatched", "actual_unmatched_no_rules"],
    ),
    (
        5,
        "OPTIONS",
        "/b/o",
        &[("origin", PAGE), (METHOD, "PUT")],
        &["preflight_allowed"],
    ),
    (
        4,
        "OPTIONS",
        "/b/o",
        &[("origin", OTHER), (METHOD, "PUT")],
        &["preflight_refused", "preflight_refused_origin"],
    ),
    (
        3,
        "OPTIONS",
        "/b/o",
        &[("origin", PAGE), (METHOD, "DELETE")],
        &["preflight_refused", "preflight_refused_method"],
    ),
    (
        2,
        "OPTIONS",
        "/b/o",
        &[("origin", PAGE), (METHOD, "PUT"), (HEADERS, "x-other")],
        &["preflight_refused", "preflight_refused_header"],
    ),
    (1, "OPTIONS", "/b/o", &[], &["preflight_incomplete"]),
    (
        3,
        "GET",
        "/shadow/o",
        &[("origin", PAGE)],
        &["shadow_actual_matched"],
    ),
    (
        1,
        "OPTIONS",
        "/shadow/o",
        &[("origin", PAGE), (METHOD, "PUT")],
        &["shadow_preflight_allowed"],
    ),
    // Neither of these is counted: no CORS request, and no bucket of ours.
    (4, "GET", "/b/o", &[], &[]),
    (4, "GET", "/unlisted/o", &[("origin", PAGE)], &[]),
];

fn configuration(version: u32) -> String {
    let rule = json!({
        "ID": format!("v{version}"), "AllowedOrigins": [PAGE], "AllowedMethods": ["GET", "HEAD", "PUT"],
    });
    json!({ "buckets": [
        { "name": "b", "cors": [rule] },
        { "name": "none", "cors": null },
        { "name": "shadow", "mode": "shadow", "cors": [rule] },
    ] })
    .to_string()
}

/// The filter's sums as Prometheus gets them.
fn sums(edge: &LiveEdge) -> BTreeMap<String, u64> {
    let text = edge.envoy.admin("/stats/prometheus");
    let prefix = if envoy::is_native() {
        "envoy_dynamicmodulescustom_bucket_cors_"
    } else {
        "bucket_cors_"
    };
    let ours = text.lines().filter_map(|line| line.strip_prefix(prefix));
    let sum = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        let name = name.split('{').next()?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    ours.filter_map(sum).collect()
}

/// `codes`: what the rules come with in turn; none: they do not change.
fn run(codes: &[CodeFile]) {
    const ROUNDS: u64 = 20;
    let changes_each_round = !codes.is_empty();
    let mut codes = codes.iter().cycle();
    let edge = LiveEdge::start(
        RulesFile::new("0", &configuration(0)),
        &[],
        changes::answers_itself,
    );
    // Opened at once, so that both workers have some, and kept over changes.
    let mut connections: Vec<_> = (0..16)
        .map(|_| LiveConnection::open(edge.port).unwrap())
        .collect();
    let mut expected = BTreeMap::<String, u64>::new();
    let mut sent = 0_usize;
    let mut version = String::new();
    for round in 0..ROUNDS {
        for (times, method, path, lines, counters) in MIX {
            for _ in 0..times {
                let connection = sent % connections.len();
                connections[connection].exchange(method, path, lines).unwrap();
                sent += 1;
            }
            for counter in counters {
                *expected.entry((*counter).to_owned()).or_default() += times;
            }
            if changes_each_round && round % 2 == 0 {
                // Without waiting: the requests that follow are counted by either version.
                let rules = configuration(u32::try_from(sent).unwrap());
                let code = codes.next().map(CodeFile::file);
                version = sent.to_string();
                edge.rules
                    .replace_text(&document(&version, &[resource(&rules, code)]));
            }
        }
        if changes_each_round && round % 2 == 1 {
            wait_for(&version, || version_in_force(&edge.envoy) == version);
        }
    }
    let differences = || -> Vec<String> {
        let sums = sums(&edge);
        let counted = sums.iter().filter(|(name, _)| !name.starts_with("loaded_"));
        let wrong = counted.filter_map(|(name, sum)| {
            let wanted = expected.get(name).copied().unwrap_or_default();
            (*sum != wanted).then(|| format!("{name}: {sum} instead of {wanted}"))
        });
        let missing = expected.keys().filter(|name| !sums.contains_key(*name));
        wrong.chain(missing.cloned()).collect()
    };
    let mut last = differences();
    let deadline = Instant::now() + PATIENCE;
    while !last.is_empty() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(100));
        last = differences();
    }
    assert!(last.is_empty(), "after {sent} requests: {last:#?}");
    // A tick later it is still so: nothing is counted twice.
    thread::sleep(Duration::from_millis(1_200));
    assert_eq!(differences(), Vec::<String>::new());
    let sums = sums(&edge);
    for (name, value) in [("loaded_buckets", 3), ("loaded_rules", 2)] {
        assert_eq!(
            sums.get(name),
            envoy::has_gauges_of_configurations().then_some(&value),
            "{name}"
        );
    }
    edge.assert_no_failure();
    if changes_each_round {
        assert!(edge.discovery("update_success") >= ROUNDS / 2);
    }
}

pub(crate) fn prometheus_gets_the_sums_over_both_workers() {
    let _alone = alone();
    run(&[]);
}

pub(crate) fn no_count_is_lost_when_rules_change() {
    let _alone = alone();
    run(&[CodeFile::built()]);
}

pub(crate) fn no_count_is_lost_when_the_code_changes() {
    let _alone = alone();
    run(&[CodeFile::other(), CodeFile::built()]);
}
