//! How long a response may take behind Envoy Gateway.

use super::super::tree::NodeId;
use super::super::warning::{CUTS_DOWNLOADS, Warning};
use super::resource::KubeResource;
use super::time::is_long;

/// A limit, where it stands, and what is to stand there.
struct Limit<'r, 'f> {
    of: &'r KubeResource<'f>,
    below: String,
    node: NodeId,
    text: &'f str,
    way_out: &'static str,
}

/// Warns of what cuts downloads. `policies`: the BackendTrafficPolicies.
pub(super) fn warnings<'r, 'f>(
    routes: &[&'r KubeResource<'f>],
    policies: &[&'r KubeResource<'f>],
    warnings: &mut Vec<Warning>,
) {
    let mut told = Vec::new();
    for route in routes {
        let of_policies = of_policies(route, policies);
        for (index, rule) in route.items("rules").iter().enumerate() {
            let (of, below, node, what) = match own(route, index, *rule).as_ref().or(of_policies.as_ref()) {
                Some(limit) if is_long(Some(limit.text)) => continue,
                Some(limit) => {
                    let what = format!(
                        "{} is the time for the whole response: a slow download is cut",
                        limit.text
                    );
                    let what = format!("{what}. Write {}", limit.way_out);
                    (limit.of, limit.below.clone(), limit.node, what)
                }
                None => {
                    let what = "15s, the gateway's own where nothing names one, is the time for the whole response: a slow \
                                download is cut. Write timeouts: {request: 0s}";
                    (*route, format!("/rules/{index}"), *rule, what.to_owned())
                }
            };
            let place = (of.file.name.clone(), node);
            // A policy's stands for all routes.
            if !told.contains(&place) {
                told.push(place);
                let pointer = format!("{}/spec{below}", of.pointer);
                warnings.push(of.file.warning(&CUTS_DOWNLOADS, pointer, node, what));
            }
        }
    }
}

/// What a rule says. Envoy Gateway lets `backendRequest` overwrite `request`, and either the policies.
fn own<'r, 'f>(route: &'r KubeResource<'f>, index: usize, rule: NodeId) -> Option<Limit<'r, 'f>> {
    let ways = [
        (
            "backendRequest",
            "timeouts: {request: 0s} without backendRequest, which the gateway takes in the place of request",
        ),
        ("request", "timeouts: {request: 0s}"),
    ];
    ways.into_iter().find_map(|(name, way_out)| {
        let node = route.tree().path(rule, &["timeouts", name])?;
        Some(Limit {
            of: route,
            below: format!("/rules/{index}/timeouts/{name}"),
            node,
            text: route.tree().text(node)?,
            way_out,
        })
    })
}

/// What the policies for a route say: its own stand in the place of the gateway's, unless they are merged.
fn of_policies<'r, 'f>(route: &KubeResource<'_>, policies: &[&'r KubeResource<'f>]) -> Option<Limit<'r, 'f>> {
    let is_of_route = |policy: &&&KubeResource<'_>| policy.targets().iter().any(|it| route.is(it));
    let is_of_gateway = |policy: &&&KubeResource<'_>| {
        let targets = policy.targets();
        // One that says by labels what it is for may be for this.
        targets.is_empty()
            || (route.parents().iter()).any(|parent| targets.iter().any(|target| parent.is(target)))
    };
    let of_route = || policies.iter().filter(is_of_route);
    let is_alone = of_route().next().is_some() && of_route().all(|it| it.text(&["mergeType"]).is_none());
    let of_gateway = policies.iter().filter(is_of_gateway).filter(|_| !is_alone);
    of_route().chain(of_gateway).find_map(|policy| {
        let path = ["timeout", "http", "requestTimeout"];
        let node = policy.tree().path(policy.spec, &path)?;
        Some(Limit {
            of: policy,
            below: format!("/{}", path.join("/")),
            node,
            text: policy.tree().text(node)?,
            way_out: "requestTimeout: 0s",
        })
    })
}
