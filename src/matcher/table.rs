//! Exact look-up of every string in the configuration: bucket names, hosts, origins, header names, methods.
//!
//! One open-addressing table serves all buckets, so that ten thousand buckets cost one probe like one. Keys live in name
//! spaces; compared is either byte for byte or without regard to ASCII case.

use super::Span;
use super::chunks::Chunks;
use super::interner::Index;

/// What a key is a key of. Equal bytes in two spaces are two keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Space(u32);

impl Space {
    pub(crate) const BUCKET_NAME: Self = Self(0);
    pub(crate) const HOST: Self = Self(1);
    pub(crate) const ENDPOINT: Self = Self(2);
    /// Interned strings, which have a table of their own.
    pub(super) const VALUES: Self = Self(0);

    /// The space without keys.
    pub(crate) const NONE: Self = Self(u32::MAX);

    /// The space as a part of a hash.
    pub(super) fn number(self) -> u32 {
        self.0
    }

    /// A hash that depends on a number too.
    pub(super) fn of_value(value: u32) -> Self {
        Self(value)
    }

    /// The keys of a list: the exact origins of a bucket, its header names, its methods beyond the five of the stores.
    fn of_list(number: u32) -> Self {
        Self(number.saturating_add(3))
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    space: Space,
    key: Span,
    value: u32,
}

/// Collects keys.
#[derive(Debug, Default)]
pub(crate) struct TableBuilder {
    keys: Chunks<u8>,
    entries: Chunks<Entry>,
    /// By the number of a list: where its entries begin.
    lists: Chunks<u32>,
    known_lists: Index,
}

impl TableBuilder {
    /// Adds a key that is not there yet. Keys that are to be found without regard to case are given in lower case.
    pub(crate) fn insert(&mut self, space: Space, key: &[u8], value: u32) {
        self.entries.push(Entry {
            space,
            key: Span::of(self.keys.len(), key.len()),
            value,
        });
        self.keys.extend(key);
    }

    /// Adds distinct keys in a space of their own. Lists that are equal share one: buckets repeat their rules.
    pub(crate) fn list<'k>(&mut self, list: impl Iterator<Item = (&'k [u8], u32)>) -> Space {
        let (first, first_key) = (self.entries.len(), self.keys.len());
        let mut hash_of_list = 0;
        let space = Space::of_list(self.known_lists.next());
        for (key, value) in list {
            self.insert(space, key, value);
            hash_of_list = hash(Space::of_value(value.wrapping_add(hash_of_list)), key);
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
        let entries = self.entries.to_block();
        // At most half full, so that a miss ends after a probe or two.
        let mut table = Table {
            slots: vec![EMPTY; entries.len().saturating_mul(2).max(2)].into_boxed_slice(),
            index_bits: usize::BITS.saturating_sub(entries.len().leading_zeros()),
            entries,
            keys: self.keys.to_block(),
        };
        for index in 0..table.entries.len() {
            table.place(index);
        }
        table
    }
}

/// No slot with an entry looks like this: the number of entries needs no bit that their indices do not have.
const EMPTY: u32 = u32::MAX;

/// The frozen table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// An entry's index each, and above its bits as many of the key's hash as fit: hardly ever is another key looked at.
    slots: Box<[u32]>,
    index_bits: u32,
    entries: Box<[Entry]>,
    keys: Box<[u8]>,
}

impl Table {
    fn key(&self, entry: &Entry) -> &[u8] {
        entry.key.of_bytes(&self.keys)
    }

    fn place(&mut self, index: usize) {
        let Some(entry) = self.entries.get(index) else {
            return;
        };
        let hash = hash(entry.space, self.key(entry));
        let Ok(index) = u32::try_from(index) else { return };
        let content = self.tag(hash) | index;
        let slot = self
            .probe(hash)
            .find(|&slot| self.slots.get(slot) == Some(&EMPTY));
        if let Some(slot) = slot.and_then(|slot| self.slots.get_mut(slot)) {
            *slot = content;
        }
    }

    /// The part of a hash that a slot holds.
    fn tag(&self, hash: u32) -> u32 {
        hash.checked_shl(self.index_bits).unwrap_or_default()
    }

    /// The slots in which a key of that hash may stand, in order. Where the search begins is up to its high bits.
    fn probe(&self, hash: u32) -> impl Iterator<Item = usize> + use<> {
        let count = self.slots.len();
        let scaled = u64::from(hash).wrapping_mul(count as u64) >> 32;
        let start = usize::try_from(scaled).unwrap_or_default();
        (start..count).chain(0..start)
    }

    #[inline]
    fn find(&self, space: Space, key: &[u8], equal: impl Fn(&[u8], &[u8]) -> bool) -> Option<u32> {
        if space == Space::NONE {
            return None;
        }
        let hash = hash(space, key);
        let tag = self.tag(hash);
        let mask = 1_u32
            .checked_shl(self.index_bits)
            .unwrap_or_default()
            .wrapping_sub(1);
        for slot in self.probe(hash) {
            let slot = *self.slots.get(slot)?;
            if slot == EMPTY {
                return None;
            }
            if slot & !mask == tag {
                let entry = self.entries.get((slot & mask) as usize)?;
                if entry.space == space && equal(self.key(entry), key) {
                    return Some(entry.value);
                }
            }
        }
        None
    }

    /// The keys of a space and their values.
    pub(crate) fn entries(&self, space: Space) -> impl Iterator<Item = (&[u8], u32)> {
        self.entries
            .iter()
            .filter(move |entry| entry.space == space)
            .map(|entry| (self.key(entry), entry.value))
    }

    /// The value of a key, compared byte for byte.
    pub(crate) fn get(&self, space: Space, key: &[u8]) -> Option<u32> {
        self.find(space, key, |stored, key| stored == key)
    }

    /// The value of a key, compared without regard to ASCII case.
    pub(crate) fn get_ignoring_case(&self, space: Space, key: &[u8]) -> Option<u32> {
        self.find(space, key, <[u8]>::eq_ignore_ascii_case)
    }
}

/// A multiplicative hash over eight bytes at a time. Every byte has the ASCII case bit set first, so that one hash serves
/// both kinds of comparison.
///
/// The keys come from the configuration and look-ups insert nothing, so a client that looks for collisions finds at most
/// the longest run of the operator's own keys.
pub(super) fn hash(space: Space, key: &[u8]) -> u32 {
    const CASE: u64 = 0x2020_2020_2020_2020;
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = (u64::from(space.0) ^ (key.len() as u64).rotate_left(32)).wrapping_mul(FACTOR);
    let mut mix = |word: u64| state = (state.rotate_left(23) ^ (word | CASE)).wrapping_mul(FACTOR);
    let mut rest = key;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        mix(u64::from_le_bytes(*word));
        rest = tail;
    }
    // The last bytes are read with some already mixed where the key is long enough, byte by byte where it is not.
    match key.last_chunk::<8>() {
        Some(_) if rest.is_empty() => {}
        Some(last) => mix(u64::from_le_bytes(*last)),
        None => mix(rest.iter().fold(0, |word, &byte| (word << 8) | u64::from(byte))),
    }
    ((state >> 32) ^ state) as u32
}

/// A hash of numbers, for things that are made of them.
pub(super) fn hash_of_numbers<const COUNT: usize>(numbers: [u32; COUNT]) -> u32 {
    let hash = numbers.iter().fold(0_u32, |hash, number| {
        (hash.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9)
    });
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_in_its_space_only() {
        let mut builder = TableBuilder::default();
        let keys: Vec<String> = (0..1_000)
            .map(|number| format!("https://{number}.example"))
            .collect();
        let spaces = [0, 1, 2, 3, 4, 5, 6].map(|list| {
            let keys = keys.iter().zip(0..).filter(|(_, number)| number % 7 == list);
            builder.list(keys.map(|(key, number)| (key.as_bytes(), number)))
        });
        builder.insert(Space::HOST, keys[0].as_bytes(), 7_000);
        let table = builder.finish();
        for (key, number) in keys.iter().zip(0..) {
            for (space, list) in spaces.iter().zip(0..) {
                let expected = (list == number % 7).then_some(number);
                assert_eq!(table.get(*space, key.as_bytes()), expected);
            }
            assert_eq!(table.get(Space::BUCKET_NAME, key.as_bytes()), None);
            let host = (number == 0).then_some(7_000);
            assert_eq!(table.get(Space::HOST, key.as_bytes()), host);
        }
        assert_eq!(table.get(spaces[0], b""), None);
    }

    #[test]
    fn equal_lists_share_a_space_and_others_do_not() {
        const LISTS: [&[(&[u8], u32)]; 7] = [
            &[(b"a", 1), (b"b", 2)],
            &[(b"a", 1)],
            &[(b"a", 1), (b"b", 2), (b"c", 3)],
            &[(b"a", 1), (b"b", 3)],
            &[(b"a", 1), (b"c", 2)],
            &[(b"ab", 1)],
            &[(b"a", 1), (b"", 2)],
        ];
        let mut builder = TableBuilder::default();
        let spaces = LISTS.map(|list| builder.list(list.iter().copied()));
        let size = (builder.entries.len(), builder.keys.len());
        for (list, space) in LISTS.iter().zip(spaces) {
            assert_eq!(builder.list(list.iter().copied()), space);
            assert_eq!(spaces.iter().filter(|other| **other == space).count(), 1);
        }
        assert_eq!((builder.entries.len(), builder.keys.len()), size);
        assert_eq!(builder.list(std::iter::empty()), Space::NONE);
        let table = builder.finish();
        for (list, space) in LISTS.iter().zip(spaces) {
            assert!(table.entries(space).eq(list.iter().copied()));
            assert!(
                list.iter()
                    .all(|(key, value)| table.get(space, key) == Some(*value))
            );
        }
        assert_eq!(table.get(Space::NONE, b"a"), None);
    }

    #[test]
    fn case_counts_only_where_it_should() {
        let mut builder = TableBuilder::default();
        builder.insert(Space::HOST, b"x-amz-meta-author", 1);
        let table = builder.finish();
        assert_eq!(
            table.get_ignoring_case(Space::HOST, b"X-Amz-Meta-AUTHOR"),
            Some(1)
        );
        assert_eq!(table.get(Space::HOST, b"X-Amz-Meta-AUTHOR"), None);
        // 0x0d and 0x2d differ in the case bit only.
        assert_eq!(
            table.get_ignoring_case(Space::HOST, b"x\x0damz-meta-author"),
            None
        );
    }

    #[test]
    fn an_empty_table_finds_nothing() {
        assert_eq!(Table::default().get(Space::HOST, b"a"), None);
        assert_eq!(TableBuilder::default().finish().get(Space::HOST, b"a"), None);
    }
}
