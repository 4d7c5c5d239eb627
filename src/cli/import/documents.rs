//! The documents of JSON or YAML files.

use std::rc::Rc;

use super::node::Node;
use crate::source::{self, NodeId, Tree, Trouble};

/// The documents of a file, or of several that are read together.
pub(crate) struct Documents<'f> {
    first: Rc<Part<'f>>,
    others: Vec<Rc<Part<'f>>>,
    beside: Vec<Beside<'f>>,
}

/// Values of another file that say something of these documents, and are not read with them.
#[derive(Clone)]
pub(crate) struct Beside<'f> {
    part: Rc<Part<'f>>,
    values: Vec<NodeId>,
}

/// The documents of one of them.
struct Part<'f> {
    file: &'f str,
    tree: Tree,
    roots: Vec<NodeId>,
}

impl<'f> Documents<'f> {
    /// Reads JSON, or YAML.
    ///
    /// # Errors
    /// What is wrong and where, for a person.
    pub(crate) fn read(file: &'f str, text: &str) -> Result<Self, Trouble> {
        // What a pipe holds where the command before it has failed.
        if text.trim().is_empty() {
            return Err(Trouble::new("it is empty"));
        }
        let (tree, roots) = source::parse(text)?;
        Ok(Self {
            first: Rc::new(Part { file, tree, roots }),
            others: Vec::new(),
            beside: Vec::new(),
        })
    }

    /// Takes the documents of other files too.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.others.push(other.first);
        self.others.extend(other.others);
    }

    fn parts(&self) -> impl Iterator<Item = &Rc<Part<'f>>> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The values of a kind, for other documents.
    pub(crate) fn for_others(&self, is_meant: impl Fn(&Node<'_>) -> bool) -> Vec<Beside<'f>> {
        let of_part = |part: &Rc<Part<'f>>| Beside {
            part: Rc::clone(part),
            values: {
                let values = part.values();
                let values = values.iter().filter(|value| is_meant(value));
                values.filter_map(|value| value.id).collect()
            },
        };
        self.parts().map(of_part).collect()
    }

    /// Takes values of other documents beside its own.
    pub(crate) fn put_beside(&mut self, others: &[Beside<'f>]) {
        self.beside.extend_from_slice(others);
    }

    /// Its values, and those beside them.
    pub(crate) fn with_beside(&self) -> Vec<Node<'_>> {
        let beside = self.beside.iter().flat_map(|Beside { part, values }| {
            let values = values.iter();
            values.map(|id| Node::new(part.file, &part.tree, *id))
        });
        self.values().into_iter().chain(beside).collect()
    }

    /// The files that they are of.
    pub(crate) fn files(&self) -> impl Iterator<Item = &'f str> {
        self.parts().map(|part| part.file)
    }

    /// The documents, without those that hold nothing.
    pub(crate) fn roots(&self) -> impl Iterator<Item = Node<'_>> {
        self.parts().flat_map(|part| part.roots())
    }

    /// The values that they hold: each document, or the elements of a list or of its `items`, as `kubectl get -o json`
    /// prints them.
    pub(crate) fn values(&self) -> Vec<Node<'_>> {
        self.parts().flat_map(|part| part.values()).collect()
    }

    /// The one document that there is, or nothing.
    ///
    /// # Errors
    /// That there are several.
    pub(crate) fn root(&self) -> Result<Node<'_>, Trouble> {
        let mut roots = self.roots();
        let root = roots
            .next()
            .unwrap_or_else(|| Node::none(self.first.file, &self.first.tree));
        match roots.next() {
            None => Ok(root),
            Some(second) => Err(Trouble::at(
                second.start(),
                "a second document begins here, and nothing says which bucket each of them is for: put each into a file of its \
                 own, called after its bucket",
            )),
        }
    }
}

impl Part<'_> {
    /// Its documents, without those that hold nothing.
    fn roots(&self) -> impl Iterator<Item = Node<'_>> {
        let roots = self.roots.iter();
        let roots = roots.map(|root| Node::new(self.file, &self.tree, *root));
        roots.filter(|root| !root.is_null())
    }

    fn values(&self) -> Vec<Node<'_>> {
        let mut values = Vec::new();
        // A List may have Lists, as several answers have been put into one.
        let mut left: Vec<Node<'_>> = self
            .roots()
            .flat_map(|root| root.get("items").unwrap_or(root).items())
            .collect();
        left.reverse();
        while let Some(value) = left.pop() {
            let is_list = value.text_of("kind").is_some_and(|kind| kind.ends_with("List"));
            match value.get("items").filter(|items| is_list && items.is_list()) {
                Some(items) => left.extend(items.items().into_iter().rev()),
                None => values.push(value),
            }
        }
        values
    }
}
