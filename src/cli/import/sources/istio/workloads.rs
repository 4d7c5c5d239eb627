//! What runs in a cluster, by its labels.

use std::collections::BTreeSet;

use crate::import::kube;
use crate::import::node::Node;

/// The namespaces of what runs, each with the labels of its pods.
pub(super) struct Workloads<'t>(Vec<(String, Node<'t>)>);

impl<'t> Workloads<'t> {
    pub(super) fn of(resources: &[Node<'t>]) -> Self {
        let of = |resource: &Node<'t>| Some((kube::namespace(resource), labels(resource)?));
        Self(resources.iter().filter_map(of).collect())
    }

    /// The namespaces of what has all of these labels.
    pub(super) fn namespaces(&self, selector: &Node<'_>) -> BTreeSet<String> {
        let asked = selector.fields();
        let is_chosen = |labels: &Node<'_>| {
            let has = |key: &str| labels.get(key).and_then(|value| value.text());
            let mut each = asked.iter();
            !asked.is_empty() && each.all(|(key, value)| has(key).is_some() && has(key) == value.text())
        };
        let chosen = self.0.iter().filter(|(_, labels)| is_chosen(labels));
        chosen.map(|(namespace, _)| namespace.clone()).collect()
    }
}

/// The labels of the pods of a resource: those that they are made with, or that they are chosen by.
fn labels<'t>(resource: &Node<'t>) -> Option<Node<'t>> {
    match &*kube::kind(resource) {
        "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet" => {
            resource.path(&["spec", "template", "metadata", "labels"])
        }
        "Pod" => resource.path(&["metadata", "labels"]),
        "Service" => resource.path(&["spec", "selector"]),
        _ => None,
    }
}
