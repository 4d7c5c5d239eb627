//! The namespaces of a cluster, as far as the files have them, and which of them a selector means.

use std::collections::HashMap;

use super::kube::{self, Label};
use super::node::Node;

/// The label that Kubernetes itself gives each namespace.
const NAME: &str = "kubernetes.io/metadata.name";

/// The namespaces in the files, by name.
#[derive(Debug, Default)]
pub(crate) struct Namespaces<'t>(HashMap<String, Node<'t>>);

impl<'t> Namespaces<'t> {
    pub(crate) fn of(resources: &[Node<'t>]) -> Self {
        let all = resources
            .iter()
            .filter(|resource| kube::kind(resource) == "Namespace");
        Self(all.map(|own| (kube::name(own), own.clone())).collect())
    }

    /// Whether a rule of the Gateway API, which says from which namespaces something may come, takes it from this one
    /// to that of the rule. `None`: it asks for labels that are not in the files.
    pub(crate) fn may_come(&self, rule: Option<&Node<'_>>, namespace: &str, to: &str) -> Option<bool> {
        match rule.and_then(|rule| rule.text_of("from")).as_deref() {
            None | Some("" | "Same") => Some(namespace == to),
            Some("All") => Some(true),
            Some("Selector") => self.is_selected(&rule?.get("selector")?, namespace),
            Some(_) => Some(false),
        }
    }

    /// Whether a selector means a namespace.
    pub(crate) fn is_selected(&self, selector: &Node<'_>, namespace: &str) -> Option<bool> {
        kube::is_selected(selector, |key| {
            if key == NAME {
                return Label::Is(Some(namespace.to_owned()));
            }
            match self.0.get(namespace) {
                Some(own) => Label::Is(
                    own.path(&["metadata", "labels", key])
                        .and_then(|label| label.text()),
                ),
                None => Label::Unknown,
            }
        })
    }
}
