//! Strings of which each distinct one is kept once.

use super::span::Span;
use crate::chunks::Chunks;
use crate::index::{Index, hash};

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
        let (number, is_new) =
            index.number(hash(0, string), &|number| is_there(spans, bytes, number, string));
        if is_new {
            spans.push(Span::of(bytes.len(), string.len()));
            bytes.extend(string);
        }
        (number, is_new)
    }

    /// The number of a string that was seen before.
    #[cfg(all(feature = "metrics", feature = "proxy-wasm"))]
    pub(crate) fn find(&self, string: &[u8]) -> Option<u32> {
        let Self { bytes, spans, index } = self;
        index.find(hash(0, string), &|number| is_there(spans, bytes, number, string))
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
    fn a_string_is_found_where_it_is_and_nowhere_else() {
        let mut interner = Interner::default();
        interner.intern(b"ab");
        interner.intern(b"c");
        let is_there = |number, string| is_there(&interner.spans, &interner.bytes, number, string);
        assert!(is_there(0, b"ab") && is_there(1, b"c"));
        for (number, string) in [
            (0, &b"ac"[..]),
            (0, b"a"),
            (0, b"abc"),
            (1, b"ab"),
            (1, b"a"),
            (2, b"c"),
        ] {
            assert!(!is_there(number, string), "{number} {string:?}");
        }
        #[cfg(all(feature = "metrics", feature = "proxy-wasm"))]
        for (string, number) in [(&b"ab"[..], Some(0)), (b"c", Some(1)), (b"d", None)] {
            assert_eq!(interner.find(string), number, "{string:?}");
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
