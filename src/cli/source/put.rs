//! Another configuration in the place of the one that a document has: every other byte of it stays.

use std::borrow::Cow;

use serde_json::Value;

use super::find::{self, Delivery, PluginConfig};
use super::handover::{self, Form};
use super::line_table::LineTable;
use super::placeholder;
use super::position::{self, Placement};
use super::quoted::{quoted, quoted_length, yaml_safe};
use super::text::{is_json, without_mark_text};
use super::tree::{Content, NodeId, ScalarForm, Tree};
use super::trouble::Trouble;
use super::{json_tree, yaml};

/// A document that configurations stand in.
pub(crate) struct Holder<'t> {
    text: &'t str,
    tree: Tree,
    documents: Vec<NodeId>,
    places: Vec<PluginConfig>,
}

/// A resource of Envoy's discovery.
#[derive(Debug, Clone)]
pub(crate) struct NamedResource {
    pub(crate) name: String,
    pub(crate) json: String,
}

/// Bytes of a document, and what comes in their place.
struct TextEdit {
    from: usize,
    to: usize,
    text: String,
}

impl<'t> Holder<'t> {
    /// Takes a document apart. `file`: its name.
    ///
    /// # Errors
    /// What keeps it from being read.
    pub(crate) fn read(file: &str, text: &'t str) -> Result<Self, Trouble> {
        let text = without_mark_text(text);
        let is_json =
            is_json(file, text.as_bytes()) || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        let (mut tree, documents) = if is_json {
            serde_json::from_str::<serde::de::IgnoredAny>(text)
                .map_err(|error| Trouble::new(error.to_string()))?;
            let (tree, roots) = json_tree::parse_all(text);
            if roots.len() != 1 {
                return Err(Trouble::new("it is too large, or nested too deep"));
            }
            (tree, roots)
        } else {
            yaml::parse(text)?
        };
        let mut places = find::search(&mut tree, &documents);
        places.retain(|place| place.is_ours);
        Ok(Self {
            text,
            tree,
            documents,
            places,
        })
    }

    /// Whether it is nothing but a configuration.
    pub(crate) fn is_configuration(&self) -> bool {
        matches!(self.places.as_slice(), [place] if place.delivery == Delivery::Itself)
    }

    /// What the filter would get from each place. `None`: a place that nothing has filled yet.
    pub(crate) fn configurations(&self) -> Vec<Option<Cow<'_, str>>> {
        let places = self.places.iter().map(|place| {
            let text = match place.delivery {
                Delivery::Itself => Cow::Borrowed(self.text),
                Delivery::Nothing | Delivery::Bytes => return None,
                Delivery::Text => Cow::Borrowed(self.tree.text(place.value).unwrap_or_default()),
                Delivery::Json => Cow::Owned(handover::json(&self.tree, place.value, Form::Sorted)),
                Delivery::Struct => Cow::Owned(handover::json(&self.tree, place.value, Form::Doubles)),
            };
            // What a placeholder stands for can be an object, and it a string.
            let value = self.tree.text(place.value).unwrap_or(&text);
            let is_filled = !value.trim().is_empty() && placeholder::whole(value).is_none() && text != "null";
            is_filled.then_some(text)
        });
        places.collect()
    }

    /// The document with a configuration in each of its places, and `version` in that of its version where it has one.
    ///
    /// # Errors
    /// What cannot hold one.
    pub(crate) fn with(&self, configuration: &Value, version: &str) -> Result<String, String> {
        let lines = LineTable::new(self.text);
        let compact = yaml_safe(&configuration.to_string());
        let mut edits = Vec::new();
        for place in &self.places {
            let edit = self.edit(place, &lines, configuration, &compact);
            let edit = edit.map_err(|why| format!("{} {}: {why}", place.label, place.pointer))?;
            // An alias leads to a place that is there already.
            if !edits.iter().any(|known: &TextEdit| known.from == edit.from) {
                edits.push(edit);
            }
        }
        self.edit_versions(&lines, version, &mut edits)?;
        self.edited(edits)
    }

    /// The document with `version` in the place of its version where it has one.
    ///
    /// # Errors
    /// That the place cannot hold one.
    #[cfg(feature = "sync")]
    pub(crate) fn with_version(&self, version: &str) -> Result<String, String> {
        let mut edits = Vec::new();
        self.edit_versions(&LineTable::new(self.text), version, &mut edits)?;
        self.edited(edits)
    }

    fn edit_versions(
        &self,
        lines: &LineTable<'_>,
        version: &str,
        edits: &mut Vec<TextEdit>,
    ) -> Result<(), String> {
        for document in &self.documents {
            let has_resources = self.tree.get(*document, "resources").is_some();
            let field = self
                .tree
                .field(*document, "version_info")
                .filter(|_| has_resources);
            if let Some((_, value)) = field {
                edits.push(self.replaced(value, lines, quoted(version))?);
            }
        }
        Ok(())
    }

    fn edited(&self, mut edits: Vec<TextEdit>) -> Result<String, String> {
        edits.sort_by_key(|edit| edit.from);
        let (mut out, mut at) = (String::new(), 0);
        for edit in edits {
            let before = self.text.get(at..edit.from).ok_or("two places overlap")?;
            out.push_str(before);
            out.push_str(&edit.text);
            at = edit.to;
        }
        out.push_str(self.text.get(at..).unwrap_or_default());
        Ok(out)
    }

    fn edit(
        &self,
        place: &PluginConfig,
        lines: &LineTable<'_>,
        configuration: &Value,
        compact: &str,
    ) -> Result<TextEdit, String> {
        match place.delivery {
            Delivery::Itself => Err("it is a configuration itself, and holds none".to_owned()),
            Delivery::Nothing => Err("there is no field for the configuration: write it, with {} in it".to_owned()),
            Delivery::Bytes => Err(
                "a google.protobuf.Struct, which Envoy hands over as bytes: write a google.protobuf.StringValue".to_owned(),
            ),
            Delivery::Text => self.text_edit(place.value, lines, configuration, compact),
            Delivery::Json | Delivery::Struct => {
                let start = self.tree.start(place.value);
                let indent = lines.indent_behind(start);
                let pretty = yaml_safe(&format!("{configuration:#}")).replace('\n', &format!("\n{indent}"));
                self.replaced(place.value, lines, pretty)
            }
        }
    }

    /// A string that holds the configuration, written as it was.
    fn text_edit(
        &self,
        scalar: NodeId,
        lines: &LineTable<'_>,
        configuration: &Value,
        compact: &str,
    ) -> Result<TextEdit, String> {
        let node = self.tree.node(scalar).ok_or("it is gone")?;
        let Content::Scalar { text, style } = &node.content else {
            return Err("it is no string".to_owned());
        };
        let style = *style;
        if !matches!(style, ScalarForm::Literal | ScalarForm::Folded) {
            return self.replaced(scalar, lines, quoted(compact));
        }
        let block = position::in_block(self.text, node.region.start, text.trim_end_matches('\n'));
        let Some(Placement::Block(start)) = block else {
            return Err(
                "its text is written in a way that is not known: write it in double quotes".to_owned(),
            );
        };
        let indent = " ".repeat(start.column.saturating_sub(1));
        let first = start.line.saturating_sub(1);
        let belongs = |line: &&str| line.trim().is_empty() || line.starts_with(indent.as_str());
        let block = lines
            .of
            .iter()
            .skip(first)
            .map(|(_, line)| *line)
            .take_while(belongs);
        let block: Vec<&str> = block.collect();
        let kept = block.iter().rposition(|line| !line.trim().is_empty());
        let last = first.saturating_add(kept.unwrap_or(0));
        let written = match style {
            ScalarForm::Literal => {
                yaml_safe(&format!("{configuration:#}")).replace('\n', &format!("\n{indent}"))
            }
            _ => compact.to_owned(),
        };
        let (from, to) = (lines.start(first), lines.end(last));
        let (from, to) = from.zip(to).ok_or("it is gone")?;
        Ok(TextEdit {
            from: from.saturating_add(indent.len()),
            to,
            text: written,
        })
    }

    fn replaced(&self, node: NodeId, lines: &LineTable<'_>, text: String) -> Result<TextEdit, String> {
        let end = self.tree.node(node).map(|node| node.end);
        let from = lines.offset(self.tree.start(node));
        let to = end.and_then(|end| lines.offset(end));
        let (from, to) = from.zip(to).ok_or("its place is not clear")?;
        let rest = self.text.get(from..).ok_or("its place is not clear")?;
        // The reader counts what stands behind a quote, comments too, as part of it.
        let to = quoted_length(rest).map_or(to, |length| from.saturating_add(length));
        let old = self.text.get(from..to).ok_or("its place is not clear")?;
        Ok(TextEdit {
            from,
            // What ends with a block of text ends in the line behind it.
            to: from.saturating_add(old.trim_end().len()),
            text,
        })
    }

    /// The bytes of the largest object of Kubernetes, as its API server keeps it. `None`: there is none.
    pub(crate) fn largest_object(&self) -> Option<usize> {
        let is_object = |id: &NodeId| {
            let has = |key| self.tree.get(*id, key).is_some();
            has("apiVersion") && has("kind")
        };
        let objects = self.documents.iter().filter(|id| is_object(id)).flat_map(|id| {
            let items = self.tree.get(*id, "items").map(|items| self.tree.items(items));
            items.map_or_else(|| vec![*id], <[NodeId]>::to_vec)
        });
        objects
            .map(|id| handover::json(&self.tree, id, Form::Sorted).len())
            .max()
    }

    /// The version of a file that Envoy's discovery reads.
    pub(crate) fn version(&self) -> Option<String> {
        let mut versions = self.documents.iter().filter_map(|id| {
            let (_, value) = self.tree.field(*id, "version_info")?;
            self.tree.text(value).map(str::to_owned)
        });
        versions.next()
    }

    /// The resources of a file that Envoy's discovery reads, with their names. Empty: it is none.
    pub(crate) fn resources(&self) -> Vec<NamedResource> {
        let lists = self
            .documents
            .iter()
            .filter_map(|id| self.tree.get(*id, "resources"));
        let resources = lists.flat_map(|list| self.tree.items(list));
        resources
            .filter_map(|id| {
                let name = self.tree.get(*id, "name")?;
                Some(NamedResource {
                    name: self.tree.text(name)?.to_owned(),
                    json: handover::json(&self.tree, *id, Form::Sorted),
                })
            })
            .collect()
    }
}

/// A document of JSON or YAML as JSON.
///
/// # Errors
/// What keeps it from being read.
pub(crate) fn as_json(text: &str) -> Result<String, Trouble> {
    let (tree, documents) = super::parse(text)?;
    match documents.as_slice() {
        [document] => Ok(handover::json(&tree, *document, Form::Sorted)),
        _ => Err(Trouble::new("it is not one document")),
    }
}
