//! An Ingress, and its CORS annotations as its controller reads them.

use std::collections::{HashMap, HashSet};

use super::code;
use super::cors_headers;
use super::document::{Bucket, Sourced};
use super::kubernetes;
use super::node::Node;
use super::policy::{self, ListUse, Policy};
use super::remarks::Remarks;
use super::routes::{Host, Joining, Paths, Reach, Route};
use super::rule_fields;

/// What reads an Ingress. They share the names of the annotations, and not what they make of them.
pub(crate) struct Controller {
    /// What the annotations start with.
    pub(crate) prefixes: &'static [&'static str],
    /// The headers where none are said.
    pub(crate) headers: &'static str,
    /// What an origin with a `*` beside other characters stands for, if a pattern can say it.
    pub(crate) origin: fn(Sourced<String>, &mut Remarks) -> Option<Sourced<String>>,
    /// It takes the names in server-alias for its hosts too.
    pub(crate) takes_aliases: bool,
    /// Where every origin is let in, it answers with that origin and not with `*`.
    pub(crate) echoes: bool,
}

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

/// What stands where nothing is said.
pub(crate) const METHODS: &str = "GET, PUT, POST, DELETE, PATCH, OPTIONS";
pub(crate) const MAX_AGE: i64 = 1_728_000;

/// Whether an Ingress has annotations for CORS that start so, or that set its headers.
pub(crate) fn has_annotations(resource: &Node<'_>, prefix: &str) -> bool {
    let annotations = resource.path(&["metadata", "annotations"]);
    annotations.is_some_and(|annotations| {
        let mut names = ANNOTATIONS.iter();
        let mut by_hand = cors_headers::set_in(&annotations).into_iter();
        names.any(|name| annotations.get(&format!("{prefix}{name}")).is_some())
            || by_hand.any(|set| set.field.starts_with(prefix))
    })
}

/// The rules that the annotations stand for. `None`: they do not switch CORS on.
pub(crate) fn policy(resource: &Node<'_>, controller: &Controller, remarks: &mut Remarks) -> Option<Bucket> {
    let annotations = resource.path(&["metadata", "annotations"])?;
    let get = |name: &str| {
        controller.prefixes.iter().find_map(|prefix| {
            let value = annotations.get(&format!("{prefix}{name}"))?;
            Some((value.text()?, value.place))
        })
    };
    let (enabled, place) = get("enable-cors")?;
    if go_flag(&enabled) != Some(true) {
        return None;
    }
    for (key, value) in annotations.fields() {
        let name = controller
            .prefixes
            .iter()
            .find_map(|prefix| key.strip_prefix(prefix));
        if name.is_some_and(|name| name.contains("cors") && !ANNOTATIONS.contains(&name)) {
            remarks.say(
                code::UNKNOWN_FIELD,
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
        if origin.value == "*" || !origin.value.contains('*') {
            origins.push(origin);
        } else {
            origins.extend((controller.origin)(origin, remarks));
        }
    }
    let mut credentials = match get("cors-allow-credentials") {
        Some((text, place)) => Sourced::new(go_flag(&text) != Some(false), &place),
        None => Sourced::new(true, &place),
    };
    if credentials.value && !controller.echoes && origins.iter().any(|origin| origin.value == "*") {
        remarks.say(
            code::NO_EFFECT,
            &credentials.place,
            "credentials beside Access-Control-Allow-Origin: *, which browsers do not take",
        );
        credentials.value = false;
    }
    let policy = Policy {
        origins,
        methods: list("cors-allow-methods", METHODS),
        headers: list("cors-allow-headers", controller.headers),
        exposed: list("cors-expose-headers", ""),
        max_age: match get("cors-max-age") {
            Some((text, place)) => rule_fields::seconds(&text, &place, remarks),
            None => Some(Sourced::new(MAX_AGE, &place)),
        },
        credentials,
        place: place.clone(),
        ..Policy::default()
    };
    Some(policy.into_bucket(ListUse::Printed, remarks))
}

/// As Go parses one, which is how both controllers read these annotations.
fn go_flag(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
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

/// The hosts of all Ingresses, each with its own annotations. The longest path wins, in whatever resource it stands.
pub(crate) fn all<'t>(
    resources: impl Iterator<Item = &'t Node<'t>>,
    controller: &Controller,
    remarks: &mut Remarks,
) -> Vec<Host> {
    let mut all = Vec::new();
    let mut aliases: HashMap<String, Vec<Sourced<String>>> = HashMap::new();
    for resource in resources.filter(|resource| kubernetes::kind(resource) == "Ingress") {
        let annotation = |name: &str| {
            let annotations = resource.path(&["metadata", "annotations"])?;
            let mut prefixes = controller.prefixes.iter();
            prefixes.find_map(|prefix| annotations.get(&format!("{prefix}{name}")))
        };
        let canary = annotation("canary").filter(|canary| {
            let text = canary.text().unwrap_or_default();
            go_flag(&text) == Some(true)
        });
        if let Some(canary) = canary {
            if annotation("enable-cors").is_some() {
                remarks.say(
                    code::NOT_APPLIED,
                    &canary.place,
                    "the policy of a canary, whose requests have the policy of the main Ingress",
                );
            }
            continue;
        }
        let bucket = policy(resource, controller, remarks);
        let own = hosts(resource, bucket.as_ref(), remarks);
        if let Some(alias) = annotation("server-alias") {
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

/// Its hosts, each route of which has these rules, if there are any.
pub(crate) fn hosts(resource: &Node<'_>, bucket: Option<&Bucket>, remarks: &mut Remarks) -> Vec<Host> {
    let Some(spec) = resource.get("spec") else {
        return Vec::new();
    };
    let route = |paths: Paths, node: &Node<'_>| Route {
        paths: vec![Sourced::new(paths, &node.place)],
        bucket: bucket.cloned(),
    };
    let mut host = |name: Option<Node<'_>>, node: &Node<'_>, routes: Vec<Route>| {
        let mut domains = policy::texts(name, remarks);
        if domains.is_empty() {
            domains.push(Sourced::new("*".to_owned(), &node.place));
        }
        Host {
            domains,
            routes,
            joining: Joining::Longest,
        }
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
