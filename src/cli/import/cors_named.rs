//! Where a resource of Kubernetes says something of CORS: by a field, by a header, or by a value that only its kind
//! explains.

use super::cors_headers;
use super::file::File;
use super::ingress_class;
use super::kube;
use super::node::Node;
use super::patches;

/// Values that name CORS where no field does: the start of the kind, the fields, and what is in them.
type NamingValue = (&'static str, &'static [&'static str], fn(&str) -> bool);

const BY_VALUE: [NamingValue; 8] = [
    // KongPlugin and KongClusterPlugin.
    ("Kong", &["plugin"], is_cors),
    // ApisixPluginConfig, ApisixRoute, ApisixGlobalRule.
    ("Apisix", &["name"], is_cors),
    ("WasmPlugin", &["url", "pluginName"], has_cors),
    ("TrafficExtension", &["url", "pluginName"], has_cors),
    ("EnvoyExtensionPolicy", &["url", "name"], has_cors),
    // Parameters of a chart.
    ("Application", &["name"], has_cors),
    // Where a patch of JSON sets something.
    ("Kustomization", &["path"], has_cors),
    ("", &["path", "from"], has_cors),
];

/// What may hold this filter with its own rules, which are no other CORS.
const MAY_BE_OWN: [&str; 3] = ["WasmPlugin", "TrafficExtension", "EnvoyExtensionPolicy"];

/// Where a resource names CORS, if it does.
pub(crate) fn place(resource: &Node<'_>) -> Option<String> {
    let kind = kube::kind(resource);
    if kind == "CustomResourceDefinition" || MAY_BE_OWN.contains(&&*kind) && has_buckets(resource) {
        return None;
    }
    let of_kind = BY_VALUE.iter().filter(|(start, ..)| match *start {
        "" => kind.is_empty(),
        start => kind.starts_with(start),
    });
    let of_kind: Vec<_> = of_kind.collect();
    let parts: Vec<_> = said(resource);
    let first = |find: &dyn Fn(&Node<'_>) -> Option<String>| parts.iter().find_map(find);
    let by_key = || {
        let mut fields = resource.fields().into_iter().filter(|(key, _)| is_said(key));
        fields.find_map(|(key, value)| (has_cors(key) && !value.is_empty()).then_some(value.place))
    };
    let by_value = |part: &Node<'_>| {
        let mut of_kind = of_kind.iter();
        of_kind.find_map(|(_, fields, is_it)| value_in(part, fields, *is_it))
    };
    let own = kinds_own(resource, &of_kind);
    by_key()
        .or_else(|| first(&kube::cors_in))
        .or_else(|| first(&text_in))
        .or_else(|| patches::of_cors(resource))
        .or(own)
        .or_else(|| first(&by_value))
        .or_else(|| origins_in(resource))
        .or_else(|| in_annotations(resource, &[]))
        .or_else(|| other_places(resource).into_iter().next())
}

/// A field of the resource itself that names CORS by its value.
fn kinds_own(resource: &Node<'_>, of_kind: &[&NamingValue]) -> Option<String> {
    let mut fields = resource.fields().into_iter();
    fields.find_map(|(key, value)| {
        let text = value.text()?;
        let mut of_kind = of_kind.iter();
        let is_it = of_kind.any(|(_, fields, is_it)| fields.contains(&key) && is_it(&text));
        is_it.then_some(value.place)
    })
}

/// Where a file has CORS, if it does: each document of it that is a resource is asked by itself, as among others.
/// `otherwise`: where else it is, of a file of another form.
pub(crate) fn in_file(file: &File<'_>, otherwise: &str) -> Option<String> {
    let values = file.values();
    let are_resources = !values.is_empty() && values.iter().all(kube::is_resource);
    if are_resources {
        return values.iter().find_map(place);
    }
    cors_headers::mentions_cors(file.text).then(|| otherwise.to_owned())
}

/// Whether a field of a resource says what it is to do, and not what it is called or what has become of it.
fn is_said(key: &str) -> bool {
    !matches!(key, "metadata" | "status")
}

/// What a resource says.
fn said<'t>(resource: &Node<'t>) -> Vec<Node<'t>> {
    let fields = resource.fields().into_iter().filter(|(key, _)| is_said(key));
    fields.map(|(_, value)| value).collect()
}

/// Where the annotations of an Ingress name CORS to a controller whose annotations are not read.
pub(crate) fn in_other_annotations(ingress: &Node<'_>) -> Option<String> {
    in_annotations(ingress, &[ingress_class::OF_HIGRESS, ingress_class::OF_NGINX])
}

/// Where annotations name CORS. `read`: what those begin with that are read.
fn in_annotations(resource: &Node<'_>, read: &[&str]) -> Option<String> {
    // Of tools, which write down there what something is called.
    const OF_TOOLS: [&str; 4] = [
        "kubectl.kubernetes.io/",
        "helm.sh/",
        "argoproj.io/",
        "toolkit.fluxcd.io/",
    ];
    let annotations = resource.path(&["metadata", "annotations"])?;
    let is_read = |key: &str| read.iter().any(|prefix| key.starts_with(prefix));
    let others = annotations.fields().into_iter();
    let mut others =
        others.filter(|(key, _)| !is_read(key) && !OF_TOOLS.iter().any(|tool| key.contains(tool)));
    let is_named = |value: &Node<'_>| {
        // A plugin or a middleware, one of several.
        let text = value.text().unwrap_or_default();
        let mut words = text.split(',').map(str::trim);
        words.any(|word| has_cors(word) && !word.contains(char::is_whitespace))
    };
    others
        .find(|(key, value)| has_cors(key) || text_in(value).is_some() || is_named(value))
        .map(|(_, value)| value.place)
}

/// Where each kind that is read has its CORS.
const READ: [(&str, &[&str]); 6] = [
    ("VirtualService", &["spec.http.corsPolicy"]),
    (
        "HTTPRoute",
        &["spec.rules.filters.cors", "spec.rules.backendRefs.filters.cors"],
    ),
    (
        "GRPCRoute",
        &["spec.rules.filters.cors", "spec.rules.backendRefs.filters.cors"],
    ),
    ("SecurityPolicy", &["spec.cors"]),
    ("Gateway", &[]),
    ("Ingress", &[]),
];

/// The places of a resource of a kind that is read that name CORS, and are not where the kind has it.
pub(crate) fn other_places(resource: &Node<'_>) -> Vec<String> {
    let kind = kube::kind(resource);
    let Some((_, read)) = READ.iter().find(|(name, _)| *name == kind) else {
        return Vec::new();
    };
    let in_annotations = match &*kind {
        "Ingress" => in_other_annotations(resource),
        _ => in_annotations(resource, &[]),
    };
    let mut found: Vec<String> = in_annotations.into_iter().collect();
    for (key, value) in resource.fields().into_iter().filter(|(key, _)| is_said(key)) {
        if is_of_cors(key) && !value.is_empty() {
            found.push(value.place);
        } else {
            others_in(&value, key, read, &mut found);
        }
    }
    found
}

/// `path`: where the value is, without the places in lists.
fn others_in(node: &Node<'_>, path: &str, read: &[&str], found: &mut Vec<String>) {
    // Names that somebody has given.
    const GIVEN: [&str; 6] = [
        "headers",
        "labels",
        "matchLabels",
        "queryParams",
        "selector",
        "withoutHeaders",
    ];
    if node.is_list() {
        node.items()
            .iter()
            .for_each(|item| others_in(item, path, read, found));
        return;
    }
    for (key, value) in node.fields() {
        let path = format!("{path}.{key}");
        let refers = || {
            ["kind", "name"]
                .iter()
                .any(|field| value.text_of(field).is_some_and(|text| has_cors(&text)))
        };
        // A filter for CORS without its policy.
        let is_bare = || value.text().is_some_and(|text| is_cors(&text)) && node.get("cors").is_none();
        if value.is_empty() || read.contains(&&*path) || GIVEN.contains(&key) {
            continue;
        }
        if is_of_cors(key) || key == "extensionRef" && refers() || key == "type" && is_bare() {
            found.push(value.place);
        } else {
            others_in(&value, &path, read, found);
        }
    }
}

/// Whether a field is for CORS, by its name.
fn is_of_cors(key: &str) -> bool {
    let key = key.replace(['_', '-'], "").to_ascii_lowercase();
    key.contains("cors") || key.starts_with("alloworigin") || key.starts_with("allowedorigin")
}

/// What kubectl writes of a resource as it was once, in one text.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What stands in texts that set something of CORS: arguments, variables, settings in languages of their own.
const WORDS: [&str; 14] = [
    "\"cors\"",
    "--cors",
    "[cors",
    "allow-origin",
    "allowed-origin",
    "allowedorigin",
    "alloworigin",
    "cors-allow",
    "cors-enable",
    "cors:",
    "corsorigin(",
    "corspolicy",
    "corsrule",
    "enable-cors",
];

/// Where a text names a header of CORS in responses, or has a document with CORS in it.
fn text_in(node: &Node<'_>) -> Option<String> {
    if let Some(text) = node.text() {
        if kube::is_own(&text) {
            return None;
        }
        let is_variable = text.contains("CORS_") || text.contains("_CORS");
        let text = text.to_ascii_lowercase().replace('_', "-");
        let is_it = is_variable
            || WORDS.iter().any(|word| text.contains(word))
            || cors_headers::named_in(&text).is_some();
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
