//! An edge before everything that may stand between it and a store.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::answer::ClientAnswer;
use crate::rules::RULES;
use crate::support::case::WireRequest;
use crate::support::envoy::{self, Envoy, Listener, bucket_cors, cluster};
use crate::support::http;
use crate::support::upstream::CASE_HEADER;

/// What an Envoy may do to a path.
pub(crate) fn manners() -> [(&'static str, Value); 5] {
    let (normalize, merge) = ("normalize_path", "merge_slashes");
    let (escaped, unescape) = ("path_with_escaped_slashes_action", "UNESCAPE_AND_FORWARD");
    [
        ("nothing", json!({})),
        ("normalize_path", json!({ normalize: true })),
        ("merge_slashes", json!({ merge: true })),
        ("unescape", json!({ escaped: unescape })),
        ("all", json!({ normalize: true, merge: true, escaped: unescape })),
    ]
}

/// An Envoy with a listener for each manner, which leads to a store.
pub(crate) fn second_hop(store: SocketAddr) -> Envoy {
    let listeners = manners().map(|(name, manager)| Listener::new(name, Vec::new()).with_manager(manager));
    start(&listeners, &[cluster("upstream", store)])
}

/// The edge: a listener for each of the rules and each of the servers behind, named `rules before server`. Before the
/// last server it has all manners of its own, too.
pub(crate) fn edge(servers: &[(&str, u16)]) -> Envoy {
    let of = |name: &str, filters: Vec<Value>, server: &str| {
        let route = json!([{ "match": { "prefix": "/" }, "route": { "cluster": server, "timeout": "60s" } }]);
        Listener::new(&format!("{name} before {server}"), filters).with_routes(route)
    };
    let mut listeners = Vec::new();
    for (server, _) in servers {
        for rules in RULES {
            listeners.push(of(
                rules.name,
                vec![bucket_cors(&rules.to_json().to_string())],
                server,
            ));
        }
        listeners.push(of(NO_FILTER, Vec::new(), server));
    }
    let clusters: Vec<Value> = servers
        .iter()
        .map(|(name, port)| cluster(name, SocketAddr::from(([127, 0, 0, 1], *port))))
        .collect();
    start(&listeners, &clusters)
}

/// What stands for rules where there is no filter.
pub(crate) const NO_FILTER: &str = "no filter";

pub(crate) fn start(listeners: &[Listener], clusters: &[Value]) -> Envoy {
    Envoy::start_with(&envoy::bootstrap(listeners, clusters), &[])
        .unwrap_or_else(|refused| panic!("Envoy does not start, {}:\n{}", refused.status, refused.log))
}

/// What a request asks for.
pub(crate) struct Target {
    pub(crate) authority: String,
    pub(crate) path: String,
}

/// A page of `origin` asks for it, or by a preflight whether it may.
pub(crate) fn ask(
    port: u16,
    method: &str,
    target: &Target,
    origin: &str,
    case: &str,
) -> Result<ClientAnswer, String> {
    let mut headers = vec![("origin".to_owned(), origin.as_bytes().to_vec())];
    if method == "OPTIONS" {
        headers.push(("access-control-request-method".to_owned(), b"GET".to_vec()));
    }
    let request = WireRequest {
        method: method.to_owned(),
        authority: target.authority.clone(),
        path: target.path.clone(),
        headers,
    };
    let response = http::exchange(port, &http::serialise(&request, (CASE_HEADER, case)))
        .map_err(|error| format!("{method} {} of {}: {error}", target.path, target.authority))?;
    Ok(ClientAnswer {
        reached_upstream: false,
        status: response.status,
        headers: response.headers,
        body: response.body,
    })
}
