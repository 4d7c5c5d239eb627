//! `--from higress`: its `cors` plugin, in a WasmPlugin or alone, and the annotations of an Ingress.

mod configuration;
mod plugin;

use bucket_cors::profile;

use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::file::{File, FileContent};
use crate::import::imported_document::Sourced;
use crate::import::node::Node;
use crate::import::patches::{self, Patches, Side};
use crate::import::remarks::Remarks;
use crate::import::routes::Host;
use crate::import::{ingress, ingress_class, ingress_hosts, kube};
use crate::source::Trouble;

pub(super) static SOURCE: Source = Source {
    name: "higress",
    holds: "Higress's `cors` plugin, or the annotations of an Ingress",
    about: "\
Its cors plugin, in a WasmPlugin or alone, and an Ingress with the annotations enable-cors and cors-*: `kubectl get wasmplugins.extensions.higress.io,ingresses,ingressclasses,envoyfilters -A -o yaml`. Patterns with several *, or with any port beside a *, are not carried over; what is not said has Higress's defaults. An Ingress whose class is another controller's is left out.",
    profile: &profile::FETCH,
    names: BucketNames::Routes,
    kinds: &["WasmPlugin", "Ingress"],
    recognises: |file| file.values().iter().any(is_higress_s),
    read,
};

/// How it reads an Ingress: with ingress-nginx's annotations too.
const CONTROLLER: ingress::Controller = ingress::Controller {
    name: "Higress",
    known: &ingress_class::HIGRESS,
    headers: configuration::HEADERS,
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
    let resources = file.documents()?.with_beside();
    let mut hosts = Vec::new();
    for resource in &resources {
        let spec = resource.get("spec");
        match (resource.text_of("kind").as_deref(), spec) {
            (Some("WasmPlugin"), Some(spec)) if plugin::is_cors(&spec) => {
                plugin::read(&spec, &resources, &mut hosts, remarks)
            }
            (Some("WasmPlugin"), _) => plugin::say_other(resource, remarks),
            _ if resource.has_any(&configuration::KNOWN_BY) => {
                let bucket = configuration::read(resource, remarks);
                hosts.push(plugin::everywhere(bucket, resource));
            }
            _ => {}
        }
    }
    let mut ingresses = ingress_hosts::all(&resources, &CONTROLLER, remarks);
    // A plugin's policy is also for the hosts of an Ingress that says nothing.
    if !hosts.is_empty() {
        ingresses.retain(Host::has_policy);
    }
    // Its annotations become policies of Envoy's own filter, and its plugin is another.
    Patches::of(&resources, &patches::ENVOY_FILTER).take_out(&mut ingresses, Side::Gateways, remarks);
    hosts.extend(ingresses);
    ingress_hosts::add_others(&mut hosts, &resources, CONTROLLER.known);
    Ok(FileContent::Hosts(hosts))
}

/// Whether it has to do with CORS, as Higress reads it.
fn is_higress_s(node: &Node<'_>) -> bool {
    match kube::kind(node).as_str() {
        "WasmPlugin" => node
            .text_of("apiVersion")
            .is_none_or(|version| version.starts_with("extensions.higress.io/")),
        "Ingress" => {
            let class = node
                .path(&["spec", "ingressClassName"])
                .and_then(|class| class.text());
            ingress::has_annotations(node, ingress_class::OF_HIGRESS)
                || class.is_some_and(|class| class.contains("higress"))
        }
        _ => node.has_any(&["allow_origins", "allow_origin_patterns"]),
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
