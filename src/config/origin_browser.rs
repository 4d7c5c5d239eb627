//! What browsers never send in an origin, and what they send over a wire that anybody can write to.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::code;
use super::origin::Parts;
use super::place::Place;
use super::report::Report;
use super::text::shown;
use crate::http::origin::MAX_BYTES;

/// How an origin that a pattern admits came over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Secure,
    /// `http://` from another machine: whoever is on the way can be this origin.
    Insecure,
    /// Loopback, which Secure Contexts trusts too, and all that is neither http nor https.
    Other,
}

/// The transport of a valid pattern.
pub(super) fn transport(text: &str) -> Transport {
    let starts = |scheme: &str| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    if starts("https://") {
        return Transport::Secure;
    }
    if !starts("http://") {
        return Transport::Other;
    }
    let rest = text.get("http://".len()..).unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or(rest);
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.split(':').next().unwrap_or(authority),
    };
    let local = host.eq_ignore_ascii_case("localhost")
        || host
            .get(host.len().saturating_sub(10)..)
            .is_some_and(|end| end.eq_ignore_ascii_case(".localhost"))
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
pub(super) fn warn(report: &mut Report, place: &Place<'_>, parts: &Parts<'_>) {
    let Parts {
        text,
        scheme,
        host,
        port,
        path,
    } = *parts;
    if !path.is_empty() {
        report.add(&code::ORIGIN_PATH, place, || {
            let cut = text.get(..text.len().saturating_sub(path.len())).unwrap_or(text);
            format!(
                "{} can never match: an origin ends with its host and port; write {}",
                shown(text),
                shown(cut)
            )
        });
    }
    let origin = text.get(..text.len().saturating_sub(path.len())).unwrap_or(text);
    if origin.bytes().any(|byte| byte.is_ascii_uppercase()) {
        report.add(&code::UPPER_CASE, place, || {
            format!(
                "browsers send origins in lower case, so {} matches none: write it so",
                shown(text)
            )
        });
    }
    let default_port = match scheme {
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => port == Some("443"),
        Some(scheme) if scheme.eq_ignore_ascii_case("http") => port == Some("80"),
        _ => false,
    };
    if default_port {
        report.add(&code::DEFAULT_PORT, place, || {
            format!(
                "browsers leave the default port out, so {} matches none: take it off",
                shown(text)
            )
        });
    }
    if text.len() > MAX_BYTES.saturating_add(1) || (text.len() > MAX_BYTES && !text.contains('*')) {
        report.add(&code::LONG_ORIGIN, place, || {
            format!(
                "{} is longer than {MAX_BYTES} bytes, so it matches nothing",
                shown(text)
            )
        });
    }
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
        && let Ok(parsed) = address.parse::<Ipv6Addr>()
    {
        // The URL standard's serialiser knows no dotted quads.
        let spelled = match parsed.to_ipv4_mapped() {
            None => parsed.to_string(),
            Some(_) => match parsed.segments() {
                [.., high, low] => format!("::ffff:{high:x}:{low:x}"),
            },
        };
        if !address.eq_ignore_ascii_case(&spelled) {
            report.add(&code::ADDRESS_SPELLING, place, || {
                format!("browsers write [{spelled}] where {} has [{address}]", shown(text))
            });
        }
    }
    if transport(text) == Transport::Insecure {
        report.add(&code::INSECURE_ORIGIN, place, || {
            format!(
                "{} is not encrypted, so whoever is on the way can be this origin: write https://",
                shown(text)
            )
        });
    }
}
