//! `AllowedMethod`, `AllowedHeader` and `ExposeHeader`: HTTP tokens, and what scripts cannot do with them anyway.

use std::borrow::Cow;

use crate::config::reading::strings::{
    begins_with, find_word, has_control_character, has_word, same_word, trimmed,
};
use crate::config::report::{
    MessagePart::{Names, Number, Value, Words},
    Place, Report, code,
};
use crate::http::token::is_token;
use crate::profile::{Methods, Profile, STORE_METHODS};
use crate::wildcard::Pattern;

/// Reads an entry of `AllowedHeader`. `None`: it is wrong, and reported.
pub(crate) fn read_allowed<'a>(
    report: &mut Report,
    place: &Place<'_>,
    text: Cow<'a, str>,
) -> Option<Pattern<'a>> {
    let text = trimmed(report, place, text);
    // `*` is a tchar itself.
    if !name_is_token(report, place, &text) {
        return None;
    }
    if is_forbidden_request_header(&text) {
        report.add(
            &code::FORBIDDEN_REQUEST_HEADER,
            place,
            "no script can set {} (Fetch, \"forbidden request-header\"): take it out",
            &[Value(&text)],
        );
    }
    let stars = text.bytes().filter(|&byte| byte == b'*').count();
    if stars > 1 {
        report.add(
            &code::TWO_WILDCARDS,
            place,
            "{} holds {} wildcards: a pattern holds at most one *",
            &[Value(&text), Number(stars)],
        );
        return None;
    }
    Pattern::new(text).ok()
}

/// Reads an entry of `ExposeHeader`. `None`: it is wrong, and reported.
pub(crate) fn read_exposed<'a>(
    report: &mut Report,
    place: &Place<'_>,
    text: Cow<'a, str>,
    profile: &Profile,
) -> Option<Cow<'a, str>> {
    let text = trimmed(report, place, text);
    if !name_is_token(report, place, &text) {
        return None;
    }
    if text.as_bytes().contains(&b'*') {
        report.add(
            &code::WILDCARD_IN_EXPOSED_HEADER,
            place,
            "{} holds a *, which stores refuse here: name each header",
            &[Value(&text)],
        );
        return None;
    }
    if text.bytes().any(|byte| profile.expose_forbidden.contains(&byte)) {
        report.add(
            &code::EXPOSED_HEADER_BYTE,
            place,
            "{} holds & or ', which OSS refuses in ExposeHeader: rename the header",
            &[Value(&text)],
        );
        return None;
    }
    if same_word(&text, "set-cookie") || same_word(&text, "set-cookie2") {
        report.add(
            &code::FORBIDDEN_RESPONSE_HEADER,
            place,
            "no script can read {} (Fetch, \"forbidden response-header name\"): take it out",
            &[Value(&text)],
        );
    }
    Some(text)
}

fn name_is_token(report: &mut Report, place: &Place<'_>, text: &str) -> bool {
    if is_token(text.as_bytes()) {
        return true;
    }
    if !has_control_character(report, place, text) {
        let way_out = if text.is_empty() {
            "take the empty entry out"
        } else if text.contains([',', ' ']) {
            "one entry is one name; write several as a list of strings"
        } else {
            "a name holds letters, digits and !#$%&'*+-.^_`|~ only (RFC 9110 section 5.6.2)"
        };
        report.add(
            &code::HEADER_NAME,
            place,
            "{} is no header name: {}",
            &[Value(text), Words(way_out)],
        );
    }
    false
}

/// Reads an entry of `AllowedMethod`. `None`: it is wrong, and reported.
pub(crate) fn read_method<'a>(
    report: &mut Report,
    place: &Place<'_>,
    text: Cow<'a, str>,
    profile: &Profile,
) -> Option<Cow<'a, str>> {
    if has_word(&STORE_METHODS, &text) {
        return Some(text);
    }
    let text = trimmed(report, place, text);
    if has_control_character(report, place, &text) {
        return None;
    }
    if text.contains('*') {
        report.add(
            &code::WILDCARD_IN_METHOD,
            place,
            "{} holds a *, and a method is no pattern: list the methods",
            &[Value(&text)],
        );
        return None;
    }
    if !is_token(text.as_bytes()) {
        let way_out = if text.contains([',', ' ']) {
            "write several as a list of strings"
        } else {
            "write GET"
        };
        report.add(
            &code::METHOD,
            place,
            "{} is no method: {}",
            &[Value(&text), Words(way_out)],
        );
        return None;
    }
    match profile.methods {
        // A blank around one of the five was taken off.
        Methods::Store if has_word(&STORE_METHODS, &text) => {}
        Methods::Store => {
            refuse_method(report, place, &text, profile.name);
            return None;
        }
        Methods::AnyToken => warn_of_method(report, place, &text),
    }
    Some(text)
}

/// A token that is not one of the five, in a profile that takes the five only.
fn refuse_method(report: &mut Report, place: &Place<'_>, method: &str, profile: &str) {
    if let Some(known) = find_word(&STORE_METHODS, method) {
        report.add(
            &code::METHOD,
            place,
            "methods are case-sensitive: write {} for {}",
            &[Words(known), Value(method)],
        );
    } else if method == "OPTIONS" {
        report.add(
            &code::METHOD,
            place,
            "a rule does not list OPTIONS: preflights are answered for the method that they ask for; \
             take it out",
            &[],
        );
    } else {
        report.add(
            &code::METHOD,
            place,
            "{} is none of {}, which the {} profile takes",
            &[Value(method), Names(&STORE_METHODS), Words(profile)],
        );
    }
}

/// A token in a profile that takes any.
fn warn_of_method(report: &mut Report, place: &Place<'_>, method: &str) {
    // Fetch section 2.2.1: "normalize a method" changes these six and no other, so `patch` is sent as written.
    let normalised = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
    if let Some(upper) = find_word(&normalised, method)
        && upper != method
    {
        report.add(
            &code::METHOD_CASE,
            place,
            "browsers send {}, never {}",
            &[Words(upper), Value(method)],
        );
    }
    if find_word(&["CONNECT", "TRACE", "TRACK"], method).is_some() {
        report.add(
            &code::FORBIDDEN_METHOD,
            place,
            "no script can send {} (Fetch, \"forbidden method\"): take it out",
            &[Value(method)],
        );
    }
}

/// Fetch, "forbidden request-header".
static FORBIDDEN: &[&str] = &[
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "access-control-request-private-network",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// By name, or by a prefix that is forbidden as a whole: `sec-*` is too.
fn is_forbidden_request_header(name: &str) -> bool {
    begins_with(name, "sec-") || begins_with(name, "proxy-") || find_word(FORBIDDEN, name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_names_are_found_in_any_case() {
        for name in ["Cookie", "Sec-Fetch-Mode", "proxy-x", "sec-*", "VIA"] {
            assert!(is_forbidden_request_header(name), "{name}");
        }
        for name in ["x-cookie", "*", "authorization", "secret", "content-*", "range"] {
            assert!(!is_forbidden_request_header(name), "{name}");
        }
    }
}
