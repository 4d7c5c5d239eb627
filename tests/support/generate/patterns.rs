//! Patterns of few fragments.

use bucket_cors::http::origin;
use bucket_cors::wildcard::Pattern;

use super::super::choices::Choices;

pub(super) type Make = fn(&mut Choices<'_>) -> String;

pub fn pattern(text: String) -> Pattern<'static> {
    Pattern::new(text.into()).expect("the generator writes one star at most")
}

/// Fragments whose ends repeat, so that what stands before and after a `*` can overlap in a value.
const FRONTS: [&str; 12] = [
    "https://",
    "http://",
    "",
    "https://a",
    "https://ab",
    "https://aba",
    "https://b.",
    "h",
    "nul",
    "chrome-extension://",
    "https://example.com:",
    "a",
];
const MIDDLES: [&str; 8] = ["a", "", "ab", "b", "x.y", "A", ".", "localhost"];
const BACKS: [&str; 12] = [
    ".example",
    "",
    "a.example",
    "ba.example",
    "aba.example",
    "example",
    ".b.example",
    "e",
    "l",
    ":8080",
    "a",
    ".example:8080",
];

pub(super) fn origin_pattern(choices: &mut Choices<'_>) -> String {
    match choices.below(16) {
        0..=6 => format!("{}*{}", choices.pick(&FRONTS), choices.pick(&BACKS)),
        7..=10 => {
            let (front, middle, back) = (
                choices.pick(&FRONTS),
                choices.pick(&MIDDLES),
                choices.pick(&BACKS),
            );
            format!("{front}{middle}{back}")
        }
        11 => "*".to_owned(),
        12 => "null".to_owned(),
        // Two letters only: every other pattern is a part of every other.
        13..=14 => {
            let (front, back) = (letters(choices), letters(choices));
            format!("{front}*{back}")
        }
        _ => match choices.below(4) {
            0 => "a".repeat(origin::MAX_BYTES),
            1 => format!("{}*", "a".repeat(origin::MAX_BYTES)),
            2 => format!("a*{}", "a".repeat(origin::MAX_BYTES)),
            _ => letters(choices),
        },
    }
}

fn letters(choices: &mut Choices<'_>) -> String {
    let count = choices.below(7);
    (0..count)
        .map(|_| if choices.once_in(2) { 'b' } else { 'a' })
        .collect()
}

pub(super) fn header_pattern(choices: &mut Choices<'_>) -> String {
    pub(super) const NAMES: [&str; 8] = [
        "content-type",
        "X-Amz-Date",
        "authorization",
        "x-oss-",
        "x-",
        "x-aba",
        "-md5",
        "ba",
    ];
    match choices.below(8) {
        0..=2 => (choices.pick(&NAMES)).to_owned(),
        3..=4 => format!("{}*", choices.pick(&NAMES)),
        5 => format!("{}*{}", choices.pick(&NAMES), choices.pick(&NAMES)),
        6 => format!("*{}", choices.pick(&NAMES)),
        _ => "*".to_owned(),
    }
}

/// A pattern that differs in one place: longer, shorter, or with its `*` gone or moved.
pub(super) fn neighbour(choices: &mut Choices<'_>, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = choices.below(chars.len() + 1);
    match choices.below(4) {
        0 => chars.insert(at, choices.pick(&['a', 'b', '.', 'A'])),
        1 if at < chars.len() && chars.len() > 1 => {
            chars.remove(at);
        }
        2 => {
            chars.retain(|&c| c != '*');
            chars.insert(at.min(chars.len()), '*');
        }
        _ if chars.len() > 1 => chars.retain(|&c| c != '*'),
        _ => {}
    }
    if chars.is_empty() {
        chars.push('a');
    }
    chars.into_iter().collect()
}
