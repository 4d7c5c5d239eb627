//! The hosts and paths of Ingresses, each with the policy that its controller gives it.

use std::collections::HashSet;

use super::imported_document::{ImportedBucket, Sourced};
use super::ingress::{self, Controller};
use super::ingress_aliases;
use super::ingress_applied;
use super::ingress_class::{self, KnownController};
use super::ingress_order;
use super::ingress_rules::{WithPolicy, host_of, path_of, paths_of, rules};
use super::kube;
use super::nginx_paths;
use super::node::Node;
use super::policy;
use super::reach::Reach;
use super::remarks::Remarks;
use super::routes::{Host, Joining, Paths, Route, Stand};

/// Whether a resource is the Ingress of that name, with or without its namespace.
pub(crate) fn is_called(resource: &Node<'_>, name: &str) -> bool {
    let text = |field| resource.path(&["metadata", field]).and_then(|value| value.text());
    let Some(own) = text("name") else { return false };
    let is_name = match name.split_once('/') {
        Some((namespace, name)) => {
            text("namespace").as_deref().unwrap_or("default") == namespace && own == name
        }
        None => own == name,
    };
    is_name && resource.text_of("kind").as_deref() == Some("Ingress")
}

/// The hosts of all Ingresses, each with its own annotations. The longest path wins, in whatever resource it stands.
pub(crate) fn all(resources: &[Node<'_>], controller: &Controller, remarks: &mut Remarks) -> Vec<Host> {
    let classes = ingress_class::classes(resources);
    let ingresses = resources
        .iter()
        .filter(|resource| kube::kind(resource) == "Ingress")
        .filter(|resource| ingress_applied::is_applied(resource, &classes, controller, remarks));
    let ingresses: Vec<_> = ingresses.collect();
    let of_each = ingresses.iter().map(|resource| WithPolicy {
        ingress: resource,
        bucket: ingress::policy(resource, controller, remarks),
        instance: ingress_class::instance(resource, &classes),
    });
    let mut of_each: Vec<_> = of_each.collect();
    tell_apart(&mut of_each);
    let mut servers = Servers::of(&ingresses, controller);
    if controller.has_locations {
        servers.lost = ingress_order::lost(&of_each, remarks);
    }
    let mut all = Vec::new();
    for WithPolicy {
        ingress,
        bucket,
        instance,
    } in &of_each
    {
        let redirects = ["permanent-redirect", "temporal-redirect"];
        let is_empty = redirects
            .iter()
            .any(|name| controller.annotation(ingress, name).is_some());
        let mut own = hosts(ingress, bucket.as_ref(), &servers, remarks);
        for host in &mut own {
            host.stand.listener.clone_from(instance);
            host.routes.iter_mut().for_each(|route| route.is_empty = is_empty);
        }
        all.extend(own);
    }
    ingress_aliases::add(&mut all, &of_each, controller, remarks);
    all
}

/// An Ingress without a class is that of the only controller that others name, or else may be any one's.
fn tell_apart(ingresses: &mut [WithPolicy<'_>]) {
    let named: HashSet<String> = ingresses.iter().filter_map(|own| own.instance.clone()).collect();
    let only = named.iter().next().filter(|_| named.len() == 1);
    for own in ingresses.iter_mut().filter(|_| !named.is_empty()) {
        let instance = own.instance.take().or_else(|| only.cloned());
        own.instance = Some(instance.unwrap_or_default());
    }
}

/// Adds the hosts that only Ingresses of other controllers have: they get no policy that is for every host.
pub(crate) fn add_others(hosts: &mut Vec<Host>, resources: &[Node<'_>], own: &'static KnownController) {
    let domains = hosts.iter().flat_map(|host| &host.domains);
    let mut named: HashSet<String> = domains.map(|domain| domain.value.to_ascii_lowercase()).collect();
    named.insert("*".to_owned());
    let classes = ingress_class::classes(resources);
    let others = resources.iter().filter(|resource| {
        kube::kind(resource) == "Ingress" && ingress_class::is_of_another(resource, &classes, own)
    });
    for rule in others.flat_map(rules) {
        let name = host_of(&rule);
        if named.insert(name.clone()) {
            hosts.push(Host {
                domains: vec![Sourced::new(name, &rule.place)],
                routes: vec![whole(&rule)],
                joining: Joining::Longest,
                stand: Stand::default(),
            });
        }
    }
}

/// A route of all paths, without a policy.
fn whole(node: &Node<'_>) -> Route {
    Route {
        paths: vec![Sourced::new(Paths::All, &node.place)],
        ..Route::default()
    }
}

/// What the controller makes of paths.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    has_locations: bool,
    /// The hosts whose paths are regular expressions, all of them.
    of_expressions: HashSet<String>,
    /// Where the paths stand that an older Ingress has.
    lost: HashSet<String>,
}

impl Servers {
    fn of(ingresses: &[&Node<'_>], controller: &Controller) -> Self {
        let mut servers = Self {
            has_locations: controller.has_locations,
            ..Self::default()
        };
        for ingress in ingresses.iter().filter(|_| controller.has_locations) {
            let rewrites = controller
                .annotation(ingress, "rewrite-target")
                .and_then(|to| to.text());
            let has_regex = controller.is_on(ingress, "use-regex");
            for rule in rules(ingress) {
                let is_rewritten = |path: &Node<'_>| rewrites.as_ref().is_some_and(|to| *to != path_of(path));
                let mut paths = paths_of(&rule).into_iter();
                if has_regex || paths.any(|path| is_rewritten(&path)) {
                    servers.of_expressions.insert(host_of(&rule));
                }
            }
        }
        servers
    }

    /// The requests of a path of a host.
    fn route(&self, host: &str, path: &Node<'_>) -> Route {
        let text = path_of(path);
        let kind = path.text_of("pathType");
        let paths = match kind.as_deref() {
            _ if self.of_expressions.contains(host) => nginx_paths::expression(&text),
            Some("Exact") => vec![Paths::no_prefix(Reach::of_path(&text))],
            // A location that ends in a slash does not have the path without it.
            kind => vec![Paths::prefix(
                &text,
                kind == Some("Prefix") && !(self.has_locations && text.ends_with('/')),
            )],
        };
        let is_ordered = self.of_expressions.contains(host);
        Route {
            paths: paths
                .into_iter()
                .map(|paths| Sourced::new(paths, &path.place))
                .collect(),
            length: is_ordered.then_some(text.len()),
            ..Route::default()
        }
    }
}

/// Its hosts, each route of which has these rules, if there are any.
pub(crate) fn hosts(
    resource: &Node<'_>,
    bucket: Option<&ImportedBucket>,
    servers: &Servers,
    remarks: &mut Remarks,
) -> Vec<Host> {
    let mut host = |name: Option<Node<'_>>, node: &Node<'_>, mut routes: Vec<Route>| {
        for route in &mut routes {
            route.bucket = bucket.cloned();
        }
        let mut domains = policy::texts(name, remarks);
        if domains.is_empty() {
            domains.push(Sourced::new("*".to_owned(), &node.place));
        }
        Host {
            domains,
            routes,
            joining: Joining::Longest,
            stand: Stand::default(),
        }
    };
    let backend = resource.path(&["spec", "defaultBackend"]);
    let mut hosts = Vec::new();
    for rule in rules(resource) {
        let own = host_of(&rule);
        let paths = paths_of(&rule);
        let kept = paths.iter().filter(|path| !servers.lost.contains(&path.place));
        let mut routes: Vec<_> = kept.map(|path| servers.route(&own, path)).collect();
        // nginx's has what these hosts do not say otherwise. Kubernetes' is for what has no other host.
        routes.extend(backend.iter().filter(|_| servers.has_locations).map(whole));
        if paths.is_empty() && routes.is_empty() {
            routes.push(whole(&rule));
        }
        hosts.push(host(rule.get("host"), &rule, routes));
    }
    if let Some(backend) = backend.filter(|_| !servers.has_locations || hosts.is_empty()) {
        hosts.push(host(None, &backend, vec![whole(&backend)]));
    }
    hosts
}
