//! What there is to ask of any string: control characters, blanks around it, a typing error, a place in a list.

use crate::config::report::{
    MessagePart::{Character, Value},
    Place, Report, code,
};

use std::borrow::Cow;

/// A control character, C0, DEL or C1, whose place is in no value.
pub(crate) fn control_character(value: &str) -> Option<char> {
    if !value.bytes().any(|byte| !(0x20..0x7f).contains(&byte)) {
        return None;
    }
    value.chars().find(|character| character.is_control())
}

/// Reports a control character; true where there was one.
pub(crate) fn has_control_character(report: &mut Report, place: &Place<'_>, value: &str) -> bool {
    let Some(control) = control_character(value) else {
        return false;
    };
    report.add(
        &code::CONTROL_CHARACTER,
        place,
        "{} holds the control character {}: take it out",
        &[Value(value), Character(control)],
    );
    true
}

/// Takes the blanks around a value off: OSS's own sample has `<AllowedHeader> x-oss-test </AllowedHeader>`.
pub(crate) fn trimmed<'a>(report: &mut Report, place: &Place<'_>, value: Cow<'a, str>) -> Cow<'a, str> {
    let bytes = value.as_bytes();
    if bytes.first() != Some(&b' ') && bytes.last() != Some(&b' ') {
        return value;
    }
    report.add(
        &code::TRIMMED,
        place,
        "{} has blanks around it, which were taken off: write it without them",
        &[Value(&value)],
    );
    match value {
        Cow::Borrowed(value) => Cow::Borrowed(value.trim_matches(' ')),
        Cow::Owned(value) => Cow::Owned(value.trim_matches(' ').to_owned()),
    }
}

// The next ones are not inlined: values are short, and the standard library's searches are made for long ones.

/// What stands before and after the first byte of a kind, which is an ASCII one.
#[inline(never)]
pub(crate) fn split_once(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|other| other == byte)?;
    let (before, rest) = text.split_at_checked(at)?;
    Some((before, rest.get(1..)?))
}

/// What stands before the first byte of a kind: all, where there is none.
pub(crate) fn before(text: &str, byte: u8) -> &str {
    split_once(text, byte).map_or(text, |(before, _)| before)
}

/// Whether a word is in a list.
#[inline(never)]
pub(crate) fn has_word(list: &[&str], word: &str) -> bool {
    list.contains(&word)
}

/// Whether two words differ in nothing but the case of letters.
#[inline(never)]
pub(crate) fn same_word(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Whether a text begins with a word, in any case.
#[inline(never)]
pub(crate) fn begins_with(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| same_word(start, word))
}

/// Whether a text ends with a word, in any case.
#[inline(never)]
pub(crate) fn ends_with(text: &str, word: &str) -> bool {
    let at = text.len().checked_sub(word.len());
    at.and_then(|at| text.get(at..))
        .is_some_and(|end| same_word(end, word))
}

/// The word of a list that is this one, in any case.
#[inline(never)]
pub(crate) fn find_word<'l>(list: &[&'l str], word: &str) -> Option<&'l str> {
    list.iter()
        .copied()
        .find(|entry| entry.len() == word.len() && same_word(entry, word))
}

/// Whether a word, in either case, is in a list that is sorted and in lower case.
#[inline(never)]
pub(crate) fn is_listed(word: &str, list: &[&str]) -> bool {
    let lower = || word.bytes().map(|byte| byte.to_ascii_lowercase());
    list.binary_search_by(|entry| entry.bytes().cmp(lower())).is_ok()
}

/// The longest word for which a likely meaning is looked for, in bytes: the distance is quadratic.
const LONGEST_GUESS: usize = 40;

/// The name that was likely meant: equal but for case, `-` and `_`, or at most two typing errors away.
pub(crate) fn nearest<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    if word.len() > LONGEST_GUESS {
        return None;
    }
    let plain = |text: &str| -> Vec<u8> {
        text.bytes()
            .filter(|byte| !matches!(byte, b'-' | b'_'))
            .map(|byte| byte.to_ascii_lowercase())
            .collect()
    };
    let word = plain(word);
    // A short word is two edits away from almost everything.
    let most = if word.len() < 6 { 1 } else { 2 };
    names
        .iter()
        .map(|name| (distance(&word, &plain(name)), *name))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Levenshtein distance.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i.saturating_add(1);
        let mut next = Vec::with_capacity(row.len());
        next.push(left);
        for (y, &above) in b.iter().zip(row.iter().skip(1)) {
            let changed = diagonal.saturating_add(usize::from(x != y));
            left = changed.min(above.saturating_add(1)).min(left.saturating_add(1));
            next.push(left);
            diagonal = above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_find_their_field() {
        let names = ["AllowedOrigins", "AllowedMethods", "ID"];
        assert_eq!(nearest("AllowedOrigns", &names), Some("AllowedOrigins"));
        assert_eq!(nearest("allowed_origins", &names), Some("AllowedOrigins"));
        assert_eq!(nearest("Id", &names), Some("ID"));
        assert_eq!(nearest("whatever", &names), None);
        assert_eq!(nearest(&"AllowedOrigins".repeat(1000), &names), None);
    }

    #[test]
    fn the_distance_counts_edits() {
        assert_eq!(distance(b"kitten", b"sitting"), 3);
        assert_eq!(distance(b"", b"abc"), 3);
        assert_eq!(distance(b"abc", b"abc"), 0);
    }

    #[test]
    fn blanks_are_taken_off_and_told() {
        let mut report = Report::default();
        assert_eq!(trimmed(&mut report, &Place::Document, " a b ".into()), "a b");
        assert_eq!(report.warnings.total(), 1);
        assert_eq!(trimmed(&mut report, &Place::Document, "a b".into()), "a b");
        assert_eq!(report.warnings.total(), 1);
    }

    #[test]
    fn control_characters_are_found() {
        assert_eq!(control_character("a\rb"), Some('\r'));
        assert_eq!(control_character("a\u{7f}"), Some('\u{7f}'));
        assert_eq!(control_character("a\u{85}"), Some('\u{85}'));
        assert_eq!(control_character("münchen ~"), None);
    }
}
