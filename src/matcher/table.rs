//! Exact look-up of every string in the configuration: bucket names, hosts, origins, header names, methods.
//!
//! One open-addressing table serves all buckets, so that ten thousand buckets cost one probe like one. Keys live in
//! name spaces; compared is either byte for byte or without regard to ASCII case.
//!
//! One tenant's keys must not slow the look-ups of another. The hash is multiplicative, since it runs for each request.
//! Its factor comes from all keys of the document, so that who does not know the whole of it cannot choose keys that
//! collide, and a load can be repeated. Who knows the document can compute the factor, and such a hash has pairs of
//! keys that collide under many factors. So there is a bound besides: a search looks at [`REACH`] slots, and what is
//! not within that of where it belongs is found in a tree.

use std::ops::Range;

use super::key_hash;
use super::space::Space;
use super::span::Span;
use crate::chunks::Chunks;
use crate::index::{self, Index};

#[derive(Debug, Clone, Copy)]
struct TableEntry {
    space: Space,
    key: Span,
    value: u32,
}

/// Collects keys.
#[derive(Debug, Default)]
pub(crate) struct TableBuilder {
    keys: Chunks<u8>,
    entries: Chunks<TableEntry>,
    /// By the number of a list: where its entries begin.
    lists: Chunks<u32>,
    known_lists: Index,
}

impl TableBuilder {
    /// Adds a key that is not there yet, and gives the number of its entry. Keys that are to be found without regard to
    /// case are given in lower case.
    pub(crate) fn insert(&mut self, space: Space, key: &[u8], value: u32) -> u32 {
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(TableEntry {
            space,
            key: Span::of(self.keys.len(), key.len()),
            value,
        });
        self.keys.extend(key);
        number
    }

    /// Adds distinct keys in a space of their own. Lists that are equal share one: buckets repeat their rules.
    pub(crate) fn list<'k>(&mut self, list: impl Iterator<Item = (&'k [u8], u32)>) -> Space {
        let (first, first_key) = (self.entries.len(), self.keys.len());
        let mut hash_of_list = 0;
        let space = Space::of_list(self.known_lists.next());
        for (key, value) in list {
            self.insert(space, key, value);
            hash_of_list = index::hash(hash_of_list ^ value, key);
        }
        if self.entries.len() == first {
            return Space::NONE;
        }
        let Self {
            keys,
            entries,
            lists,
            known_lists,
        } = self;
        let (number, is_new) = known_lists.number(hash_of_list, &|number| {
            let known = lists.get(number as usize).map_or(first, |&known| known as usize);
            let pairs = || entries.iter_from(first).zip(entries.iter_from(known));
            let have_same_keys = pairs().all(|(new, known)| {
                new.value == known.value
                    && new.key.len == known.key.len
                    && known.space == Space::of_list(number)
            });
            let known_key = entries.get(known).map_or(0, |entry| entry.key.start as usize);
            let is_as_long = entries
                .get(known.saturating_add(entries.len().saturating_sub(first)))
                .is_none_or(|next| next.space != Space::of_list(number));
            have_same_keys
                && is_as_long
                && keys.are_equal(first_key, known_key, keys.len().saturating_sub(first_key))
        });
        if is_new {
            lists.push(u32::try_from(first).unwrap_or(u32::MAX));
        } else {
            entries.truncate(first);
            keys.truncate(first_key);
        }
        Space::of_list(number)
    }

    pub(crate) fn finish(&self) -> Table {
        let keys = self.keys.to_block();
        let [low, high] = [0, 1].map(|half| u64::from(index::hash(half, &keys)));
        let factor = high << 32 | low | 1;
        self.finish_with(factor, keys)
    }

    fn finish_with(&self, factor: u64, keys: Box<[u8]>) -> Table {
        let entries = self.entries.to_block();
        let index_bits = usize::BITS.saturating_sub(entries.len().leading_zeros());
        // At most half full, so that a miss ends after a probe or two.
        let starts = entries.len().saturating_mul(2).max(2);
        let mut table = Table {
            factor,
            slots: vec![EMPTY; starts.saturating_add(REACH)].into_boxed_slice(),
            far: Vec::new(),
            known_far: Index::default(),
            index_bits,
            entries,
            keys,
        };
        table.place_all();
        table
    }
}

/// Marks a slot without an entry. An entry's slot is never equal to it, since no entry has the highest index.
const EMPTY: u32 = u32::MAX;

/// How many slots a search looks at. Of two thousand keys that nobody chose, about one is farther from its place.
const REACH: usize = 32;

/// The frozen table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// What makes this table's hash its own; odd.
    factor: u64,
    /// An entry's index each, and above its bits as many of the key's hash as fit: hardly ever is another key looked
    /// at. Where a search begins, there are [`REACH`] of them.
    slots: Box<[u32]>,
    /// The entries that found no slot within reach, and their numbers by a hash of another kind.
    far: Vec<u32>,
    known_far: Index,
    index_bits: u32,
    entries: Box<[TableEntry]>,
    keys: Box<[u8]>,
}

impl Table {
    fn key(&self, entry: &TableEntry) -> &[u8] {
        #[cfg(test)]
        tests::LOOKED_AT.with(|count| count.set(count.get().wrapping_add(1)));
        entry.key.of_bytes(&self.keys)
    }

    fn place_all(&mut self) {
        for (index, entry) in (0..).zip(&self.entries) {
            let key = entry.key.of_bytes(&self.keys);
            let hash = key_hash::within_reach::<false>(self.factor, entry.space, key);
            let content = self.tag(hash) | index;
            let within_reach = self.within_reach(hash);
            let mut slots = self.slots.get_mut(within_reach).into_iter().flatten();
            match slots.find(|slot| **slot == EMPTY) {
                Some(slot) => *slot = content,
                None => {
                    let hash = key_hash::far(entry.space, key, false);
                    // Keys are distinct.
                    self.known_far.number(hash, &|_| false);
                    self.far.push(index);
                }
            }
        }
    }

    /// The part of a hash that a slot holds.
    fn tag(&self, hash: u32) -> u32 {
        hash.checked_shl(self.index_bits).unwrap_or_default()
    }

    /// The slots in which a key of that hash may stand. Where they begin is up to its high bits.
    fn within_reach(&self, hash: u32) -> Range<usize> {
        let starts = self.slots.len().saturating_sub(REACH);
        let scaled = u64::from(hash).wrapping_mul(starts as u64) >> 32;
        let start = usize::try_from(scaled).unwrap_or_default();
        start..start.saturating_add(REACH)
    }

    #[inline]
    fn find<const IGNORE_CASE: bool>(&self, space: Space, key: &[u8]) -> Option<u32> {
        if space == Space::NONE {
            return None;
        }
        let hash = key_hash::within_reach::<IGNORE_CASE>(self.factor, space, key);
        let tag = self.tag(hash);
        let mask = 1_u32
            .checked_shl(self.index_bits)
            .unwrap_or_default()
            .wrapping_sub(1);
        for &slot in self.slots.get(self.within_reach(hash))? {
            if slot == EMPTY {
                return None;
            }
            if slot & !mask == tag {
                let entry = self.entries.get((slot & mask) as usize)?;
                if self.is_at::<IGNORE_CASE>(entry, space, key) {
                    return Some(entry.value);
                }
            }
        }
        self.find_far(space, key, IGNORE_CASE)
    }

    #[cold]
    fn find_far(&self, space: Space, key: &[u8], ignores_case: bool) -> Option<u32> {
        let entry = |number: u32| self.entries.get(*self.far.get(number as usize)? as usize);
        let is_at = |entry| match ignores_case {
            true => self.is_at::<true>(entry, space, key),
            false => self.is_at::<false>(entry, space, key),
        };
        let number = self
            .known_far
            .find(key_hash::far(space, key, ignores_case), &|number| {
                entry(number).is_some_and(is_at)
            });
        entry(number?).map(|entry| entry.value)
    }

    #[inline]
    fn is_at<const IGNORE_CASE: bool>(&self, entry: &TableEntry, space: Space, key: &[u8]) -> bool {
        let stored = self.key(entry);
        let is_equal = if IGNORE_CASE {
            stored.eq_ignore_ascii_case(key)
        } else {
            stored == key
        };
        entry.space == space && is_equal
    }

    /// The keys of a space and their values.
    pub(crate) fn entries(&self, space: Space) -> impl Iterator<Item = (&[u8], u32)> {
        self.entries
            .iter()
            .filter(move |entry| entry.space == space)
            .map(|entry| (self.key(entry), entry.value))
    }

    /// The key of an entry.
    pub(crate) fn key_of(&self, number: u32) -> Option<&[u8]> {
        Some(self.key(self.entries.get(number as usize)?))
    }

    /// The value of a key, compared byte for byte.
    pub(crate) fn get(&self, space: Space, key: &[u8]) -> Option<u32> {
        self.find::<false>(space, key)
    }

    /// The value of a key, compared without regard to ASCII case.
    pub(crate) fn get_ignoring_case(&self, space: Space, key: &[u8]) -> Option<u32> {
        self.find::<true>(space, key)
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
