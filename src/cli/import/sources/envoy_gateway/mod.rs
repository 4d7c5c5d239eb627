//! `--from envoy-gateway`: the CORS of its SecurityPolicies, with the HTTPRoutes and Gateways that they are for.

mod precedence;
mod targets;

use bucket_cors::profile;

use self::precedence::Doubt;
use self::targets::{PolicyTarget, Targets};
use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::file::{File, FileContent};
use crate::import::gateway_hosts::{Attachment, Gateways};
use crate::import::node::Node;
use crate::import::patches::{self, Patches, Side};
use crate::import::remarks::Remarks;
use crate::import::{gateway_api, kube};
use crate::source::Trouble;

pub(super) static SOURCE: Source = Source {
    name: "envoy-gateway",
    holds: "Envoy Gateway's SecurityPolicy, with HTTPRoutes and Gateways",
    about: "\
cors of a SecurityPolicy, with the HTTPRoutes and Gateways that it is for: `kubectl get securitypolicies,httproutes,grpcroutes,gateways,gatewayclasses,envoyproxies,namespaces -A -o yaml`. A policy of a route stands before one of its Gateway, one of a rule or a listener before one of the whole; of two for the same, the older. The same is lost as of Envoy's policies.",
    profile: &profile::FETCH,
    names: BucketNames::Routes,
    kinds: &["SecurityPolicy", "HTTPRoute", "GRPCRoute", "Gateway"],
    recognises: |file| file.values().iter().any(is_envoy_gateway_s),
    read,
};

/// Reads the policies and the routes.
///
/// # Errors
/// That it is no YAML and no JSON, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let resources = file.documents()?.with_beside();
    let targets = Targets::of(&resources, remarks);
    let mut gateways = Gateways::of(&resources);
    for target in targets.iter().filter(|target| target.kind == "Gateway") {
        if let Some(section) = &target.section {
            gateways.name_section((target.namespace.clone(), target.name.clone()), section.clone());
        }
    }
    let mut hosts = Vec::new();
    let is_route = |resource: &&Node<'_>| gateway_api::is_route(resource);
    let routes: Vec<_> = resources.iter().filter(is_route).collect();
    for route in &routes {
        let mut conflicts = Vec::new();
        let around = |rule: &Node<'_>, at: &Attachment| {
            let found = precedence::in_force(&targets, route, rule, at);
            found.unwrap_or_else(|conflict| {
                conflicts.push(conflict);
                None
            })
        };
        hosts.extend(gateway_api::http_route(route, &gateways, around, remarks));
        for Doubt { place, why } in conflicts {
            remarks.say(
                code::OTHER_HOSTS,
                &place,
                format!("this policy, which is left out: {why}"),
            );
        }
    }
    Patches::of(&resources, &patches::ENVOY_PATCH_POLICY).take_out(&mut hosts, Side::Gateways, remarks);
    for target in targets
        .iter()
        .filter(|target| target.bucket.is_some() && !target.is_told.get())
    {
        say_unused(target, &routes, remarks);
    }
    Ok(FileContent::Hosts(hosts))
}

/// Whether a resource is for Envoy Gateway: of its own group, or a class of its own.
fn is_envoy_gateway_s(resource: &Node<'_>) -> bool {
    let is_of_group = |name: Option<String>| name.is_some_and(|name| name.starts_with(targets::GROUP));
    match &*kube::kind(resource) {
        "SecurityPolicy" | "EnvoyPatchPolicy" => true,
        "GatewayClass" => is_of_group(
            resource
                .path(&["spec", "controllerName"])
                .and_then(|name| name.text()),
        ),
        _ => is_of_group(resource.text_of("apiVersion")),
    }
}

/// A policy that no rule of a route has.
fn say_unused(target: &PolicyTarget, routes: &[&Node<'_>], remarks: &mut Remarks) {
    let PolicyTarget {
        kind, name, place, ..
    } = target;
    let mut routes = routes.iter();
    if target.is_met.get() || routes.any(|route| target.is(route) || target.is_of_parent_of(route)) {
        let message = format!(
            "the policy of the {kind} {name:?}: no route has it there, or each has a more particular policy or filter, or one \
             that is merged with it"
        );
        remarks.say(code::NOT_APPLIED, place, message);
    } else {
        let message = format!(
            "the policy of the {kind} {name:?}: no route in this file has it: give a file that has the HTTPRoutes too"
        );
        remarks.say(code::NO_TARGET, place, message);
    }
}
