//! The patterns of a bucket's rules to what a request looks up, each with the set of rules that list it.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::compiled::PatternSet;
use super::mask::{MaskId, MaskPool, RuleMask};
use super::space::Space;
use super::table::TableBuilder;
use super::trie::{End, ForestBuilder};
use crate::config::{Bucket, Rule};
use crate::http::{origin, requested_headers};
use crate::profile::STORE_METHODS;
use crate::wildcard::Pattern;

/// What patterns are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    /// Byte for byte.
    Origin,
    /// Without regard to case.
    Header,
}

impl Compared {
    /// No value longer than this is ever looked up.
    fn max_bytes(self) -> usize {
        match self {
            Compared::Origin => origin::MAX_BYTES,
            Compared::Header => requested_headers::MAX_NAME_BYTES,
        }
    }
}

/// One list of a rule's.
type List = for<'r> fn(&'r Rule<'r>) -> &'r [Pattern<'r>];

/// What is looked up: strings and patterns, and the sets of rules that list them.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    pub(super) masks: MaskPool,
    pub(super) exact: TableBuilder,
    pub(super) stars: ForestBuilder,
    pub(super) count: usize,
}

impl Patterns {
    /// The rules that list each of the five methods of the stores, and where others are looked up, which only the
    /// `fetch` profile lets a rule list.
    pub(super) fn methods(&mut self, bucket: &Bucket<'_>) -> ([MaskId; STORE_METHODS.len()], Space) {
        let mut masks = [RuleMask::NONE; STORE_METHODS.len()];
        let mut others = Vec::new();
        for (rule, listing) in bucket.rules.iter().enumerate() {
            for method in &listing.allowed_methods {
                let known = STORE_METHODS.iter().position(|known| known == method);
                match known.and_then(|at| masks.get_mut(at)) {
                    Some(mask) => *mask |= RuleMask::only(rule),
                    None => others.push(ListedText {
                        prefix: method.as_bytes(),
                        suffix: None,
                        rule,
                    }),
                }
            }
        }
        let others = self.exact_list(&sorted(others));
        (masks.map(|mask| self.masks.intern(mask)), others)
    }

    /// The patterns of each rule. One whose literal parts are longer than any value that is looked up is left out.
    pub(super) fn set(&mut self, bucket: &Bucket<'_>, list: List, kind: Compared) -> PatternSet {
        let mut any = RuleMask::NONE;
        let mut patterns = Vec::with_capacity(bucket.rules.iter().map(|rule| list(rule).len()).sum());
        for (rule, listing) in bucket.rules.iter().enumerate() {
            for pattern in list(listing) {
                if pattern.is_any() {
                    any |= RuleMask::only(rule);
                } else if pattern.as_str().len() <= kind.max_bytes().saturating_add(1) {
                    patterns.push((rule, pattern.compared(kind == Compared::Header)));
                }
            }
        }
        let items = patterns.iter().map(|(rule, pattern)| {
            let parts = pattern.parts();
            ListedText {
                prefix: parts.map_or(pattern.as_str(), |(prefix, _)| prefix).as_bytes(),
                suffix: parts.map(|(_, suffix)| suffix.as_bytes()),
                rule: *rule,
            }
        });
        let items = sorted(items.collect());
        self.count = self.count.saturating_add(items.chunk_by(ListedText::eq).count());
        let exact_len = items.partition_point(|item| item.suffix.is_none());
        let (exact, stars) = items.split_at_checked(exact_len).unwrap_or_default();
        let exact = self.exact_list(exact);
        let mut suffixes: Vec<(&[u8], u32)> = Vec::new();
        let mut prefixes: Vec<(&[u8], u32)> = Vec::new();
        for group in stars.chunk_by(|a, b| a.suffix == b.suffix) {
            prefixes.clear();
            prefixes.reserve_exact(group.len());
            for same in group.chunk_by(ListedText::eq) {
                let mask = self.masks.intern(rules_of(same));
                prefixes.extend(same.first().map(|item| (item.prefix, mask.0)));
            }
            let root = self.stars.add(End::Front, &prefixes).to_value();
            let suffix = group.first().and_then(|item| item.suffix);
            suffixes.extend(suffix.map(|suffix| (suffix, root)));
        }
        PatternSet {
            any: self.masks.intern(any),
            exact,
            stars: self.stars.add(End::Back, &suffixes),
        }
    }

    /// Sorted strings that are looked up as a whole.
    fn exact_list(&mut self, items: &[ListedText<'_>]) -> Space {
        let masks = &mut self.masks;
        self.exact.list(items.chunk_by(ListedText::eq).map(|same| {
            let key = same.first().map(|item| item.prefix).unwrap_or_default();
            (key, masks.intern(rules_of(same)).0)
        }))
    }
}

/// A string that a rule lists.
#[derive(Debug, Clone, Copy)]
struct ListedText<'p> {
    /// What stands before the `*`, or all of an exact string.
    prefix: &'p [u8],
    /// What stands after the `*`.
    suffix: Option<&'p [u8]>,
    rule: usize,
}

impl Ord for ListedText<'_> {
    /// As the tries want it, exact strings first. In which rules they stand makes no difference.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_suffix = match (self.suffix, other.suffix) {
            (Some(one), Some(other)) => End::Back.compare(one, other),
            (one, other) => one.is_some().cmp(&other.is_some()),
        };
        by_suffix.then_with(|| End::Front.compare(self.prefix, other.prefix))
    }
}

impl PartialOrd for ListedText<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ListedText<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.suffix == other.suffix && self.prefix == other.prefix
    }
}

impl Eq for ListedText<'_> {}

/// By a heap: the sorts of the standard library's slices would be 10 KB of the module.
fn sorted(items: Vec<ListedText<'_>>) -> Vec<ListedText<'_>> {
    BinaryHeap::from(items).into_sorted_vec()
}

fn rules_of(items: &[ListedText<'_>]) -> RuleMask {
    items
        .iter()
        .fold(RuleMask::NONE, |all, item| all | RuleMask::only(item.rule))
}
