//! HTTP tokens (RFC 9110 section 5.6.2): methods and header names.

const fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // Evaluated at compile time, within bounds.
const TCHARS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = is_tchar(byte as u8);
        byte += 1;
    }
    table
};

/// Whether the byte is a `tchar`.
pub fn is_token_byte(byte: u8) -> bool {
    TCHARS.get(usize::from(byte)).copied().unwrap_or(false)
}

/// Whether the bytes are a token: one `tchar` or more.
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && token_len(bytes) == bytes.len()
}

/// How many bytes of a token the bytes begin with.
pub fn token_len(bytes: &[u8]) -> usize {
    leading(bytes, is_token_byte)
}

/// How many bytes stand before the first that is not `admitted`.
///
/// Eight bytes go to a branch; a branch for each of them takes three times as long over a long value.
#[inline]
pub(super) fn leading(bytes: &[u8], admitted: impl Fn(u8) -> bool) -> usize {
    let mut rest = bytes;
    while let Some((eight, tail)) = rest.split_first_chunk::<8>() {
        if !eight.iter().fold(true, |all, &byte| all & admitted(byte)) {
            break;
        }
        rest = tail;
    }
    let tail = rest
        .iter()
        .position(|&byte| !admitted(byte))
        .unwrap_or(rest.len());
    bytes.len().saturating_sub(rest.len()).saturating_add(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tchar_of_the_rfc_and_nothing_else() {
        let tchars = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        for byte in 0..=255_u8 {
            assert_eq!(
                is_token_byte(byte),
                tchars.as_bytes().contains(&byte),
                "{byte:#04x}"
            );
        }
        assert!(!is_token(b""));
        assert!(!is_token(b"x a"));
        assert!(is_token(b"x-a"));
    }
}
