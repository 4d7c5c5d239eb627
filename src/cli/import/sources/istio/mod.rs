//! `--from istio`: the policies of VirtualServices, and the CORS filters of the Gateway API's HTTPRoutes.

mod delegates;
mod gateways;
mod services;

use bucket_cors::profile;

use self::services::Services;
use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::document::Sourced;
use crate::import::file::{File, FileContent};
use crate::import::node::Node;
use crate::import::policy::{self, Policy};
use crate::import::remarks::Remarks;
use crate::import::{gateway_api, gateway_hosts, kubernetes, string_match};
use crate::source::Trouble;

pub(super) static SOURCE: Source = Source {
    name: "istio",
    holds: "Istio's VirtualService, or the Gateway API's HTTPRoute",
    about: "\
corsPolicy of a VirtualService, and the CORS filter of the Gateway API's HTTPRoute: `kubectl get virtualservices,gateways.networking.istio.io -A -o yaml`. A Gateway in the files says which hosts it has. What is for sidecars counts where no Gateway has the host. The same is lost as of Envoy's.",
    profile: &profile::FETCH,
    names: BucketNames::Routes,
    kinds: &["VirtualService", "HTTPRoute", "GRPCRoute", "Gateway"],
    recognises: |file| {
        kubernetes::has_kind(file, &["VirtualService", "HTTPRoute"])
            || file.values().iter().any(kubernetes::is_istio_gateway)
    },
    read,
};

/// Reads the resources of all kinds.
///
/// # Errors
/// That it is no YAML and no JSON, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let resources = file.documents()?.values();
    let gateways = gateway_hosts::Gateways::of(&resources);
    let is_service = |resource: &&Node<'_>| kubernetes::kind(resource) == "VirtualService";
    let services: Vec<_> = resources.iter().filter(is_service).cloned().collect();
    let mut services = Services::of(services, &resources);
    let mut hosts = Vec::new();
    for resource in &resources {
        match &*kubernetes::kind(resource) {
            "VirtualService" => hosts.extend(services.hosts_of(resource, remarks)),
            _ if gateway_api::is_route(resource) => {
                hosts.extend(gateway_api::http_route(resource, &gateways, |_, _| None, remarks));
            }
            _ => {}
        }
    }
    services.finish(&mut hosts, remarks);
    Ok(FileContent::Hosts(hosts))
}

fn cors_policy(node: &Node<'_>, remarks: &mut Remarks) -> Policy {
    let of_istio = [&gateway_api::FIELDS[..], &["allowOrigin", "unmatchedPreflights"]].concat();
    node.say_unknown(&of_istio, "a CORS policy", remarks);
    if let Some(unmatched) = node.get("unmatchedPreflights") {
        match unmatched.text().as_deref() {
            Some("UNSPECIFIED") => {}
            Some("FORWARD") => policy::say_unmatched_preflights(true, &unmatched.place, remarks),
            Some("IGNORE") => policy::say_unmatched_preflights(false, &unmatched.place, remarks),
            _ => remarks.say(
                code::OTHER_TYPE,
                &unmatched.place,
                "neither FORWARD nor IGNORE: see whether it changes answers",
            ),
        }
    }
    let mut origins = Vec::new();
    let matchers = node.list("allowOrigins");
    for matcher in &matchers {
        origins.extend(string_match::read_istio(matcher, remarks));
    }
    // Of before 1.5. Istio leaves it out where there are matchers.
    if let Some(old) = node.get("allowOrigin") {
        if matchers.is_empty() {
            for Sourced { value, place } in policy::texts(Some(old), remarks) {
                let exact = string_match::Comparison::Exact;
                let patterns = string_match::patterns(exact, &value, false, &place, remarks);
                origins.extend(patterns.into_iter().map(|pattern| Sourced::new(pattern, &place)));
            }
        } else {
            remarks.say(code::SECOND_VALUE, &old.place,
                "allowOrigin beside allowOrigins: Istio leaves the older field out: add its origins to allowOrigins if they \
                 are meant",
            );
        }
    }
    let max_age = gateway_api::max_age(node, remarks);
    Policy {
        origins,
        max_age,
        ..gateway_api::lists(node, remarks)
    }
}
