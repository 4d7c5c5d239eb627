//! The characters of an origin.

use crate::config::reading::strings::has_control_character;
use crate::config::report::{
    MessagePart::{Character, Number, Value, Words},
    Place, Report, code,
};

/// Bytes that are in no serialised origin, wherever they stand, are left out; `+`, `[` and `]` depend on the place. The
/// URL standard lets a host hold more than DNS does (`_`, `~`, `!`), and other schemes' hosts may be percent-encoded:
/// those pass, and `%` in the host of an `http` or `https` origin, which is decoded there, is refused later.
const fn is_possible(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b',' | b';'
                | b'?'
                | b'#'
                | b'@'
                | b'\\'
                | b'^'
                | b'$'
                | b'('
                | b')'
                | b'|'
                | b'"'
                | b'\''
                | b'<'
                | b'>'
        )
}

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // Evaluated at compile time, within bounds.
const POSSIBLE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = is_possible(byte as u8);
        byte += 1;
    }
    table
};

pub(super) fn bytes_are_possible(report: &mut Report, place: &Place<'_>, text: &str) -> bool {
    let mut stars = 0_usize;
    let mut clean = true;
    for &byte in text.as_bytes() {
        clean &= POSSIBLE.get(usize::from(byte)).copied().unwrap_or(false);
        stars = stars.saturating_add(usize::from(byte == b'*'));
    }
    if !clean {
        let Some(character) = text.chars().find(|&c| !u8::try_from(c).is_ok_and(is_possible)) else {
            return true;
        };
        impossible_character(report, place, text, character);
        return false;
    }
    if stars > 1 {
        report.add(
            &code::TWO_WILDCARDS,
            place,
            "{} holds {} wildcards: a pattern holds at most one *, so write one entry per case",
            &[Value(text), Number(stars)],
        );
    }
    stars <= 1
}

pub(super) fn impossible_character(report: &mut Report, place: &Place<'_>, text: &str, character: char) {
    let (code, way_out) = match character {
        _ if has_control_character(report, place, text) => return,
        '^' | '$' | '(' | ')' | '|' | '\\' | '[' | ']' | '+' => (
            &code::ORIGIN_REGULAR_EXPRESSION,
            "regular expressions are not supported; write origins as browsers send them, with at most one *",
        ),
        '?' if text.contains(['\\', '^', '$', '(']) => (
            &code::ORIGIN_REGULAR_EXPRESSION,
            "regular expressions are not supported; write origins as browsers send them, with at most one *",
        ),
        '?' | '#' => (
            &code::ORIGIN_QUERY,
            "an origin ends with its host and port; take the query or fragment off",
        ),
        '@' => (
            &code::ORIGIN_USERINFO,
            "an origin holds no user and no password; take them off",
        ),
        ',' | ';' | ' ' => (
            &code::ORIGIN_LIST,
            "one entry is one origin; write several as a list of strings",
        ),
        other if !other.is_ascii() => (
            &code::ORIGIN_NOT_ASCII,
            "browsers send an internationalised name (IDN) in punycode; write its xn-- form",
        ),
        _ => (&code::ORIGIN_BYTE, "no origin holds it; take it out"),
    };
    report.add(
        code,
        place,
        "{} holds {}: {}",
        &[Value(text), Character(character), Words(way_out)],
    );
}
