//! Resources of Kubernetes.

use super::file::File;
use super::node::Node;

/// The kind of a resource, empty where it is none.
pub(crate) fn kind(resource: &Node<'_>) -> String {
    resource.text_of("kind").unwrap_or_default()
}

/// The namespace of a resource.
pub(crate) fn namespace(resource: &Node<'_>) -> String {
    let namespace = resource
        .path(&["metadata", "namespace"])
        .and_then(|node| node.text());
    namespace.unwrap_or_else(|| "default".to_owned())
}

/// Whether a file has a resource of these kinds.
pub(crate) fn has_kind(file: &File<'_>, kinds: &[&str]) -> bool {
    let values = file.values();
    values.iter().any(|value| kinds.contains(&&*kind(value)))
}

/// Where a resource says something of CORS first, if it does: by the name of a field or an annotation, or by a header's.
pub(crate) fn cors_in(resource: &Node<'_>) -> Option<String> {
    // A schema, and this filter's own rules.
    if kind(resource) == "CustomResourceDefinition" || resource.get("buckets").is_some() {
        return None;
    }
    for (key, value) in resource.fields() {
        let key = key.to_ascii_lowercase();
        let is_of_cors = key.contains("cors")
            || key.starts_with("access-control-")
            || key.starts_with("accesscontrolallow");
        if is_of_cors && !value.is_empty() {
            return Some(value.place);
        }
    }
    if resource.text().is_some_and(|text| text.contains("CorsPolicy")) {
        return Some(resource.place.clone());
    }
    resource.children().iter().find_map(cors_in)
}
