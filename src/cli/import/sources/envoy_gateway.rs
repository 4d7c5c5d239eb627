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
    /// Without CORS it takes the CORS of those around it away.
    bucket: Option<Bucket>,
    /// It adds to the policy around it, and does not replace it.
    merges: bool,
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
        for (target, used) in targets.iter().zip(&mut used) {
            *used |= target.is(route) || target.is_of_gateway_of(route);
        }
        let mut conflicts = Vec::new();
        let around = |rule: &Node<'_>| {
            let found = in_force(&targets, route, rule, &resources);
            found.unwrap_or_else(|conflict| {
                conflicts.push(conflict);
                None
            })
        };
        hosts.extend(gateway_api::http_route(route, &resources, around, remarks));
        for place in conflicts {
            remarks.say(code::OTHER_HOSTS, &place,
                "this policy, which is left out: another policy that is merged with it, or that is for some of the same \
                 requests, says something else",
            );
        }
    }
    for (target, _) in targets
        .iter()
        .zip(used)
        .filter(|(target, used)| !used && target.bucket.is_some())
    {
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
    let bucket = resource.path(&["spec", "cors"]).map(|cors| {
        cors.say_unknown(&gateway_api::FIELDS, "a SecurityPolicy's cors", remarks);
        let policy = Policy {
            origins: policy::texts(cors.get("allowOrigins"), remarks),
            max_age: gateway_api::max_age(&cors, remarks),
            ..gateway_api::lists(&cors, remarks)
        };
        policy.into_bucket(ListUse::Printed, remarks)
    });
    let merges = resource
        .path(&["spec", "mergeType"])
        .is_some_and(|merge| !merge.is_null());
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
    let namespace = kubernetes::namespace(resource);
    references.retain(|reference| {
        let other = reference.text_of("namespace").filter(|other| *other != namespace);
        if let (Some(other), Some(_)) = (&other, &bucket) {
            let message = format!(
                "the policy of a target in the namespace {other:?}: Envoy Gateway takes only targets in the policy's own, \
                 {namespace:?}: move the policy there if it is meant"
            );
            remarks.say(code::NO_TARGET, &reference.place, message);
        }
        other.is_none()
    });
    let targets = references.into_iter().map(|reference| PolicyTarget {
        kind: reference.text_of("kind").unwrap_or_default(),
        namespace: namespace.clone(),
        name: reference.text_of("name").unwrap_or_default(),
        section: reference.text_of("sectionName"),
        bucket: bucket.clone(),
        merges,
        place: reference.place,
    });
    targets.collect()
}

impl PolicyTarget {
    fn is(&self, resource: &Node<'_>) -> bool {
        let name = resource.path(&["metadata", "name"]).and_then(|name| name.text());
        name.as_deref() == Some(&*self.name) && self.namespace == kubernetes::namespace(resource)
    }

    /// Whether it is a Gateway, or a listener of one, that a route names as its parent.
    fn is_of_gateway_of(&self, route: &Node<'_>) -> bool {
        let parents = items(route, &["spec", "parentRefs"]);
        parents.iter().any(|parent| self.is_of_gateway(parent, route))
    }

    fn is_of_gateway(&self, parent: &Node<'_>, route: &Node<'_>) -> bool {
        let of = parent
            .text_of("namespace")
            .unwrap_or_else(|| kubernetes::namespace(route));
        self.kind == "Gateway"
            && parent.text_of("name").as_deref() == Some(&*self.name)
            && of == self.namespace
    }
}

/// The CORS of the most particular policy of a rule: of the rule, of its route, of each listener, of the Gateway.
///
/// # Errors
/// The place of a policy beside which another one counts that says something else.
fn in_force(
    targets: &[PolicyTarget],
    route: &Node<'_>,
    rule: &Node<'_>,
    resources: &[Node<'_>],
) -> Result<Option<Bucket>, String> {
    let of_route = |section: Option<String>| {
        let is_it = |target: &&PolicyTarget| {
            target.kind == "HTTPRoute" && target.is(route) && target.section == section
        };
        agreed(targets.iter().filter(is_it).map(Some))
    };
    let own = match rule
        .text_of("name")
        .map(|name| of_route(Some(name)))
        .transpose()?
        .flatten()
    {
        Some(own) => Some(own),
        None => of_route(None)?,
    };
    if let Some(own) = own.filter(|own| !own.merges) {
        return Ok(own.bucket.clone());
    }
    let mut around = Vec::new();
    for parent in items(route, &["spec", "parentRefs"]) {
        let of_gateway: Vec<_> = targets
            .iter()
            .filter(|target| target.is_of_gateway(&parent, route))
            .collect();
        let of = |section: Option<&str>| {
            let mut sections = of_gateway
                .iter()
                .copied()
                .filter(|target| target.section.as_deref() == section);
            agreed(std::iter::from_fn(|| sections.next().map(Some)))
        };
        let listeners = match parent.text_of("sectionName") {
            Some(name) => vec![Some(name)],
            None => listeners(&of_gateway, resources),
        };
        for listener in listeners {
            let found = match listener
                .as_deref()
                .map(|name| of(Some(name)))
                .transpose()?
                .flatten()
            {
                Some(found) => Some(found),
                None => of(None)?,
            };
            around.push(found);
        }
    }
    let around = agreed(around.into_iter())?;
    let around_bucket = around.and_then(|around| around.bucket.as_ref());
    match (own.and_then(|own| own.bucket.as_ref()), around_bucket) {
        (Some(_), Some(_)) => Err(own.map(|own| own.place.clone()).unwrap_or_default()),
        (own, around) => Ok(own.or(around).cloned()),
    }
}

/// The listeners of the Gateway that some policies are for; where it is not in the files, those with a policy, and another.
fn listeners(of_gateway: &[&PolicyTarget], resources: &[Node<'_>]) -> Vec<Option<String>> {
    let gateway = resources.iter().find(|resource| {
        kubernetes::kind(resource) == "Gateway" && of_gateway.iter().any(|target| target.is(resource))
    });
    match gateway {
        Some(gateway) => {
            let listeners = items(gateway, &["spec", "listeners"]);
            listeners
                .iter()
                .map(|listener| listener.text_of("name"))
                .collect()
        }
        None => {
            let sections = of_gateway.iter().map(|target| target.section.clone());
            sections.chain([None]).collect()
        }
    }
}

/// One of several policies that say the same.
///
/// # Errors
/// The place of one, where they do not.
fn agreed<'t>(
    mut policies: impl Iterator<Item = Option<&'t PolicyTarget>>,
) -> Result<Option<&'t PolicyTarget>, String> {
    let Some(first) = policies.next() else {
        return Ok(None);
    };
    let bucket = |policy: Option<&'t PolicyTarget>| policy.and_then(|policy| policy.bucket.as_ref());
    for other in policies {
        let is_same = match (bucket(first), bucket(other)) {
            (Some(first), Some(other)) => first.answers_like(other),
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            return Err(first
                .or(other)
                .map(|policy| policy.place.clone())
                .unwrap_or_default());
        }
    }
    Ok(first)
}

fn items<'t>(of: &Node<'t>, path: &[&str]) -> Vec<Node<'t>> {
    of.path(path).map(|list| list.items()).unwrap_or_default()
}
