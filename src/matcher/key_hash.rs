//! Hashes of a table's keys.

use std::hash::{DefaultHasher, Hasher};

use super::space::Space;

/// By which a key is looked for first: multiplicative, over eight bytes at a time, with a table's own factor. Keys that
/// are looked up without regard to case are stored in lower case, so that nothing but a look-up need be brought to it.
pub(super) fn within_reach<const IGNORE_CASE: bool>(factor: u64, space: Space, key: &[u8]) -> u32 {
    let mut state = (u64::from(space.number()) ^ (key.len() as u64).rotate_left(32)).wrapping_mul(factor);
    let mut mix = |word: u64| {
        let word = if IGNORE_CASE { lower_case(word) } else { word };
        state = (state.rotate_left(23) ^ word).wrapping_mul(factor);
    };
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

/// By which a key is looked for that found no slot within reach.
pub(super) fn far(space: Space, key: &[u8], ignores_case: bool) -> u32 {
    let mut hasher = DefaultHasher::new();
    hasher.write_u32(space.number());
    for byte in key {
        hasher.write_u8(if ignores_case {
            byte.to_ascii_lowercase()
        } else {
            *byte
        });
    }
    hasher.finish() as u32
}

/// Eight bytes in ASCII lower case, all at once. A cheaper way, setting the bit in which the cases differ, would make
/// one hash of all names that differ in `^` and `~` only.
fn lower_case(word: u64) -> u64 {
    /// A byte of each.
    const EACH: u64 = 0x0101_0101_0101_0101;
    let of_each = |byte: u8| EACH.wrapping_mul(u64::from(byte));
    let ascii = word & of_each(0x7f);
    // The highest bit of each byte: whether it is at least `A`, and whether it is above `Z`.
    let from_a = ascii.wrapping_add(of_each(0x80 - b'A'));
    let above_z = ascii.wrapping_add(of_each(0x7f - b'Z'));
    let capitals = (from_a ^ above_z) & !word & of_each(0x80);
    word | capitals >> 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_brought_to_lower_case_each_by_itself() {
        for byte in 0..=u8::MAX {
            for neighbour in [0, b'A', b'z', 0xff] {
                let word = [byte, neighbour, byte, byte, neighbour, neighbour, byte, neighbour];
                let lower = lower_case(u64::from_le_bytes(word)).to_le_bytes();
                assert_eq!(lower, word.map(|byte| byte.to_ascii_lowercase()));
            }
        }
    }
}
