//! Higress's WasmPlugin: which hosts have which configuration.

use super::configuration;
use crate::import::code;
use crate::import::imported_document::{ImportedBucket, Sourced};
use crate::import::ingress_hosts::Servers;
use crate::import::node::Node;
use crate::import::policy;
use crate::import::remarks::Remarks;
use crate::import::routes::{Host, Joining, Paths, Route, Stand};
use crate::import::{cors_named, ingress_class, ingress_hosts, kube};

/// The fields of a rule of a WasmPlugin.
const RULE_FIELDS: [&str; 6] = [
    "config",
    "configDisable",
    "domain",
    "ingress",
    "service",
    "routeType",
];

/// Whether a WasmPlugin is the plugin for CORS, by its module or by the fields of its configuration.
pub(super) fn is_cors(spec: &Node<'_>) -> bool {
    let rules = spec.list("matchRules");
    let of_rules = rules.iter().filter_map(|rule| rule.get("config"));
    let mut configurations = of_rules
        .chain(spec.get("defaultConfig"))
        .chain(spec.get("pluginConfig"));
    spec.text_of("url").is_some_and(|url| url.contains("cors"))
        || configurations.any(|configuration| configuration.has_any(&configuration::KNOWN_BY))
}

/// Another plugin may set headers of CORS.
pub(super) fn say_other(resource: &Node<'_>, remarks: &mut Remarks) {
    if let Some(place) = cors_named::place(resource) {
        let name = kube::name(resource);
        let message =
            format!("the CORS of the WasmPlugin {name:?}, which is not Higress's cors: write a rule for it");
        remarks.say(code::NOT_READ, &place, message);
    }
}

/// The hosts of the rules of a WasmPlugin, and those of every other host.
pub(super) fn read(spec: &Node<'_>, resources: &[Node<'_>], hosts: &mut Vec<Host>, remarks: &mut Remarks) {
    let classes = ingress_class::classes(resources);
    let rules = spec.list("matchRules");
    let default = spec.get("defaultConfig").or_else(|| spec.get("pluginConfig"));
    let is_off = |node: &Node<'_>, field: &str| node.get(field).and_then(|flag| flag.flag()) == Some(true);
    let default = default.filter(|_| !is_off(spec, "defaultConfigDisable"));
    let default = default.map(|node| (configuration::read(&node, remarks), node));
    // More particular than the default, whatever the order.
    for rule in &rules {
        let Some(own) = rule.get("config").filter(|_| !is_off(rule, "configDisable")) else {
            without_policy(rule, resources, hosts, remarks);
            continue;
        };
        rule.say_unknown(&RULE_FIELDS, "a rule of a WasmPlugin", remarks);
        let bucket = configuration::read(&own, remarks);
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
                Some(found) if ingress_class::is_of_another(found, &classes, &ingress_class::HIGRESS) => {
                    let message = format!("the policy of the Ingress {:?}, whose class is another controller's", name.value);
                    remarks.say(code::NOT_APPLIED, &name.place, message);
                }
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
    let classes = ingress_class::classes(resources);
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
            .find(|resource| ingress_hosts::is_called(resource, &name.value))
            .filter(|found| !ingress_class::is_of_another(found, &classes, &ingress_class::HIGRESS));
        if let Some(found) = found {
            hosts.extend(ingress_hosts::hosts(found, None, &Servers::default(), remarks));
        }
    }
}

fn whole(bucket: ImportedBucket, node: &Node<'_>) -> Route {
    Route {
        paths: vec![Sourced::new(Paths::All, &node.place)],
        bucket: Some(bucket),
        ..Route::default()
    }
}

/// A host of its own for all others.
pub(super) fn everywhere(bucket: ImportedBucket, node: &Node<'_>) -> Host {
    Host {
        domains: vec![Sourced::new("*".to_owned(), &node.place)],
        routes: vec![whole(bucket, node)],
        joining: Joining::Longest,
        stand: Stand::default(),
    }
}
