//! `--from higress`: its `cors` plugin, in a WasmPlugin or alone, and the annotations of an Ingress.

use super::document::{Bucket, Sourced};
use super::node::{Documents, Node};
use super::policy::{self, Lists, Policy};
use super::report::Report;
use super::routes::{self, Host, Paths, Route};
use super::{Source, ingress, istio, store};

/// The fields by which a plugin's configuration is known for one of `cors`.
const KNOWN_BY: [&str; 5] = [
    "allow_origins",
    "allow_origin_patterns",
    "allow_methods",
    "allow_headers",
    "allow_credentials",
];

/// The fields of the plugin's configuration.
const FIELDS: [&str; 7] = [
    "allow_origins",
    "allow_origin_patterns",
    "allow_methods",
    "allow_headers",
    "expose_headers",
    "allow_credentials",
    "max_age",
];

/// The fields of a rule of a WasmPlugin.
const RULE_FIELDS: [&str; 6] = [
    "config",
    "configDisable",
    "domain",
    "ingress",
    "service",
    "routeType",
];

/// What both the plugin and the annotations stand for where nothing is said.
pub(crate) const METHODS: &str = "GET, PUT, POST, DELETE, PATCH, OPTIONS";
pub(crate) const HEADERS: &str = "DNT, X-CustomHeader, Keep-Alive, User-Agent, X-Requested-With, If-Modified-Since, \
                                  Cache-Control, Content-Type, Authorization";
pub(crate) const MAX_AGE: i64 = 1_728_000;

/// Reads the resources, or the plugin's configuration alone.
///
/// # Errors
/// That it is no YAML and no JSON, for a person.
pub(crate) fn read(source: &Source<'_>, report: &mut Report) -> Result<Vec<Host>, String> {
    let documents = Documents::read(source.file, source.text)?;
    let resources = istio::resources(&documents);
    let mut hosts = Vec::new();
    let mut ingresses = Vec::new();
    for resource in &resources {
        let spec = resource.get("spec");
        match (resource.text_of("kind").as_deref(), spec) {
            (Some("WasmPlugin"), Some(spec)) => plugin(&spec, &resources, &mut hosts, report),
            (Some("Ingress"), Some(_)) => {
                let bucket = ingress::policy(resource, report);
                for host in ingress::hosts(resource, bucket.as_ref(), report) {
                    routes::join(&mut ingresses, host, report);
                }
            }
            _ if resource.has_any(&KNOWN_BY) => {
                let bucket = configuration(resource, report);
                hosts.push(everywhere(bucket, resource));
            }
            _ => {}
        }
    }
    hosts.extend(ingresses);
    Ok(hosts)
}

fn plugin(spec: &Node<'_>, resources: &[Node<'_>], hosts: &mut Vec<Host>, report: &mut Report) {
    let rules = spec.list("matchRules");
    let default = spec.get("defaultConfig").or_else(|| spec.get("pluginConfig"));
    let configurations = rules
        .iter()
        .filter_map(|rule| rule.get("config"))
        .chain(default.clone());
    let is_cors = spec.text_of("url").is_some_and(|url| url.contains("cors"));
    if !is_cors
        && !configurations
            .into_iter()
            .any(|configuration| configuration.has_any(&KNOWN_BY))
    {
        return;
    }
    let is_off = |node: &Node<'_>, field: &str| node.get(field).and_then(|flag| flag.flag()) == Some(true);
    // More particular than the default, whatever the order.
    for rule in &rules {
        let Some(own) = rule.get("config") else { continue };
        if is_off(rule, "configDisable") {
            continue;
        }
        rule.say_unknown(&RULE_FIELDS, "a rule of a WasmPlugin", report);
        let bucket = configuration(&own, report);
        let domains = policy::texts(rule.get("domain"), report);
        if !domains.is_empty() {
            hosts.push(Host {
                domains,
                routes: vec![whole(bucket.clone(), rule)],
            });
        }
        for name in policy::texts(rule.get("ingress"), report) {
            let found = resources
                .iter()
                .find(|resource| ingress::is_called(resource, &name.value));
            match found {
                Some(found) => {
                    let mut own = Vec::new();
                    for host in ingress::hosts(found, Some(&bucket), report) {
                        routes::join(&mut own, host, report);
                    }
                    hosts.extend(own);
                }
                None => report.lost(
                    &name.place,
                    format!("the policy of the Ingress {:?}: give a file that has it too, or name its hosts in domain", name.value),
                ),
            }
        }
        if !rule.has_any(&["domain", "ingress", "service", "routeType"]) {
            report.lost(&rule.place, "a rule for nothing: name its hosts in domain");
        }
        for field in ["service", "routeType"] {
            if let Some(other) = rule.get(field) {
                report.lost(
                    &other.place,
                    format!("a policy by {field}: rules belong to a bucket; name its hosts"),
                );
            }
        }
    }
    if let Some(default) = default.filter(|_| !is_off(spec, "defaultConfigDisable")) {
        let bucket = configuration(&default, report);
        hosts.push(everywhere(bucket, &default));
    }
}

fn whole(bucket: Bucket, node: &Node<'_>) -> Route {
    Route {
        paths: vec![Sourced::new(Paths::All, &node.place)],
        bucket: Some(bucket),
        place: node.place.clone(),
    }
}

fn everywhere(bucket: Bucket, node: &Node<'_>) -> Host {
    Host {
        domains: vec![Sourced::new("*".to_owned(), &node.place)],
        routes: vec![whole(bucket, node)],
    }
}

/// The plugin's configuration.
fn configuration(node: &Node<'_>, report: &mut Report) -> Bucket {
    report.note_once(
        &node.place,
        "Higress's plugin answers a cross-origin request that no rule allows with 403 and keeps it from the store; to \
         the edge CORS refuses only preflights, and such a response goes out without CORS headers",
    );
    node.say_unknown(&FIELDS, "the plugin's configuration", report);
    let credentials = policy::credentials(node, node.get("allow_credentials"), report);
    let (exact, patterns) = (
        policy::texts(node.get("allow_origins"), report),
        policy::texts(node.get("allow_origin_patterns"), report),
    );
    let mut origins = Vec::new();
    if exact.is_empty() && patterns.is_empty() && !credentials.value {
        origins.push(Sourced::new("*".to_owned(), &node.place));
    }
    for Sourced { value, place } in exact {
        if value != "*" && value.contains('*') {
            report.lost(
                &place,
                format!(
                    "{value:?}: in allow_origins this * is a character that no origin holds, so it matches nothing: write \
                     it into AllowedOrigins if that is what you mean"
                ),
            );
            continue;
        }
        let origin = value.strip_suffix('/').unwrap_or(&value).to_ascii_lowercase();
        origins.push(Sourced::new(origin, &place));
    }
    for pattern in patterns {
        origins.extend(pattern_origins(&pattern, report));
    }
    let or_default = |field: &str, default: &str, report: &mut Report| {
        let texts = policy::texts(node.get(field), report);
        if texts.is_empty() {
            policy::commas(default, &node.place)
        } else {
            texts
        }
    };
    let mut methods = or_default("allow_methods", METHODS, report);
    for method in &mut methods {
        method.value.make_ascii_uppercase();
    }
    let max_age = node
        .get("max_age")
        .and_then(|value| policy::text(&value, report))
        .and_then(|text| store::seconds(&text.value, &text.place, report))
        .filter(|seconds| seconds.value > 0)
        .unwrap_or_else(|| Sourced::new(MAX_AGE, &node.place));
    let policy = Policy {
        origins,
        methods,
        headers: or_default("allow_headers", HEADERS, report),
        exposed: policy::texts(node.get("expose_headers"), report),
        max_age: Some(max_age),
        credentials,
        place: node.place.clone(),
        ..Policy::default()
    };
    policy.into_bucket(Lists::Checked, report)
}

/// An entry of `allow_origin_patterns`, where any number of `*` and a list of ports may be. It is compared in lower case.
fn pattern_origins(pattern: &Sourced<String>, report: &mut Report) -> Vec<Sourced<String>> {
    let Sourced { value, place } = pattern;
    let lower = value.strip_suffix('/').unwrap_or(value).to_ascii_lowercase();
    report.note_once(
        place,
        "before 2.0 Higress's plugin did not hold a pattern against the end of an origin, so that https://*.a.example let \
         in https://x.a.example.evil.example; the edge always compares the whole origin",
    );
    let (base, ports) = match lower.strip_suffix(']').and_then(|rest| rest.rsplit_once(":[")) {
        Some((base, ports)) => (base, Some(ports)),
        None => (lower.as_str(), None),
    };
    let origins = match ports {
        None => vec![base.to_owned()],
        Some("*") => {
            let any = format!("{base}:*");
            if !base.contains('*') {
                report.note(place, format!("{any:?} takes any port, or none behind the colon"));
            }
            vec![base.to_owned(), any]
        }
        Some(ports) => ports
            .split(',')
            .map(|port| format!("{base}:{}", port.trim()))
            .collect(),
    };
    let mut kept = Vec::new();
    for origin in origins {
        if origin.bytes().filter(|&byte| byte == b'*').count() > 1 {
            report.lost(
                place,
                format!("{origin:?}: a pattern holds at most one *: write one entry per case"),
            );
        } else {
            kept.push(Sourced::new(origin, place));
        }
    }
    kept
}
