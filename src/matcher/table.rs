//! Exact look-up of every string in the configuration: bucket names, hosts, origins, header names, methods.
//!
//! One open-addressing table serves all buckets, so that ten thousand buckets cost one probe like one. Keys live in name
//! spaces; compared is either byte for byte or without regard to ASCII case.

use super::Span;

/// What a key is a key of. Equal bytes in two spaces are two keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Space(u32);

impl Space {
    pub(crate) const BUCKET_NAME: Self = Self(0);
    pub(crate) const HOST: Self = Self(1);
    pub(crate) const ENDPOINT: Self = Self(2);
    /// Interned strings, which have a table of their own.
    pub(super) const VALUES: Self = Self(0);

    /// The exact origins of a bucket.
    pub(crate) fn origins(bucket: u32) -> Self {
        Self::of_bucket(bucket, 0)
    }

    /// The exact header names of a bucket.
    pub(crate) fn headers(bucket: u32) -> Self {
        Self::of_bucket(bucket, 1)
    }

    /// The methods of a bucket beyond the five of the stores.
    pub(crate) fn methods(bucket: u32) -> Self {
        Self::of_bucket(bucket, 2)
    }

    fn of_bucket(bucket: u32, kind: u32) -> Self {
        Self(bucket.wrapping_mul(3).wrapping_add(kind).wrapping_add(3))
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
    keys: Vec<u8>,
    entries: Vec<Entry>,
}

impl TableBuilder {
    /// Adds a key that is not there yet. Keys that are to be found without regard to case are given in lower case.
    pub(crate) fn insert(&mut self, space: Space, key: &[u8], value: u32) {
        self.entries.push(Entry {
            space,
            key: Span::of(self.keys.len(), key.len()),
            value,
        });
        self.keys.extend_from_slice(key);
    }

    pub(crate) fn finish(self) -> Table {
        // At most half full, so that a miss ends after a probe or two.
        let capacity = self.entries.len().saturating_mul(2).max(2).next_power_of_two();
        let mut table = Table {
            slots: vec![Slot::EMPTY; capacity].into_boxed_slice(),
            entries: self.entries.into_boxed_slice(),
            keys: self.keys.into_boxed_slice(),
        };
        for index in 0..table.entries.len() {
            table.place(index);
        }
        table
    }
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    entry: u32,
}

impl Slot {
    const EMPTY: Self = Self {
        hash: 0,
        entry: u32::MAX,
    };
}

/// The frozen table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Box<[Slot]>,
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
        let Ok(entry) = u32::try_from(index) else { return };
        let slot = self
            .probe(hash)
            .find(|&slot| self.slots.get(slot).is_some_and(|slot| slot.entry == u32::MAX));
        if let Some(slot) = slot.and_then(|slot| self.slots.get_mut(slot)) {
            *slot = Slot { hash, entry };
        }
    }

    /// The slots in which a key of that hash may stand, in order.
    fn probe(&self, hash: u32) -> impl Iterator<Item = usize> + use<> {
        let mask = self.slots.len().wrapping_sub(1);
        (0..self.slots.len()).map(move |step| (hash as usize).wrapping_add(step) & mask)
    }

    fn find(&self, space: Space, key: &[u8], equal: impl Fn(&[u8], &[u8]) -> bool) -> Option<u32> {
        let wanted = hash(space, key);
        for slot in self.probe(wanted) {
            let slot = self.slots.get(slot)?;
            // An empty slot ends the search: its entry does not exist.
            let entry = self.entries.get(slot.entry as usize)?;
            if slot.hash == wanted && entry.space == space && equal(self.key(entry), key) {
                return Some(entry.value);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_in_its_space_only() {
        let mut builder = TableBuilder::default();
        for number in 0..1_000_u32 {
            builder.insert(
                Space::origins(number % 7),
                format!("https://{number}.example").as_bytes(),
                number,
            );
        }
        let table = builder.finish();
        for number in 0..1_000_u32 {
            let key = format!("https://{number}.example");
            for bucket in 0..7 {
                let expected = (bucket == number % 7).then_some(number);
                assert_eq!(table.get(Space::origins(bucket), key.as_bytes()), expected);
                assert_eq!(table.get(Space::headers(bucket), key.as_bytes()), None);
            }
        }
        assert_eq!(table.get(Space::origins(0), b""), None);
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
