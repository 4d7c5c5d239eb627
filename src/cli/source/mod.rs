//! Files as people have them: the plugin configuration in each, as the filter would get it, and where its parts stand.

mod find;
mod handover;
mod json;
mod position;
mod scalar;
mod tree;
mod value;
mod yaml;

use std::path::Path;
use std::rc::Rc;

use bucket_cors::config::{self, Finding};

use crate::input;
use find::{Place, Way};
use handover::Form;
use position::Placement;
pub(crate) use position::{Position, Region};
use tree::{Content, Style};
pub(crate) use tree::{NodeId, Tree};
pub(crate) use value::{Scalar, parse};

/// What stands for the rules in the samples under `envoy/`, each of which would need them in another form.
const PLACEHOLDER: &str = "@envoy/cors.json@";

/// What kept a file from being read, or what there is to say of it.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) position: Option<Position>,
    pub(crate) message: String,
}

impl Trouble {
    fn new(message: impl Into<String>) -> Self {
        Self {
            position: None,
            message: message.into(),
        }
    }

    fn at(position: Position, message: impl Into<String>) -> Self {
        Self {
            position: Some(position),
            message: message.into(),
        }
    }
}

/// The configurations in a file.
pub(crate) struct Found {
    pub(crate) configurations: Vec<Configuration>,
    /// Configurations of other plugins, which were left out.
    pub(crate) others: Vec<Trouble>,
}

/// A plugin configuration.
pub(crate) struct Configuration {
    /// What it is the configuration of: empty where the file is nothing else.
    pub(crate) label: String,
    /// The pointer to it, in the document that it stands in.
    pub(crate) pointer: String,
    /// Where it begins.
    pub(crate) start: Position,
    /// What the filter gets.
    pub(crate) text: Vec<u8>,
    tree: Rc<Tree>,
    root: Option<NodeId>,
    placement: Placement,
}

/// A place that a finding speaks of.
pub(crate) struct Located {
    pub(crate) region: Region,
    /// The value there, where it is neither a list nor an object.
    pub(crate) value: Option<String>,
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// What keeps it from being read, or that nothing was found in it.
pub(crate) fn read(file: &str) -> Result<Found, Trouble> {
    let bytes =
        input::bytes(file).map_err(|problem| Trouble::new(format!("it cannot be read: {problem}")))?;
    let found = find(file, bytes)?;
    if found.configurations.is_empty() {
        let others = if found.others.is_empty() {
            ""
        } else {
            ": the Wasm plugins in it have other names and modules than bucket-cors, and no buckets"
        };
        return Err(Trouble::new(format!(
            "there is no configuration of bucket-cors in it{others}"
        )));
    }
    if let Some(template) = found.configurations.iter().find(|it| it.is_placeholder()) {
        return Err(Trouble::at(
            template.start,
            format!(
                "this is a template: {PLACEHOLDER} is where `make run`, or `make artifacts` for a manifest, puts the rules of \
                 envoy/cors.json. Check that file, or write rules in its place"
            ),
        ));
    }
    Ok(found)
}

fn find(file: &str, bytes: Vec<u8>) -> Result<Found, Trouble> {
    if is_json(file, &bytes) {
        return Ok(find_in_json(bytes));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let mut at = Position::START;
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        String::from_utf8_lossy(before)
            .chars()
            .for_each(|character| at.step(character));
        Trouble::at(at, "this is no UTF-8")
    })?;
    let (mut tree, documents) = yaml::parse(text)?;
    let places = find::search(&mut tree, &documents);
    Ok(taken(tree, places, text))
}

/// As Envoy decides: by the file's name. Without one, by what it begins with.
fn is_json(file: &str, bytes: &[u8]) -> bool {
    match Path::new(file)
        .extension()
        .and_then(|extension| extension.to_str())
    {
        Some("json") => true,
        Some("yaml" | "yml") => false,
        _ => {
            let start = without_mark(bytes).trim_ascii_start().first();
            matches!(start, None | Some(b'{' | b'[' | b'"' | b'<' | 0..0x20 | 0x80..))
        }
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn find_in_json(bytes: Vec<u8>) -> Found {
    let text = readable(&bytes);
    let (mut tree, root) = json::parse(text);
    if let Some(root) = root.filter(|root| find::is_around(&tree, *root)) {
        // What is no JSON is none for the proxy either.
        if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
            let places = find::search(&mut tree, &[root]);
            return taken(tree, places, text);
        }
    }
    let whole = Configuration {
        label: String::new(),
        pointer: String::new(),
        start: Position::START,
        tree: Rc::new(tree),
        root,
        placement: Placement::Block(Position::START),
        text: bytes,
    };
    Found {
        configurations: vec![whole],
        others: Vec::new(),
    }
}

/// What of a text the core reads: no byte order mark, and nothing behind a byte that is no UTF-8.
fn readable(bytes: &[u8]) -> &str {
    let bytes = without_mark(bytes);
    let end = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    bytes
        .get(..end)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .unwrap_or_default()
}

fn taken(tree: Tree, places: Vec<Place>, text: &str) -> Found {
    let tree = Rc::new(tree);
    let mut found = Found {
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
    found
}

fn configuration(tree: &Rc<Tree>, place: Place, region: Region, file: &str) -> Configuration {
    let value = place.value;
    let whole = Placement::Block(Position::START);
    let json = |form| handover::json(tree, value, form).into_bytes();
    let (text, tree, root, placement) = match place.way {
        Way::Itself => (json(Form::Kept), tree.clone(), Some(value), whole),
        Way::Json => (json(Form::Sorted), tree.clone(), Some(value), whole),
        Way::Struct => (json(Form::Doubles), tree.clone(), Some(value), whole),
        Way::Nothing => (Vec::new(), tree.clone(), None, Placement::Within(region)),
        Way::Bytes => {
            let bytes = handover::protobuf(tree, value);
            (bytes, tree.clone(), None, Placement::Within(region))
        }
        Way::Text => {
            let text = tree.text(value).unwrap_or_default().to_owned();
            let placement = in_scalar(tree, value, region, file);
            let (inner, root) = json::parse(readable(text.as_bytes()));
            (text.into_bytes(), Rc::new(inner), root, placement)
        }
    };
    Configuration {
        label: place.label,
        pointer: place.pointer,
        start: region.start,
        text,
        tree,
        root,
        placement,
    }
}

/// Where the characters of a scalar stand.
fn in_scalar(tree: &Tree, scalar: NodeId, region: Region, file: &str) -> Placement {
    let within = Placement::Within(Region::at(region.start));
    let Some(Content::Scalar { text, style }) = tree.node(scalar).map(|node| &node.content) else {
        return within;
    };
    match style {
        Style::Literal => position::in_block(file, region.start, text).unwrap_or(within),
        Style::Plain if !text.contains('\n') => Placement::Block(region.start),
        Style::Quoted if region.start.line == region.end.line => {
            let line = file
                .lines()
                .nth(region.start.line.saturating_sub(1))
                .unwrap_or_default();
            position::in_quotes(without_mark_text(line), region.start, text).unwrap_or(within)
        }
        Style::Quoted | Style::Plain | Style::Folded => within,
    }
}

fn without_mark_text(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

impl Configuration {
    fn is_placeholder(&self) -> bool {
        let text = self.root.and_then(|root| self.tree.text(root));
        text == Some(PLACEHOLDER) || self.text == PLACEHOLDER.as_bytes()
    }

    /// Where what a finding speaks of stands.
    pub(crate) fn locate(&self, finding: &Finding) -> Located {
        let nowhere = |region| Located { region, value: None };
        if finding.code == "not-json" {
            let inner = self.broken_at();
            return nowhere(self.placement.of(Region::at(inner)));
        }
        let Some(root) = self.root else {
            return nowhere(self.placement.of(Region::at(Position::START)));
        };
        // A field's name is at fault, not its value.
        let is_of_key = matches!(
            finding.code,
            "unknown-field" | "duplicate-field" | "higress-rules"
        );
        let second = finding.code == "duplicate-field";
        let (mut node, mut key) = (root, None);
        let mut is_whole = true;
        let mut tokens = finding.pointer.split('/').skip(1).peekable();
        while let Some(token) = tokens.next() {
            let is_last = tokens.peek().is_none();
            let Some((name, value)) = self.child(node, token, second && is_last) else {
                is_whole = false;
                break;
            };
            (node, key) = (value, name);
        }
        let shown = if is_of_key { key.unwrap_or(node) } else { node };
        let region = self.tree.region(shown).unwrap_or(Region::at(Position::START));
        Located {
            region: self.placement.of(region),
            value: self.tree.text(node).filter(|_| is_whole).map(str::to_owned),
        }
    }

    /// What a token of a pointer leads to: a key and its value, or an element.
    fn child(&self, node: NodeId, token: &str, second: bool) -> Option<(Option<NodeId>, NodeId)> {
        if !self.tree.is_map(node) {
            let index: usize = token.parse().ok()?;
            return self.tree.items(node).get(index).map(|item| (None, *item));
        }
        let is_named = |key: NodeId| config::pointer_token(self.tree.text(key).unwrap_or_default()) == token;
        let mut pairs = self.tree.pairs(node).iter().filter(|(key, _)| is_named(*key));
        let first = pairs.next();
        let pair = if second { pairs.next().or(first) } else { first };
        pair.map(|(key, value)| (Some(*key), *value))
    }

    /// Where the text stops being JSON.
    fn broken_at(&self) -> Position {
        let text = readable(&self.text);
        let end = || {
            let mut at = Position::START;
            text.chars().for_each(|character| at.step(character));
            at
        };
        let is_cut = text.len() < without_mark(&self.text).len();
        match serde_json::from_str::<serde_json::Value>(text) {
            // The core says so where the text is JSON up to the byte that is no UTF-8.
            Err(error) if is_cut && error.is_eof() => end(),
            Ok(_) if is_cut => end(),
            Err(error) if error.line() > 0 => Position {
                line: error.line(),
                // serde_json counts bytes, from 0 at a line's end.
                column: column(text, error.line(), error.column()),
            },
            _ => Position::START,
        }
    }
}

/// The column in characters for one in bytes.
fn column(text: &str, line: usize, bytes: usize) -> usize {
    let line = text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default();
    let before = line.bytes().take(bytes.saturating_sub(1));
    // All but the bytes that continue a character.
    before
        .filter(|byte| byte & 0xc0 != 0x80)
        .count()
        .saturating_add(1)
}
