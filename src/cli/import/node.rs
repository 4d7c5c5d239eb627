//! A value of a tree that knows its place.

use super::tree::Tree;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node<'t> {
    pub(crate) tree: &'t Tree,
    /// For messages: the file and a JSON pointer (RFC 6901).
    pub(crate) place: String,
}

const NULL: &Tree = &Tree::Null;

impl<'t> Node<'t> {
    /// The document of a file. `number` tells apart several documents in one.
    pub(crate) fn document(tree: &'t Tree, file: &str, number: Option<usize>) -> Self {
        let place = match number {
            Some(number) => format!("{file}: document {number}: "),
            None => format!("{file}: "),
        };
        Self { tree, place }
    }

    fn below(&self, step: &str, tree: &'t Tree) -> Self {
        let step = step.replace('~', "~0").replace('/', "~1");
        Self {
            tree,
            place: format!("{}/{step}", self.place),
        }
    }

    /// The fields of an object; of anything else none.
    pub(crate) fn fields(&self) -> Vec<(&'t str, Node<'t>)> {
        let Tree::Map(map) = self.tree else {
            return Vec::new();
        };
        map.iter()
            .map(|(key, value)| (key.as_str(), self.below(key, value)))
            .collect()
    }

    /// A field that is there and not null.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        let Tree::Map(map) = self.tree else { return None };
        let (_, value) = map.iter().find(|(name, _)| name == key)?;
        (*value != Tree::Null).then(|| self.below(key, value))
    }

    /// A field of a field.
    pub(crate) fn path(&self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self.clone(), |node, key| node.get(key))
    }

    /// The values of a list. A single value stands for a list of one, as in the documents of stores.
    pub(crate) fn items(&self) -> Vec<Self> {
        match self.tree {
            Tree::List(list) => list
                .iter()
                .enumerate()
                .map(|(index, value)| self.below(&index.to_string(), value))
                .collect(),
            Tree::Null => Vec::new(),
            _ => vec![self.clone()],
        }
    }

    /// The values of a list under a field.
    pub(crate) fn list(&self, key: &str) -> Vec<Self> {
        self.get(key).map(|field| field.items()).unwrap_or_default()
    }

    /// A string, or what is written like one.
    pub(crate) fn text(&self) -> Option<String> {
        match self.tree {
            Tree::Text(text) | Tree::Number(text) => Some(text.clone()),
            Tree::Flag(flag) => Some(flag.to_string()),
            Tree::Null | Tree::List(_) | Tree::Map(_) => None,
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
            tree: NULL,
            place: self.place.clone(),
        }
    }
}
