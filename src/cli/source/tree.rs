//! A document of JSON or YAML as a tree whose nodes know where they stand.

use super::position::Region;

/// A node of a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(usize);

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
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
    Scalar { text: String, style: Style },
    List(Vec<NodeId>),
    Map(Vec<(NodeId, NodeId)>),
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) content: Content,
    pub(super) region: Region,
    /// How many levels there are, aliases followed.
    height: usize,
    /// How much there is, aliases followed: a node, or eight bytes of text.
    size: usize,
}

/// The most levels that are read. serde_json reads 128.
pub(super) const MOST_LEVELS: usize = 128;

/// The most that is read, in nodes and eights of bytes. Ten thousand buckets with ten rules each are half of it; a few lines of
/// YAML aliases can stand for billions.
pub(super) const MOST_NODES: usize = 10_000_000;

/// The nodes. A node that aliases refer to stands here once.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
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
        self.nodes.push(Node {
            content,
            region,
            height,
            size,
        });
        Ok(id)
    }

    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0)
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
