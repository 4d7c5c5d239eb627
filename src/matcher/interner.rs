//! Byte strings, each distinct one stored once: rules repeat header values, and buckets repeat rules.

use super::Span;
use super::table::{Space, hash};

/// Gives equal strings the same number and the same place.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// Numbers of strings by hash, open-addressed, at most half full; [`u32::MAX`]: empty.
    slots: Vec<u32>,
}

impl Interner {
    /// The string's number, counted from 0 in the order of first sight, and whether it is new.
    pub(crate) fn intern(&mut self, string: &[u8]) -> (u32, bool) {
        if self.slots.len() <= self.spans.len().saturating_mul(2) {
            self.grow();
        }
        let slot = self.slot_of(string);
        let Some(slot) = self.slots.get_mut(slot) else {
            return (0, false);
        };
        if *slot != u32::MAX {
            return (*slot, false);
        }
        let number = u32::try_from(self.spans.len()).unwrap_or(u32::MAX);
        *slot = number;
        self.spans.push(Span::of(self.bytes.len(), string.len()));
        self.bytes.extend_from_slice(string);
        (number, true)
    }

    /// Where the string of that number stands in [`Interner::into_bytes`].
    pub(super) fn span(&self, number: u32) -> Span {
        self.spans.get(number as usize).copied().unwrap_or_default()
    }

    /// All strings.
    pub(super) fn into_bytes(mut self) -> Box<[u8]> {
        self.bytes.shrink_to_fit();
        self.bytes.into_boxed_slice()
    }

    /// The slot that holds the string, or the empty one in which it belongs.
    fn slot_of(&self, string: &[u8]) -> usize {
        let mask = self.slots.len().wrapping_sub(1);
        let start = hash(Space::VALUES, string) as usize;
        (0..self.slots.len())
            .map(|step| start.wrapping_add(step) & mask)
            .find(|&slot| match self.slots.get(slot) {
                Some(&u32::MAX) | None => true,
                Some(&number) => self.span(number).of_bytes(&self.bytes) == string,
            })
            .unwrap_or_default()
    }

    fn grow(&mut self) {
        let capacity = self.spans.len().saturating_mul(4).max(16).next_power_of_two();
        self.slots.clear();
        self.slots.resize(capacity, u32::MAX);
        for (number, span) in (0..).zip(&self.spans) {
            let slot = self.slot_of(span.of_bytes(&self.bytes));
            if let Some(slot) = self.slots.get_mut(slot) {
                *slot = number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_strings_share_a_number_and_a_place() {
        let mut interner = Interner::default();
        for round in 0..3 {
            for number in 0..500_u32 {
                let string = format!("value {number}");
                assert_eq!(interner.intern(string.as_bytes()), (number, round == 0));
            }
        }
        let spans: Vec<_> = (0..500).map(|number| interner.span(number)).collect();
        let bytes = interner.into_bytes();
        for (number, span) in spans.iter().enumerate() {
            assert_eq!(span.of_bytes(&bytes), format!("value {number}").as_bytes());
        }
    }

    #[test]
    fn the_empty_string_is_a_string() {
        let mut interner = Interner::default();
        assert_eq!(interner.intern(b""), (0, true));
        assert_eq!(interner.intern(b"a"), (1, true));
        assert_eq!(interner.intern(b""), (0, false));
    }
}
