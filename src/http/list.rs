//! `Access-Control-Request-Headers`: a comma-separated list of header names (RFC 9110 section 5.6.1).

use super::token::is_token;

/// The most bytes of a requested header list that are looked at. Browsers send only names that script set itself; S3
/// clients with dozens of `x-amz-meta-*` stay below 2 KiB. Past it no rule matches: rs/cors once spent 127 ms and 121 MB
/// on one list without a limit.
pub const MAX_BYTES: usize = 4096;

/// The most elements, empty ones included, that are looked at. Envoy's own default for a whole request is 100 headers.
pub const MAX_NAMES: usize = 128;

/// The longest header name that is looked at, in bytes; IANA's longest is 44.
pub const MAX_NAME_BYTES: usize = 256;

/// Why a requested header list cannot be matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed<'a> {
    /// Beyond [`MAX_BYTES`], [`MAX_NAMES`] or [`MAX_NAME_BYTES`].
    TooLong,
    /// An element that is no header name, as sent between its commas.
    NotAToken(&'a [u8]),
}

/// The names in a list, in order, without blanks around them and without empty elements, which RFC 9110 section 5.6.1.2
/// tells recipients to ignore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestedNames<'a> {
    field: &'a [u8],
}

impl<'a> RequestedNames<'a> {
    /// Checks the field's length and that every element is a token.
    ///
    /// # Errors
    /// [`Malformed`] with the first element that is no header name.
    pub fn parse(field: &'a [u8]) -> Result<Self, Malformed<'a>> {
        if field.len() > MAX_BYTES {
            return Err(Malformed::TooLong);
        }
        let mut elements = 0_usize;
        for element in field.split(|&byte| byte == b',') {
            elements = elements.saturating_add(1);
            if elements > MAX_NAMES {
                return Err(Malformed::TooLong);
            }
            let name = trim(element);
            if name.len() > MAX_NAME_BYTES {
                return Err(Malformed::TooLong);
            }
            if !name.is_empty() && !is_token(name) {
                return Err(Malformed::NotAToken(element));
            }
        }
        Ok(Self { field })
    }

    /// The names.
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        self.field
            .split(|&byte| byte == b',')
            .map(trim)
            .filter(|name| !name.is_empty())
    }

    /// Whether there is no name at all.
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }
}

/// Removes optional white space: blanks and tabs (RFC 9110 section 5.6.3).
pub fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(field: &str) -> Vec<&[u8]> {
        RequestedNames::parse(field.as_bytes()).unwrap().iter().collect()
    }

    #[test]
    fn blanks_and_empty_elements_do_not_count() {
        assert_eq!(names("a, b,\tc ,,d,"), [&b"a"[..], b"b", b"c", b"d"]);
        assert!(names("").is_empty());
        assert!(names(" , ,").is_empty());
    }

    #[test]
    fn an_element_that_is_no_token_is_named_as_sent() {
        assert_eq!(
            RequestedNames::parse(b"a, b c,d"),
            Err(Malformed::NotAToken(b" b c"))
        );
        assert_eq!(
            RequestedNames::parse(b"x\xff"),
            Err(Malformed::NotAToken(b"x\xff"))
        );
    }

    #[test]
    fn the_limits_are_exact() {
        let field = |bytes: usize| [b"a,".repeat(8), b" ".repeat(bytes - 16)].concat();
        assert!(RequestedNames::parse(&field(MAX_BYTES)).is_ok());
        assert_eq!(
            RequestedNames::parse(&field(MAX_BYTES + 1)),
            Err(Malformed::TooLong)
        );
        assert!(RequestedNames::parse(&b"a".repeat(MAX_NAME_BYTES)).is_ok());
        assert_eq!(
            RequestedNames::parse(&b"a".repeat(MAX_NAME_BYTES + 1)),
            Err(Malformed::TooLong)
        );
        assert!(RequestedNames::parse(&b",".repeat(MAX_NAMES - 1)).is_ok());
        assert_eq!(
            RequestedNames::parse(&b",".repeat(MAX_NAMES)),
            Err(Malformed::TooLong)
        );
    }
}
