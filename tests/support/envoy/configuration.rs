//! The configuration of an Envoy: its listeners and clusters.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::super::upstream::LATE_HEADER;
use super::filters::{TYPES, http_filter};

/// One listener on a port that the kernel chooses.
#[derive(Clone)]
pub(crate) struct Listener {
    name: String,
    /// What stands before the router.
    filters: Vec<Value>,
    routes: Value,
    /// More fields of the connection manager.
    manager: Value,
}

impl Listener {
    /// A listener that has these filters, and sends everything to the upstream.
    pub(crate) fn new(name: &str, filters: Vec<Value>) -> Self {
        // Envoy gives up soon where the store is not to answer, and not before clients do where it is.
        let late = json!([{ "name": LATE_HEADER, "present_match": true }]);
        let routes = json!([
            { "match": { "prefix": "/", "headers": late }, "route": { "cluster": "upstream", "timeout": "0.5s" } },
            { "match": { "prefix": "/" }, "route": { "cluster": "upstream", "timeout": "60s" } },
        ]);
        Self {
            name: name.to_owned(),
            filters,
            routes,
            manager: json!({}),
        }
    }

    /// The same with other routes.
    pub(crate) fn with_routes(mut self, routes: Value) -> Self {
        self.routes = routes;
        self
    }

    /// The same with more fields of the connection manager.
    pub(crate) fn with_manager(mut self, fields: Value) -> Self {
        self.manager = fields;
        self
    }

    fn to_json(&self) -> Value {
        let mut filters = self.filters.clone();
        filters.push(http_filter(
            "envoy.filters.http.router",
            "router.v3.Router",
            json!({}),
        ));
        let mut manager = json!({
            "@type": format!(
                "{TYPES}/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
            ),
            "stat_prefix": "edge",
            // So that a test can compare it with the one in an error body.
            "always_set_request_id_in_response": true,
            "upgrade_configs": [{ "upgrade_type": "websocket" }],
            "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": self.routes }] },
            "http_filters": filters,
        });
        for (name, value) in self.manager.as_object().into_iter().flatten() {
            manager[name] = value.clone();
        }
        json!({
            "name": self.name,
            "address": address(SocketAddr::from(([127, 0, 0, 1], 0))),
            "filter_chains": [{ "filters": [{
                "name": "envoy.filters.network.http_connection_manager", "typed_config": manager,
            }] }],
        })
    }
}

/// A listener as a resource of a file.
pub(crate) fn listener_resource(listener: &Listener) -> Value {
    let mut resource = listener.to_json();
    resource["@type"] = format!("{TYPES}/envoy.config.listener.v3.Listener").into();
    resource
}

/// What Envoy starts with.
pub(crate) fn bootstrap(listeners: &[Listener], clusters: &[Value]) -> Value {
    json!({
        // Who asks, which Envoy wants to know even where it asks a file.
        "node": { "id": "test", "cluster": "test" },
        "admin": { "address": address(SocketAddr::from(([127, 0, 0, 1], 0))) },
        "static_resources": {
            "listeners": listeners.iter().map(Listener::to_json).collect::<Vec<_>>(),
            "clusters": clusters,
        },
    })
}

/// A cluster of one host.
pub(crate) fn cluster(name: &str, host: SocketAddr) -> Value {
    json!({
        "name": name,
        "load_assignment": { "cluster_name": name, "endpoints": [{ "lb_endpoints": [
            { "endpoint": { "address": address(host) } },
        ] }] },
    })
}

/// A file of resources, as Envoy reads and watches it.
pub(crate) fn resources(resources: &[Value]) -> Value {
    json!({ "resources": resources })
}

/// Where Envoy finds a file of resources that was handed to [`Envoy::start_with`].
pub(crate) fn from_file(name: &str) -> Value {
    json!({ "path_config_source": { "path": format!("./{name}") }, "resource_api_version": "V3" })
}

fn address(address: SocketAddr) -> Value {
    json!({ "socket_address": { "address": address.ip().to_string(), "port_value": address.port() } })
}
