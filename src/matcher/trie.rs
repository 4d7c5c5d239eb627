//! Radix tries over what stands before and after the `*` of patterns: all keys that a value begins with, or ends with,
//! are found in one walk whose cost depends on the value and not on the number of keys.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use crate::chunks::Chunks;
use crate::index::{Index, hash};

/// From which end of a value a trie reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Keys are prefixes.
    Front,
    /// Keys are suffixes.
    Back,
}

impl End {
    /// The order in which a trie of this end wants its keys.
    pub(crate) fn compare(self, a: &[u8], b: &[u8]) -> Ordering {
        match self {
            End::Front => a.cmp(b),
            End::Back => a.iter().rev().cmp(b.iter().rev()),
        }
    }

    fn next(self, key: &[u8]) -> Option<u8> {
        match self {
            End::Front => key.first().copied(),
            End::Back => key.last().copied(),
        }
    }

    fn split(self, key: &[u8], len: usize) -> (&[u8], &[u8]) {
        match self {
            End::Front => key.split_at_checked(len).unwrap_or((key, &[])),
            End::Back => {
                let (rest, taken) = key
                    .split_at_checked(key.len().saturating_sub(len))
                    .unwrap_or_default();
                (taken, rest)
            }
        }
    }

    fn take(self, key: &[u8], len: usize) -> &[u8] {
        self.split(key, len).0
    }

    fn skip(self, key: &[u8], len: usize) -> &[u8] {
        self.split(key, len).1
    }

    /// How many bytes two keys share as this end reads them.
    fn shared(self, a: &[u8], b: &[u8]) -> usize {
        let pairs = |(a, b): &(&u8, &u8)| a == b;
        match self {
            End::Front => a.iter().zip(b).take_while(pairs).count(),
            End::Back => a.iter().rev().zip(b.iter().rev()).take_while(pairs).count(),
        }
    }
}

/// Where a trie begins; an empty one has no node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TrieRoot(u32);

impl TrieRoot {
    /// The trie without keys.
    pub(crate) const EMPTY: Self = Self(u32::MAX);

    /// The root as a value of another trie.
    pub(crate) fn to_value(self) -> u32 {
        self.0
    }

    /// The inverse of [`TrieRoot::to_value`].
    pub(crate) fn from_value(value: u32) -> Self {
        Self(value)
    }
}

const NO_VALUE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct TrieNode {
    /// The bytes of the edge into this node, in the order in which they stand in a value, as a span of the labels.
    label_start: u32,
    label_len: u16,
    /// The byte of the label that a walk meets first.
    first: u8,
    /// The children: contiguous, sorted by `first`. ASCII has 128 of them.
    children_len: u8,
    children: u32,
    /// The value of the key that ends here.
    value: u32,
}

/// Every trie of a configuration while it is put together.
#[derive(Debug, Default)]
pub(crate) struct ForestBuilder {
    nodes: Chunks<TrieNode>,
    labels: Chunks<u8>,
    /// By the number of a trie: its root.
    roots: Chunks<u32>,
    known: Index,
}

impl ForestBuilder {
    /// Adds a trie. `keys` are distinct ASCII and sorted in the order in which the end reads them, see
    /// [`End::compare`]. They are at most [`u16::MAX`] bytes long, and the recursion below is no deeper than the
    /// longest. Tries that are equal are kept once: buckets repeat their rules.
    pub(crate) fn add(&mut self, end: End, keys: &[(&[u8], u32)]) -> TrieRoot {
        if keys.is_empty() {
            return TrieRoot::EMPTY;
        }
        let first_label = self.labels.len();
        let root = self.reserve(1);
        self.build(end, keys, 0, root);
        let hash_of_trie = keys
            .iter()
            .fold(0, |before, (key, value)| hash(before ^ value, key));
        let Self {
            nodes,
            labels,
            roots,
            known,
        } = self;
        let (number, is_new) = known.number(hash_of_trie, &|number| {
            let Some(known) = roots.get(number as usize) else {
                return false;
            };
            let mut pairs = nodes
                .iter_from(root as usize)
                .zip(nodes.iter_from(*known as usize));
            let known_label = nodes
                .get(*known as usize)
                .map_or(0, |node| node.label_start as usize);
            let have_same_shape = pairs.all(|(new, old)| {
                let moved = TrieNode {
                    label_start: old
                        .label_start
                        .wrapping_sub(position(known_label))
                        .wrapping_add(position(first_label)),
                    children: old.children.wrapping_sub(*known).wrapping_add(root),
                    ..*old
                };
                moved == *new
            });
            have_same_shape
                && labels.are_equal(first_label, known_label, labels.len().saturating_sub(first_label))
        });
        if is_new {
            roots.push(root);
            return TrieRoot(root);
        }
        nodes.truncate(root as usize);
        labels.truncate(first_label);
        roots
            .get(number as usize)
            .map_or(TrieRoot::EMPTY, |&known| TrieRoot(known))
    }

    fn reserve(&mut self, nodes: usize) -> u32 {
        let first = self.nodes.end();
        for _ in 0..nodes {
            self.nodes.push(TrieNode::default());
        }
        first
    }

    /// Builds the node for `keys`, which agree on the first `depth` bytes that the end reads.
    fn build(&mut self, end: End, keys: &[(&[u8], u32)], depth: usize, at: u32) {
        let (Some((first, value)), Some((last, _))) = (keys.first(), keys.last()) else {
            return;
        };
        let (first, last) = (end.skip(first, depth), end.skip(last, depth));
        // Sorted keys share what the first and the last share.
        let shared = end.shared(first, last);
        let (value, rest) = if first.len() == shared {
            (*value, keys.get(1..).unwrap_or_default())
        } else {
            (NO_VALUE, keys)
        };
        let label_start = self.labels.end();
        self.labels.extend(end.take(first, shared));
        let depth = depth.saturating_add(shared);
        let branch = |key: &(&[u8], u32)| end.next(end.skip(key.0, depth));
        let same_branch = |a: &(&[u8], u32), b: &(&[u8], u32)| branch(a) == branch(b);
        let children_len = rest.chunk_by(same_branch).count();
        let children = self.reserve(children_len);
        let node = TrieNode {
            label_start,
            label_len: u16::try_from(shared).unwrap_or(u16::MAX),
            first: end.next(first).unwrap_or_default(),
            children_len: u8::try_from(children_len).unwrap_or(u8::MAX),
            children,
            value,
        };
        if let Some(slot) = self.nodes.get_mut(at as usize) {
            *slot = node;
        }
        for (child, keys) in (children..).zip(rest.chunk_by(same_branch)) {
            self.build(end, keys, depth, child);
        }
    }

    pub(crate) fn finish(&self) -> Forest {
        Forest {
            nodes: self.nodes.to_block(),
            labels: self.labels.to_block(),
        }
    }
}

fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Every trie of a configuration, in one block.
#[derive(Debug, Default)]
pub(crate) struct Forest {
    nodes: Box<[TrieNode]>,
    labels: Box<[u8]>,
}

impl Forest {
    /// Calls `found` with the value of every key that `value` begins or ends with, and with what of `value` is left
    /// when the key is taken away; shortest key first. Stops early where `found` breaks.
    ///
    /// # Complexity
    /// Each byte of `value` is compared at most once, whatever the number of keys.
    #[inline]
    pub(crate) fn walk<'v, const BACK: bool, const IGNORE_CASE: bool>(
        &self,
        root: TrieRoot,
        value: &'v [u8],
        mut found: impl FnMut(u32, &'v [u8]) -> ControlFlow<()>,
    ) {
        let mut rest = value;
        let mut at = self.nodes.get(root.0 as usize);
        while let Some(node) = at {
            let start = node.label_start as usize;
            let len = usize::from(node.label_len);
            let Some(label) = self.labels.get(start..start.saturating_add(len)) else {
                return;
            };
            let (taken, left) = if BACK {
                let Some(split) = rest.len().checked_sub(len) else {
                    return;
                };
                let (left, taken) = rest.split_at(split);
                (taken, left)
            } else {
                let Some(split) = rest.split_at_checked(len) else {
                    return;
                };
                split
            };
            let equal = if IGNORE_CASE {
                taken.eq_ignore_ascii_case(label)
            } else {
                taken == label
            };
            if !equal {
                return;
            }
            rest = left;
            if node.value != NO_VALUE && found(node.value, rest).is_break() {
                return;
            }
            let next = if BACK { rest.last() } else { rest.first() };
            let Some(&next) = next else { return };
            let next = if IGNORE_CASE {
                next.to_ascii_lowercase()
            } else {
                next
            };
            at = self.child(node, next);
        }
    }

    fn child(&self, node: &TrieNode, first: u8) -> Option<&TrieNode> {
        let start = node.children as usize;
        let children = self
            .nodes
            .get(start..start.saturating_add(usize::from(node.children_len)))?;
        let index = children.binary_search_by_key(&first, |child| child.first).ok()?;
        children.get(index)
    }
}

#[cfg(test)]
#[path = "trie_tests.rs"]
mod tests;
