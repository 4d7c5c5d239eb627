//! Two Envoys behind one address that are replaced one after the other, by ones with another version of the code.

use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::alone;
use super::changes::answers_itself;
use super::code::{CodeFile, document, resource};
use super::live_edge::{
    LISTENER, LiveConnection, LiveEdge, RulesFile, TWO_WORKERS, header, statistic, wait_for,
};
use super::refused::default_of_the_sample;
use super::versions::{self, EXPLANATION, OF_OTHER};
use super::wrk::Wrk;
use crate::support::envoy::{self, Envoy, Listener};

/// An Envoy whose bootstrap and whose rules name this code.
fn started(code: &Path) -> LiveEdge {
    let rules = RulesFile::new("unset", "");
    let configuration = versions::configuration(1, []);
    rules.replace_text(&document("1", &[resource(&configuration, Some(code))]));
    let mut filter = rules.filter();
    filter["config_discovery"]["default_config"] = default_of_the_sample(Some(code));
    let listener = answers_itself(Listener::new(LISTENER, vec![filter]));
    LiveEdge::of(listener, &[], rules)
}

/// The Envoys that the balancer knows.
fn endpoints(edges: &[&LiveEdge]) -> Value {
    let endpoint = |edge: &&LiveEdge| json!({ "endpoint": { "address": { "socket_address": { "address": "127.0.0.1", "port_value": edge.port } } } });
    envoy::resources(&[json!({
        "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": "edges",
        "endpoints": [{ "lb_endpoints": edges.iter().map(endpoint).collect::<Vec<_>>() }],
    })])
}

fn balancer(edges: &[&LiveEdge]) -> Envoy {
    let routes = json!([{ "match": { "prefix": "/" }, "route": { "cluster": "edges" } }]);
    let manager = json!({ "stat_prefix": "balancer" });
    let listener = Listener::new("balancer", Vec::new())
        .with_routes(routes)
        .with_manager(manager);
    let cluster = json!({
        "name": "edges", "type": "EDS", "eds_cluster_config": { "eds_config": envoy::from_file("edges.json") },
    });
    Envoy::start_as(
        &envoy::bootstrap(&[listener], &[cluster]),
        &[("edges.json", endpoints(edges))],
        &TWO_WORKERS,
    )
    .unwrap()
}

/// Which code answers a preflight, as a probe asks for one.
fn preflight(port: u16) -> &'static str {
    let mut connection = LiveConnection::open(port).unwrap();
    let lines = [
        ("origin", versions::PAGE),
        ("access-control-request-method", "GET"),
    ];
    let response = connection.exchange("OPTIONS", "/probe", &lines).unwrap();
    assert_eq!(response.status, 200, "{response:?}");
    let mut names = [EXPLANATION, OF_OTHER].into_iter();
    names.find(|name| !header(&response, name).is_empty()).unwrap()
}

/// The steps of envoy/deploy.md.
fn replace(balancer: &Envoy, edges: &mut [LiveEdge; 2], at: usize, code: &Path) {
    let requests = |edge: &LiveEdge| edge.http("downstream_rq_total");
    let [old, other] = [at, 1 - at].map(|at| &edges[at]);
    let updates = statistic(balancer, "cluster.edges.update_success");
    balancer.replace("edges.json", &endpoints(&[other]));
    wait_for("the balancer", || {
        statistic(balancer, "cluster.edges.update_success") > updates
    });
    wait_for("the last request", || {
        let before = requests(old);
        thread::sleep(Duration::from_millis(100));
        requests(old) == before && old.http("downstream_rq_active") == 0
    });
    old.assert_no_failure();
    let new = started(code);
    preflight(new.port);
    balancer.replace("edges.json", &endpoints(&[other, &new]));
    wait_for("its first requests", || requests(&new) > 100);
    edges[at] = new;
}

pub(crate) fn envoys_that_are_replaced_in_turn_cost_no_request() {
    let _alone = alone();
    let (built, other) = (CodeFile::built(), CodeFile::other());
    let mut edges = [started(built.file()), started(built.file())];
    let balancer = balancer(&[&edges[0], &edges[1]]);
    let port = balancer.port("balancer");
    let wrk = Wrk::start(port, 16);
    // And the way back.
    for (code, name) in [(&other, OF_OTHER), (&built, EXPLANATION)] {
        for at in [0, 1] {
            replace(&balancer, &mut edges, at, code.file());
            assert_eq!(preflight(edges[at].port), name);
        }
        assert!((0..20).all(|_| preflight(port) == name));
    }
    wrk.finish().assert_clean();
    // Nothing that runs or starts names the code that was gone back from.
    drop(other);
    let again = started(built.file());
    assert_eq!(preflight(again.port), EXPLANATION);
}
