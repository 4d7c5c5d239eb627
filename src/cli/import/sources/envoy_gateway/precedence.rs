//! Which of the policies of a route, a ListenerSet and a Gateway is in force.

use super::targets::{self, PolicyTarget, Targets};
use crate::import::gateway_hosts::Attachment;
use crate::import::imported_document::ImportedBucket;
use crate::import::node::Node;

/// A policy that may be in force or not.
#[derive(Debug)]
pub(super) struct Doubt {
    pub(super) place: String,
    pub(super) why: &'static str,
}

const SAYS_OTHERWISE: &str = "another policy that is merged with it says something else";

/// The CORS of the most particular policy of a rule where its route is attached: of the rule, of its route, of the
/// listener, of the Gateway.
///
/// # Errors
/// A policy of which that cannot be told.
pub(super) fn in_force(
    targets: &Targets,
    route: &Node<'_>,
    rule: &Node<'_>,
    at: &Attachment,
) -> Result<Option<ImportedBucket>, Doubt> {
    // Other controllers know nothing of SecurityPolicies.
    let controller = at.controller.as_deref();
    if controller.is_some_and(|name| !name.starts_with(targets::GROUP)) {
        return Ok(None);
    }
    let of_route = targets.of_route(route);
    let of_set = targets.of_set(at);
    let of_gateway = targets.of_gateway(at);
    of_gateway.iter().for_each(|target| target.is_met.set(true));
    let mut all = of_route.iter().chain(&of_set).chain(&of_gateway);
    if all.all(|target| target.bucket.is_none()) {
        return Ok(None);
    }
    let own = nearest(&of_route, rule.text_of("name"))?;
    if let Some(own) = own.filter(|own| !own.merges) {
        own.is_told.set(true);
        return Ok(own.bucket.clone());
    }
    let around = match nearest(&of_set, None)? {
        Some(of_set) => Some(of_set),
        None => nearest(&of_gateway, at.listener.clone())?,
    };
    let Some((own, bucket)) = own.and_then(|own| Some((own, own.bucket.as_ref()?))) else {
        let around = around.inspect(|around| around.is_told.set(true));
        return Ok(around.and_then(|around| around.bucket.clone()));
    };
    own.is_told.set(true);
    if around.is_some_and(|around| around.bucket.is_some()) {
        return Err(Doubt {
            place: own.place.clone(),
            why: SAYS_OTHERWISE,
        });
    }
    Ok(Some(bucket.clone()))
}

/// The policy of a section, or else of the whole.
///
/// # Errors
/// That it is not known for this.
fn nearest<'p>(
    targets: &[&'p PolicyTarget],
    section: Option<String>,
) -> Result<Option<&'p PolicyTarget>, Doubt> {
    let of = |section: Option<&str>| {
        let mut targets = targets.iter().copied();
        targets.find(|target| target.section.as_deref() == section)
    };
    let own = section.as_deref().and_then(|section| of(Some(section)));
    match own.or_else(|| of(None)) {
        Some(PolicyTarget {
            doubt: Some(why),
            is_told,
            place,
            ..
        }) => {
            is_told.set(true);
            Err(Doubt {
                place: place.clone(),
                why,
            })
        }
        found => Ok(found),
    }
}
