//! Radix tries over what stands before and after the `*` of patterns: all keys that a value begins with, or ends with,
//! are found in one walk whose cost depends on the value and not on the number of keys.

use std::ops::ControlFlow;

/// From which end of a value a trie reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Keys are prefixes.
    Front,
    /// Keys are suffixes.
    Back,
}

/// Where a trie begins; an empty one has no node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Root(u32);

impl Root {
    /// The trie without keys.
    pub(crate) const EMPTY: Self = Self(u32::MAX);

    /// The root as a value of another trie.
    pub(crate) fn to_value(self) -> u32 {
        self.0
    }

    /// The inverse of [`Root::to_value`].
    pub(crate) fn from_value(value: u32) -> Self {
        Self(value)
    }
}

const NO_VALUE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// The bytes of the edge into this node, in the order in which they stand in a value, as a span of the labels.
    label_start: u32,
    label_len: u16,
    /// The byte of the label that a walk meets first.
    first: u8,
    /// The children: contiguous, sorted by `first`.
    children_len: u16,
    children: u32,
    /// The value of the key that ends here.
    value: u32,
}

/// Every trie of a configuration, in one block.
#[derive(Debug, Default)]
pub(crate) struct Forest {
    nodes: Vec<Node>,
    labels: Vec<u8>,
}

impl Forest {
    /// Adds a trie. `keys` are distinct and in the order in which the end reads them: suffixes are given reversed.
    /// Sorted here. Keys are at most [`u16::MAX`] bytes long, so the recursion below is no deeper.
    pub(crate) fn add(&mut self, end: End, keys: &mut [(Vec<u8>, u32)]) -> Root {
        if keys.is_empty() {
            return Root::EMPTY;
        }
        keys.sort_unstable();
        let root = self.reserve(1);
        self.build(end, keys, 0, root);
        Root(root)
    }

    fn reserve(&mut self, nodes: usize) -> u32 {
        let first = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes
            .resize(self.nodes.len().saturating_add(nodes), Node::default());
        first
    }

    /// Builds the node for `keys`, which agree on their first `depth` bytes.
    fn build(&mut self, end: End, keys: &[(Vec<u8>, u32)], depth: usize, at: u32) {
        let (Some((first, value)), Some((last, _))) = (keys.first(), keys.last()) else {
            return;
        };
        let (first, last) = (
            first.get(depth..).unwrap_or_default(),
            last.get(depth..).unwrap_or_default(),
        );
        // Sorted keys share what the first and the last share.
        let shared = first.iter().zip(last).take_while(|(a, b)| a == b).count();
        let label = first.get(..shared).unwrap_or_default();
        let depth = depth.saturating_add(shared);
        let (value, rest) = if first.len() == shared {
            (*value, keys.get(1..).unwrap_or_default())
        } else {
            (NO_VALUE, keys)
        };
        let label_start = u32::try_from(self.labels.len()).unwrap_or(u32::MAX);
        match end {
            End::Front => self.labels.extend_from_slice(label),
            End::Back => self.labels.extend(label.iter().rev()),
        }
        let branch = |key: &(Vec<u8>, u32)| key.0.get(depth).copied();
        let children_len = rest.chunk_by(|a, b| branch(a) == branch(b)).count();
        let children = self.reserve(children_len);
        let node = Node {
            label_start,
            label_len: u16::try_from(shared).unwrap_or(u16::MAX),
            first: label.first().copied().unwrap_or_default(),
            children_len: u16::try_from(children_len).unwrap_or(u16::MAX),
            children,
            value,
        };
        if let Some(slot) = self.nodes.get_mut(at as usize) {
            *slot = node;
        }
        for (child, keys) in (children..).zip(rest.chunk_by(|a, b| branch(a) == branch(b))) {
            self.build(end, keys, depth, child);
        }
    }

    /// Calls `found` with the value of every key that `value` begins or ends with, and with what of `value` is left when
    /// the key is taken away; shortest key first. Stops early where `found` breaks.
    ///
    /// # Complexity
    /// Each byte of `value` is compared at most once, whatever the number of keys.
    #[inline]
    pub(crate) fn walk<'v, const BACK: bool, const IGNORE_CASE: bool>(
        &self,
        root: Root,
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

    fn child(&self, node: &Node, first: u8) -> Option<&Node> {
        let start = node.children as usize;
        let children = self
            .nodes
            .get(start..start.saturating_add(usize::from(node.children_len)))?;
        let index = children.binary_search_by_key(&first, |child| child.first).ok()?;
        children.get(index)
    }

    pub(crate) fn shrink(&mut self) {
        self.nodes.shrink_to_fit();
        self.labels.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 7] = ["", "a", "ab", "abc", "abd", "b", "xyz"];

    fn walk_front(forest: &Forest, root: Root, value: &str) -> Vec<(u32, String)> {
        let mut found = Vec::new();
        forest.walk::<false, false>(root, value.as_bytes(), |key, rest| {
            found.push((key, String::from_utf8(rest.to_vec()).unwrap()));
            ControlFlow::Continue(())
        });
        found
    }

    #[test]
    fn all_prefixes_are_found_shortest_first() {
        let mut forest = Forest::default();
        let mut keys: Vec<_> = KEYS
            .iter()
            .zip(0..)
            .map(|(key, value)| (key.as_bytes().to_vec(), value))
            .collect();
        let root = forest.add(End::Front, &mut keys);
        for value in ["", "a", "abc", "abcd", "abx", "xy", "xyzz", "c", "b"] {
            let expected: Vec<_> = KEYS
                .iter()
                .zip(0..)
                .filter_map(|(key, number)| Some((number, value.strip_prefix(key)?.to_owned())))
                .collect();
            assert_eq!(walk_front(&forest, root, value), expected, "{value}");
        }
    }

    #[test]
    fn all_suffixes_are_found_and_what_stands_before_them_is_left() {
        let mut forest = Forest::default();
        let mut keys: Vec<_> = KEYS
            .iter()
            .zip(0..)
            .map(|(key, value)| (key.bytes().rev().collect::<Vec<u8>>(), value))
            .collect();
        let root = forest.add(End::Back, &mut keys);
        for value in ["", "a", "abc", "dabc", "xab", "xyz", "zxyz", "c"] {
            let mut found = Vec::new();
            forest.walk::<true, false>(root, value.as_bytes(), |key, rest| {
                found.push((key, std::str::from_utf8(rest).unwrap().to_owned()));
                ControlFlow::Continue(())
            });
            let mut expected: Vec<_> = KEYS
                .iter()
                .zip(0..)
                .filter_map(|(key, number)| Some((number, value.strip_suffix(key)?.to_owned())))
                .collect();
            expected.sort_by_key(|(number, _)| KEYS[*number as usize].len());
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn several_tries_share_a_forest_and_an_empty_one_finds_nothing() {
        let mut forest = Forest::default();
        let one = forest.add(End::Front, &mut [(b"a".to_vec(), 1)]);
        let two = forest.add(End::Front, &mut [(b"b".to_vec(), 2)]);
        assert_eq!(forest.add(End::Front, &mut []), Root::EMPTY);
        assert_eq!(walk_front(&forest, one, "ab"), [(1, "b".to_owned())]);
        assert_eq!(walk_front(&forest, two, "ab"), []);
        assert_eq!(walk_front(&forest, Root::EMPTY, "ab"), []);
    }

    #[test]
    fn case_is_ignored_where_asked() {
        let mut forest = Forest::default();
        let root = forest.add(
            End::Front,
            &mut [(b"x-amz-".to_vec(), 1), (b"x-oss-".to_vec(), 2)],
        );
        let mut found = Vec::new();
        forest.walk::<false, true>(root, b"X-OSS-Meta", |key, _| {
            found.push(key);
            ControlFlow::Continue(())
        });
        assert_eq!(found, [2]);
    }
}
