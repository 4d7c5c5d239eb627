//! What a plan does not know yet.

use std::collections::HashMap;

use crate::import::node::Node;

/// What a plan does not know before it is applied.
pub(super) struct Unknown<'t> {
    after: HashMap<String, Node<'t>>,
    pub(super) root: Node<'t>,
}

impl<'t> Unknown<'t> {
    pub(super) fn new(root: &Node<'t>) -> Self {
        let changes = root.list("resource_changes").into_iter().filter_map(|change| {
            Some((
                change.text_of("address")?,
                change.path(&["change", "after_unknown"])?,
            ))
        });
        Self {
            after: changes.collect(),
            root: root.clone(),
        }
    }

    /// Whether a plan lists what it does not know of a resource, and a field is not among that.
    pub(super) fn is_known(&self, address: &str, field: &str) -> bool {
        self.after.contains_key(address) && !self.holds(address, field)
    }

    /// Whether anything under a field of a resource is not known.
    pub(super) fn holds(&self, address: &str, field: &str) -> bool {
        fn any(node: &Node<'_>) -> bool {
            node.flag() == Some(true)
                || node.fields().iter().any(|(_, value)| any(value))
                || (node.is_list() && node.items().iter().any(any))
        }
        self.after
            .get(address)
            .and_then(|unknown| unknown.get(field))
            .is_some_and(|field| any(&field))
    }
}
