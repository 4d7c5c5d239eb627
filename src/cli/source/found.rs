//! A plugin configuration in a file, and where its parts stand.

use std::borrow::Cow;
use std::rc::Rc;

use bucket_cors::config::{self, Finding, OnRefused, Severity};

use super::envoy_place::EnvoyPlace;
use super::json_tree;
use super::placeholder;
use super::position::{Placement, Position, Region};
use super::text::{readable, without_mark};
use super::tree::{NodeId, Tree};
use super::trouble::Trouble;
use super::warning::Warning;
use crate::input;

/// The configurations in a file.
pub(crate) struct FoundConfigurations {
    pub(crate) configurations: Vec<FoundConfiguration>,
    /// Configurations of other plugins, which were left out.
    pub(crate) others: Vec<Trouble>,
}

/// A plugin configuration.
pub(crate) struct FoundConfiguration {
    /// What it is the configuration of: empty where the file is nothing else.
    pub(crate) label: String,
    /// The pointer to it, in the document that it stands in.
    pub(crate) pointer: String,
    /// Where it begins.
    pub(crate) start: Position,
    /// What the filter gets.
    pub(crate) text: Vec<u8>,
    /// Whether it runs, as far as its file shows: a dump has those that are refused or on their way out too.
    pub(crate) is_in_force: bool,
    pub(super) place: EnvoyPlace,
    /// What it stands in, where it is not all of its file.
    pub(super) document: Option<NodeId>,
    pub(super) tree: Rc<Tree>,
    pub(super) root: Option<NodeId>,
    pub(super) placement: Placement,
    /// About what surrounds it.
    pub(crate) around: Vec<Warning>,
    /// What of a store's own document is not in it.
    pub(crate) unread: Vec<Unread>,
}

/// A part of a store's own document that no rule has.
pub(crate) struct Unread {
    pub(crate) position: Position,
    pub(crate) severity: Severity,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// A place that a finding speaks of.
pub(crate) struct Located {
    pub(crate) region: Region,
    /// The value there, where it is neither a list nor an object.
    pub(crate) value: Option<String>,
}

impl FoundConfiguration {
    /// One that was made from a file of another form, with the places of its values there, by their pointers.
    pub(crate) fn built(label: String, text: String, places: &[(String, Position)]) -> Self {
        let (mut tree, root) = json_tree::parse(&text);
        tree.forget_places();
        let mut built = Self {
            label,
            pointer: String::new(),
            start: Position::START,
            is_in_force: true,
            place: EnvoyPlace::default(),
            document: None,
            tree: Rc::default(),
            root,
            placement: Placement::Block(Position::START),
            text: text.into_bytes(),
            around: Vec::new(),
            unread: Vec::new(),
        };
        built.tree = Rc::new(tree);
        let found: Vec<_> = places
            .iter()
            .filter_map(|(pointer, position)| Some((built.node(pointer)?, *position)))
            .collect();
        if let Some(tree) = Rc::get_mut(&mut built.tree) {
            for (node, position) in found {
                tree.put(node, Region::at(position));
            }
        }
        built
    }

    /// The text, where the file is nothing else.
    pub(crate) fn whole_text(&self) -> Option<Cow<'_, str>> {
        let is_whole = self.document.is_none() && self.label.is_empty();
        is_whole.then(|| match input::utf16(&self.text) {
            Some(Ok(text)) => text.into(),
            _ => readable(&self.text).into(),
        })
    }

    /// What a pointer leads to.
    fn node(&self, pointer: &str) -> Option<NodeId> {
        let mut tokens = pointer.split('/').skip(1);
        tokens.try_fold(self.root?, |node, token| Some(self.child(node, token, false)?.1))
    }

    /// What becomes of it where it has errors, if the proxy does not reject it.
    pub(crate) fn instead(&self) -> Option<&'static str> {
        let (settings, report) = config::read(&self.text, &mut Vec::new());
        (settings.on_refused_rules == OnRefused::LastGood && !report.errors.is_empty()).then_some(
            "the last good rules stay in force (on_refused_rules); before there are any, no bucket has CORS",
        )
    }

    /// What stands for the rules in a template that nothing has filled.
    pub(super) fn placeholder(&self) -> Option<&str> {
        let value = self.root.and_then(|root| self.tree.text(root));
        let values = [value, str::from_utf8(&self.text).ok()];
        values.into_iter().flatten().find_map(placeholder::whole)
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
        let end = || Position::behind(text);
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
pub(super) fn column(text: &str, line: usize, bytes: usize) -> usize {
    let line = text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default();
    let before = line.bytes().take(bytes.saturating_sub(1));
    // All but the bytes that continue a character.
    before
        .filter(|byte| byte & 0xc0 != 0x80)
        .count()
        .saturating_add(1)
}
