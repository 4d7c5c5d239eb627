//! What runs in a cluster, by its labels.

use std::collections::BTreeSet;

use crate::import::kubernetes;
use crate::import::node::Node;

/// The namespaces of what has all of these labels.
pub(super) fn namespaces(resources: &[Node<'_>], selector: &Node<'_>) -> BTreeSet<String> {
    let asked = selector.fields();
    let is_chosen = |resource: &&Node<'_>| {
        labels(resource).is_some_and(|labels| {
            let has = |key: &str| labels.get(key).and_then(|value| value.text());
            let mut asked = asked.iter();
            !asked.as_slice().is_empty()
                && asked.all(|(key, value)| has(key).is_some() && has(key) == value.text())
        })
    };
    resources
        .iter()
        .filter(is_chosen)
        .map(kubernetes::namespace)
        .collect()
}

/// The labels of the pods of a resource: those that they are made with, or that they are chosen by.
fn labels<'t>(resource: &Node<'t>) -> Option<Node<'t>> {
    match &*kubernetes::kind(resource) {
        "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet" => {
            resource.path(&["spec", "template", "metadata", "labels"])
        }
        "Pod" => resource.path(&["metadata", "labels"]),
        "Service" => resource.path(&["spec", "selector"]),
        _ => None,
    }
}
