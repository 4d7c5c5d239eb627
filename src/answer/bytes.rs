//! Values of headers and of the log, put together without the formatter.

use crate::http::requested_headers::RequestedNames;
use crate::profile::AllowHeaders;

pub(super) fn concatenated<'a>(parts: &[&[u8]], out: &'a mut Vec<u8>) -> &'a [u8] {
    out.clear();
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// The requested names in the spelling of the profile. The list was checked when the rule was found.
pub(super) fn spelt<'a>(spelling: AllowHeaders, requested: &[u8], out: &'a mut Vec<u8>) -> &'a [u8] {
    out.clear();
    for name in RequestedNames::parsed_before(requested).iter() {
        if !out.is_empty() {
            out.extend_from_slice(b", ");
        }
        match spelling {
            AllowHeaders::AsSent => out.extend_from_slice(name),
            AllowHeaders::LowerCase => out.extend(name.iter().map(u8::to_ascii_lowercase)),
        }
    }
    out
}

pub(super) fn push_quoted(before: &[u8], text: &[u8], out: &mut Vec<u8>) {
    for part in [before, b"\"", text, b"\""] {
        out.extend_from_slice(part);
    }
}

/// Writes a number that is at most [`crate::profile::MAX_RULES`], without the formatter.
pub(super) fn push_decimal(number: usize, out: &mut Vec<u8>) {
    let start = out.len();
    let mut rest = number;
    loop {
        out.push(b'0'.saturating_add(u8::try_from(rest % 10).unwrap_or(0)));
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}
