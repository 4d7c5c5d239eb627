//! `--from higress`: its `cors` plugin, in a WasmPlugin or alone, and the annotations of an Ingress.

use bucket_cors::profile;

use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::document::{Bucket, Sourced};
use crate::import::file::{File, FileContent};
use crate::import::ingress_hosts::Servers;
use crate::import::node::Node;
use crate::import::policy::{self, ListUse, Policy};
use crate::import::remarks::Remarks;
use crate::import::routes::{Host, Joining, Paths, Route, Stand};
use crate::import::{ingress, ingress_hosts, kubernetes, rule_fields};
use crate::source::Trouble;

pub(super) static SOURCE: Source = Source {
    name: "higress",
    holds: "Higress's `cors` plugin, or the annotations of an Ingress",
    about: "\
Its cors plugin, in a WasmPlugin or alone, and an Ingress with the annotations enable-cors and cors-*: `kubectl get wasmplugins.extensions.higress.io,ingresses -A -o yaml`. Patterns with several *, or with any port beside a *, are not carried over; what is not said has Higress's defaults.",
    profile: &profile::FETCH,
    names: BucketNames::Routes,
    kinds: &["WasmPlugin", "Ingress"],
    recognises: |file| file.values().iter().any(is_higress_s),
    read,
};

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

/// The headers where none are said.
const HEADERS: &str = "DNT, X-CustomHeader, Keep-Alive, User-Agent, X-Requested-With, If-Modified-Since, Cache-Control, \
                       Content-Type, Authorization";

/// How it reads an Ingress: with ingress-nginx's annotations too.
const CONTROLLER: ingress::Controller = ingress::Controller {
    name: "Higress",
    classes: &["higress", "nginx"],
    prefixes: &["higress.io/", "nginx.ingress.kubernetes.io/"],
    headers: HEADERS,
    takes: |_, _| true,
    origin: ingress_origin,
    takes_aliases: false,
    echoes: true,
    has_locations: false,
};

/// Reads the resources, or the plugin's configuration alone.
///
/// # Errors
/// That it is no YAML and no JSON, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let resources = file.documents()?.values();
    let mut hosts = Vec::new();
    for resource in &resources {
        let spec = resource.get("spec");
        match (resource.text_of("kind").as_deref(), spec) {
            (Some("WasmPlugin"), Some(spec)) => plugin(&spec, &resources, &mut hosts, remarks),
            _ if resource.has_any(&KNOWN_BY) => {
                let bucket = configuration(resource, remarks);
                hosts.push(everywhere(bucket, resource));
            }
            _ => {}
        }
    }
    let mut ingresses = ingress_hosts::all(&resources, &CONTROLLER, remarks);
    // A plugin's policy is also for the hosts of an Ingress that says nothing.
    if !hosts.is_empty() {
        ingresses.retain(|host| host.routes.iter().any(|route| route.bucket.is_some()));
    }
    hosts.extend(ingresses);
    Ok(FileContent::Hosts(hosts))
}

/// Whether it has to do with CORS, as Higress reads it.
fn is_higress_s(node: &Node<'_>) -> bool {
    match kubernetes::kind(node).as_str() {
        "WasmPlugin" => node
            .text_of("apiVersion")
            .is_none_or(|version| version.starts_with("extensions.higress.io/")),
        "Ingress" => {
            let class = node
                .path(&["spec", "ingressClassName"])
                .and_then(|class| class.text());
            ingress::has_annotations(node, "higress.io/")
                || class.is_some_and(|class| class.contains("higress"))
        }
        _ => node.has_any(&["allow_origins", "allow_origin_patterns"]),
    }
}

fn plugin(spec: &Node<'_>, resources: &[Node<'_>], hosts: &mut Vec<Host>, remarks: &mut Remarks) {
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
    let default = default.filter(|_| !is_off(spec, "defaultConfigDisable"));
    let default = default.map(|node| (configuration(&node, remarks), node));
    // More particular than the default, whatever the order.
    for rule in &rules {
        let Some(own) = rule.get("config").filter(|_| !is_off(rule, "configDisable")) else {
            without_policy(rule, resources, hosts, remarks);
            continue;
        };
        rule.say_unknown(&RULE_FIELDS, "a rule of a WasmPlugin", remarks);
        let bucket = configuration(&own, remarks);
        let domains = policy::texts(rule.get("domain"), remarks);
        if !domains.is_empty() {
            hosts.push(Host {
                domains,
                routes: vec![whole(bucket.clone(), rule)],
                joining: Joining::Longest,
                stand: Stand::default(),
            });
        }
        for name in policy::texts(rule.get("ingress"), remarks) {
            let found = resources
                .iter()
                .find(|resource| ingress_hosts::is_called(resource, &name.value));
            match found {
                Some(found) => {
                    let mut own = ingress_hosts::hosts(found, Some(&bucket), &Servers::default(), remarks);
                    // The rest of its hosts has the default.
                    if let Some((bucket, node)) = &default {
                        own.iter_mut().for_each(|host| host.routes.push(whole(bucket.clone(), node)));
                    }
                    hosts.extend(own);
                }
                None => remarks.say(code::NO_TARGET, &name.place,
                    format!("the policy of the Ingress {:?}: give a file that has it too, or name its hosts in domain", name.value),
                ),
            }
        }
        if !rule.has_any(&["domain", "ingress", "service", "routeType"]) {
            remarks.say(
                code::NO_TARGET,
                &rule.place,
                "a rule for nothing: name its hosts in domain",
            );
        }
        for field in ["service", "routeType"] {
            if let Some(other) = rule.get(field) {
                remarks.say(
                    code::NO_BUCKET,
                    &other.place,
                    format!("a policy by {field}: rules belong to a bucket; name its hosts"),
                );
            }
        }
    }
    if let Some((bucket, node)) = &default {
        hosts.push(everywhere(bucket.clone(), node));
    }
}

/// Hosts that a rule takes out of the default's.
fn without_policy(rule: &Node<'_>, resources: &[Node<'_>], hosts: &mut Vec<Host>, remarks: &mut Remarks) {
    let domains = policy::texts(rule.get("domain"), remarks);
    if !domains.is_empty() {
        hosts.push(Host {
            domains,
            routes: vec![Route {
                paths: vec![Sourced::new(Paths::All, &rule.place)],
                ..Route::default()
            }],
            joining: Joining::Longest,
            stand: Stand::default(),
        });
    }
    for name in policy::texts(rule.get("ingress"), remarks) {
        let found = resources
            .iter()
            .find(|resource| ingress_hosts::is_called(resource, &name.value));
        if let Some(found) = found {
            hosts.extend(ingress_hosts::hosts(found, None, &Servers::default(), remarks));
        }
    }
}

/// Higress looks for a `*` at the start of the host, and does not look at the scheme then.
fn ingress_origin(origin: Sourced<String>, remarks: &mut Remarks) -> Option<Sourced<String>> {
    let Sourced { value, place } = &origin;
    if !value.contains('*') {
        return Some(origin);
    }
    let one_in_front = value
        .split_once("://*")
        .is_some_and(|(scheme, rest)| !scheme.contains('*') && !rest.contains('*'));
    if !one_in_front {
        remarks.say(code::LITERAL_STAR, place,
            format!("{value:?}: Higress takes a * only at the start of a host and leaves this out; so does this import"),
        );
        return None;
    }
    remarks.say(
        code::ANY_SCHEME,
        place,
        format!(
            "{value:?}: Higress lets in any scheme for an origin with a *; the edge only what is written"
        ),
    );
    Some(origin)
}

fn whole(bucket: Bucket, node: &Node<'_>) -> Route {
    Route {
        paths: vec![Sourced::new(Paths::All, &node.place)],
        bucket: Some(bucket),
        ..Route::default()
    }
}

fn everywhere(bucket: Bucket, node: &Node<'_>) -> Host {
    Host {
        domains: vec![Sourced::new("*".to_owned(), &node.place)],
        routes: vec![whole(bucket, node)],
        joining: Joining::Longest,
        stand: Stand::default(),
    }
}

/// The plugin's configuration.
fn configuration(node: &Node<'_>, remarks: &mut Remarks) -> Bucket {
    remarks.say_once(code::REQUESTS_REFUSED, &node.place,
        "Higress's plugin answers a cross-origin request that no rule allows with 403 and keeps it from the store; to \
         the edge CORS refuses only preflights, and such a response goes out without CORS headers",
    );
    node.say_unknown(&FIELDS, "the plugin's configuration", remarks);
    let credentials = policy::credentials(node, node.get("allow_credentials"), remarks);
    let (exact, patterns) = (
        policy::texts(node.get("allow_origins"), remarks),
        policy::texts(node.get("allow_origin_patterns"), remarks),
    );
    let mut origins = Vec::new();
    if exact.is_empty() && patterns.is_empty() && !credentials.value {
        origins.push(Sourced::new("*".to_owned(), &node.place));
    }
    for Sourced { value, place } in exact {
        if value != "*" && value.contains('*') {
            remarks.say(code::LITERAL_STAR, &place,
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
        origins.extend(pattern_origins(&pattern, remarks));
    }
    let or_default = |field: &str, default: &str, remarks: &mut Remarks| {
        let texts = policy::texts(node.get(field), remarks);
        if texts.is_empty() {
            policy::commas(default, &node.place)
        } else {
            texts
        }
    };
    let mut methods = or_default("allow_methods", ingress::METHODS, remarks);
    for method in &mut methods {
        method.value.make_ascii_uppercase();
    }
    let max_age = node
        .get("max_age")
        .and_then(|value| policy::text(&value, remarks))
        .and_then(|text| rule_fields::seconds(&text.value, &text.place, remarks))
        .filter(|seconds| seconds.value > 0)
        .unwrap_or_else(|| Sourced::new(ingress::MAX_AGE, &node.place));
    let policy = Policy {
        origins,
        methods,
        headers: or_default("allow_headers", HEADERS, remarks),
        exposed: policy::texts(node.get("expose_headers"), remarks),
        max_age: Some(max_age),
        credentials,
        place: node.place.clone(),
        ..Policy::default()
    };
    policy.into_bucket(ListUse::Checked, remarks)
}

/// An entry of `allow_origin_patterns`, where any number of `*` and a list of ports may be. It is compared in lower case.
fn pattern_origins(pattern: &Sourced<String>, remarks: &mut Remarks) -> Vec<Sourced<String>> {
    let Sourced { value, place } = pattern;
    let lower = value.strip_suffix('/').unwrap_or(value).to_ascii_lowercase();
    remarks.say_once(code::OLDER_VERSIONS, place,
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
                remarks.say(
                    code::ANY_PORT,
                    place,
                    format!("{any:?} takes any port, or none behind the colon"),
                );
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
            remarks.say(
                code::SEVERAL_STARS,
                place,
                format!("{origin:?}: a pattern holds at most one *: write one entry per case"),
            );
        } else {
            kept.push(Sourced::new(origin, place));
        }
    }
    kept
}
