//! Resources of Kubernetes.

use bucket_cors::http::header_names::CORS_PREFIX;

use super::file::File;
use super::node::Node;

/// The kind of a resource, empty where it is none.
pub(crate) fn kind(resource: &Node<'_>) -> String {
    resource.text_of("kind").unwrap_or_default()
}

/// Whether it is a resource, or a part of a patch of one.
pub(crate) fn is_resource(value: &Node<'_>) -> bool {
    !kind(value).is_empty() || is_json_patch(value)
}

/// Whether it is an operation of a patch of JSON.
pub(crate) fn is_json_patch(value: &Node<'_>) -> bool {
    value.get("op").is_some() && value.get("path").is_some()
}

/// The namespace of a resource.
pub(crate) fn namespace(resource: &Node<'_>) -> String {
    let namespace = resource
        .path(&["metadata", "namespace"])
        .and_then(|node| node.text());
    namespace.unwrap_or_else(|| "default".to_owned())
}

/// The name of a resource.
pub(crate) fn name(resource: &Node<'_>) -> String {
    let name = resource.path(&["metadata", "name"]).and_then(|name| name.text());
    name.unwrap_or_default()
}

/// When a resource was made, as the cluster says it: the earlier is the lesser.
pub(crate) fn made(resource: &Node<'_>) -> Option<String> {
    let made = resource.path(&["metadata", "creationTimestamp"]);
    made.and_then(|made| made.text())
}

/// Where the status of a route or of a policy says that a Gateway does not accept it, if one says so.
pub(crate) fn refused(resource: &Node<'_>) -> Option<String> {
    let of = |field| items(resource, &["status", field]);
    let mut conditions = [of("parents"), of("ancestors")].into_iter().flatten();
    conditions.find_map(|parent| {
        let mut conditions = parent.list("conditions").into_iter();
        let is_refusal = |condition: &Node<'_>| {
            let text = |field| condition.text_of(field).unwrap_or_default();
            text("type") == "Accepted" && text("status").eq_ignore_ascii_case("false")
        };
        conditions.find(is_refusal).map(|condition| condition.place)
    })
}

/// The values of a list somewhere below a resource.
pub(crate) fn items<'t>(resource: &Node<'t>, path: &[&str]) -> Vec<Node<'t>> {
    resource.path(path).map(|list| list.items()).unwrap_or_default()
}

/// Whether a resource is of Istio's own group. `None`: it does not say its group.
fn is_of_istio(resource: &Node<'_>) -> Option<bool> {
    let version = resource.text_of("apiVersion")?;
    let (group, _) = version.split_once('/')?;
    Some(group.ends_with("istio.io"))
}

/// Whether a resource is Istio's by its group, as far as it has one.
pub(crate) fn is_istio_s(resource: &Node<'_>) -> bool {
    is_of_istio(resource) != Some(false)
}

/// Whether it is a Gateway of Istio's own, and not one of the Gateway API. Without its group it is known by what it
/// has.
pub(crate) fn is_istio_gateway(resource: &Node<'_>) -> bool {
    let by_fields = || resource.path(&["spec", "servers"]).is_some();
    kind(resource) == "Gateway" && is_of_istio(resource).unwrap_or_else(by_fields)
}

/// What is known of a label.
pub(crate) enum Label {
    Is(Option<String>),
    Unknown,
}

/// Whether a selector asks for what has these labels. `None`: it asks for one that is not known.
pub(crate) fn is_selected(selector: &Node<'_>, label: impl Fn(&str) -> Label) -> Option<bool> {
    let of_labels = selector
        .get("matchLabels")
        .map(|labels| labels.fields())
        .unwrap_or_default();
    let of_labels = of_labels.into_iter().map(|(key, value)| match label(key) {
        Label::Is(own) => Some(own.is_some() && own == value.text()),
        Label::Unknown => None,
    });
    let fits = |expression: &Node<'_>| {
        let Label::Is(own) = label(&expression.text_of("key").unwrap_or_default()) else {
            return None;
        };
        let is_listed = expression
            .list("values")
            .iter()
            .any(|value| own.is_some() && value.text() == own);
        Some(match expression.text_of("operator").as_deref() {
            Some("In") => is_listed,
            Some("NotIn") => !is_listed,
            Some("Exists") => own.is_some(),
            Some("DoesNotExist") => own.is_none(),
            _ => false,
        })
    };
    let expressions = selector.list("matchExpressions");
    let all: Vec<_> = of_labels.chain(expressions.iter().map(fits)).collect();
    if all.contains(&Some(false)) {
        Some(false)
    } else {
        (!all.contains(&None)).then_some(true)
    }
}

/// Whether a file has a resource of these kinds.
pub(crate) fn has_kind(file: &File<'_>, kinds: &[&str]) -> bool {
    let values = file.values();
    values.iter().any(|value| kinds.contains(&&*kind(value)))
}

/// Where a resource says something of CORS first, if it does: by the name of a field or an annotation, or by a
/// header's.
pub(crate) fn cors_in(resource: &Node<'_>) -> Option<String> {
    // A schema, and this filter's own rules.
    if kind(resource) == "CustomResourceDefinition" || resource.get("buckets").is_some() {
        return None;
    }
    for (key, value) in resource.fields() {
        if !value.is_empty() && is_of_cors(key) {
            return Some(value.place);
        }
    }
    if resource
        .text()
        .is_some_and(|text| is_cors(&text) && !is_own(&text))
    {
        return Some(resource.place.clone());
    }
    resource.children().iter().find_map(cors_in)
}

/// Whether a field is for CORS, by its name.
pub(super) fn is_of_cors(field: &str) -> bool {
    let field = field.to_ascii_lowercase();
    field.contains("cors") || field.starts_with(CORS_PREFIX) || field.starts_with("accesscontrolallow")
}

/// Whether a text is a policy, by the name of its type, or a store's document.
pub(super) fn is_cors(text: &str) -> bool {
    ["CorsPolicy", "CORSConfiguration", "CORSRule", "AllowedOrigin"]
        .iter()
        .any(|word| text.contains(word))
}

/// Whether a text is a configuration of this filter, which is no other CORS.
pub(crate) fn is_own(text: &str) -> bool {
    text.contains("\"buckets\"") && text.contains("\"cors\"")
}
