//! A document of JSON or YAML as a tree whose nodes know where they stand.

use super::position::{Position, Region};

/// A node of a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(usize);

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScalarForm {
    /// Without quotes, so that it may be a number, a boolean or nothing.
    Plain,
    /// In quotes, or with a tag that makes it a string.
    Quoted,
    /// YAML's `|`.
    Literal,
    /// YAML's `>`.
    Folded,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Scalar { text: String, style: ScalarForm },
    List(Vec<NodeId>),
    Map(Vec<(NodeId, NodeId)>),
}

#[derive(Debug, Clone)]
pub(super) struct TreeNode {
    pub(super) content: Content,
    pub(super) region: Region,
    /// Behind all of it: a list or a map has the region of its first character.
    #[cfg_attr(not(feature = "sync"), allow(dead_code))]
    pub(super) end: Position,
    /// How many levels there are, aliases followed.
    height: usize,
    /// How much there is, aliases followed: a node, or eight bytes of text.
    size: usize,
}

/// The most levels that are read. serde_json reads 128.
pub(super) const MOST_LEVELS: usize = 128;

/// The most that is read, in nodes and eights of bytes. Ten thousand buckets with ten rules each are half of it; a few
/// lines of YAML aliases can stand for billions.
pub(super) const MOST_NODES: usize = 10_000_000;

/// The nodes. A node that aliases refer to stands here once.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: Vec<TreeNode>,
}

impl Tree {
    /// Adds a node.
    ///
    /// # Errors
    /// What there is too much of.
    pub(super) fn add(&mut self, content: Content, region: Region) -> Result<NodeId, String> {
        let (mut height, mut size) = (0_usize, 1_usize);
        let mut count = |child: &NodeId| {
            if let Some(child) = self.nodes.get(child.0) {
                height = height.max(child.height);
                size = size.saturating_add(child.size);
            }
        };
        match &content {
            Content::Scalar { .. } => {}
            Content::List(items) => items.iter().for_each(count),
            Content::Map(pairs) => pairs.iter().for_each(|(key, value)| {
                count(key);
                count(value);
            }),
        }
        if let Content::Scalar { text, .. } = &content {
            size = size.saturating_add(text.len() / 8);
        }
        height = height.saturating_add(1);
        if height > MOST_LEVELS {
            return Err(too_deep());
        }
        if size > MOST_NODES || self.nodes.len() >= MOST_NODES {
            return Err(too_large());
        }
        let id = NodeId(self.nodes.len());
        self.nodes.push(TreeNode {
            content,
            region,
            end: region.end,
            height,
            size,
        });
        Ok(id)
    }

    /// Says where a list or a map ends.
    pub(super) fn ends(&mut self, id: NodeId, end: Position) {
        if let Some(node) = self.nodes.get_mut(id.0) {
            node.end = end;
        }
    }

    pub(super) fn node(&self, id: NodeId) -> Option<&TreeNode> {
        self.nodes.get(id.0)
    }

    /// Places a value.
    pub(super) fn put(&mut self, id: NodeId, region: Region) {
        if let Some(node) = self.nodes.get_mut(id.0) {
            node.region = region;
        }
    }

    /// Places everything at the start.
    pub(super) fn forget_places(&mut self) {
        for node in &mut self.nodes {
            node.region = Region::at(Position::START);
        }
    }

    pub(super) fn region(&self, id: NodeId) -> Option<Region> {
        self.node(id).map(|node| node.region)
    }

    /// The text of a scalar.
    pub(crate) fn text(&self, id: NodeId) -> Option<&str> {
        match &self.node(id)?.content {
            Content::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The elements of a list, none of anything else.
    pub(crate) fn items(&self, id: NodeId) -> &[NodeId] {
        match self.node(id).map(|node| &node.content) {
            Some(Content::List(items)) => items,
            _ => &[],
        }
    }

    /// The keys and values of a map, none of anything else.
    pub(crate) fn pairs(&self, id: NodeId) -> &[(NodeId, NodeId)] {
        match self.node(id).map(|node| &node.content) {
            Some(Content::Map(pairs)) => pairs,
            _ => &[],
        }
    }

    /// The pairs of each map.
    pub(super) fn maps(&self) -> impl Iterator<Item = &[(NodeId, NodeId)]> {
        self.nodes.iter().filter_map(|node| match &node.content {
            Content::Map(pairs) => Some(pairs.as_slice()),
            _ => None,
        })
    }

    pub(crate) fn is_list(&self, id: NodeId) -> bool {
        matches!(self.node(id).map(|node| &node.content), Some(Content::List(_)))
    }

    pub(crate) fn is_map(&self, id: NodeId) -> bool {
        matches!(self.node(id).map(|node| &node.content), Some(Content::Map(_)))
    }

    /// The value of a key.
    pub(super) fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        self.pair(id, key).map(|(_, value)| value)
    }

    pub(super) fn pair(&self, id: NodeId, key: &str) -> Option<(NodeId, NodeId)> {
        let pairs = self.pairs(id).iter();
        pairs.copied().find(|(name, _)| self.text(*name) == Some(key))
    }

    /// A field of a message, by either of its names in JSON: that of the definition, and that with humps.
    pub(super) fn field(&self, id: NodeId, name: &str) -> Option<(String, NodeId)> {
        let mut words = name.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        let with_humps = words.fold(first, |name, word| {
            let (initial, rest) = word.split_at_checked(1).unwrap_or_default();
            format!("{name}{}{rest}", initial.to_ascii_uppercase())
        });
        [name.to_owned(), with_humps]
            .into_iter()
            .find_map(|name| Some((self.get(id, &name)?, name)))
            .map(|(value, name)| (name, value))
    }

    /// The text of a field of a message.
    pub(super) fn text_of(&self, id: NodeId, name: &str) -> Option<&str> {
        self.field(id, name).and_then(|(_, value)| self.text(value))
    }

    /// Whether a node, or one below it, is such a one.
    pub(super) fn any(&self, id: NodeId, is_such: &dyn Fn(NodeId) -> bool) -> bool {
        let values = self.pairs(id).iter().map(|(_, value)| value);
        is_such(id)
            || values
                .chain(self.items(id))
                .any(|below| self.any(*below, is_such))
    }

    /// The value behind several keys.
    pub(super) fn path(&self, id: NodeId, keys: &[&str]) -> Option<NodeId> {
        keys.iter().try_fold(id, |at, key| self.get(at, key))
    }
}

pub(super) fn too_deep() -> String {
    format!("it is nested more than {MOST_LEVELS} levels deep")
}

pub(super) fn too_large() -> String {
    "it is too large, with everything that its aliases stand for".to_owned()
}
