//! What a level of a configuration says of the CORS filter: a route configuration, a virtual host, a route, a cluster.

use super::chain::Chain;
use crate::import::node::Node;

/// The policy that a value is, new or old. A struct may stand for it, which says its type beside it.
pub(super) fn policy_in<'t>(node: &Node<'t>) -> Option<Node<'t>> {
    let is_of = |key: &str, end: &str| node.proto(key)?.text().filter(|kind| kind.ends_with(end));
    if is_of("@type", ".TypedStruct").is_some() {
        is_of("type_url", ".CorsPolicy")?;
        return Some(node.get("value").unwrap_or_else(|| node.nothing()));
    }
    let is_one = is_of("@type", ".CorsPolicy").is_some() || node.proto("allow_origin_string_match").is_some();
    is_one.then(|| node.clone())
}

/// Adds the policies in a value.
pub(super) fn within<'t>(node: &Node<'t>, found: &mut Vec<Node<'t>>) {
    if let Some(policy) = policy_in(node) {
        found.push(policy);
        return;
    }
    for below in node.children() {
        within(&below, found);
    }
}

/// The policies of a level for the CORS filters, in their old place too.
pub(super) fn policies<'t>(level: &Node<'t>, chain: Option<&Chain>) -> Vec<Node<'t>> {
    let own = per_filter(level, chain).into_iter();
    let own = own.filter_map(|(_, filter)| match filter {
        Filter::Policy(policy) => Some(policy),
        Filter::Off(policy) => policy,
        Filter::On => None,
    });
    own.chain(legacy(level)).collect()
}

/// What a level says of a filter.
pub(super) enum Filter<'t> {
    Policy(Node<'t>),
    /// It is on, whatever the levels around say.
    On,
    /// It is off. A policy that stands beside that is not read.
    Off(Option<Node<'t>>),
}

/// What a level says for the CORS filters of the chain, each with its name; for filters that are called so where the
/// chain is not in the file.
pub(super) fn per_filter<'t>(level: &Node<'t>, chain: Option<&Chain>) -> Vec<(&'t str, Filter<'t>)> {
    let filters = level.proto("typed_per_filter_config");
    let filters = filters.map(|filters| filters.fields()).unwrap_or_default();
    let said = filters.into_iter().filter_map(|(name, config)| {
        let is_applied = chain.map_or(name.contains("cors"), |chain| chain.filters.contains(name));
        if chain.is_some() && !is_applied {
            return None;
        }
        if !is_wrapper(&config) {
            return Some((name, Filter::Policy(policy_in(&config)?)));
        }
        let inner = config.get("config").filter(|inner| !inner.fields().is_empty());
        let inner = match inner {
            Some(inner) => Some(policy_in(&inner)?),
            None if is_applied => None,
            None => return None,
        };
        let is_off = config.get("disabled").and_then(|flag| flag.flag()) == Some(true);
        let filter = match inner {
            inner if is_off => Filter::Off(inner),
            Some(policy) => Filter::Policy(policy),
            None => Filter::On,
        };
        Some((name, filter))
    });
    said.collect()
}

/// Whether a configuration says whether its filter is on, with its own inside.
pub(super) fn is_wrapper(config: &Node<'_>) -> bool {
    config
        .text_of("@type")
        .is_some_and(|kind| kind.ends_with(".FilterConfig"))
}

/// Older Envoys have it beside the route's action, or in the virtual host.
pub(super) fn legacy<'t>(level: &Node<'t>) -> Option<Node<'t>> {
    level.path(&["route", "cors"]).or_else(|| level.get("cors"))
}
