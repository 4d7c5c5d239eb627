//! The hosts and paths of Ingresses, each with the policy that its controller gives it.

use std::collections::{HashMap, HashSet};

use super::code;
use super::document::{Bucket, Sourced};
use super::ingress::{self, Controller};
use super::ingress_class;
use super::kubernetes;
use super::nginx_paths;
use super::node::Node;
use super::policy;
use super::remarks::Remarks;
use super::routes::{Host, Joining, Paths, Reach, Route, Stand};

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
    let ingresses = resources
        .iter()
        .filter(|resource| kubernetes::kind(resource) == "Ingress")
        .filter(|resource| is_applied(resource, resources, controller, remarks));
    let ingresses: Vec<_> = ingresses.collect();
    let servers = Servers::of(&ingresses, controller);
    let mut all = Vec::new();
    let mut aliases: HashMap<String, Vec<Sourced<String>>> = HashMap::new();
    for resource in ingresses {
        let bucket = ingress::policy(resource, controller, remarks);
        let redirects = ["permanent-redirect", "temporal-redirect"];
        let is_empty = redirects
            .iter()
            .any(|name| controller.annotation(resource, name).is_some());
        let mut own = hosts(resource, bucket.as_ref(), &servers, remarks);
        for route in own.iter_mut().flat_map(|host| &mut host.routes) {
            route.is_empty = is_empty;
        }
        if let Some(alias) = controller.annotation(resource, "server-alias") {
            let names = policy::commas(&alias.text().unwrap_or_default(), &alias.place);
            let (names, others): (Vec<_>, Vec<_>) = names
                .into_iter()
                .partition(|name| controller.takes_aliases && !name.value.starts_with('~'));
            for other in others.iter().filter(|_| bucket.is_some()) {
                let message = format!("the hosts {:?} of server-alias: list them in hosts", other.value);
                remarks.say(code::OTHER_HOSTS, &other.place, message);
            }
            for domain in own.iter().flat_map(|host| &host.domains) {
                let known = aliases.entry(domain.value.to_ascii_lowercase()).or_default();
                known.extend(names.iter().cloned());
            }
        }
        all.extend(own);
    }
    // An alias stands for all of a host's routes, unless it is a host itself.
    let named = all.iter().flat_map(|host: &Host| &host.domains);
    let named: HashSet<_> = named.map(|domain| domain.value.to_ascii_lowercase()).collect();
    for host in &mut all {
        let own = host.domains.iter().filter(|domain| domain.value != "*");
        let own = own.filter_map(|domain| aliases.get(&domain.value.to_ascii_lowercase()));
        let more: Vec<_> = own
            .flatten()
            .filter(|alias| !named.contains(&alias.value.to_ascii_lowercase()))
            .cloned()
            .collect();
        host.domains.extend(more);
    }
    all
}

/// Whether the controller applies an Ingress by itself: it is for another, or a canary, whose requests have the policy of the
/// main one.
fn is_applied(
    ingress: &Node<'_>,
    resources: &[Node<'_>],
    controller: &Controller,
    remarks: &mut Remarks,
) -> bool {
    let class = ingress_class::of_another(ingress, resources, controller.classes);
    let why = match class {
        Some((class, place)) => {
            let why = format!(
                "the policy of an Ingress of the class {class:?}, which is another controller's: {} leaves it out",
                controller.name
            );
            (why, place)
        }
        None => match controller.annotation(ingress, "canary") {
            Some(canary) if controller.is_on(ingress, "canary") => {
                let why = "the policy of a canary, whose requests have the policy of the main Ingress";
                (why.to_owned(), canary)
            }
            _ => return true,
        },
    };
    if controller.annotation(ingress, "enable-cors").is_some() {
        remarks.say(code::NOT_APPLIED, &why.1.place, why.0);
    }
    false
}

/// What the controller makes of paths.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    has_locations: bool,
    /// The hosts whose paths are regular expressions, all of them.
    of_expressions: HashSet<String>,
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

fn rules<'t>(ingress: &Node<'t>) -> Vec<Node<'t>> {
    let rules = ingress.path(&["spec", "rules"]);
    rules.map(|rules| rules.items()).unwrap_or_default()
}

fn paths_of<'t>(rule: &Node<'t>) -> Vec<Node<'t>> {
    let paths = rule.path(&["http", "paths"]);
    paths.map(|paths| paths.items()).unwrap_or_default()
}

fn path_of(path: &Node<'_>) -> String {
    let text = path.text_of("path").filter(|text| !text.is_empty());
    text.unwrap_or_else(|| "/".to_owned())
}

fn host_of(rule: &Node<'_>) -> String {
    let host = rule.text_of("host").filter(|host| !host.is_empty());
    host.map_or_else(|| "*".to_owned(), |host| host.to_ascii_lowercase())
}

/// Its hosts, each route of which has these rules, if there are any.
pub(crate) fn hosts(
    resource: &Node<'_>,
    bucket: Option<&Bucket>,
    servers: &Servers,
    remarks: &mut Remarks,
) -> Vec<Host> {
    let all = |node: &Node<'_>| Route {
        paths: vec![Sourced::new(Paths::All, &node.place)],
        ..Route::default()
    };
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
        let mut routes: Vec<_> = paths_of(&rule)
            .iter()
            .map(|path| servers.route(&own, path))
            .collect();
        // nginx's has what these hosts do not say otherwise. Kubernetes' is for what has no other host.
        routes.extend(backend.iter().filter(|_| servers.has_locations).map(all));
        if routes.is_empty() {
            routes.push(all(&rule));
        }
        hosts.push(host(rule.get("host"), &rule, routes));
    }
    if let Some(backend) = backend.filter(|_| !servers.has_locations || hosts.is_empty()) {
        hosts.push(host(None, &backend, vec![all(&backend)]));
    }
    hosts
}
