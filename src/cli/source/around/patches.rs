//! What an EnvoyFilter of Istio does to the filter that a plugin of the same gateway brings: takes it out, or puts
//! another one before it.

use bucket_cors::config::Code;

use super::super::find::is_our_name;
use super::super::tree::{NodeId, Tree};
use super::super::warning::{ANOTHER_CORS, BEHIND_AUTHENTICATION, NOT_SWITCHED_ON, Warning};
use super::filters::{FilterKind, is_script_of_cors};
use super::resource::{KubeResource, of_kind};

/// Warns of every EnvoyFilter beside a plugin that gets in its way.
pub(super) fn warnings(
    resources: &[KubeResource<'_>],
    plugin: &KubeResource<'_>,
    warnings: &mut Vec<Warning>,
) {
    for of in
        of_kind(resources, "EnvoyFilter").filter(|it| reaches(it, &["workloadSelector", "labels"], plugin))
    {
        for (index, patch) in of.items("configPatches").iter().enumerate() {
            if let Some((code, message)) = trouble(of.tree(), *patch, plugin) {
                let pointer = format!("{}/spec/configPatches/{index}", of.pointer);
                warnings.push(of.file.warning(code, pointer, *patch, message.to_owned()));
            }
        }
    }
}

/// Whether it is for the plugin's proxies, as far as their namespaces and labels say. One in Istio's own namespace is
/// for all. `selector`: where it has its labels.
pub(super) fn reaches(of: &KubeResource<'_>, selector: &[&str], plugin: &KubeResource<'_>) -> bool {
    let labels = |resource: &KubeResource<'_>, path: &[&str]| -> Vec<(String, String)> {
        let tree = resource.tree();
        let labels = tree.path(resource.spec, path);
        let pairs = labels.map_or(&[][..], |labels| tree.pairs(labels)).iter();
        let text = |id: NodeId| tree.text(id).unwrap_or_default().to_owned();
        pairs.map(|(key, value)| (text(*key), text(*value))).collect()
    };
    let own = labels(plugin, &["selector", "matchLabels"]);
    let is_other = |(key, value): &(String, String)| own.iter().any(|(k, v)| k == key && v != value);
    let wanted = labels(of, selector);
    (of.is_in_namespace_of(plugin) || of.is_in_namespace("istio-system")) && !wanted.iter().any(is_other)
}

/// What a patch does to the filter. Istio applies them to the chain that has the plugins already.
fn trouble(tree: &Tree, patch: NodeId, plugin: &KubeResource<'_>) -> Option<(&'static Code, &'static str)> {
    let filter = ["match", "listener", "filterChain", "filter", "subFilter"];
    let at = tree.path(patch, &filter).and_then(|it| tree.text_of(it, "name"));
    let is_ours = |name: &str| is_our_name(name) || name.contains(&format!(".{}", plugin.name));
    let is_sidecar_s = tree
        .path(patch, &["match", "context"])
        .and_then(|it| tree.text(it))
        == Some("SIDECAR_OUTBOUND");
    if tree.text_of(patch, "applyTo") != Some("HTTP_FILTER") || is_sidecar_s {
        return None;
    }
    let operation = tree
        .path(patch, &["patch", "operation"])
        .and_then(|it| tree.text(it))?;
    let is_before = match operation {
        "REMOVE" | "REPLACE" if at.is_some_and(is_ours) => {
            return Some((
                &NOT_SWITCHED_ON,
                "this patch takes the filter out of the chain: no request reaches it. Take the patch out",
            ));
        }
        "INSERT_FIRST" => true,
        "INSERT_BEFORE" => at.is_none_or(is_ours),
        _ => false,
    };
    let value = tree.path(patch, &["patch", "value"]).filter(|_| is_before)?;
    match FilterKind::of(tree, value) {
        FilterKind::Cors => Some((
            &ANOTHER_CORS,
            "this patch puts Envoy's own CORS filter before this one: where a route has a policy for it, two filters answer \
             preflights and set headers. Take the patch out",
        )),
        FilterKind::Authentication => Some((
            &BEHIND_AUTHENTICATION,
            "this patch puts a filter before this one that refuses requests without credentials, which every preflight is. \
             Insert it behind this one",
        )),
        FilterKind::Lua if tree.any(value, &|id| is_script_of_cors(tree, id)) => Some((
            &ANOTHER_CORS,
            "this patch puts a script before the filter that names headers of CORS: it answers preflights first, or changes \
             responses last. Take these headers out of the script",
        )),
        _ => None,
    }
}
