//! Configurations in the texts of a ConfigMap or of a Secret, which a pod has as files: the filter's own, or an
//! Envoy's.

use std::collections::HashSet;

use super::around::SourceFile;
use super::found::{FoundConfiguration, FoundConfigurations};
use super::opening;
use super::position::{Placement, Position, Region};
use super::tree::{NodeId, Tree};
use super::trouble::Trouble;

/// A file's text and its tree.
pub(super) struct Whole<'f> {
    pub(super) name: &'f str,
    pub(super) text: &'f str,
    pub(super) tree: &'f Tree,
}

/// The configurations in the texts of resources.
///
/// # Errors
/// That a text is broken that speaks of this filter.
pub(super) fn find(whole: &Whole<'_>, documents: &[NodeId]) -> Result<Vec<FoundConfiguration>, Trouble> {
    let Whole { tree, .. } = whole;
    let mut found = Vec::new();
    for document in documents {
        let items = tree.get(*document, "items").map(|items| tree.items(items));
        for resource in items.unwrap_or(std::slice::from_ref(document)) {
            let kind = tree.text_of(*resource, "kind").unwrap_or_default();
            let field = match kind {
                "ConfigMap" => "data",
                "Secret" => "stringData",
                _ => continue,
            };
            let name = tree.path(*resource, &["metadata", "name"]);
            let name = name.and_then(|name| tree.text(name)).unwrap_or_default();
            let texts = tree.get(*resource, field).map(|texts| tree.pairs(texts));
            for (key, value) in texts.unwrap_or_default() {
                let key = tree.text(*key).unwrap_or_default();
                found.extend(in_text(whole, *value, key, &format!("{kind} {name}, {key}"))?);
            }
        }
    }
    Ok(found)
}

/// # Errors
/// That the text is broken, if it speaks of this filter.
fn in_text(
    whole: &Whole<'_>,
    value: NodeId,
    key: &str,
    label: &str,
) -> Result<Vec<FoundConfiguration>, Trouble> {
    let Whole { text: file, tree, .. } = whole;
    let text = tree.text(value).unwrap_or_default();
    // Much else is in such texts, and may speak of the filter: alerts, scripts.
    let is_envoy_s = super::find::is_our_name(text) && text.contains("@type");
    if !is_envoy_s && !text.contains("\"buckets\"") {
        return Ok(Vec::new());
    }
    let region = tree.region(value).unwrap_or(Region::at(Position::START));
    let outer = opening::in_scalar(tree, value, region, file);
    let (inner, documents, found) = match opening::find(key, text.as_bytes().to_vec()) {
        Ok(taken) => taken,
        Err(trouble) if is_envoy_s => {
            let at = trouble.position.unwrap_or(Position::START);
            let said = format!("{label}: {}", trouble.message);
            return Err(Trouble::at(outer.of(Region::at(at)).start, said));
        }
        Err(_) => return Ok(Vec::new()),
    };
    let mut found = FoundConfigurations {
        configurations: found.configurations.into_iter().filter(is_filter_s).collect(),
        ..found
    };
    let files = [SourceFile {
        name: key.into(),
        tree: inner,
        documents,
    }];
    found.look_around(&files, 0, false, &mut HashSet::new());
    Ok(found
        .configurations
        .into_iter()
        .map(|it| placed(it, whole.name, label, &outer))
        .collect())
}

/// Whether it stands in an Envoy's configuration, or has buckets with rules.
fn is_filter_s(it: &FoundConfiguration) -> bool {
    let buckets = it.root.and_then(|root| it.tree.get(root, "buckets"));
    let buckets = buckets.map(|buckets| it.tree.items(buckets)).unwrap_or_default();
    it.document.is_some()
        || buckets
            .iter()
            .any(|bucket| it.tree.get(*bucket, "cors").is_some())
}

/// With the places of the file around its text.
fn placed(mut it: FoundConfiguration, file: &str, label: &str, outer: &Placement) -> FoundConfiguration {
    it.label = match it.label.as_str() {
        "" => label.to_owned(),
        own => format!("{label}: {own}"),
    };
    it.start = outer.of(Region::at(it.start)).start;
    it.placement = Placement::Inside {
        inner: Box::new(it.placement),
        outer: Box::new(outer.clone()),
    };
    for warning in &mut it.around {
        warning.file = file.into();
        warning.region = outer.of(warning.region);
    }
    // What surrounds it has been looked at.
    it.document = None;
    it
}
