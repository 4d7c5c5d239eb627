//! What is kept of a search for the plugin configuration.

use super::super::tree::{NodeId, Tree};

/// How the filter gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Delivery {
    /// The document is the configuration, or would be if it were JSON: the filter gets the file as it stands.
    Itself,
    /// A string that holds it.
    Text,
    /// By way of Kubernetes.
    Json,
    /// By way of Kubernetes and a `google.protobuf.Struct`, from which the control plane makes JSON.
    Struct,
    /// As the bytes of a `google.protobuf.Struct`.
    Bytes,
    /// There is none.
    Nothing,
}

/// A configuration of some Wasm plugin or dynamic module.
#[derive(Debug)]
pub(in super::super) struct PluginConfig {
    /// What it is the configuration of.
    pub(in super::super) label: String,
    /// The pointer to it in its document.
    pub(in super::super) pointer: String,
    /// The value, or what lacks one.
    pub(in super::super) value: NodeId,
    /// What it stands in.
    pub(in super::super) document: NodeId,
    pub(in super::super) delivery: Delivery,
    /// Whether it is this filter's.
    pub(in super::super) is_ours: bool,
}

pub(super) struct Search<'t> {
    pub(super) tree: &'t mut Tree,
    /// The one that is searched.
    pub(super) document: NodeId,
    pub(super) places: Vec<PluginConfig>,
}

impl Search<'_> {
    pub(super) fn text(&self, id: NodeId, path: &[&str]) -> &str {
        let found = self.tree.path(id, path);
        found.and_then(|id| self.tree.text(id)).unwrap_or_default()
    }

    pub(super) fn text_of_message(&self, id: NodeId, path: &[&str]) -> &str {
        let found = path
            .iter()
            .try_fold(id, |at, name| self.tree.field(at, name).map(|(_, value)| value));
        found.and_then(|id| self.tree.text(id)).unwrap_or_default()
    }

    pub(super) fn plugin(
        &mut self,
        label: String,
        pointer: String,
        plugin: NodeId,
        field: &str,
        delivery: Delivery,
        names: &[String],
    ) {
        let value = self.tree.get(plugin, field);
        let is_ours =
            names.iter().any(|name| is_our_name(name)) || value.is_some_and(|value| self.is_our_value(value));
        self.places.push(PluginConfig {
            label,
            pointer: match value {
                Some(_) => format!("{pointer}/{field}"),
                None => pointer,
            },
            value: value.unwrap_or(plugin),
            document: self.document,
            delivery: if value.is_some() {
                delivery
            } else {
                Delivery::Nothing
            },
            is_ours,
        });
    }

    fn is_our_value(&self, value: NodeId) -> bool {
        let names_buckets = |id| self.tree.get(id, "buckets").is_some();
        let rules = self.tree.get(value, "_rules_");
        names_buckets(value)
            || rules.is_some_and(|rules| self.tree.items(rules).iter().any(|rule| names_buckets(*rule)))
            || self
                .tree
                .text(value)
                .is_some_and(|text| text.contains("\"buckets\""))
    }
}

pub(in super::super) fn is_our_name(name: &str) -> bool {
    name.replace('_', "-").contains("bucket-cors")
}
