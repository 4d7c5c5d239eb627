//! Where a resource of Kubernetes says something of CORS: by a field, by a header, or by a value that only its kind
//! explains.

use super::cors_headers;
use super::ingress_class;
use super::kubernetes;
use super::node::Node;
use super::patches;

/// Values that name CORS where no field does: the start of the kind, the fields, and what is in them.
type NamingValue = (&'static str, &'static [&'static str], fn(&str) -> bool);

const BY_VALUE: [NamingValue; 5] = [
    // KongPlugin and KongClusterPlugin.
    ("Kong", &["plugin"], is_cors),
    // ApisixPluginConfig, ApisixRoute, ApisixGlobalRule.
    ("Apisix", &["name"], is_cors),
    ("WasmPlugin", &["url", "pluginName"], has_cors),
    ("TrafficExtension", &["url", "pluginName"], has_cors),
    ("EnvoyExtensionPolicy", &["url", "name"], has_cors),
];

/// What may hold this filter with its own rules, which are no other CORS.
const MAY_BE_OWN: [&str; 3] = ["WasmPlugin", "TrafficExtension", "EnvoyExtensionPolicy"];

/// Where a resource names CORS, if it does.
pub(crate) fn place(resource: &Node<'_>) -> Option<String> {
    let kind = kubernetes::kind(resource);
    if kind == "CustomResourceDefinition" || MAY_BE_OWN.contains(&&*kind) && has_buckets(resource) {
        return None;
    }
    let by_field = kubernetes::cors_in(resource);
    let by_header = || text_in(resource);
    let by_patch = || patches::of_cors(resource);
    let of_kind: Vec<_> = BY_VALUE
        .iter()
        .filter(|(start, ..)| kind.starts_with(start))
        .collect();
    let by_value = || {
        of_kind
            .iter()
            .find_map(|(_, fields, is_it)| value_in(resource, fields, *is_it))
    };
    by_field
        .or_else(by_header)
        .or_else(by_patch)
        .or_else(by_value)
        .or_else(|| origins_in(resource))
}

/// Where an Ingress names CORS to a controller whose annotations are not read.
pub(crate) fn in_other_annotations(ingress: &Node<'_>) -> Option<String> {
    let annotations = ingress.path(&["metadata", "annotations"])?;
    let read = [ingress_class::OF_HIGRESS, ingress_class::OF_NGINX];
    let others = annotations
        .fields()
        .into_iter()
        .filter(|(key, _)| *key != LAST_APPLIED && !read.iter().any(|prefix| key.starts_with(prefix)));
    let mut of_cors = others.filter(|(key, value)| has_cors(key) || text_in(value).is_some());
    of_cors.next().map(|(_, value)| value.place)
}

/// What kubectl writes of a resource as it was once, in one text.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Where a text names a header of CORS in responses, or has a document with CORS in it.
fn text_in(node: &Node<'_>) -> Option<String> {
    if let Some(text) = node.text() {
        if kubernetes::is_own(&text) {
            return None;
        }
        let text = text.to_ascii_lowercase();
        let words = ["cors:", "\"cors\"", "corsorigin("];
        let is_it = words.iter().any(|word| text.contains(word))
            || cors_headers::named_in(&text.replace('_', "-")).is_some();
        return is_it.then(|| node.place.clone());
    }
    if node.is_list() {
        return node.items().iter().find_map(text_in);
    }
    let mut fields = node.fields().into_iter().filter(|(key, _)| *key != LAST_APPLIED);
    fields.find_map(|(_, value)| text_in(&value))
}

fn is_cors(text: &str) -> bool {
    text.eq_ignore_ascii_case("cors")
}

fn has_cors(text: &str) -> bool {
    text.to_ascii_lowercase().contains("cors")
}

/// Where a field of these names has such a value. What a resource is called says nothing.
fn value_in(node: &Node<'_>, fields: &[&str], is_it: fn(&str) -> bool) -> Option<String> {
    let below = |child: &Node<'_>| value_in(child, fields, is_it);
    if node.is_list() {
        return node.items().iter().find_map(below);
    }
    let mut own = node.fields().into_iter().filter(|(key, _)| *key != "metadata");
    own.find_map(|(key, value)| {
        let is_named = |item: &Node<'_>| item.text().is_some_and(|text| is_it(&text));
        let items = if fields.contains(&key) {
            value.items()
        } else {
            Vec::new()
        };
        let found = items.into_iter().find(is_named).map(|item| item.place);
        found.or_else(|| below(&value))
    })
}

/// Where a list of allowed origins stands, however it is spelt.
fn origins_in(node: &Node<'_>) -> Option<String> {
    for (key, value) in node.fields() {
        let key = key.replace(['_', '-'], "").to_ascii_lowercase();
        let is_list = key.starts_with("alloworigin") || key.starts_with("allowedorigin");
        if !value.is_empty() && (is_list || key.starts_with("accesscontrol")) {
            return Some(value.place);
        }
    }
    node.children().iter().find_map(origins_in)
}

fn has_buckets(node: &Node<'_>) -> bool {
    node.get("buckets").is_some() || node.children().iter().any(has_buckets)
}
