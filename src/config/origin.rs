//! One entry of `AllowedOrigin`: what can be in a serialised origin, and what browsers really send.
//!
//! Fetch serialises an origin as `scheme://host[:port]`, lower case, punycode, no default port (HTML section 7.1.1). What
//! cannot be in one at all is an error, because it is a mistake of another kind: a regular expression, a list in one
//! string, an address bar's URL. What could be in one but is never sent is a warning: other clients than browsers exist,
//! and stores accept such rules.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::code;
use super::message::Part::{Character, Number, Value, Words};
use super::place::Place;
use super::report::Report;
use super::text::{before, has_control_character, same_word, split_once, trimmed};
use super::{origin_browser, origin_star};
use crate::wildcard::Pattern;

/// An origin pattern, taken apart. The `*` may be in any part, or be all of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'t> {
    pub(super) text: &'t str,
    pub(super) scheme: Option<&'t str>,
    pub(super) host: &'t str,
    pub(super) port: Option<&'t str>,
    pub(super) path: &'t str,
}

impl Parts<'_> {
    /// `https//a.example`, whose host looks like a scheme and whose path like a host.
    pub(super) fn lacks_colon(&self) -> bool {
        self.scheme.is_none() && is_web_scheme(self.host) && self.path.starts_with("//")
    }
}

/// Reads an entry of `AllowedOrigin`. `None`: it is wrong, and reported.
pub(super) fn read<'a>(report: &mut Report, place: &Place<'_>, text: Cow<'a, str>) -> Option<Pattern<'a>> {
    let text = trimmed(report, place, text);
    match text.as_ref() {
        "*" => {}
        "" => {
            report.add(
                &code::EMPTY_ORIGIN,
                place,
                "an empty origin matches nothing: an empty Origin counts as none; take it out",
                &[],
            );
        }
        "null" => {
            report.add(
                &code::NULL_ORIGIN,
                place,
                "null is the origin of every sandboxed frame and local file, so this admits any site; it \
                 never gets credentials",
                &[],
            );
        }
        text => {
            if !bytes_are_possible(report, place, text) {
                return None;
            }
            let parts = split(report, place, text)?;
            if !port_is_possible(report, place, &parts) || !host_is_possible(report, place, &parts) {
                return None;
            }
            origin_browser::warn(report, place, &parts);
            origin_star::warn(report, place, &parts);
        }
    }
    // `bytes_are_possible` has counted the stars.
    Pattern::new(text).ok()
}

/// Bytes that are in no serialised origin, wherever they stand, are left out; `+`, `[` and `]` depend on the place. The URL
/// standard lets a host hold more than DNS does (`_`, `~`, `!`), and other schemes' hosts may be percent-encoded: those
/// pass, and `%` in the host of an `http` or `https` origin, which is decoded there, is refused later.
const fn is_possible(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b',' | b';'
                | b'?'
                | b'#'
                | b'@'
                | b'\\'
                | b'^'
                | b'$'
                | b'('
                | b')'
                | b'|'
                | b'"'
                | b'\''
                | b'<'
                | b'>'
        )
}

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // Evaluated at compile time, within bounds.
const POSSIBLE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = is_possible(byte as u8);
        byte += 1;
    }
    table
};

fn bytes_are_possible(report: &mut Report, place: &Place<'_>, text: &str) -> bool {
    let mut stars = 0_usize;
    let mut clean = true;
    for &byte in text.as_bytes() {
        clean &= POSSIBLE.get(usize::from(byte)).copied().unwrap_or(false);
        stars = stars.saturating_add(usize::from(byte == b'*'));
    }
    if !clean {
        let Some(character) = text.chars().find(|&c| !u8::try_from(c).is_ok_and(is_possible)) else {
            return true;
        };
        impossible_character(report, place, text, character);
        return false;
    }
    if stars > 1 {
        report.add(
            &code::TWO_WILDCARDS,
            place,
            "{} holds {} wildcards: a pattern holds at most one *, so write one entry per case",
            &[Value(text), Number(stars)],
        );
    }
    stars <= 1
}

fn impossible_character(report: &mut Report, place: &Place<'_>, text: &str, character: char) {
    let (code, way_out) = match character {
        _ if has_control_character(report, place, text) => return,
        '^' | '$' | '(' | ')' | '|' | '\\' | '[' | ']' | '+' => (
            &code::ORIGIN_REGULAR_EXPRESSION,
            "regular expressions are not supported; write origins as browsers send them, with at most one *",
        ),
        '?' if text.contains(['\\', '^', '$', '(']) => (
            &code::ORIGIN_REGULAR_EXPRESSION,
            "regular expressions are not supported; write origins as browsers send them, with at most one *",
        ),
        '?' | '#' => (
            &code::ORIGIN_QUERY,
            "an origin ends with its host and port; take the query or fragment off",
        ),
        '@' => (
            &code::ORIGIN_USERINFO,
            "an origin holds no user and no password; take them off",
        ),
        ',' | ';' | ' ' => (
            &code::ORIGIN_LIST,
            "one entry is one origin; write several as a list of strings",
        ),
        other if !other.is_ascii() => (
            &code::ORIGIN_NOT_ASCII,
            "browsers send an internationalised name (IDN) in punycode; write its xn-- form",
        ),
        _ => (&code::ORIGIN_BYTE, "no origin holds it; take it out"),
    };
    report.add(
        code,
        place,
        "{} holds {}: {}",
        &[Value(text), Character(character), Words(way_out)],
    );
}

/// What stands before and after `://`, where the first colon is part of one.
pub(super) fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let colon = text.bytes().position(|byte| byte == b':')?;
    let (scheme, rest) = text.split_at_checked(colon)?;
    Some((scheme, rest.strip_prefix("://")?))
}

/// `scheme://host:port/path`, of which only the host must be there.
fn split<'t>(report: &mut Report, place: &Place<'_>, text: &'t str) -> Option<Parts<'t>> {
    let (scheme, rest) = match split_scheme(text) {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    if let Some(scheme) = scheme {
        // RFC 3986 section 3.1, with a `*`.
        let possible = scheme.starts_with(|first: char| first.is_ascii_alphabetic() || first == '*')
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.*".contains(&byte));
        if !possible {
            report.add(
                &code::ORIGIN_SCHEME,
                place,
                "{} is no scheme in {}: write https:// or http://",
                &[Value(scheme), Value(text)],
            );
            return None;
        }
    }
    let (authority, path) = rest
        .split_at_checked(before(rest, b'/').len())
        .unwrap_or((rest, ""));
    let address = authority
        .strip_prefix('[')
        .and_then(|_| split_once(authority, b']'));
    let (host, port) = match address {
        Some((_, after)) => {
            let host = authority.get(..authority.len().saturating_sub(after.len()))?;
            match after.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if after.is_empty() => (host, None),
                None if address_problem(host).is_some() => {
                    impossible_character(report, place, text, '[');
                    return None;
                }
                None => {
                    report.add(
                        &code::ORIGIN_HOST,
                        place,
                        "{} stands after the IPv6 address in {}: only :port can",
                        &[Value(after), Value(text)],
                    );
                    return None;
                }
            }
        }
        None => match split_once(authority, b':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    Some(Parts {
        text,
        scheme,
        host,
        port,
        path,
    })
}

/// Whether it is `http` or `https`.
pub(super) fn is_web_scheme(text: &str) -> bool {
    same_word(text, "http") || same_word(text, "https")
}

fn host_is_possible(report: &mut Report, place: &Place<'_>, parts: &Parts<'_>) -> bool {
    let Parts {
        text, scheme, host, ..
    } = *parts;
    let web = scheme.is_none_or(is_web_scheme);
    let problem = if host.starts_with('[') && host.ends_with(']') {
        address_problem(host)
    } else if let Some(byte) = host
        .bytes()
        .find(|byte| matches!(byte, b'[' | b']' | b'+') || (*byte == b'%' && web && scheme.is_some()))
    {
        impossible_character(report, place, text, char::from(byte));
        return false;
    } else if host.is_empty() {
        // `file://` is what Android's WebView sends.
        web.then_some("no host: write scheme://host")
    } else if host == "." && !web {
        // `app://.` is what desktop shells send.
        None
    } else if host.starts_with('.') || host.as_bytes().windows(2).any(|pair| pair == b"..") {
        Some("an empty label in its host: for every subdomain, write *. before the name")
    } else if web && scheme.is_some() && ends_in_a_number(host) && host.parse::<Ipv4Addr>().is_err() {
        Some("an IPv4 address that browsers send otherwise: write all four decimal parts, as in 127.0.0.1")
    } else {
        None
    };
    if let Some(problem) = problem {
        report.add(
            &code::ORIGIN_HOST,
            place,
            "{} has {}",
            &[Value(text), Words(problem)],
        );
    }
    problem.is_none()
}

/// An IPv6 literal. Zones (`fe80::1%eth0`) are no part of an origin: the URL standard refuses them.
fn address_problem(host: &str) -> Option<&'static str> {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let possible = if address.contains('*') {
        address
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || b":.*".contains(&byte))
    } else {
        address.parse::<Ipv6Addr>().is_ok()
    };
    (!possible).then_some("brackets around what is no IPv6 address (a zone is no part of an origin)")
}

/// URL standard, "ends in a number": such a host is an IPv4 address or nothing.
fn ends_in_a_number(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let last = host.rsplit('.').next().unwrap_or(host);
    let hexadecimal = || {
        last.strip_prefix("0x")
            .or_else(|| last.strip_prefix("0X"))
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    !host.contains('*')
        && !last.is_empty()
        && (last.bytes().all(|byte| byte.is_ascii_digit()) || hexadecimal())
}

fn port_is_possible(report: &mut Report, place: &Place<'_>, parts: &Parts<'_>) -> bool {
    let Some(port) = parts.port else {
        return true;
    };
    let number = port.len() <= 5
        && !port.starts_with('0')
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok();
    let possible = number || port == "*";
    if !possible {
        let way_out = if parts.scheme.is_none() && (parts.path.starts_with('/') || is_web_scheme(parts.host))
        {
            "a scheme is followed by ://"
        } else if port.contains(':') {
            "an IPv6 address stands in brackets, as in http://[::1]:8080"
        } else {
            "write 1 to 65535 without leading zeros, or * for every port"
        };
        report.add(
            &code::ORIGIN_PORT,
            place,
            "{} is no port in {}: {}",
            &[Value(port), Value(parts.text), Words(way_out)],
        );
    }
    possible
}

#[cfg(test)]
#[path = "origin_tests.rs"]
mod tests;
