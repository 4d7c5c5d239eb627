//! The rules of an Ingress: its hosts and their paths.

use super::imported_document::ImportedBucket;
use super::node::Node;

/// An Ingress that a controller applies, with the rules of its annotations.
pub(crate) struct WithPolicy<'t> {
    pub(crate) ingress: &'t Node<'t>,
    pub(crate) bucket: Option<ImportedBucket>,
    /// Which of several controllers of a kind applies it. `None`: there is one, as far as anything says.
    pub(crate) instance: Option<String>,
}

/// The rules of an Ingress, each of a host.
pub(crate) fn rules<'t>(ingress: &Node<'t>) -> Vec<Node<'t>> {
    let rules = ingress.path(&["spec", "rules"]);
    rules.map(|rules| rules.items()).unwrap_or_default()
}

/// The paths of a rule.
pub(crate) fn paths_of<'t>(rule: &Node<'t>) -> Vec<Node<'t>> {
    let paths = rule.path(&["http", "paths"]);
    paths.map(|paths| paths.items()).unwrap_or_default()
}

/// The text of a path.
pub(crate) fn path_of(path: &Node<'_>) -> String {
    let text = path.text_of("path").filter(|text| !text.is_empty());
    text.unwrap_or_else(|| "/".to_owned())
}

/// The host of a rule, in lower case; `*` where it names none.
pub(crate) fn host_of(rule: &Node<'_>) -> String {
    let host = rule.text_of("host").filter(|host| !host.is_empty());
    host.map_or_else(|| "*".to_owned(), |host| host.to_ascii_lowercase())
}
