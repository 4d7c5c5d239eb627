//! Where Envoy's connection managers stand that have the filter in their chain, and their routes.

use bucket_cors::config::pointer_token;

use super::super::tree::{NodeId, Tree};

/// A connection manager with the filter in its chain.
pub(super) struct Manager {
    pub(super) pointer: String,
    pub(super) node: NodeId,
    /// The pointer to its filters.
    pub(super) list: String,
    pub(super) filters: Vec<NodeId>,
    /// The filter's place among them.
    pub(super) ours: usize,
}

/// Those of a document. `ours`: the pointer to the configuration; `name`: that of its filter.
pub(super) fn all(tree: &Tree, document: NodeId, ours: &str, name: &str) -> Vec<Manager> {
    let mut search = ManagerSearch {
        tree,
        ours,
        name,
        managers: Vec::new(),
    };
    search.below(document, "");
    search.managers
}

impl Manager {
    /// The manager's own route configuration, or that of the name that it asks for, where it stands in the document.
    pub(super) fn route_configurations(&self, tree: &Tree, document: NodeId) -> Vec<(String, NodeId)> {
        let Self { pointer, node, .. } = self;
        let mut found = Vec::new();
        if let Some((key, own)) = tree.field(*node, "route_config") {
            found.push((format!("{pointer}/{key}"), own));
        } else if let Some((_, rds)) = tree.field(*node, "rds")
            && let Some(name) = tree.text_of(rds, "route_config_name")
        {
            named(tree, document, name, "", &mut found);
        }
        found
    }
}

struct ManagerSearch<'t> {
    tree: &'t Tree,
    /// The pointer to the configuration.
    ours: &'t str,
    /// The name of its filter, which chains that discover it have too.
    name: &'t str,
    managers: Vec<Manager>,
}

impl ManagerSearch<'_> {
    fn below(&mut self, id: NodeId, pointer: &str) {
        if let Some((key, list)) = self.tree.field(id, "http_filters") {
            let list_pointer = format!("{pointer}/{key}");
            let filters = self.tree.items(list).to_vec();
            let is_ours = |(index, filter): (usize, &NodeId)| {
                let here = format!("{list_pointer}/{index}/");
                let is_discovered = self.tree.field(*filter, "config_discovery").is_some();
                self.ours.starts_with(&here)
                    || is_discovered && self.tree.text_of(*filter, "name") == Some(self.name)
            };
            if let Some(ours) = filters.iter().enumerate().position(is_ours) {
                self.managers.push(Manager {
                    pointer: pointer.to_owned(),
                    node: id,
                    list: list_pointer,
                    filters,
                    ours,
                });
            }
        }
        for (index, item) in self.tree.items(id).to_vec().into_iter().enumerate() {
            self.below(item, &format!("{pointer}/{index}"));
        }
        for (key, value) in self.tree.pairs(id).to_vec() {
            let key = pointer_token(self.tree.text(key).unwrap_or_default());
            self.below(value, &format!("{pointer}/{key}"));
        }
    }
}

/// The route configurations of a name.
fn named(tree: &Tree, id: NodeId, name: &str, pointer: &str, found: &mut Vec<(String, NodeId)>) {
    if tree.field(id, "virtual_hosts").is_some() && tree.text_of(id, "name") == Some(name) {
        found.push((pointer.to_owned(), id));
        return;
    }
    for (index, item) in tree.items(id).iter().enumerate() {
        named(tree, *item, name, &format!("{pointer}/{index}"), found);
    }
    for (key, value) in tree.pairs(id) {
        let key = pointer_token(tree.text(*key).unwrap_or_default());
        named(tree, *value, name, &format!("{pointer}/{key}"), found);
    }
}
