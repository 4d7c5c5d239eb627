//! The port of an origin.

use super::parts::{Parts, is_web_scheme};
use crate::config::reading::strings::split_once;
use crate::config::report::{
    MessagePart::{Value, Words},
    Place, Report, code,
};

/// Whether there can be such a port; false was reported as a warning. `None`: it is wrong, and reported.
pub(super) fn port_is_possible(report: &mut Report, place: &Place<'_>, parts: &Parts<'_>) -> Option<bool> {
    let Some(port) = parts.port else {
        return Some(true);
    };
    let possible = match split_once(port, b'*') {
        Some((start, end)) => admits_a_port(start, end),
        None => is_port(port),
    };
    if possible {
        return Some(true);
    }
    if port.contains('*') {
        report.add(
            &code::IMPOSSIBLE_PORT,
            place,
            "no browser sends {}: whatever the * stands for, {} is no port from 1 to 65535 without leading zeros",
            &[Value(parts.text), Value(port)],
        );
        return Some(false);
    }
    let way_out = if parts.scheme.is_none() && (parts.path.starts_with('/') || is_web_scheme(parts.host)) {
        "a scheme is followed by ://"
    } else if port.contains(':') {
        "an IPv6 address stands in brackets, as in http://[::1]:8080"
    } else {
        "write 1 to 65535 without leading zeros"
    };
    report.add(
        &code::ORIGIN_PORT,
        place,
        "{} is no port in {}: {}",
        &[Value(port), Value(parts.text), Words(way_out)],
    );
    None
}

/// 1 to 65535, without leading zeros.
fn is_port(port: &str) -> bool {
    !port.starts_with('0') && port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

/// Whether a port begins and ends so. With at most four digits given there is always one: a digit, or none, between
/// them.
fn admits_a_port(start: &str, end: &str) -> bool {
    let given = start.len().saturating_add(end.len());
    let digits = start.bytes().chain(end.bytes());
    digits.clone().all(|byte| byte.is_ascii_digit())
        && !start.starts_with('0')
        && (given <= 4
            || (given == 5
                && digits.clone().next() != Some(b'0')
                && digits.fold(0_u32, |number, digit| {
                    number
                        .saturating_mul(10)
                        .saturating_add(u32::from(digit.saturating_sub(b'0')))
                }) <= u32::from(u16::MAX)))
}
