//! `--from envoy-gateway`: the CORS of its SecurityPolicies, with the HTTPRoutes and Gateways that they are for.

mod targets;

use bucket_cors::profile;

use self::targets::{Doubt, PolicyTarget};
use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::file::{File, FileContent};
use crate::import::gateway_hosts::{Attachment, Gateways};
use crate::import::node::Node;
use crate::import::remarks::Remarks;
use crate::import::{gateway_api, kubernetes};
use crate::source::Trouble;

pub(super) static SOURCE: Source = Source {
    name: "envoy-gateway",
    holds: "Envoy Gateway's SecurityPolicy, with HTTPRoutes and Gateways",
    about: "\
cors of a SecurityPolicy, with the HTTPRoutes and Gateways that it is for: `kubectl get securitypolicies,httproutes,grpcroutes,gateways -A -o yaml`. A policy of a route stands before one of its Gateway, one of a rule or a listener before one of the whole; of two for the same, the older. The same is lost as of Envoy's policies.",
    profile: &profile::FETCH,
    names: BucketNames::Routes,
    kinds: &["SecurityPolicy", "HTTPRoute", "GRPCRoute", "Gateway"],
    recognises: |file| kubernetes::has_kind(file, &["SecurityPolicy"]),
    read,
};

/// Reads the policies and the routes.
///
/// # Errors
/// That it is no YAML and no JSON, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let resources = file.documents()?.values();
    let targets = targets::of(&resources, remarks);
    let mut gateways = Gateways::of(&resources);
    for target in targets.iter().filter(|target| target.kind == "Gateway") {
        if let Some(section) = &target.section {
            gateways.name_section((target.namespace.clone(), target.name.clone()), section.clone());
        }
    }
    let mut used = vec![false; targets.len()];
    let mut hosts = Vec::new();
    for route in resources
        .iter()
        .filter(|resource| gateway_api::is_route(resource))
    {
        for (target, used) in targets.iter().zip(&mut used) {
            *used |= target.is(route) || target.is_of_gateway_of(route);
        }
        let mut conflicts = Vec::new();
        let around = |rule: &Node<'_>, at: &Attachment| {
            let found = targets::in_force(&targets, route, rule, at);
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
    for (target, _) in targets
        .iter()
        .zip(used)
        .filter(|(target, used)| !used && target.bucket.is_some())
    {
        say_unused(target, remarks);
    }
    Ok(FileContent::Hosts(hosts))
}

fn say_unused(target: &PolicyTarget, remarks: &mut Remarks) {
    remarks.say(code::NO_TARGET, &target.place,
        format!(
            "the policy of the {} {:?}: no route in this file has it: give a file that has the HTTPRoutes too",
            target.kind, target.name
        ),
    );
}
