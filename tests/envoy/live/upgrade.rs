//! Another version of the filter's code, and the way back, while requests come.

use std::fs;

use serde_json::json;

use super::code::{CodeFile, document, resource};
use super::live_edge::{LiveConnection, LiveEdge, RulesFile, header, request, wait_for};
use super::versions::{EXPLANATION, OF_OTHER};
use super::wrk::Wrk;
use super::{alone, changes, own_statistic, versions};
use crate::support::case::UpstreamAnswer;
use crate::support::envoy::{self, Listener};
use crate::support::http::Response;
use crate::support::upstream::{CASE_HEADER, Upstream};

/// What a response says of its code and of its rules.
fn of(response: &Response) -> (&'static str, Result<u32, String>) {
    let names = [EXPLANATION, OF_OTHER].into_iter();
    let mut names = names.filter(|name| !header(response, name).is_empty());
    (names.next().unwrap_or("neither"), versions::of(response))
}

fn ask(edge: &LiveEdge) -> (&'static str, Result<u32, String>) {
    let mut connection = LiveConnection::open(edge.port).unwrap();
    let origin = [("origin", versions::PAGE)];
    of(&connection.exchange("GET", "/object", &origin).unwrap())
}

/// Objects come from Envoy itself, but for one that takes its time.
fn with_a_slow_object(listener: Listener) -> Listener {
    listener.with_routes(json!([
        { "match": { "prefix": "/slow" }, "route": { "cluster": "upstream", "timeout": "30s" } },
        { "match": { "prefix": "/" },
          "direct_response": { "status": 200, "body": { "inline_string": "just for test" } } },
    ]))
}

fn matched(edge: &LiveEdge) -> u64 {
    own_statistic(&edge.envoy, "actual.matched")
}

fn rules_of(version: u32) -> String {
    versions::configuration(version, [])
}

pub(crate) fn new_code_and_the_way_back_cost_no_request_and_no_count() {
    let _alone = alone();
    let (built, other) = (CodeFile::built(), CodeFile::other());
    let store = Upstream::start();
    let slow = UpstreamAnswer {
        delay_ms: 1_500,
        ..UpstreamAnswer::default()
    };
    let first = document("0", &[resource(&rules_of(0), Some(built.file()))]);
    let rules = RulesFile::new("unset", "");
    rules.replace_text(&first);
    let edge = LiveEdge::start(
        rules,
        &[envoy::cluster("upstream", store.address())],
        with_a_slow_object,
    );
    assert_eq!(ask(&edge), (EXPLANATION, Ok(0)));
    let mut own = 1_u64;

    let wrk = Wrk::start(edge.port, 16);
    // More than enough for both workers to have some.
    let mut connections: Vec<_> = (0..12)
        .map(|_| LiveConnection::open(edge.port).unwrap())
        .collect();
    let mut counted = 0;
    for (version, code, name, before) in [
        (1, &other, OF_OTHER, EXPLANATION),
        (2, &built, EXPLANATION, OF_OTHER),
        (3, &other, OF_OTHER, EXPLANATION),
        (4, &built, EXPLANATION, OF_OTHER),
    ] {
        let case = format!("slow {version}");
        store.prepare(&case, slow.clone());
        let lines = [("origin", versions::PAGE), (CASE_HEADER, case.as_str())];
        for connection in &mut connections {
            connection.send(&request("GET", "/slow", &lines)).unwrap();
        }
        wait_for("every request", || {
            store.received(&case).len() == connections.len()
        });
        let text = document(
            &version.to_string(),
            &[resource(&rules_of(version), Some(code.file()))],
        );
        edge.change_text(&version.to_string(), &text);
        for _ in 0..20 {
            assert_eq!(ask(&edge), (name, Ok(version)));
        }
        // Side by side: a request keeps the code that it met.
        for connection in &mut connections {
            assert_eq!(of(&connection.receive(false).unwrap()), (before, Ok(version - 1)));
        }
        own += 32;
        let now = matched(&edge);
        assert!(now > counted, "{now} after {counted}");
        counted = now;
    }
    let summary = wrk.finish();
    summary.assert_clean();
    for name in ["downstream_cx_destroy_local", "downstream_rq_5xx"] {
        assert_eq!(edge.http(name), 0, "{name}");
    }
    edge.assert_no_failure();
    // wrk leaves requests behind whose answers it does not wait for. A busy Envoy may not have read them all yet, so
    // that both counts still grow.
    let least = summary.requests + own;
    wait_for("the last counts", || {
        let now = matched(&edge);
        (least..=edge.http("downstream_rq_total")).contains(&now)
    });
}

/// A library stays as it was loaded, and a module is read again.
pub(crate) fn new_code_under_the_old_name_is_not_taken_for_a_library() {
    let _alone = alone();
    let (built, other) = (CodeFile::built(), CodeFile::other());
    let text = |version: u32| {
        document(
            &version.to_string(),
            &[resource(&rules_of(version), Some(built.file()))],
        )
    };
    let rules = RulesFile::new("unset", "");
    rules.replace_text(&text(0));
    let edge = LiveEdge::start(rules, &[], changes::answers_itself);
    fs::rename(other.file(), built.file()).unwrap();
    assert_eq!(ask(&edge), (EXPLANATION, Ok(0)));
    let name = if envoy::is_native() { EXPLANATION } else { OF_OTHER };
    for version in [1, 2] {
        edge.change_text(&version.to_string(), &text(version));
        assert_eq!(ask(&edge), (name, Ok(version)));
    }
}
