//! Things of which each distinct one is kept once: rules repeat header values, and buckets repeat rules.

use super::Span;
use super::chunks::Chunks;
use super::table::{Space, hash};

/// Numbers of things by hash. The things stand elsewhere.
#[derive(Debug, Default)]
pub(super) struct Index {
    hashes: Chunks<u32>,
    /// Open-addressed, at most half full; [`u32::MAX`]: empty.
    slots: Vec<u32>,
}

impl Index {
    /// The number that the next new thing gets; they count from 0.
    pub(super) fn next(&self) -> u32 {
        self.hashes.end()
    }

    /// The number of a thing, and whether it is new. `is_same` compares it with the one of a number.
    pub(super) fn number(&mut self, hash: u32, is_same: &dyn Fn(u32) -> bool) -> (u32, bool) {
        if self.slots.len() <= self.hashes.len().saturating_mul(2) {
            self.grow();
        }
        let slot = self.slot_of(hash, is_same);
        let next = self.next();
        let Some(slot) = self.slots.get_mut(slot) else {
            return (0, false);
        };
        if *slot != u32::MAX {
            return (*slot, false);
        }
        *slot = next;
        self.hashes.push(hash);
        (next, true)
    }

    /// The slot that holds the thing, or the empty one in which it belongs.
    fn slot_of(&self, hash: u32, is_same: &dyn Fn(u32) -> bool) -> usize {
        let mask = self.slots.len().wrapping_sub(1);
        (0..self.slots.len())
            .map(|step| (hash as usize).wrapping_add(step) & mask)
            .find(|&slot| match self.slots.get(slot) {
                Some(&u32::MAX) | None => true,
                Some(&number) => self.hashes.get(number as usize) == Some(&hash) && is_same(number),
            })
            .unwrap_or_default()
    }

    fn grow(&mut self) {
        let capacity = self.hashes.len().saturating_mul(4).max(16).next_power_of_two();
        // Freed first: the new one may take its place.
        self.slots = Vec::new();
        self.slots = vec![u32::MAX; capacity];
        for (number, &hash) in (0..).zip(self.hashes.iter_from(0)) {
            let slot = self.slot_of(hash, &|_| false);
            if let Some(slot) = self.slots.get_mut(slot) {
                *slot = number;
            }
        }
    }
}

/// Gives equal byte strings the same number and the same place.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    bytes: Chunks<u8>,
    spans: Chunks<Span>,
    index: Index,
}

impl Interner {
    /// The string's number, counted from 0 in the order of first sight, and whether it is new.
    pub(crate) fn intern(&mut self, string: &[u8]) -> (u32, bool) {
        let Self { bytes, spans, index } = self;
        let (number, is_new) = index.number(hash(Space::VALUES, string), &|number| {
            is_there(spans, bytes, number, string)
        });
        if is_new {
            spans.push(Span::of(bytes.len(), string.len()));
            bytes.extend(string);
        }
        (number, is_new)
    }

    /// The number of a string that was seen before.
    #[cfg(feature = "metrics")]
    pub(crate) fn find(&self, string: &[u8]) -> Option<u32> {
        let slot = self.index.slot_of(hash(Space::VALUES, string), &|number| {
            is_there(&self.spans, &self.bytes, number, string)
        });
        self.index
            .slots
            .get(slot)
            .copied()
            .filter(|&number| number != u32::MAX)
    }

    /// The strings by number: where each stands, and all of them.
    pub(super) fn to_parts(&self) -> (Box<[Span]>, Box<[u8]>) {
        (self.spans.to_block(), self.bytes.to_block())
    }
}

/// Whether the string of that number is this one.
fn is_there(spans: &Chunks<Span>, bytes: &Chunks<u8>, number: u32, string: &[u8]) -> bool {
    spans
        .get(number as usize)
        .is_some_and(|span| span.len as usize == string.len() && bytes.has(span.start as usize, string))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_strings_share_a_number_and_a_place() {
        let mut interner = Interner::default();
        for round in 0..3 {
            for number in 0..5_000_u32 {
                let string = format!("value {number}");
                assert_eq!(interner.intern(string.as_bytes()), (number, round == 0));
            }
        }
        let (spans, bytes) = interner.to_parts();
        for (number, span) in spans.iter().enumerate() {
            assert_eq!(span.of_bytes(&bytes), format!("value {number}").as_bytes());
        }
    }

    #[test]
    fn things_of_one_hash_are_told_apart() {
        let mut index = Index::default();
        for number in 0..100 {
            assert_eq!(index.number(7, &|known| known == number), (number, true));
        }
        for number in 0..100 {
            assert_eq!(index.number(7, &|known| known == number), (number, false));
        }
    }

    #[test]
    fn the_empty_string_is_a_string() {
        let mut interner = Interner::default();
        assert_eq!(interner.intern(b""), (0, true));
        assert_eq!(interner.intern(b"a"), (1, true));
        assert_eq!(interner.intern(b""), (0, false));
        assert_eq!(interner.intern(b"a"), (1, false));
    }
}
