//! The single-star pattern of S3 and OSS: at most one `*`, which stands for zero or more characters.

use std::borrow::Cow;

use serde::ser::{Serialize, Serializer};

/// A pattern with at most one `*`. Anything else in it is literal: no regular expressions, no escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern<'a> {
    text: Cow<'a, str>,
    /// Byte offset of the `*`.
    star: Option<usize>,
}

/// A pattern text holds more than one `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyStars {
    /// How many it holds.
    pub stars: usize,
}

impl Serialize for Pattern<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl<'a> Pattern<'a> {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`TooManyStars`] where there is more than one `*`; S3 and OSS both refuse such a rule.
    pub fn new(text: Cow<'a, str>) -> Result<Self, TooManyStars> {
        let mut stars = text.bytes().enumerate().filter(|&(_, byte)| byte == b'*');
        let star = stars.next().map(|(at, _)| at);
        let others = stars.count();
        if others > 0 {
            return Err(TooManyStars {
                stars: others.saturating_add(1),
            });
        }
        Ok(Self { text, star })
    }

    /// The pattern without the text that it was read from.
    pub fn into_owned(self) -> Pattern<'static> {
        Pattern {
            text: Cow::Owned(self.text.into_owned()),
            star: self.star,
        }
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The pattern as it is compared, in lower case where case is ignored. Copied is only what has to be changed.
    pub(crate) fn compared(&self, ignore_case: bool) -> Pattern<'_> {
        Pattern {
            text: if ignore_case && self.text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                Cow::Owned(self.text.to_ascii_lowercase())
            } else {
                Cow::Borrowed(&self.text)
            },
            star: self.star,
        }
    }

    /// What stands before and after the `*`; `None` for an exact pattern.
    pub fn parts(&self) -> Option<(&str, &str)> {
        let (prefix, rest) = self.text.split_at_checked(self.star?)?;
        Some((prefix, rest.strip_prefix('*')?))
    }

    /// Whether the pattern is the lone `*`.
    pub fn is_any(&self) -> bool {
        self.text == "*"
    }

    /// Whether `value` matches, byte for byte. What stands before and after the `*` may not overlap in the value: Ceph
    /// RGW lets it, and so admits `https://aba.example` for `https://ab*ba.example`.
    ///
    /// This is the definition; the compiled matcher is checked against it.
    pub fn matches(&self, value: &[u8]) -> bool {
        match self.parts() {
            None => value == self.text.as_bytes(),
            Some((prefix, suffix)) => value
                .strip_prefix(prefix.as_bytes())
                .is_some_and(|rest| rest.ends_with(suffix.as_bytes())),
        }
    }

    /// Whether every value that `other` matches matches this pattern too.
    ///
    /// Exact: among the values of `P*S` is one whose middle shares no byte with a pattern, so `p*s` matches them all
    /// only if `p` begins `P` and `s` ends `S`.
    pub fn covers(&self, other: &Pattern<'_>) -> bool {
        match (self.parts(), other.parts()) {
            (Some((prefix, suffix)), Some((other_prefix, other_suffix))) => {
                other_prefix.starts_with(prefix) && other_suffix.ends_with(suffix)
            }
            (None, Some(_)) => false,
            (_, None) => self.matches(other.text.as_bytes()),
        }
    }

    /// [`Pattern::covers`] for header names, which compare ASCII case-insensitively.
    pub fn covers_ignoring_case(&self, other: &Pattern<'_>) -> bool {
        match (self.parts(), other.parts()) {
            (None, Some(_)) => false,
            (None, None) => self.text.eq_ignore_ascii_case(&other.text),
            (Some((prefix, suffix)), other_parts) => {
                let (head, tail, longest) = match other_parts {
                    Some((head, tail)) => (head, tail, usize::MAX),
                    None => (other.as_str(), other.as_str(), other.text.len()),
                };
                let starts = head
                    .get(..prefix.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(prefix));
                let from = tail.len().checked_sub(suffix.len());
                let ends = from
                    .and_then(|from| tail.get(from..))
                    .is_some_and(|end| end.eq_ignore_ascii_case(suffix));
                starts && ends && prefix.len().saturating_add(suffix.len()) <= longest
            }
        }
    }

    /// Whether some value matches both patterns.
    ///
    /// Exact: where one prefix begins the other and one suffix ends the other, the longer prefix followed by the longer
    /// suffix is such a value.
    pub fn intersects(&self, other: &Pattern<'_>) -> bool {
        match (self.parts(), other.parts()) {
            (Some((prefix, suffix)), Some((other_prefix, other_suffix))) => {
                (prefix.starts_with(other_prefix) || other_prefix.starts_with(prefix))
                    && (suffix.ends_with(other_suffix) || other_suffix.ends_with(suffix))
            }
            (None, _) => other.matches(self.text.as_bytes()),
            (_, None) => self.matches(other.text.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern<'_> {
        Pattern::new(Cow::Borrowed(text)).unwrap()
    }

    #[test]
    fn a_second_star_is_refused_and_counted() {
        assert_eq!(
            Pattern::new("https://*.*.com".into()),
            Err(TooManyStars { stars: 2 })
        );
        assert_eq!(Pattern::new("***".into()), Err(TooManyStars { stars: 3 }));
    }

    #[test]
    fn the_star_stands_for_zero_or_more_characters() {
        assert!(pattern("https://*.example.com").matches(b"https://.example.com"));
        assert!(pattern("https://*.example.com").matches(b"https://a.b.example.com"));
        assert!(!pattern("https://*.example.com").matches(b"https://example.com"));
    }

    #[test]
    fn prefix_and_suffix_do_not_overlap() {
        assert!(pattern("https://ab*ba.example").matches(b"https://abba.example"));
        assert!(!pattern("https://ab*ba.example").matches(b"https://aba.example"));
        assert!(!pattern("a*a").matches(b"a"));
    }

    #[test]
    fn dots_are_dots() {
        assert!(!pattern("https://a.b.example").matches(b"https://aXb.example"));
        assert!(!pattern("https://*.b.example").matches(b"https://x.bXexample"));
    }

    #[test]
    fn one_pattern_covers_another_where_each_value_of_it_matches() {
        for (wide, narrow) in [
            ("*", "https://*.example.com"),
            ("*", "null"),
            ("https://*.com", "https://*.example.com"),
            ("https://*", "https://a.example"),
            ("a*a", "ab*ba"),
            ("a", "a"),
        ] {
            assert!(pattern(wide).covers(&pattern(narrow)), "{wide} {narrow}");
            assert_eq!(
                pattern(narrow).covers(&pattern(wide)),
                wide == narrow,
                "{narrow} {wide}"
            );
            assert!(pattern(wide).intersects(&pattern(narrow)), "{wide} {narrow}");
        }
        assert!(!pattern("a*a").covers(&pattern("a")));
    }

    #[test]
    fn patterns_intersect_where_a_value_matches_both() {
        for (a, b, meet) in [
            ("https://*", "*.example.com", true),
            ("ab*", "*ba", true),
            ("ab*x", "abc*yx", true),
            ("http://*", "https://*", false),
            ("*.com", "*.org", false),
            ("a*", "b", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(pattern(a).intersects(&pattern(b)), meet, "{a} {b}");
            assert_eq!(pattern(b).intersects(&pattern(a)), meet, "{b} {a}");
        }
    }

    #[test]
    fn header_patterns_cover_in_any_case() {
        assert!(pattern("X-Amz-*").covers_ignoring_case(&pattern("x-amz-date")));
        assert!(pattern("x-*").covers_ignoring_case(&pattern("X-OSS-*")));
        assert!(pattern("ETag").covers_ignoring_case(&pattern("etag")));
        assert!(!pattern("x-oss-*").covers_ignoring_case(&pattern("x-*")));
        assert!(!pattern("aa*aa").covers_ignoring_case(&pattern("AAA")));
        assert!(!pattern("a").covers_ignoring_case(&pattern("a*")));
    }
}
