//! A value of a JSON or YAML document that knows its place.

use super::code;
use super::remarks::Remarks;
use crate::source::{NodeId, Position, Scalar, Tree};

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node<'t> {
    file: &'t str,
    tree: &'t Tree,
    /// `None`: nothing.
    pub(super) id: Option<NodeId>,
    /// For messages: the file, the line and the column.
    pub(crate) place: String,
}

impl<'t> Node<'t> {
    pub(super) fn new(file: &'t str, tree: &'t Tree, id: NodeId) -> Self {
        let start = tree.start(id);
        Self {
            file,
            tree,
            id: Some(id),
            place: format!("{file}:{}:{}", start.line, start.column),
        }
    }

    /// Nothing, in a file without documents.
    pub(super) fn none(file: &'t str, tree: &'t Tree) -> Self {
        Self {
            file,
            tree,
            id: None,
            place: file.to_owned(),
        }
    }

    /// Where it begins; the start of the file where there is nothing.
    pub(super) fn start(&self) -> Position {
        self.id.map_or(Position::START, |id| self.tree.start(id))
    }

    fn at(&self, id: NodeId) -> Self {
        Self::new(self.file, self.tree, id)
    }

    /// Reports each field that is none of these: what a source's own reader would refuse or leave out, or has learnt
    /// since. `of`: what it would be a field of.
    pub(crate) fn say_unknown(&self, known: &[&str], of: &str, remarks: &mut Remarks) {
        self.say_others(|key| known.contains(&key), known, of, remarks);
    }

    /// The same for a protobuf message.
    pub(crate) fn say_unknown_proto(&self, known: &[&str], of: &str, remarks: &mut Remarks) {
        let is_known = |key: &str| {
            let mut names = known.iter();
            key == "@type" || names.any(|name| *name == key || camel(name) == key)
        };
        self.say_others(is_known, known, of, remarks);
    }

    fn say_others(&self, is_known: impl Fn(&str) -> bool, known: &[&str], of: &str, remarks: &mut Remarks) {
        let pairs = self.id.map(|id| self.tree.pairs(id)).unwrap_or_default();
        for (key, value) in pairs {
            let Some(name) = self.tree.text(*key) else {
                continue;
            };
            if !is_known(name) && !self.at(*value).is_null() {
                let words = known.iter().map(|word| (*word, *word));
                remarks.say(
                    code::UNKNOWN_FIELD, // A list or an object begins on a later line than its name.
                    &self.at(*key).place,
                    format!(
                        "{name} is no field of {of} that is known: {}",
                        advice(name, words)
                    ),
                );
            }
        }
    }

    fn scalar(&self) -> Option<Scalar> {
        self.tree.scalar(self.id?)
    }

    /// Whether there is no value.
    pub(crate) fn is_null(&self) -> bool {
        self.id.is_none() || self.scalar() == Some(Scalar::Null)
    }

    /// Whether there is no value, or a list without any.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_null() || (self.is_list() && self.items().is_empty())
    }

    pub(crate) fn is_list(&self) -> bool {
        self.id.is_some_and(|id| self.tree.is_list(id))
    }

    /// The fields of an object; of anything else none.
    pub(crate) fn fields(&self) -> Vec<(&'t str, Self)> {
        let pairs = self.id.map(|id| self.tree.pairs(id)).unwrap_or_default();
        pairs
            .iter()
            .filter_map(|(key, value)| Some((self.tree.text(*key)?, self.at(*value))))
            .collect()
    }

    /// A field that is there and not null.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        let pairs = self.tree.pairs(self.id?).iter();
        let (_, value) = pairs
            .copied()
            .find(|(name, _)| self.tree.text(*name) == Some(key))?;
        Some(self.at(value)).filter(|value| !value.is_null())
    }

    /// A field of a protobuf message, which its JSON spells in two ways: `snake_case` is given.
    pub(crate) fn proto(&self, key: &str) -> Option<Self> {
        self.get(key).or_else(|| self.get(&camel(key)))
    }

    /// A field of a field.
    pub(crate) fn path(&self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self.clone(), |node, key| node.get(key))
    }

    /// The values of a list. A single value stands for a list of one, as in the documents of stores.
    pub(crate) fn items(&self) -> Vec<Self> {
        match self.id {
            Some(id) if self.is_list() => self.tree.items(id).iter().map(|item| self.at(*item)).collect(),
            _ if self.is_null() => Vec::new(),
            _ => vec![self.clone()],
        }
    }

    /// What is in a list or an object.
    pub(crate) fn children(&self) -> Vec<Self> {
        if self.is_list() {
            self.items()
        } else {
            self.fields().into_iter().map(|(_, field)| field).collect()
        }
    }

    /// The values of a list under a field.
    pub(crate) fn list(&self, key: &str) -> Vec<Self> {
        self.get(key).map(|field| field.items()).unwrap_or_default()
    }

    /// A string, or what is written like one.
    pub(crate) fn text(&self) -> Option<String> {
        match self.scalar()? {
            Scalar::Text(text) | Scalar::Number(text) => Some(text),
            Scalar::Flag(flag) => Some(flag.to_string()),
            Scalar::Null => None,
        }
    }

    /// The text of a field.
    pub(crate) fn text_of(&self, key: &str) -> Option<String> {
        self.get(key)?.text()
    }

    /// A boolean, or a string that spells one.
    pub(crate) fn flag(&self) -> Option<bool> {
        match self.text()?.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Whether it is an object with one of these fields.
    pub(crate) fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.get(key).is_some())
    }

    /// Nothing, at the same place.
    pub(crate) fn nothing(&self) -> Self {
        Self {
            id: None,
            ..self.clone()
        }
    }
}

/// What to do about a field that is not known: write the name that is meant, by these words for each name, if it is
/// another spelling of one.
pub(crate) fn advice<'w>(key: &str, words: impl IntoIterator<Item = (&'w str, &'w str)>) -> String {
    let folded = |word: &str| {
        let word = word.rsplit('.').next().unwrap_or(word);
        let word = word.replace('_', "").to_ascii_lowercase();
        word.trim_end_matches('s').to_owned()
    };
    let mut words = words.into_iter();
    match words.find(|(_, word)| folded(word) == folded(key)) {
        Some((name, _)) => format!("write {name}, which is its name here"),
        None => "see whether it changes answers".to_owned(),
    }
}

/// `allow_origin` as `allowOrigin`.
fn camel(key: &str) -> String {
    let mut camel = String::with_capacity(key.len());
    let mut upper = false;
    for character in key.chars() {
        if character == '_' {
            upper = true;
        } else {
            camel.push(if upper {
                character.to_ascii_uppercase()
            } else {
                character
            });
            upper = false;
        }
    }
    camel
}
