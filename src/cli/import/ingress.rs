//! An Ingress, and its CORS annotations as Higress reads them.

use super::document::{Bucket, Sourced};
use super::higress::{HEADERS, MAX_AGE, METHODS};
use super::node::Node;
use super::policy::{self, Lists, Policy};
use super::report::Report;
use super::routes::{Host, Paths, Reach, Route};
use super::store;

/// What the annotations start with.
const PREFIXES: [&str; 2] = ["higress.io/", "nginx.ingress.kubernetes.io/"];

/// Those for CORS, without what they start with.
const ANNOTATIONS: [&str; 7] = [
    "enable-cors",
    "cors-allow-origin",
    "cors-allow-methods",
    "cors-allow-headers",
    "cors-expose-headers",
    "cors-allow-credentials",
    "cors-max-age",
];

/// The rules that the annotations stand for. `None`: they do not switch CORS on.
pub(crate) fn policy(resource: &Node<'_>, report: &mut Report) -> Option<Bucket> {
    let annotations = resource.path(&["metadata", "annotations"])?;
    let get = |name: &str| {
        PREFIXES.iter().find_map(|prefix| {
            let value = annotations.get(&format!("{prefix}{name}"))?;
            Some((value.text()?, value.place))
        })
    };
    let (enabled, place) = get("enable-cors")?;
    if go_flag(&enabled) != Some(true) {
        return None;
    }
    for (key, value) in annotations.fields() {
        let name = PREFIXES.iter().find_map(|prefix| key.strip_prefix(prefix));
        if name.is_some_and(|name| name.contains("cors") && !ANNOTATIONS.contains(&name)) {
            report.lost(
                &value.place,
                format!("{key} is no annotation for CORS that is known: see whether it changes answers"),
            );
        }
    }
    let list = |name: &str, default: &str| match get(name) {
        Some((text, place)) => policy::commas(&text, &place),
        None => policy::commas(default, &place),
    };
    let mut origins = Vec::new();
    for origin in list("cors-allow-origin", "*") {
        origins.extend(read_origin(origin, report));
    }
    let credentials = get("cors-allow-credentials");
    let policy = Policy {
        origins,
        methods: list("cors-allow-methods", METHODS),
        headers: list("cors-allow-headers", HEADERS),
        exposed: list("cors-expose-headers", ""),
        max_age: match get("cors-max-age") {
            Some((text, place)) => store::seconds(&text, &place, report),
            None => Some(Sourced::new(MAX_AGE, &place)),
        },
        credentials: match credentials {
            Some((text, place)) => Sourced::new(go_flag(&text) != Some(false), &place),
            None => Sourced::new(true, &place),
        },
        place: place.clone(),
        ..Policy::default()
    };
    Some(policy.into_bucket(Lists::Printed, report))
}

/// As Go parses one, which is how Higress reads these annotations.
fn go_flag(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Higress looks for a `*` at the start of the host, and does not look at the scheme then.
fn read_origin(origin: Sourced<String>, report: &mut Report) -> Option<Sourced<String>> {
    let Sourced { value, place } = &origin;
    if value == "*" || !value.contains('*') {
        return Some(origin);
    }
    let one_in_front = value
        .split_once("://*")
        .is_some_and(|(scheme, rest)| !scheme.contains('*') && !rest.contains('*'));
    if !one_in_front {
        report.lost(
            place,
            format!("{value:?}: Higress takes a * only at the start of a host and leaves this out; so does this import"),
        );
        return None;
    }
    report.note(
        place,
        format!(
            "{value:?}: Higress lets in any scheme for an origin with a *; the edge only what is written"
        ),
    );
    Some(origin)
}

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

/// Its hosts, each route of which has these rules, if there are any.
pub(crate) fn hosts(resource: &Node<'_>, bucket: Option<&Bucket>, report: &mut Report) -> Vec<Host> {
    let Some(spec) = resource.get("spec") else {
        return Vec::new();
    };
    let route = |paths: Paths, node: &Node<'_>| Route {
        paths: vec![Sourced::new(paths, &node.place)],
        bucket: bucket.cloned(),
        place: node.place.clone(),
    };
    let mut host = |name: Option<Node<'_>>, node: &Node<'_>, routes: Vec<Route>| {
        let mut domains = policy::texts(name, report);
        if domains.is_empty() {
            domains.push(Sourced::new("*".to_owned(), &node.place));
        }
        Host { domains, routes }
    };
    let mut hosts = Vec::new();
    for rule in spec.list("rules") {
        let paths = rule
            .path(&["http", "paths"])
            .map(|paths| paths.items())
            .unwrap_or_default();
        let mut routes: Vec<_> = paths
            .iter()
            .map(|path| {
                let text = path.text_of("path").unwrap_or_default();
                let paths = match path.text_of("pathType").as_deref() {
                    Some("Exact") => Paths::no_prefix(Reach::of_path(&text)),
                    kind => Paths::prefix(&text, kind == Some("Prefix")),
                };
                route(paths, path)
            })
            .collect();
        if routes.is_empty() {
            routes.push(route(Paths::All, &rule));
        }
        hosts.push(host(rule.get("host"), &rule, routes));
    }
    if let Some(backend) = spec.get("defaultBackend") {
        hosts.push(host(None, &backend, vec![route(Paths::All, &backend)]));
    }
    hosts
}
