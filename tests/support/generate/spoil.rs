//! Values that are spoilt.

use super::super::choices::Choices;

/// Fills up to the limit, one byte less or one byte more, in the middle, where a `*` might stand.
pub(super) fn fill_up(choices: &mut Choices<'_>, value: &mut Vec<u8>, limit: usize, byte: u8) {
    let wanted = limit - 1 + choices.below(3);
    let at = value.len() / 2;
    let missing = wanted.saturating_sub(value.len());
    value.splice(at..at, std::iter::repeat_n(byte, missing));
}

/// Changes one byte: another one, gone, doubled, in the other case.
pub(super) fn spoil(choices: &mut Choices<'_>, value: &mut Vec<u8>) {
    if value.is_empty() {
        return value.push(b'a');
    }
    let at = choices.below(value.len());
    match choices.below(5) {
        0 => value[at] = choices.pick(b"abxX.:"),
        1 => {
            value.remove(at);
        }
        2 => value.insert(at, value[at]),
        3 => value[at] ^= 0x20,
        _ => {
            // Dots are where a regular expression would let any byte through.
            let dot = value.iter().rposition(|&byte| byte == b'.').unwrap_or(at);
            value[dot] = b'X';
        }
    }
}
