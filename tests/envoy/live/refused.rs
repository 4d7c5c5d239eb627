//! Rules that are refused: at a start, at a change, and at a change that comes with other code. Wherever an operator
//! had good rules, they answer; before there are any, objects are served without CORS.

use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::code::{CodeFile, document, resource};
use super::live_edge::{LISTENER, LiveConnection, LiveEdge, RulesFile, TWO_WORKERS, header, wait_for};
use super::wrk::Wrk;
use super::{alone, ask, own_statistic, versions};
use crate::support::envoy::{self, Envoy, FilterLog, Listener};

/// The rules of a version, with what is to become of refused ones.
fn good(version: u32, on_refused_rules: &str) -> String {
    let mut rules: Value = serde_json::from_str(&versions::configuration(version, [])).unwrap();
    rules["on_refused_rules"] = on_refused_rules.into();
    rules.to_string()
}

/// The same with an error, in another bucket or in the same one.
fn bad(version: u32, on_refused_rules: &str) -> String {
    let rules = good(version, on_refused_rules);
    if version.is_multiple_of(2) {
        rules.replacen(r#""buckets":["#, r#""buckets":[{"name":""},"#, 1)
    } else {
        rules.replace(versions::PAGE, "https://*.*.example")
    }
}

/// What a page gets of the store: its object, without CORS headers, and no preflight is answered but by a refusal.
fn assert_closed(port: u16) {
    let mut connection = LiveConnection::open(port).unwrap();
    for _ in 0..8 {
        let origin = ("origin", versions::PAGE);
        let object = connection.exchange("GET", "/object", &[origin]).unwrap();
        assert_eq!(object.status, 200);
        assert_eq!(object.body, b"just for test");
        assert_eq!(header(&object, "access-control-allow-origin"), "");
        let asks = [origin, ("access-control-request-method", "GET")];
        let refusal = connection.exchange("OPTIONS", "/object", &asks).unwrap();
        assert_eq!(refusal.status, 403);
        assert_eq!(header(&refusal, "access-control-allow-origin"), "");
    }
}

fn gauge(envoy: &Envoy) -> u64 {
    own_statistic(envoy, "refused_rules")
}

/// Every answer has the version that is given, on every connection.
fn assert_in_force(edge: &LiveEdge, version: u32) {
    for _ in 0..20 {
        assert_eq!(ask(edge), Ok(version));
    }
}

/// The store lets everybody in.
fn open_store(listener: Listener) -> Listener {
    let everybody = json!([{ "header": { "key": "access-control-allow-origin", "value": "*" } }]);
    listener.with_routes(json!([{
        "match": { "prefix": "/" },
        "direct_response": { "status": 200, "body": { "inline_string": "just for test" } },
        "response_headers_to_add": everybody,
    }]))
}

/// A gauge of a filter's configuration is set from Envoy 1.39 on.
fn has_gauge() -> bool {
    !envoy::is_native() || envoy::version() >= (1, 39)
}

pub(crate) fn the_last_good_rules_hold_at_a_start_at_a_change_and_at_one_of_the_code() {
    let _alone = alone();
    const KEPT: &str = "last_good";
    let rules = RulesFile::new("unset", "");
    rules.replace_text(&document("bad", &[resource(&bad(0, KEPT), None)]));
    let edge = LiveEdge::start(rules, &[], open_store);
    assert_closed(edge.port);
    let refused_rules = |value: u64| {
        if has_gauge() {
            assert_eq!(gauge(&edge.envoy), value);
        }
    };
    refused_rules(1);

    let change = |version: &str, resources: &[Value]| {
        edge.change_text(version, &document(version, resources));
    };
    change("good", &[resource(&good(1, KEPT), None)]);
    assert_in_force(&edge, 1);
    refused_rules(0);

    let wrk = Wrk::start(edge.port, 16);
    let code = CodeFile::other();
    let mut in_force = 1;
    for version in 2..=10 {
        change(&format!("bad {version}"), &[resource(&bad(version, KEPT), None)]);
        assert_in_force(&edge, in_force);
        refused_rules(1);
        in_force = version;
        change(
            &format!("good {version}"),
            &[resource(&good(version, KEPT), None)],
        );
        assert_in_force(&edge, in_force);
        refused_rules(0);
    }
    // Rules that are missing change nothing, and neither does a file that is no list of rules.
    for text in [document("none", &[]), "{".to_owned()] {
        edge.rules.replace_text(&text);
        thread::sleep(Duration::from_millis(200));
        assert_in_force(&edge, in_force);
    }
    change("new code, bad", &[resource(&bad(11, KEPT), Some(code.file()))]);
    assert_in_force(&edge, in_force);
    change("new code, good", &[resource(&good(12, KEPT), Some(code.file()))]);
    assert_in_force(&edge, 12);
    change("old code, bad", &[resource(&bad(13, KEPT), None)]);
    assert_in_force(&edge, 12);
    wrk.finish().assert_clean();
    edge.assert_no_failure();
}

/// Side by side in one process, each with a name and with rules of its own; the VM id is the same.
pub(crate) fn plugins_keep_rules_of_their_own() {
    let _alone = alone();
    let names = ["one", "two"];
    let text = |name: &str, rules: &str| {
        let mut filter = envoy::bucket_cors_named(name, rules.as_bytes());
        filter["name"] = name.into();
        filter["@type"] = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig".into();
        envoy::resources(&[filter])
    };
    let listeners = names.map(|name| {
        let discovered = json!({
            "name": name,
            "config_discovery": {
                "config_source": envoy::from_file(name),
                "type_urls": [envoy::filter_type()],
            },
        });
        open_store(Listener::new(name, vec![discovered]))
    });
    let files = [
        ("one", text("one", &good(1, "last_good"))),
        ("two", text("two", &bad(2, "last_good"))),
    ];
    let envoy = Envoy::start_as(&envoy::bootstrap(&listeners, &[]), &files, &TWO_WORKERS).unwrap();
    let version = |name: &str| {
        let mut connection = LiveConnection::open(envoy.port(name)).unwrap();
        let response = connection
            .exchange("GET", "/object", &[("origin", versions::PAGE)])
            .unwrap();
        versions::of(&response)
    };
    assert_eq!(version("one"), Ok(1));
    assert_closed(envoy.port("two"));
    let refused_rules = |value: u64| assert!(!has_gauge() || gauge(&envoy) == value, "{}", gauge(&envoy));
    refused_rules(1);
    envoy.replace("two", &text("two", &good(3, "last_good")));
    wait_for("its own rules", || (0..10).all(|_| version("two") == Ok(3)));
    for name in names {
        envoy.replace(name, &text(name, &bad(4, "last_good")));
    }
    wait_for("the refusals", || {
        let log = envoy.log();
        let log = FilterLog::of(&log);
        names.iter().all(|name| {
            log.said_by(name, "error")
                .iter()
                .any(|line| line.ends_with("the last good one stays in force"))
        })
    });
    thread::sleep(Duration::from_millis(200));
    for _ in 0..10 {
        assert_eq!((version("one"), version("two")), (Ok(1), Ok(3)));
    }
    refused_rules(2);
    envoy.replace("two", &text("two", &good(5, "last_good")));
    wait_for("its newest rules", || (0..10).all(|_| version("two") == Ok(5)));
    // The other one's are still refused.
    refused_rules(1);
}

/// What stands in the chain until there are rules, with code where it is not the built one; see envoy-ecds.yaml.
pub(crate) fn default_of_the_sample(code: Option<&Path>) -> Value {
    let sample: Value = serde_norway::from_str(include_str!("../../../envoy/envoy-ecds.yaml")).unwrap();
    let filters = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters";
    let default = &sample.pointer(filters).unwrap()[0]["config_discovery"]["default_config"];
    let rules = default["config"]["configuration"]["value"].as_str().unwrap();
    resource(rules, code)["typed_config"].clone()
}

pub(crate) fn with_a_default_the_proxy_itself_keeps_the_last_good_rules() {
    let _alone = alone();
    for first in [
        document("bad", &[resource(&bad(0, "reject"), None)]),
        document("none", &[]),
    ] {
        let rules = RulesFile::new("unset", "");
        rules.replace_text(&first);
        let mut filter = rules.filter();
        filter["config_discovery"]["default_config"] = default_of_the_sample(None);
        let edge = LiveEdge::of(open_store(Listener::new(LISTENER, vec![filter])), &[], rules);
        assert_closed(edge.port);

        edge.change_text("good", &document("good", &[resource(&good(1, "reject"), None)]));
        assert_in_force(&edge, 1);
        let wrk = Wrk::start(edge.port, 16);
        for version in 2..=8 {
            let before = edge.discovery("update_rejected");
            edge.rules
                .replace_text(&document("bad", &[resource(&bad(version, "reject"), None)]));
            wait_for("the refusal", || edge.discovery("update_rejected") > before);
            assert_in_force(&edge, version - 1);
            let name = version.to_string();
            edge.change_text(
                &name,
                &document(&name, &[resource(&good(version, "reject"), None)]),
            );
            assert_in_force(&edge, version);
        }
        wrk.finish().assert_clean();
        edge.assert_no_failure();
    }
}
