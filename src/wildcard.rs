//! The single-star pattern of S3 and OSS: at most one `*`, which stands for zero or more characters.

use std::borrow::Cow;

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

impl<'a> Pattern<'a> {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`TooManyStars`] where there is more than one `*`; S3 and OSS both refuse such a rule.
    pub fn new(text: Cow<'a, str>) -> Result<Self, TooManyStars> {
        let stars = text.bytes().filter(|&byte| byte == b'*').count();
        if stars > 1 {
            return Err(TooManyStars { stars });
        }
        let star = text.find('*');
        Ok(Self { text, star })
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
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
}
