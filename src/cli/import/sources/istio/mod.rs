//! `--from istio`: the policies of VirtualServices, and the CORS filters of the Gateway API's HTTPRoutes.

mod delegates;
mod fields;
mod gateways;
mod services;

use bucket_cors::profile;

use self::services::Services;
use super::source::{BucketNames, Source};
use crate::import::file::{File, FileContent};
use crate::import::node::Node;
use crate::import::remarks::Remarks;
use crate::import::{gateway_api, gateway_hosts, kubernetes};
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
