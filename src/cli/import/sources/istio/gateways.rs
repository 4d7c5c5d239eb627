//! Istio's own Gateways: which hosts of a VirtualService their servers take, and where.

use std::collections::{BTreeSet, HashMap};

use super::workloads::Workloads;
use crate::import::host_names;
use crate::import::imported_document::Sourced;
use crate::import::kube;
use crate::import::node::Node;
use crate::import::routes::Stand;

/// What a VirtualService names the sidecars by.
pub(super) const MESH: &str = "mesh";

/// The servers of the Gateways in the files, by namespace and name.
#[derive(Debug, Default)]
pub(super) struct IstioGateways {
    servers: HashMap<String, Vec<GatewayServer>>,
    /// The namespaces of the proxies in the files that each one chooses.
    proxies: HashMap<String, BTreeSet<String>>,
}

/// A server that takes HTTP.
#[derive(Debug)]
struct GatewayServer {
    stand: Stand,
    /// Each with the namespace whose VirtualServices it is for; none: of any.
    hosts: Vec<(Option<String>, Sourced<String>)>,
}

/// Where a Gateway takes hosts of a VirtualService.
#[derive(Debug)]
pub(super) struct Taken {
    /// The namespace and the name of the Gateway.
    pub(super) gateway: String,
    pub(super) stand: Stand,
    pub(super) hosts: Vec<Sourced<String>>,
}

impl IstioGateways {
    pub(super) fn of(resources: &[Node<'_>]) -> Self {
        let mut known = Self::default();
        let workloads = Workloads::of(resources);
        let mut chosen: HashMap<String, BTreeSet<String>> = HashMap::new();
        for resource in resources
            .iter()
            .filter(|resource| kube::is_istio_gateway(resource))
        {
            let namespace = kube::namespace(resource);
            let name = format!("{namespace}/{}", kube::name(resource));
            let selector = resource.path(&["spec", "selector"]);
            let mut labels: Vec<_> = selector
                .as_ref()
                .map(|selector| selector.fields())
                .unwrap_or_default()
                .into_iter()
                .map(|(label, value)| format!("{label}={}", value.text().unwrap_or_default()))
                .collect();
            labels.sort();
            if let Some(selector) = selector {
                let of_proxies = chosen
                    .entry(labels.join(","))
                    .or_insert_with(|| workloads.namespaces(&selector));
                let own = known.proxies.entry(name.clone()).or_default();
                own.extend(of_proxies.iter().cloned());
            }
            let servers = kube::items(resource, &["spec", "servers"])
                .into_iter()
                .enumerate();
            let servers = servers.filter_map(|(at, server)| {
                GatewayServer::of(&server, &labels.join(","), &namespace, &name, at)
            });
            known.servers.entry(name.clone()).or_default().extend(servers);
        }
        known
    }

    /// The namespaces of the Gateway's proxies, as far as they are in the files.
    pub(super) fn proxies(&self, gateway: &str) -> BTreeSet<String> {
        self.proxies.get(gateway).cloned().unwrap_or_default()
    }

    /// What the Gateway takes of these hosts. One that is not in the files may take all of them.
    pub(super) fn take(&self, gateway: &str, namespace: &str, hosts: &[Sourced<String>]) -> Vec<Taken> {
        let taken = |stand: &Stand, hosts: Vec<Sourced<String>>| Taken {
            gateway: gateway.to_owned(),
            stand: stand.clone(),
            hosts,
        };
        let Some(servers) = self.servers.get(gateway) else {
            let stand = Stand {
                listener: Some(gateway.to_owned()),
                table: gateway.to_owned(),
            };
            return vec![taken(&stand, hosts.to_vec())];
        };
        let mut all: Vec<Taken> = Vec::new();
        for server in servers {
            let own = server
                .hosts
                .iter()
                .filter(|(of, _)| of.as_deref().is_none_or(|of| of == namespace));
            let own: Vec<_> = own.map(|(_, host)| host.clone()).collect();
            let both = host_names::common(hosts, &own);
            match all.iter_mut().find(|known| known.stand == server.stand) {
                Some(known) => known.hosts.extend(both),
                None => all.push(taken(&server.stand, both)),
            }
        }
        all.retain(|taken| !taken.hosts.is_empty());
        all
    }
}

impl GatewayServer {
    /// `None`: it takes no HTTP, or sends all of it to HTTPS.
    fn of(server: &Node<'_>, selector: &str, namespace: &str, gateway: &str, at: usize) -> Option<Self> {
        let port = server.get("port")?;
        let tls = |field: &str| server.path(&["tls", field]).and_then(|value| value.text());
        let is_passed_through = matches!(tls("mode").as_deref(), Some("PASSTHROUGH" | "AUTO_PASSTHROUGH"));
        let protocol = port.text_of("protocol")?.to_ascii_lowercase();
        let table = match protocol.as_str() {
            "http" | "http2" | "http_proxy" | "grpc" | "grpc-web" => gateway.to_owned(),
            // Each has its own routes.
            "https" if !is_passed_through => format!("{gateway} {at}"),
            _ => return None,
        };
        if tls("httpsRedirect").as_deref() == Some("true") {
            return None;
        }
        let number = port.text_of("number").unwrap_or_default();
        let bind = server.text_of("bind").unwrap_or_default();
        let is_https = protocol == "https";
        let hosts = server.list("hosts").into_iter().filter_map(|host| {
            let text = host.text()?;
            let (of, name) = text.split_once('/').unwrap_or(("*", &text));
            let of = match of {
                "*" => None,
                "." => Some(namespace.to_owned()),
                other => Some(other.to_owned()),
            };
            Some((of, Sourced::new(name.to_owned(), &host.place)))
        });
        Some(Self {
            stand: Stand {
                listener: Some(listener(selector, &bind, &number, is_https)),
                table,
            },
            hosts: hosts.collect(),
        })
    }
}

/// What requests come to by an address: of the proxies with these labels.
pub(super) fn listener(labels: &str, bind: &str, port: &str, is_https: bool) -> String {
    format!("{labels} {bind}:{port} {is_https}")
}

/// A Gateway as a VirtualService names it, with its namespace.
pub(super) fn resolved(name: &str, namespace: &str) -> String {
    match (name.split_once('/'), name.split_once('.')) {
        _ if name == MESH => name.to_owned(),
        (Some((".", name)), _) => format!("{namespace}/{name}"),
        (Some(_), _) => name.to_owned(),
        // `name.namespace.svc.cluster.local`, as it was written once.
        (None, Some((name, rest))) => format!("{}/{name}", rest.split('.').next().unwrap_or(rest)),
        (None, None) => format!("{namespace}/{name}"),
    }
}
