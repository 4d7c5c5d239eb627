//! What browsers never send in an origin, and what they send over a wire that anybody can write to.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::parts::Parts;
use crate::config::reading::strings::{before, begins_with, ends_with, same_word, split_once};
use crate::config::report::{
    MessagePart::{Number, Printable, Value, Words},
    Place, Report, code,
};
use crate::http::origin::MAX_BYTES;

/// How an origin that a pattern admits came over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Secure,
    /// `http://` from another machine: whoever is on the way can be this origin.
    Insecure,
    /// Loopback, which Secure Contexts trusts too, and all that is neither http nor https.
    Other,
}

/// The transport of a valid pattern.
pub(crate) fn transport(text: &str) -> Transport {
    if begins_with(text, "https://") {
        return Transport::Secure;
    }
    if !begins_with(text, "http://") {
        return Transport::Other;
    }
    let rest = text.get("http://".len()..).unwrap_or_default();
    let authority = before(rest, b'/');
    let host = match authority
        .strip_prefix('[')
        .and_then(|rest| split_once(rest, b']'))
    {
        Some((address, _)) => address,
        None => before(authority, b':'),
    };
    let local = same_word(host, "localhost")
        || ends_with(host, ".localhost")
        || host
            .parse::<Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
        || host
            .parse::<Ipv6Addr>()
            .is_ok_and(|address| address.is_loopback());
    if local {
        Transport::Other
    } else {
        Transport::Insecure
    }
}

/// Warns of what makes a possible origin one that no browser sends, or one that strangers can be.
pub(crate) fn warn(report: &mut Report, place: &Place<'_>, parts: &Parts<'_>) {
    let Parts {
        text,
        scheme,
        host,
        port,
        path,
    } = *parts;
    let origin = text.get(..text.len().saturating_sub(path.len())).unwrap_or(text);
    if parts.lacks_colon() {
        let rest = path.trim_start_matches('/');
        let authority = before(rest, b'/');
        report.add(
            &code::ORIGIN_PATH,
            place,
            "{} can never match, for its colon is missing: write {}://{}",
            &[Value(text), Words(host), Printable(authority)],
        );
    } else if !path.is_empty() && host.trim_matches('.') == "*" {
        report.add(
            &code::ORIGIN_PATH,
            place,
            "{} can never match: an origin ends with its host and port; name the origins that are meant",
            &[Value(text)],
        );
    } else if !path.is_empty() {
        report.add(
            &code::ORIGIN_PATH,
            place,
            "{} can never match: an origin ends with its host and port; write {}",
            &[Value(text), Value(origin)],
        );
    }
    let (lower, whose) = if parts.may_be_web() {
        (origin, "the origins of websites")
    } else {
        (scheme.unwrap_or_default(), "schemes")
    };
    if lower.bytes().any(|byte| byte.is_ascii_uppercase()) {
        report.add(
            &code::UPPER_CASE,
            place,
            "browsers send {} in lower case, so {} matches none: write it so",
            &[Words(whose), Value(text)],
        );
    }
    // Without a scheme, that of https:// is what the next warning advises.
    let default_port = match scheme.unwrap_or("https") {
        scheme if same_word(scheme, "https") => port == Some("443") && !host.starts_with('*'),
        scheme if same_word(scheme, "http") => port == Some("80"),
        _ => false,
    };
    if default_port {
        report.add(
            &code::DEFAULT_PORT,
            place,
            "browsers leave the default port out, so {} matches none: take it off",
            &[Value(text)],
        );
    }
    if text.len() > MAX_BYTES.saturating_add(1) || (text.len() > MAX_BYTES && !text.contains('*')) {
        report.add(
            &code::LONG_ORIGIN,
            place,
            "{} is longer than {} bytes, so it matches nothing",
            &[Value(text), Number(MAX_BYTES)],
        );
    }
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
        && let Ok(parsed) = address.parse::<Ipv6Addr>()
    {
        let spelled = serialised(parsed.segments());
        if !same_word(address, &spelled) {
            report.add(
                &code::ADDRESS_SPELLING,
                place,
                "browsers write [{}] where {} has [{}]",
                &[Words(&spelled), Value(text), Words(address)],
            );
        }
    }
    if transport(text) == Transport::Insecure {
        report.add(
            &code::INSECURE_ORIGIN,
            place,
            "{} is not encrypted, so whoever is on the way can be this origin: write https://",
            &[Value(text)],
        );
    }
}

/// URL standard, "IPv6 serializer": the first of the longest runs of zeros is `::`, and there are no dotted quads.
fn serialised(pieces: [u16; 8]) -> String {
    let mut longest = 0..0;
    let mut run = 0..0;
    for (index, piece) in pieces.iter().enumerate() {
        let next = index.saturating_add(1);
        run = if *piece == 0 { run.start..next } else { next..next };
        if run.len() > longest.len() {
            longest = run.clone();
        }
    }
    if longest.len() < 2 {
        longest = 0..0;
    }
    let mut text = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        if longest.contains(&index) {
            if index == longest.start {
                text.push_str("::");
            }
            continue;
        }
        if index != 0 && index != longest.end {
            text.push(':');
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "{piece:x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_spelled_as_browsers_spell_them() {
        for text in [
            "::",
            "::1",
            "1::",
            "1::1",
            "1:0:0:2::3",
            "1:0:2:3:4:5:6:7",
            "0:1:1:1:1:1:1:0",
            "::ffff:7f00:1",
            "2001:db8:0:1:1:1:1:1",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6::",
            "0:0:0:1::",
        ] {
            let address: Ipv6Addr = text.parse().unwrap();
            let expected = match address.to_ipv4_mapped() {
                None => address.to_string(),
                Some(_) => text.to_owned(),
            };
            assert_eq!(serialised(address.segments()), expected);
        }
    }
}
