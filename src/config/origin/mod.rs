//! One entry of `AllowedOrigin`: what can be in a serialised origin, and what browsers really send.
//!
//! Fetch serialises an origin as `scheme://host[:port]`, lower case, punycode, no default port (HTML section 7.1.1). A
//! byte that no origin holds is an error, because it is a mistake of another kind: a regular expression, a list in one
//! string, an address bar's URL; so is a scheme or a host that there cannot be. Whatever else the stores take loads.
//! What no browser sends is a warning: other clients exist.

mod browser;
mod characters;
mod parts;
mod port;
mod shared_domains;
mod star;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::config::reading::strings::{before, split_once, trimmed};
use crate::config::report::{
    MessagePart::{Value, Words},
    Place, Report, code,
};
use crate::wildcard::Pattern;
pub(crate) use browser::{Transport, transport};
use characters::{bytes_are_possible, impossible_character};
pub(crate) use parts::split_scheme;
use parts::{Parts, is_web_scheme};
use port::port_is_possible;

/// Reads an entry of `AllowedOrigin`. `None`: it is wrong, and reported. `credentials`: whether the bucket sends them
/// to the origins that it names.
pub(crate) fn read<'a>(
    report: &mut Report,
    place: &Place<'_>,
    text: Cow<'a, str>,
    credentials: bool,
) -> Option<Pattern<'a>> {
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
            let can_be_sent = port_is_possible(report, place, &parts)?;
            if !host_is_possible(report, place, &parts) {
                return None;
            }
            browser::warn(report, place, &parts);
            // Where it matches nothing, that is what there is to say.
            if can_be_sent && parts.path.is_empty() {
                star::warn(report, place, &parts, credentials);
            } else {
                star::warn_without_scheme(report, place, &parts);
            }
        }
    }
    // `bytes_are_possible` has counted the stars.
    Pattern::new(text).ok()
}

/// What stands before and after `://` in a pattern, whose `*` can stand for a part of it: `https:*`, `*/a.example`.
fn split_scheme_pattern(text: &str) -> (Option<&str>, &str) {
    if let Some((scheme, rest)) = split_scheme(text) {
        return (Some(scheme), rest);
    }
    let Some((start, after)) = split_once(text, b'*') else {
        return (None, text);
    };
    if let Some((scheme, "" | "/")) = split_once(start, b':')
        && is_web_scheme(scheme)
    {
        return (Some(scheme), text.get(start.len()..).unwrap_or_default());
    }
    match after.strip_prefix("//").or(after.strip_prefix('/')) {
        Some(rest) if "https".starts_with(start) => (text.get(..=start.len()), rest),
        _ => (None, text),
    }
}

/// `scheme://host:port/path`, of which only the host must be there.
fn split<'t>(report: &mut Report, place: &Place<'_>, text: &'t str) -> Option<Parts<'t>> {
    let (scheme, rest) = split_scheme_pattern(text);
    let (authority, path) = rest
        .split_at_checked(before(rest, b'/').len())
        .unwrap_or((rest, ""));
    let address = authority.strip_prefix('[').map(|address| before(address, b']'));
    // The `*` can stand for the end of an address too.
    let (host, port) = match address
        .map(|address| authority.split_at_checked(address.len().saturating_add(2)))
    {
        Some(Some((host, after))) => {
            let port = after.strip_prefix("*:").or(after.strip_prefix(':'));
            if port.is_none() && !after.is_empty() && address_problem(host).is_some() {
                impossible_character(report, place, text, '[');
                return None;
            }
            (host, port.or((!after.is_empty()).then_some(after)))
        }
        Some(None) if authority.contains('*') && address_problem(authority).is_none() => (authority, None),
        _ => match split_once(authority, b':') {
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

/// RFC 3986 section 3.1, with a `*`.
fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic() || first == '*')
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.*".contains(&byte))
}

/// Whether there can be such a scheme and host. A store takes others, but they are mistakes, and match nothing.
fn host_is_possible(report: &mut Report, place: &Place<'_>, parts: &Parts<'_>) -> bool {
    let Parts {
        text, scheme, host, ..
    } = *parts;
    if let Some(scheme) = scheme.filter(|scheme| !is_scheme(scheme)) {
        report.add(
            &code::ORIGIN_SCHEME,
            place,
            "no browser sends {}, for {} is no scheme: write https:// or http://",
            &[Value(text), Value(scheme)],
        );
        return false;
    }
    let web = parts.may_be_web();
    let is_address = host.starts_with('[') && (host.ends_with(']') || address_problem(host).is_none());
    let problem = if is_address {
        address_problem(host)
    } else if let Some(byte) = host
        .bytes()
        .find(|byte| matches!(byte, b'[' | b']' | b'+') || (*byte == b'%' && web && scheme.is_some()))
    {
        impossible_character(report, place, text, char::from(byte));
        return false;
    } else if !web {
        // `file://` is what Android's WebView sends, `app://.` what desktop shells send.
        None
    } else if host.is_empty() {
        Some("it has no host: write scheme://host")
    } else if host.starts_with('.') || host.as_bytes().windows(2).any(|pair| pair == b"..") {
        Some("a label of its host is empty: take the extra dot out")
    } else if scheme.is_some() && ends_in_a_number(host) && host.parse::<Ipv4Addr>().is_err() {
        Some("an IPv4 address has four decimal parts there: write them all, as in 127.0.0.1")
    } else {
        None
    };
    if let Some(problem) = problem {
        report.add(
            &code::ORIGIN_HOST,
            place,
            "no browser sends {}: {}",
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
    (!possible).then_some("its brackets hold no IPv6 address (a zone is no part of an origin)")
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
