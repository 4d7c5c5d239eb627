//! One way to match, written as a pattern.

use super::branches::{Branch, COLON, DIGITS, SENDABLE, SLASH, Set, Step};
use super::ends::without_ends;

/// What an expression is in patterns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Equal {
    pub(crate) patterns: Vec<String>,
    /// What the patterns admit beside, which no browser sends.
    pub(crate) also: Vec<String>,
}

/// What stands between literal texts.
#[derive(Debug)]
struct Gap {
    /// Whether it takes any character that can stand there.
    takes_any: bool,
    /// Any but a colon.
    takes_all_but_colon: bool,
    is_port: bool,
    least: u32,
    unlimited: bool,
}

/// Writes one way to match as a pattern.
///
/// # Errors
/// Why it has no equal, and what to do, as the end of a sentence.
pub(super) fn add((items, any_case): Branch, equal: &mut Equal) -> Result<(), String> {
    let Some(items) = without_ends(&items) else {
        return Ok(());
    };
    let mut texts = vec![String::new()];
    let mut gaps: Vec<Gap> = Vec::new();
    for item in &items {
        match *item {
            Step::Character('*') => {
                return Err(
                    "it asks for a literal *, which no origin holds and which a pattern cannot say"
                        .to_owned(),
                );
            }
            Step::Character(character) => {
                if let Some(text) = texts.last_mut() {
                    text.push(character);
                }
            }
            // It takes no character that can be in an origin.
            Step::Characters(0, 0, _) => {}
            Step::Characters(0, ..) => return Ok(()),
            Step::Characters(set, least, most) => {
                let before = texts.last().map_or("", String::as_str);
                let after_scheme = texts.iter().any(|text| text.contains("://"));
                let missing = SENDABLE & !set & if after_scheme { !SLASH } else { Set::MAX };
                let gap = Gap {
                    takes_any: missing == 0,
                    takes_all_but_colon: missing == COLON && after_scheme,
                    is_port: set == DIGITS
                        && gaps.is_empty()
                        && before.ends_with(':')
                        && !before.ends_with("//:")
                        && before.contains("://")
                        && least <= 1
                        && most.is_none_or(|most| most >= 5),
                    least,
                    unlimited: most.is_none(),
                };
                match gaps.last_mut() {
                    // `..*` is `.+`.
                    Some(last) if before.is_empty() && last.takes_any && gap.takes_any => {
                        last.least = last.least.saturating_add(gap.least);
                        last.unlimited |= gap.unlimited;
                    }
                    _ => {
                        gaps.push(gap);
                        texts.push(String::new());
                    }
                }
            }
        }
    }
    let pattern = texts.join("*");
    // No browser sends an origin without a character.
    if pattern.is_empty() {
        return Ok(());
    }
    if any_case {
        // The rest of such a way can be written in capitals only by who turned the flag off again.
        equal.also.push(format!(
            "{pattern:?} is for lower case only, which is what browsers send"
        ));
    }
    match gaps.as_slice() {
        [] => {}
        [gap] => {
            let suffix = texts.last().map_or("", String::as_str);
            let prefix = texts.first().map_or("", String::as_str);
            if gap.is_port && suffix.is_empty() {
                equal
                    .also
                    .push(format!("{pattern:?} takes any port, or none behind the colon"));
            } else if !gap.unlimited && gap.takes_any {
                return Err(format!(
                    "a . stands for any one character, which a pattern cannot say: write \\. for a dot{}",
                    nearest(&texts)
                ));
            } else if gap.takes_all_but_colon
                && suffix.bytes().any(|byte| byte.is_ascii_alphabetic())
                && gap.least <= 1
                && gap.unlimited
            {
                equal.also.push(format!(
                    "{pattern:?} takes a colon there too, which no browser sends before a name"
                ));
            } else if !gap.takes_any || !gap.unlimited || gap.least > 1 {
                return Err(format!(
                    "a * takes any characters, dots too, and as many as there are, which is more than it allows{}",
                    nearest(&texts)
                ));
            }
            if gap.least == 1 && gap.takes_any && !(prefix.is_empty() && suffix.is_empty())
                || (gap.takes_all_but_colon && gap.least == 1)
            {
                equal.also.push(format!(
                    "{pattern:?} admits {:?} too",
                    format!("{prefix}{suffix}")
                ));
            }
        }
        _ => {
            return Err(
                "it leaves several parts open, and a pattern holds at most one *: write one entry per case"
                    .to_owned(),
            );
        }
    }
    if !equal.patterns.contains(&pattern) {
        equal.patterns.push(pattern);
    }
    Ok(())
}

/// What to write where more may be admitted.
fn nearest(texts: &[String]) -> String {
    format!(
        "; add {:?} to AllowedOrigins if all of that may be let in",
        texts.join("*")
    )
}
