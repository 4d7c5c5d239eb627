//! The plugin configurations in a text, as the filter would get them.

use std::rc::Rc;

use super::envoy_place::EnvoyPlace;
use super::find::{self, Delivery, PluginConfig};
use super::found::{FoundConfiguration, FoundConfigurations};
use super::handover::{self, Form};
use super::kind;
use super::position::{self, Placement, Position, Region};
use super::text::{is_json, readable, without_mark, without_mark_text};
use super::tree::{Content, NodeId, ScalarForm, Tree};
use super::trouble::Trouble;
use super::{json_tree, yaml};

/// A file's tree, its documents, and the configurations in them.
pub(super) type OpenedFile = (Rc<Tree>, Vec<NodeId>, FoundConfigurations);

/// Finds the configurations in a text.
///
/// # Errors
/// What keeps it from being read.
pub(super) fn find(file: &str, bytes: Vec<u8>) -> Result<OpenedFile, Trouble> {
    // Nothing that YAML adds is in it: the filter takes it as it is.
    let is_json_in_yaml = || serde_json::from_slice::<serde::de::IgnoredAny>(without_mark(&bytes)).is_ok();
    if is_json(file, &bytes) || is_json_in_yaml() {
        return Ok(find_in_json(bytes));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let at = Position::behind(&String::from_utf8_lossy(before));
        Trouble::at(at, "this is no UTF-8")
    })?;
    let (mut tree, documents) = yaml::parse(text).map_err(|trouble| Trouble {
        message: if text.contains("{{") {
            format!(
                "{}; it looks like a template of Helm's: check what `helm template` prints",
                trouble.message
            )
        } else {
            trouble.message
        },
        ..trouble
    })?;
    let places = find::search(&mut tree, &documents);
    Ok(taken(tree, documents, places, text))
}

fn find_in_json(bytes: Vec<u8>) -> OpenedFile {
    let text = readable(&bytes);
    let (mut tree, root) = json_tree::parse(text);
    if let Some(root) = root.filter(|root| kind::is_around(&tree, *root)) {
        // What is no JSON is none for the proxy either.
        if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
            let places = find::search(&mut tree, &[root]);
            return taken(tree, vec![root], places, text);
        }
    }
    let tree = Rc::new(tree);
    let whole = FoundConfiguration {
        label: String::new(),
        pointer: String::new(),
        start: Position::START,
        is_in_force: true,
        place: EnvoyPlace::default(),
        document: None,
        tree: tree.clone(),
        root,
        placement: Placement::Block(Position::START),
        text: bytes,
        around: Vec::new(),
        unread: Vec::new(),
    };
    let found = FoundConfigurations {
        configurations: vec![whole],
        others: Vec::new(),
    };
    (tree, Vec::new(), found)
}

fn taken(tree: Tree, documents: Vec<NodeId>, places: Vec<PluginConfig>, text: &str) -> OpenedFile {
    let tree = Rc::new(tree);
    let mut found = FoundConfigurations {
        configurations: Vec::new(),
        others: Vec::new(),
    };
    for place in places {
        let region = tree.region(place.value).unwrap_or(Region::at(Position::START));
        if !place.is_ours {
            let message = format!("the configuration of the {} was left out", place.label);
            found.others.push(Trouble::at(region.start, message));
            continue;
        }
        found
            .configurations
            .push(configuration(&tree, place, region, text));
    }
    (tree, documents, found)
}

fn configuration(tree: &Rc<Tree>, place: PluginConfig, region: Region, file: &str) -> FoundConfiguration {
    let value = place.value;
    let stands = EnvoyPlace::of(tree, place.document, &place.pointer);
    let document = (place.delivery != Delivery::Itself).then_some(place.document);
    let whole = Placement::Block(Position::START);
    let json = |form| handover::json(tree, value, form).into_bytes();
    let (text, tree, root, placement) = match place.delivery {
        Delivery::Itself => (file.as_bytes().to_vec(), tree.clone(), None, whole),
        Delivery::Json => (json(Form::Sorted), tree.clone(), Some(value), whole),
        Delivery::Struct => (json(Form::Doubles), tree.clone(), Some(value), whole),
        Delivery::Nothing => (Vec::new(), tree.clone(), None, Placement::Within(region)),
        Delivery::Bytes => {
            let bytes = handover::protobuf(tree, value);
            (bytes, tree.clone(), None, Placement::Within(region))
        }
        Delivery::Text => {
            let text = tree.text(value).unwrap_or_default().to_owned();
            let placement = in_scalar(tree, value, region, file);
            let (inner, root) = json_tree::parse(readable(text.as_bytes()));
            (text.into_bytes(), Rc::new(inner), root, placement)
        }
    };
    FoundConfiguration {
        label: place.label,
        is_in_force: stands.is_in_force(),
        place: stands,
        pointer: place.pointer,
        start: region.start,
        text,
        document,
        tree,
        root,
        placement,
        around: Vec::new(),
        unread: Vec::new(),
    }
}

/// Where the characters of a scalar stand.
pub(super) fn in_scalar(tree: &Tree, scalar: NodeId, region: Region, file: &str) -> Placement {
    let within = Placement::Within(Region::at(region.start));
    let Some(Content::Scalar { text, style }) = tree.node(scalar).map(|node| &node.content) else {
        return within;
    };
    match style {
        ScalarForm::Literal => position::in_block(file, region.start, text).unwrap_or(within),
        ScalarForm::Plain if !text.contains('\n') => Placement::Block(region.start),
        ScalarForm::Quoted if region.start.line == region.end.line => {
            let line = file
                .lines()
                .nth(region.start.line.saturating_sub(1))
                .unwrap_or_default();
            position::in_quotes(without_mark_text(line), region.start, text).unwrap_or(within)
        }
        ScalarForm::Quoted | ScalarForm::Plain | ScalarForm::Folded => within,
    }
}
