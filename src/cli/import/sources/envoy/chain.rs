//! The CORS filters of a listener, under whose names a route's policies count.

use std::collections::{BTreeSet, HashMap};

use super::states;
use crate::import::code::{self, RemarkCode};
use crate::import::node::Node;

/// What is seen of the filters in front of some routes.
#[derive(Debug, Clone, Default)]
pub(super) struct Chain {
    /// The names of the CORS filters.
    pub(super) filters: BTreeSet<String>,
    /// Those that only some of the listeners with these routes have.
    pub(super) partly: BTreeSet<String>,
    /// One of them is on for routes that do not turn it on.
    pub(super) runs: bool,
    /// A matcher picks the requests that one more CORS filter sees.
    pub(super) is_matched: bool,
    /// No listener in the files asks for the routes.
    pub(super) is_unused: bool,
    /// The port of `Host` is taken off before the routes are looked up.
    pub(super) strips_port: bool,
}

impl Chain {
    /// The chain of a connection manager. `None`: the node is none.
    pub(super) fn of(node: &Node<'_>) -> Option<Self> {
        let strips = |field| node.proto(field).and_then(|flag| flag.flag()) == Some(true);
        let mut chain = Self {
            strips_port: strips("strip_any_host_port") || strips("strip_matching_host_port"),
            ..Self::default()
        };
        for filter in node.proto("http_filters")?.items() {
            if is_cors(&filter) && is_matched(&filter) {
                chain.is_matched = true;
            } else if is_cors(&filter) {
                chain.filters.extend(filter.text_of("name"));
                chain.runs |= filter.get("disabled").and_then(|flag| flag.flag()) != Some(true);
            }
        }
        Some(chain)
    }

    /// Why a policy does not count: one under the name of a filter, or an older one, which has none.
    pub(super) fn why_not(&self, name: Option<&str>) -> (RemarkCode, String) {
        if self.is_matched {
            let why = "the policy: a matcher picks the requests that the listener's CORS filter sees, and rules \
                       apply to every request";
            return (code::SOME_REQUESTS, why.to_owned());
        }
        if let Some(name) = name.filter(|name| self.partly.contains(*name)) {
            let why = format!(
                "the policy of {name:?}: some listeners with these routes have a CORS filter of this name, and others \
                 have none: give all of them one"
            );
            return (code::OTHER_HOSTS, why);
        }
        let why = match name {
            _ if self.is_unused => "no listener in the files asks for its route configuration".to_owned(),
            Some(name) => format!(
                "{name:?} is no CORS filter of the listener, which has {}",
                self.names()
            ),
            None => "no CORS filter of the listener is on".to_owned(),
        };
        let why = format!("Envoy does not apply this policy, so it is left out: {why}");
        (code::NOT_APPLIED, why)
    }

    fn names(&self) -> String {
        if self.filters.is_empty() {
            return "none".to_owned();
        }
        let names: Vec<_> = self.filters.iter().map(|name| format!("{name:?}")).collect();
        names.join(" and ")
    }
}

/// Whether a type's name stands somewhere in a value.
fn has_type(node: &Node<'_>, endings: &[&str]) -> bool {
    let is_type = |text: String| endings.iter().any(|ending| text.ends_with(ending));
    node.text().is_some_and(is_type) || node.children().iter().any(|child| has_type(child, endings))
}

/// Whether a filter sees only the requests that a matcher picks.
fn is_matched(filter: &Node<'_>) -> bool {
    has_type(filter, &[".ExtensionWithMatcher", ".Composite"])
}

/// Whether a filter is Envoy's CORS filter. Old files give it by its name alone.
fn is_cors(filter: &Node<'_>) -> bool {
    let is_typed = filter.has_any(&[
        "typed_config",
        "typedConfig",
        "config_discovery",
        "configDiscovery",
    ]);
    let name = filter.text_of("name");
    if is_typed {
        filter
            .fields()
            .iter()
            .any(|(key, value)| *key != "name" && has_type(value, &[".Cors"]))
    } else {
        matches!(name.as_deref(), Some("envoy.filters.http.cors" | "envoy.cors"))
    }
}

/// The chains of all files, by the names of their route configurations.
#[derive(Default)]
pub(super) struct Chains {
    by_name: HashMap<String, Vec<Chain>>,
    /// Those whose route configurations depend on the request.
    scoped: Vec<Chain>,
    /// A listener is without its filters, so that it is not known what it asks for.
    is_partial: bool,
}

impl Chains {
    pub(super) fn of<'t>(documents: impl Iterator<Item = Node<'t>>) -> Self {
        let mut chains = Self::default();
        for root in documents {
            chains.walk(&root);
        }
        chains
    }

    fn walk(&mut self, node: &Node<'_>) {
        let discovered = node.get("rds");
        let name = discovered.and_then(|rds| rds.proto("route_config_name")?.text());
        // A config dump has these beside the listener too, under their name and with their type.
        let inline = node
            .proto("route_config")
            .filter(|routes| routes.get("@type").is_none())
            .map(|routes| routes.text_of("name").unwrap_or_default());
        match (name.or(inline), Chain::of(node)) {
            (Some(name), Some(chain)) => self.by_name.entry(name).or_default().push(chain),
            (Some(_), None) => self.is_partial = true,
            (None, Some(chain)) if node.proto("scoped_routes").is_some() => self.scoped.push(chain),
            // Clusters have filters of their own.
            (None, _) => {}
        }
        for below in states::in_force(node) {
            self.walk(&below);
        }
    }

    /// What the chains with these routes have in common. `None`: no listener is in the files.
    pub(super) fn using(&self, routes: &str) -> Option<Chain> {
        let named = self.by_name.get(routes).into_iter().flatten();
        let chains: Vec<_> = named.chain(&self.scoped).collect();
        let Some(first) = chains.first() else {
            let is_unused = !self.by_name.is_empty() && !self.is_partial;
            return is_unused.then(|| Chain {
                is_unused,
                ..Chain::default()
            });
        };
        let mut common = Chain::clone(first);
        let all: BTreeSet<_> = chains
            .iter()
            .flat_map(|chain| chain.filters.iter().cloned())
            .collect();
        for chain in chains {
            common.filters.retain(|name| chain.filters.contains(name));
            common.runs &= chain.runs;
            common.strips_port &= chain.strips_port;
            common.is_matched |= chain.is_matched;
        }
        common.partly = all.difference(&common.filters).cloned().collect();
        Some(common)
    }
}
