//! What a level of a configuration says of the CORS filter: a route configuration, a virtual host, a route, a cluster.

use super::chain::Chain;
use crate::import::node::Node;

/// Whether it is a policy, new or old.
pub(super) fn is_policy(node: &Node<'_>) -> bool {
    let is_typed = node
        .text_of("@type")
        .is_some_and(|kind| kind.ends_with(".CorsPolicy"));
    is_typed || node.proto("allow_origin_string_match").is_some()
}

/// Adds the policies in a value.
pub(super) fn within<'t>(node: &Node<'t>, found: &mut Vec<Node<'t>>) {
    if is_policy(node) {
        found.push(node.clone());
        return;
    }
    for below in node.children() {
        within(&below, found);
    }
}

/// The policies of a level for the CORS filters, in their old place too.
pub(super) fn policies<'t>(level: &Node<'t>, chain: Option<&Chain>) -> Vec<Node<'t>> {
    let own = match per_filter(level, chain) {
        Some(Filter::Policy(policy)) => Some(policy),
        Some(Filter::Off(policy)) => policy,
        None => None,
    };
    own.into_iter().chain(legacy(level)).collect()
}

/// What a level says of the filter.
pub(super) enum Filter<'t> {
    Policy(Node<'t>),
    /// With the policy that it would have, if it says one.
    Off(Option<Node<'t>>),
}

/// The policy among what a level says for its filters: under the name of a CORS filter of the chain, or under any name
/// where the chain is not in the file.
pub(super) fn per_filter<'t>(level: &Node<'t>, chain: Option<&Chain>) -> Option<Filter<'t>> {
    let filters = level.proto("typed_per_filter_config")?;
    filters.fields().into_iter().find_map(|(name, config)| {
        let is_applied = chain.map_or(name.contains("cors"), |chain| chain.filters.contains(name));
        if chain.is_some() && !is_applied {
            return None;
        }
        if !config.text_of("@type")?.ends_with(".FilterConfig") {
            return is_policy(&config).then_some(Filter::Policy(config));
        }
        let inner = config.get("config");
        let is_of_cors = inner.as_ref().map_or(is_applied, is_policy);
        let is_off = config.get("disabled").and_then(|flag| flag.flag()) == Some(true);
        match inner {
            _ if !is_of_cors => None,
            inner if is_off => Some(Filter::Off(inner)),
            inner => inner.map(Filter::Policy),
        }
    })
}

/// Older Envoys have it beside the route's action, or in the virtual host.
pub(super) fn legacy<'t>(level: &Node<'t>) -> Option<Node<'t>> {
    level.path(&["route", "cors"]).or_else(|| level.get("cors"))
}
