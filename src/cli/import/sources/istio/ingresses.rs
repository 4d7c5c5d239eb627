//! Ingresses that Istio's proxies serve: each host of one is a VirtualService to Istio, without a CORS policy and at a
//! server of its own that takes every host.

use super::gateways::listener;
use super::mesh::Mesh;
use crate::import::imported_document::Sourced;
use crate::import::ingress_class::{self, ISTIO};
use crate::import::ingress_rules::{host_of, path_of, paths_of, rules};
use crate::import::kube;
use crate::import::node::Node;
use crate::import::reach::Reach;
use crate::import::routes::{Host, Joining, Paths, Route, Stand};

/// What the label `istio` of Istio's own gateway is.
const PROXIES: &str = "ingressgateway";

/// The hosts of all of them.
pub(super) fn all(resources: &[Node<'_>], mesh: &Mesh) -> Vec<Host> {
    let classes = ingress_class::classes(resources);
    let own = resources.iter().filter(|resource| {
        kube::kind(resource) == "Ingress"
            && (has_class_of(mesh, resource) || !ingress_class::is_of_another(resource, &classes, &ISTIO))
    });
    own.flat_map(|ingress| hosts_of(ingress, mesh)).collect()
}

/// Whether an Ingress has the class that the mesh is said to take.
fn has_class_of(mesh: &Mesh, ingress: &Node<'_>) -> bool {
    let class = ingress_class::old_annotation(ingress).and_then(|class| class.text());
    class.is_some() && class == mesh.ingress_class
}

/// The hosts of one, with TLS too where it has any. Its default backend is none to Istio, and neither is a rule without
/// paths.
fn hosts_of(ingress: &Node<'_>, mesh: &Mesh) -> Vec<Host> {
    let has_tls = !kube::items(ingress, &["spec", "tls"]).is_empty();
    let selector = mesh.ingress_selector.as_deref().unwrap_or(PROXIES);
    let table = format!("the Ingress {}/{}", kube::namespace(ingress), kube::name(ingress));
    let mut hosts = Vec::new();
    for (port, is_https) in [("80", false), ("443", true)] {
        if is_https && !has_tls {
            continue;
        }
        for rule in rules(ingress) {
            let paths = paths_of(&rule);
            if paths.is_empty() {
                continue;
            }
            let place = rule
                .get("host")
                .map_or_else(|| rule.place.clone(), |host| host.place);
            hosts.push(Host {
                domains: vec![Sourced::new(host_of(&rule), &place)],
                routes: paths.iter().map(route).collect(),
                joining: Joining::Apart,
                stand: Stand {
                    listener: Some(listener(&format!("istio={selector}"), "", port, is_https)),
                    table: table.clone(),
                },
            });
        }
    }
    hosts
}

/// The requests of a path. At the end of one, `*` and `.*` stand for anything where it has no type.
fn route(path: &Node<'_>) -> Route {
    let text = path_of(path);
    let paths = match path.text_of("pathType").as_deref() {
        Some("Exact") => Paths::no_prefix(Reach::of_path(&text)),
        Some("Prefix") => Paths::prefix(&text, true),
        _ => {
            let start = text.strip_suffix('*').unwrap_or(&text);
            Paths::prefix(start.strip_suffix('.').unwrap_or(start), false)
        }
    };
    Route {
        paths: vec![Sourced::new(paths, &path.place)],
        ..Route::default()
    }
}
