//! A regular expression over origins as single-star patterns, where it has an equal in them.
//!
//! The expression matches whole origins, as Envoy asks it to. Equal means: over every origin that the edge lets match at
//! all ([`bucket_cors::http::origin::is_sendable`]). What has no equal is never widened to one that nearly is.

mod branches;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind, Repetition};

use branches::{Branch, COLON, DIGITS, END, SENDABLE, SLASH, START, Set, Step, branches, characters, set};

/// What an expression is in patterns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Equal {
    pub(crate) patterns: Vec<String>,
    /// What the patterns admit beside, which no browser sends.
    pub(crate) also: Vec<String>,
}

/// Takes an expression apart.
///
/// # Errors
/// Why it has no equal, and what to do, as the end of a sentence.
pub(crate) fn patterns(expression: &str) -> Result<Equal, String> {
    if reads_otherwise(expression) {
        return Err("it is too unusual to be read here: write its origins out".to_owned());
    }
    let hir = ParserBuilder::new()
        .nest_limit(50)
        .build()
        .parse(expression)
        .map_err(|_| "it is no regular expression that can be read here: write its origins out".to_owned())?;
    let mut equal = Equal::default();
    for branch in branches(&hir)? {
        finish(branch, &mut equal)?;
    }
    if equal.patterns.is_empty() {
        return Err("it matches no origin".to_owned());
    }
    Ok(equal)
}

/// Whether the expression matches the text `*`, which Envoy's filter asks a matcher for before it asks for the origin: one
/// that does admits every origin.
pub(crate) fn matches_star(expression: &str) -> bool {
    /// Whether it matches nothing, and whether it matches one star.
    fn matches(hir: &Hir) -> (bool, bool) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => (true, false),
            HirKind::Literal(literal) => (literal.0.is_empty(), *literal.0 == *b"*"),
            HirKind::Class(class) => (false, characters(class) & set(b"*") != 0),
            HirKind::Repetition(Repetition { min, max, sub, .. }) => {
                let (nothing, star) = matches(sub);
                (
                    *min == 0 || nothing,
                    star && *max != Some(0) && (*min <= 1 || nothing),
                )
            }
            HirKind::Capture(capture) => matches(&capture.sub),
            HirKind::Concat(parts) => {
                let parts: Vec<_> = parts.iter().map(matches).collect();
                let needed = parts.iter().filter(|(nothing, _)| !nothing).count();
                let star = parts
                    .iter()
                    .any(|&(nothing, star)| star && needed == usize::from(!nothing));
                (needed == 0, star)
            }
            HirKind::Alternation(parts) => parts.iter().map(matches).fold((false, false), |some, other| {
                (some.0 || other.0, some.1 || other.1)
            }),
        }
    }
    let hir = ParserBuilder::new().nest_limit(50).build().parse(expression);
    hir.is_ok_and(|hir| matches(&hir).1)
}

/// Whether it holds what RE2, whose syntax Envoy's is, reads otherwise than the parser here: sets in sets, and a
/// repetition without a first number.
fn reads_otherwise(expression: &str) -> bool {
    let mut characters = expression.chars().peekable();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        match character {
            '\\' => _ = characters.next(),
            '{' if next == Some(',') => return true,
            '[' if in_class && next != Some(':') => return true,
            '[' if !in_class => {
                in_class = true;
                // A `]` right behind the opening stands for itself.
                _ = characters.next_if_eq(&'^');
                _ = characters.next_if_eq(&']');
            }
            ']' => in_class = false,
            '&' | '-' | '~' if in_class && next == Some(character) => return true,
            // The end of a name as in [[:alpha:]].
            ':' if in_class && next == Some(']') => _ = characters.next(),
            _ => {}
        }
    }
    false
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

/// One way as a pattern.
fn finish((mut items, any_case): Branch, equal: &mut Equal) -> Result<(), String> {
    if items.first() == Some(&Step::Character(START)) {
        items.remove(0);
    }
    if items.last() == Some(&Step::Character(END)) {
        items.pop();
    }
    let mut texts = vec![String::new()];
    let mut gaps: Vec<Gap> = Vec::new();
    for item in &items {
        match *item {
            Step::Character(START | END) => {
                return Err("it has ^ or $ in its middle, so that it matches nothing".to_owned());
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn exactly(expression: &str) -> Vec<String> {
        let equal = patterns(expression).unwrap();
        assert!(equal.also.is_empty(), "{expression}: {:?}", equal.also);
        equal.patterns
    }

    #[test]
    fn what_has_an_equal_is_written_as_it() {
        for (expression, equal) in [
            (r"https://app\.example\.com", &["https://app.example.com"][..]),
            (r"^https://.*\.example\.com$", &["https://*.example.com"]),
            (r"https?://a\.example", &["http://a.example", "https://a.example"]),
            (
                r"https://(www|app|b[12])\.example",
                &[
                    "https://www.example",
                    "https://app.example",
                    "https://b1.example",
                    "https://b2.example",
                ],
            ),
            (
                r"https://(.*\.)?a\.example",
                &["https://a.example", "https://*.a.example"],
            ),
            (r"https://[^/]*", &["https://*"]),
            (r".*\.example\.com", &["*.example.com"]),
            (r"(?:https://)(\S*)(\.example)", &["https://*.example"]),
            (".*", &["*"]),
            (".+", &["*"]),
        ] {
            let mut found = exactly(expression);
            let mut equal = equal.to_vec();
            found.sort();
            equal.sort_unstable();
            assert_eq!(found, equal, "{expression}");
        }
    }

    #[test]
    fn what_is_nearly_equal_says_so() {
        for (expression, pattern, also) in [
            (
                r"https://.+\.a\.example",
                "https://*.a.example",
                "admits \"https://.a.example\" too",
            ),
            (r"http://localhost:[0-9]+", "http://localhost:*", "takes any port"),
            (
                r"http://localhost:\d{1,5}",
                "http://localhost:*",
                "takes any port",
            ),
            (
                r"(?i)https://App\.example",
                "https://app.example",
                "lower case only",
            ),
            (
                r"https://[^/:]*\.a\.example",
                "https://*.a.example",
                "takes a colon",
            ),
        ] {
            let equal = patterns(expression).unwrap();
            assert_eq!(equal.patterns, [pattern]);
            assert!(equal.also[0].contains(also), "{expression}: {:?}", equal.also);
        }
    }

    #[test]
    fn what_has_no_equal_is_not_widened() {
        for expression in [
            r"https://[^.]+\.example\.com",
            r"https://[a-z0-9-]+\.example\.com",
            r"https://[a-z0-9.-]+\.example\.com",
            r"https://\w+\.example\.com",
            r"https://.*.example.com",
            r"https://...\.example",
            r"https://.?\.example",
            r"https://.{2,}\.example",
            r"https://(a|b)*\.example",
            r"https://([a-z]+\.)*example\.com",
            r"https?://.*\.a\..*",
            r"https://.*\.example(:\d+)?",
            r"http://localhost:\d{4}",
            r"http://localhost:\d+/",
            r"http://\d+",
            r"https://[^/:]+",
            r"https://\*\.example",
            r"https://\bapp\b\.example",
            r"https://a$b",
            r"[a-z&&[^b]]",
            r"[[a]b]",
            r"https://x{,2}\.example",
            r"[a-z]{40}",
            r"(a|b|c|d){9}",
            r"(a{1000}){1000}",
            r"https://(",
            r"[^\x00-\x7f]",
            "",
        ]
        .iter()
        .chain(&[
            &*"(".repeat(100_000),
            &*"a?".repeat(1_000),
            &*"a{9}".repeat(1_000),
        ]) {
            assert!(
                patterns(expression).is_err() || patterns(expression).unwrap().patterns == [""],
                "{expression}: {:?}",
                patterns(expression)
            );
        }
    }

    #[test]
    fn a_matcher_that_matches_a_star_is_found() {
        for (expression, matches) in [
            (".*", true),
            (".+", true),
            ("[^.]+", true),
            (r"(\*|https://a)", true),
            ("^.$", true),
            (".{2,}", false),
            (r"https://.*", false),
            (r".*\.example", false),
            ("", false),
            ("(", false),
        ] {
            assert_eq!(matches_star(expression), matches, "{expression}");
        }
    }
}
