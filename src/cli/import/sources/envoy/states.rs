//! What of a config dump answers no requests.

use crate::import::node::Node;

/// Why nothing under a field of a dump answers requests, if that is so.
fn why_over(field: &str) -> Option<&'static str> {
    match field {
        "error_state" | "errorState" => Some("it stands in an update that Envoy has refused"),
        "draining_state" | "drainingState" => Some("it stands in a listener that is on its way out"),
        _ => None,
    }
}

/// What is in a list or an object and may answer requests.
pub(super) fn in_force<'t>(node: &Node<'t>) -> Vec<Node<'t>> {
    if node.is_list() {
        return node.items();
    }
    let fields = node.fields().into_iter();
    let fields = fields.filter(|(field, _)| why_over(field).is_none());
    fields.map(|(_, value)| value).collect()
}

/// What is in an object and answers none, each with the reason.
pub(super) fn over<'t>(node: &Node<'t>) -> Vec<(Node<'t>, &'static str)> {
    let fields = node.fields().into_iter();
    fields
        .filter_map(|(field, value)| Some((value, why_over(field)?)))
        .collect()
}
