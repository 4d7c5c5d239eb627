//! The CORS filters of a listener, under whose names a route's policies count.

use std::collections::{BTreeSet, HashMap};

use crate::import::node::{Documents, Node};

/// What is seen of the filters in front of some routes.
#[derive(Debug, Clone, Default)]
pub(super) struct Chain {
    /// The names of the CORS filters.
    pub(super) filters: BTreeSet<String>,
    /// Those that only some of the listeners with these routes have.
    pub(super) partly: BTreeSet<String>,
    /// One of them is on for routes that do not turn it on.
    pub(super) runs: bool,
}

impl Chain {
    /// The chain of a connection manager. `None`: the node is none.
    pub(super) fn of(node: &Node<'_>) -> Option<Self> {
        let mut chain = Self::default();
        for filter in node.proto("http_filters")?.items() {
            if is_cors(&filter) {
                chain.filters.extend(filter.text_of("name"));
                chain.runs |= filter.get("disabled").and_then(|flag| flag.flag()) != Some(true);
            }
        }
        Some(chain)
    }

    /// For a message.
    pub(super) fn names(&self) -> String {
        if self.filters.is_empty() {
            return "none".to_owned();
        }
        let names: Vec<_> = self.filters.iter().map(|name| format!("{name:?}")).collect();
        names.join(" and ")
    }
}

/// Whether a filter is Envoy's CORS filter. Old files give it by its name alone.
fn is_cors(filter: &Node<'_>) -> bool {
    fn has_type(node: &Node<'_>) -> bool {
        let is_type = |text: String| text.ends_with("filters.http.cors.v3.Cors") || text.ends_with(".Cors");
        node.text().is_some_and(is_type) || node.children().iter().any(has_type)
    }
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
            .any(|(key, value)| *key != "name" && has_type(value))
    } else {
        matches!(name.as_deref(), Some("envoy.filters.http.cors" | "envoy.cors"))
    }
}

/// The chains of a file, by the route configuration that they ask for by name.
pub(super) struct Chains(HashMap<String, Vec<Chain>>);

impl Chains {
    pub(super) fn of(documents: &Documents<'_>) -> Self {
        fn walk(node: &Node<'_>, chains: &mut HashMap<String, Vec<Chain>>) {
            let name = node
                .get("rds")
                .and_then(|rds| rds.proto("route_config_name")?.text());
            if let (Some(name), Some(chain)) = (name, Chain::of(node)) {
                chains.entry(name).or_default().push(chain);
            }
            for below in node.children() {
                walk(&below, chains);
            }
        }
        let mut chains = HashMap::new();
        for root in documents.roots() {
            walk(&root, &mut chains);
        }
        Self(chains)
    }

    /// What the chains with these routes have in common. `None`: there are none in the file.
    pub(super) fn using(&self, routes: &str) -> Option<Chain> {
        let chains = self.0.get(routes)?;
        let mut common = chains.first()?.clone();
        let all: BTreeSet<_> = chains
            .iter()
            .flat_map(|chain| chain.filters.iter().cloned())
            .collect();
        for chain in chains {
            common.filters.retain(|name| chain.filters.contains(name));
            common.runs &= chain.runs;
        }
        common.partly = all.difference(&common.filters).cloned().collect();
        Some(common)
    }
}
