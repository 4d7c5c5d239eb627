//! What a document is: the configuration, something that one can stand in, or neither.

use super::tree::{NodeId, Tree};

/// Whether a document is something that a plugin configuration can stand in, and not one itself.
pub(super) fn is_around(tree: &Tree, document: NodeId) -> bool {
    const KEYS: [&str; 12] = [
        "@type",
        "kind",
        "apiVersion",
        "static_resources",
        "staticResources",
        "dynamic_resources",
        "dynamicResources",
        "admin",
        "resources",
        "configs",
        "typed_config",
        "typedConfig",
    ];
    let holder = tree.items(document).first().copied().unwrap_or(document);
    KEYS.iter().any(|key| tree.get(holder, key).is_some()) && !is_bucket_of_gcs(tree, holder)
}

/// What Cloud Storage's JSON API prints of a bucket, or of all. Its `kind` is no resource's.
fn is_bucket_of_gcs(tree: &Tree, document: NodeId) -> bool {
    let kind = tree.get(document, "kind").and_then(|kind| tree.text(kind));
    kind.is_some_and(|kind| kind.starts_with("storage#bucket"))
}

/// Whether a document is a plugin configuration, or what somebody may take for one: much else is YAML.
pub(super) fn is_configuration(tree: &Tree, document: NodeId) -> bool {
    const KEYS: [&str; 6] = [
        "buckets",
        "profile",
        "endpoints",
        "CORSRules",
        "CORSRule",
        "CORSConfiguration",
    ];
    let rule = tree.items(document).first().copied().unwrap_or(document);
    KEYS.iter().any(|key| tree.get(document, key).is_some())
        || ["AllowedOrigins", "AllowedOrigin"]
            .iter()
            .any(|key| tree.get(rule, key).is_some())
        || is_of_gcs(tree, rule)
        || is_bucket_of_gcs(tree, rule)
        || ["cors", "cors_config"]
            .iter()
            .any(|key| first_of(tree, rule, key).is_some_and(|entry| is_of_gcs(tree, entry)))
        || [Some(document), tree.get(document, "result")]
            .into_iter()
            .flatten()
            .filter_map(|holder| first_of(tree, holder, "rules"))
            .any(|rule| tree.get(rule, "allowed").is_some())
}

/// An entry of Cloud Storage's.
fn is_of_gcs(tree: &Tree, entry: NodeId) -> bool {
    tree.get(entry, "origin").is_some() && tree.get(entry, "method").is_some()
}

fn first_of(tree: &Tree, holder: NodeId, list: &str) -> Option<NodeId> {
    tree.items(tree.get(holder, list)?).first().copied()
}
