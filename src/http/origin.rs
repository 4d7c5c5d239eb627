//! The request's `Origin` as the edge may trust it: bytes that some client could serialise as one origin.

use super::token::leading;

/// The longest origin that is looked at, in bytes: a scheme of up to 64, `://`, a DNS name of up to 253 (RFC 1035
/// section 2.3.4, less the root) and a port with its colon. Browsers' own schemes (`chrome-extension`, `moz-extension`)
/// are far shorter. Envoy lets an `Origin` of up to 60 KiB through; past this limit no rule can match.
pub const MAX_BYTES: usize = 64 + 3 + 253 + 6;

const fn is_origin_byte(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e) && !matches!(byte, b',' | b'@' | b'?' | b'#' | b'\\' | b'/')
}

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // Evaluated at compile time, within bounds.
const ORIGIN_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = is_origin_byte(byte as u8);
        byte += 1;
    }
    table
};

fn all_origin_bytes(bytes: &[u8]) -> bool {
    let admitted = |byte: u8| ORIGIN_BYTES.get(usize::from(byte)).copied().unwrap_or(false);
    leading(bytes, admitted) == bytes.len()
}

/// Whether a rule may match this `Origin` at all, be it `*`.
///
/// Not a full parse: what is left to check is compared byte for byte with a rule's pattern anyway. What is refused here
/// is what a pattern with a `*` would let through although no browser sends it. The comma is the one that matters:
/// Envoy folds repeated `Origin` lines into one value, and `https://evil.example,https://a.example.com` satisfies
/// `https://*.example.com`.
///
/// An origin without a scheme passes: live OSS and Ceph's suite use them.
pub fn is_sendable(origin: &[u8]) -> bool {
    if origin.is_empty() || origin.len() > MAX_BYTES {
        return false;
    }
    // The `//` after the scheme is the only place for a slash. With it cut out, the rest holds none.
    match origin.iter().position(|&byte| byte == b'/') {
        None => all_origin_bytes(origin),
        Some(slash) => {
            let Some((scheme, rest)) = origin.split_at_checked(slash) else {
                return false;
            };
            let (Some(scheme), Some(rest)) = (scheme.strip_suffix(b":"), rest.strip_prefix(b"//")) else {
                return false;
            };
            is_scheme(scheme) && all_origin_bytes(rest)
        }
    }
}

/// RFC 3986 section 3.1.
fn is_scheme(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes
            .iter()
            .all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send_may_match() {
        for origin in [
            "https://app.example.com",
            "http://localhost:3000",
            "null",
            "www.aliyun.com",
            "chrome-extension://abcdefghijklmnop",
            "https://[::1]:8080",
            "https://.example.com",
            "https://a.com%0d%0aSet-Cookie:x=1",
            "file://",
        ] {
            assert!(is_sendable(origin.as_bytes()), "{origin}");
        }
    }

    #[test]
    fn what_no_client_sends_matches_nothing() {
        for origin in [
            "",
            "https://a.com,https://b.com",
            "https://a.com, https://b.com",
            "https://a.com https://b.com",
            "https://user@a.com",
            "https://a.com?b",
            "https://a.com#b",
            "https://a.com\\b",
            "https://a.com/",
            "https://a.com/b",
            "https:/a.com",
            "https:///a.com",
            "//a.com",
            "://a.com",
            "a/b",
            "ht_tp://a.com",
            "https://a.com//b.com",
            "https://m\u{fc}nchen.example",
            "https://a\u{7f}b",
            "https://a\tb",
        ] {
            assert!(!is_sendable(origin.as_bytes()), "{origin}");
        }
    }

    #[test]
    fn localstack_lets_a_newline_through_at_the_end_of_an_origin() {
        // Where patterns become regular expressions, `$` matches before it.
        assert!(!is_sendable(b"https://a.com\n"));
    }

    #[test]
    fn the_length_limit_is_exact() {
        let longest = format!("{}://{}:65535", "a".repeat(64), "b".repeat(253));
        assert!(is_sendable(longest.as_bytes()));
        assert!(!is_sendable(format!("{longest}a").as_bytes()));
    }
}
