//! `Access-Control-Request-Headers`: a comma-separated list of header names (RFC 9110 section 5.6.1).

use super::token::token_len;

/// The most bytes of a requested header list that are looked at. Browsers send only names that script set itself; an S3
/// upload with every checksum and encryption header and dozens of `x-amz-meta-*` stays below 1,200. Past it no rule
/// matches: rs/cors once spent 127 ms and 121 MB on one list without a limit. Together with [`MAX_NAMES`] this keeps
/// the worst preflight within twenty times an ordinary one (`tests/core/bounded_work.rs`).
pub const MAX_BYTES: usize = 1536;

/// The most elements, empty ones included, that are looked at. Envoy refuses a request with more than 100 headers of
/// all kinds by default, of which a browser sends some twenty by itself.
pub const MAX_NAMES: usize = 64;

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
        let mut rest = field;
        for _ in 0..MAX_NAMES {
            let (element, tail) = split_element(rest);
            let name = trim(element);
            if name.len() > MAX_NAME_BYTES {
                return Err(Malformed::TooLong);
            }
            if token_len(name) < name.len() {
                return Err(Malformed::NotAToken(element));
            }
            match tail {
                None => return Ok(Self { field }),
                Some(tail) => rest = tail,
            }
        }
        Err(Malformed::TooLong)
    }

    /// The names of a list that [`RequestedNames::parse`] has accepted before; of any other, those before the first
    /// byte that stands in no list of tokens, so that nothing else can ever be echoed.
    pub fn parsed_before(field: &'a [u8]) -> Self {
        Self { field }
    }

    /// The names.
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.field;
        std::iter::from_fn(move || {
            while let [b',' | b' ' | b'\t', tail @ ..] = rest {
                rest = tail;
            }
            let (name, tail) = rest.split_at_checked(token_len(rest))?;
            rest = tail;
            (!name.is_empty()).then_some(name)
        })
    }
}

/// The first element of a list as sent, and what follows its comma.
fn split_element(list: &[u8]) -> (&[u8], Option<&[u8]>) {
    let end = list.iter().position(|&byte| byte == b',').unwrap_or(list.len());
    let (element, rest) = list.split_at_checked(end).unwrap_or((list, b""));
    (element, rest.strip_prefix(b","))
}

/// Removes optional white space: blanks and tabs (RFC 9110 section 5.6.3).
pub fn trim(mut bytes: &[u8]) -> &[u8] {
    // Two loops: one that tries both ends in each round takes three times as long over a field full of blanks.
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
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
