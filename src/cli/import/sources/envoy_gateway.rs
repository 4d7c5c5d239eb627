//! `--from envoy-gateway`: the CORS of its SecurityPolicies, with the HTTPRoutes and Gateways that they are for.

use bucket_cors::profile;

use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::document::Bucket;
use crate::import::file::{File, FileContent};
use crate::import::node::Node;
use crate::import::policy::{self, ListUse, Policy};
use crate::import::remarks::Remarks;
use crate::import::{gateway_api, kubernetes};
use crate::source::Trouble;

pub(super) static SOURCE: Source = Source {
    name: "envoy-gateway",
    holds: "Envoy Gateway's SecurityPolicy, with HTTPRoutes and Gateways",
    about: "\
cors of a SecurityPolicy, with the HTTPRoutes and Gateways that it is for: `kubectl get securitypolicies,httproutes,gateways -A -o yaml`. A policy of a route stands before one of its Gateway, one of a rule or a listener before one of the whole. The same is lost as of Envoy's policies.",
    profile: &profile::FETCH,
    names: BucketNames::Routes,
    kinds: &["SecurityPolicy", "HTTPRoute", "Gateway"],
    recognises: |file| kubernetes::has_kind(file, &["SecurityPolicy"]),
    read,
};

/// What a policy is for.
struct PolicyTarget {
    kind: String,
    namespace: String,
    name: String,
    /// A rule of a route, or a listener of a Gateway.
    section: Option<String>,
    bucket: Bucket,
    place: String,
}

/// Reads the policies and the routes.
///
/// # Errors
/// That it is no YAML and no JSON, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let resources = file.documents()?.values();
    let of_kind = |kind: &'static str| {
        resources
            .iter()
            .filter(move |node| kubernetes::kind(node) == kind)
    };
    let mut targets = Vec::new();
    for resource in of_kind("SecurityPolicy") {
        targets.extend(of_policy(resource, remarks));
    }
    let mut used = vec![false; targets.len()];
    let mut hosts = Vec::new();
    for route in of_kind("HTTPRoute") {
        let used = std::cell::RefCell::new(&mut used);
        // The first of these that there is a policy for.
        let around = |rule: &Node<'_>| {
            let is_of_route = |target: &&PolicyTarget| target.kind == "HTTPRoute" && target.is(route);
            let rule = rule.text_of("name");
            let found = targets
                .iter()
                .position(|target| is_of_route(&target) && target.section.is_some() && target.section == rule)
                .or_else(|| {
                    targets
                        .iter()
                        .position(|target| is_of_route(&target) && target.section.is_none())
                })
                .or_else(|| {
                    targets
                        .iter()
                        .position(|target| target.is_of_gateway_of(route, true))
                })
                .or_else(|| {
                    targets
                        .iter()
                        .position(|target| target.is_of_gateway_of(route, false))
                })?;
            if let Some(used) = used.borrow_mut().get_mut(found) {
                *used = true;
            }
            targets.get(found).map(|target| target.bucket.clone())
        };
        hosts.extend(gateway_api::http_route(route, &resources, around, remarks));
    }
    for (target, _) in targets.iter().zip(used).filter(|(_, used)| !used) {
        remarks.say(code::NO_TARGET, &target.place,
            format!(
                "the policy of the {} {:?}: no route in this file has it: give a file that has the HTTPRoutes too",
                target.kind, target.name
            ),
        );
    }
    Ok(FileContent::Hosts(hosts))
}

fn of_policy(resource: &Node<'_>, remarks: &mut Remarks) -> Vec<PolicyTarget> {
    let Some(cors) = resource.path(&["spec", "cors"]) else {
        return Vec::new();
    };
    cors.say_unknown(&gateway_api::FIELDS, "a SecurityPolicy's cors", remarks);
    let policy = Policy {
        origins: policy::texts(cors.get("allowOrigins"), remarks),
        max_age: gateway_api::max_age(&cors, remarks),
        ..gateway_api::lists(&cors, remarks)
    };
    let bucket = policy.into_bucket(ListUse::Printed, remarks);
    let mut references = resource
        .path(&["spec", "targetRefs"])
        .map(|node| node.items())
        .unwrap_or_default();
    references.extend(resource.path(&["spec", "targetRef"]));
    if let Some(selectors) = resource.path(&["spec", "targetSelectors"]) {
        remarks.say(
            code::NO_TARGET,
            &selectors.place,
            "the routes that targetSelectors choose by their labels: name them in targetRefs",
        );
    }
    let targets = references.into_iter().map(|reference| PolicyTarget {
        kind: reference.text_of("kind").unwrap_or_default(),
        namespace: reference
            .text_of("namespace")
            .unwrap_or_else(|| kubernetes::namespace(resource)),
        name: reference.text_of("name").unwrap_or_default(),
        section: reference.text_of("sectionName"),
        bucket: bucket.clone(),
        place: reference.place,
    });
    targets.collect()
}

impl PolicyTarget {
    fn is(&self, resource: &Node<'_>) -> bool {
        let name = resource.path(&["metadata", "name"]).and_then(|name| name.text());
        name.as_deref() == Some(&*self.name) && self.namespace == kubernetes::namespace(resource)
    }

    /// Whether it is a Gateway, or one listener of it, that a route is attached to.
    fn is_of_gateway_of(&self, route: &Node<'_>, of_listener: bool) -> bool {
        let parents = route.path(&["spec", "parentRefs"]).map(|parents| parents.items());
        self.kind == "Gateway"
            && self.section.is_some() == of_listener
            && parents.unwrap_or_default().iter().any(|parent| {
                let of = parent
                    .text_of("namespace")
                    .unwrap_or_else(|| kubernetes::namespace(route));
                parent.text_of("name").as_deref() == Some(&*self.name)
                    && of == self.namespace
                    && (!of_listener || parent.text_of("sectionName") == self.section)
            })
    }
}
