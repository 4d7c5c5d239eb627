//! `--from istio`: the policies of VirtualServices, and the CORS filters of the Gateway API's HTTPRoutes.

mod delegates;
mod exports;
mod fields;
mod gateways;
mod ingresses;
mod mesh;
mod paths;
mod services;
mod workloads;

use bucket_cors::profile;

use self::mesh::Mesh;
use self::services::Services;
use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::file::{File, FileContent};
use crate::import::node::Node;
use crate::import::patches::{self, Patches, Side};
use crate::import::remarks::Remarks;
use crate::import::{gateway_api, gateway_hosts, ingress_class, ingress_hosts, kube};
use crate::source::Trouble;

pub(super) static SOURCE: Source = Source {
    name: "istio",
    holds: "Istio's VirtualService, or the Gateway API's HTTPRoute",
    about: "\
corsPolicy of a VirtualService, and the CORS filter of the Gateway API's HTTPRoute: `kubectl get virtualservices,gateways.networking.istio.io,ingresses,ingressclasses,envoyfilters -A -o yaml`. A Gateway in the files says which hosts it has, and a Deployment or a Service where its proxies run, which exportTo speaks of; the mesh's ConfigMap says its default. An Ingress of Istio's has no policy. An EnvoyFilter takes the policies out that it may change. What is for sidecars counts where no Gateway has the host. The same is lost as of Envoy's.",
    profile: &profile::FETCH,
    names: BucketNames::Routes,
    kinds: &["VirtualService", "HTTPRoute", "GRPCRoute", "Gateway"],
    recognises: |file| {
        kube::has_kind(file, &["VirtualService", "HTTPRoute"])
            || file.values().iter().any(kube::is_istio_gateway)
    },
    read,
};

/// Reads the resources of all kinds.
///
/// # Errors
/// That it is no YAML and no JSON, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let resources = file.documents()?.with_beside();
    let gateways = gateway_hosts::Gateways::of(&resources);
    let is_service =
        |resource: &&Node<'_>| kube::kind(resource) == "VirtualService" && kube::is_istio_s(resource);
    let services: Vec<_> = resources.iter().filter(is_service).cloned().collect();
    let mesh = Mesh::of(&resources);
    let mut hosts = ingresses::all(&resources, &mesh);
    let mut services = Services::of(services, &resources, mesh);
    for resource in &resources {
        if is_service(&resource) {
            hosts.extend(services.hosts_of(resource, remarks));
        } else if gateway_api::is_route(resource) {
            say_mesh_policies(resource, remarks);
            say_older_versions(resource, remarks);
            hosts.extend(gateway_api::http_route(resource, &gateways, |_, _| None, remarks));
        }
    }
    let of_envoy = Patches::of(&resources, &patches::ENVOY_FILTER);
    of_envoy.take_out(&mut hosts, Side::Gateways, remarks);
    services.finish(&mut hosts, &of_envoy, remarks);
    ingress_hosts::add_others(&mut hosts, &resources, &ingress_class::ISTIO);
    Ok(FileContent::Hosts(hosts))
}

/// Origins of a route's filter that Istio has not always taken for patterns.
fn say_older_versions(route: &Node<'_>, remarks: &mut Remarks) {
    let rules = kube::items(route, &["spec", "rules"]);
    let filters = rules.iter().flat_map(gateway_api::cors_filters);
    let mut origins = filters.flat_map(|filter| filter.list("allowOrigins"));
    let has_star = |origin: &Node<'_>| {
        origin
            .text()
            .is_some_and(|text| text != "*" && text.contains('*'))
    };
    if let Some(origin) = origins.find(has_star) {
        remarks.say_once(
            code::OLDER_VERSIONS,
            &origin.place,
            "earlier versions of Istio compare an origin with a * as text, so that the policy let in none; the edge lets in \
             all that it stands for: list the origins where that is too much",
        );
    }
}

/// Policies of a route that is for the sidecars of a service, and for no Gateway.
fn say_mesh_policies(route: &Node<'_>, remarks: &mut Remarks) {
    let parents = kube::items(route, &["spec", "parentRefs"]);
    let service = parents.iter().find_map(|parent| {
        let kind = parent.text_of("kind")?;
        matches!(&*kind, "Service" | "ServiceEntry" | "Hostname").then_some(parent)
    });
    let Some(service) = service else { return };
    for rule in kube::items(route, &["spec", "rules"]) {
        for filter in gateway_api::cors_filters(&rule) {
            let message = format!(
                "the policy of a route for the sidecars of {:?}, which is no host at the edge: rules belong to a bucket; name \
                 its hosts",
                service.text_of("name").unwrap_or_default()
            );
            remarks.say(code::NO_BUCKET, &filter.place, message);
        }
    }
}
