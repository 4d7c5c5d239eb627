//! Host names: a bucket's custom domains and the endpoints.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use super::origin::split_scheme;
use super::reading::strings::has_control_character;
use super::report::{
    MessagePart::{Value, Words},
    Place, Report, code,
};
use crate::addressing::MAX_HOST_BYTES;

/// Whether the lone `*` is a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lone {
    /// For a bucket: every host that nothing else claims.
    Allowed,
    /// For an endpoint: an empty list means every host.
    Refused,
}

/// Reads a host name, in lower case as it is compared. `None`: it is wrong, and reported.
pub(super) fn read<'a>(
    report: &mut Report,
    place: &Place<'_>,
    text: Cow<'a, str>,
    lone: Lone,
) -> Option<Cow<'a, str>> {
    if text == "*" && lone == Lone::Allowed {
        return Some(text);
    }
    if let Some(problem) = problem(&text) {
        if !has_control_character(report, place, &text) {
            report.add(
                &code::HOST_NAME,
                place,
                "{} is no host name: {}",
                &[Value(&text), Words(problem)],
            );
        }
        return None;
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some(Cow::Owned(text.to_ascii_lowercase()));
    }
    Some(text)
}

fn problem(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if split_scheme(text).is_some() {
        return Some("write it without the scheme");
    }
    if text.contains('/') {
        return Some("write it without the path");
    }
    if text.contains('*') {
        return Some(
            "a host holds no wildcard; a bucket's hosts may be the lone *, which is every host that nothing else claims",
        );
    }
    if text.starts_with('[') {
        let address = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let valid = address.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
        return (!valid).then_some("write an IPv6 address in brackets and without a port");
    }
    if text.contains(':') {
        return Some("write it without the port, which is ignored in requests too");
    }
    if !text.is_ascii() {
        return Some("write an internationalised name (IDN) in punycode, its xn-- form");
    }
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
    {
        return Some("it holds letters, digits, hyphens and dots only");
    }
    if text.ends_with('.') {
        return Some("write it without the dot at its end, which is ignored in requests too");
    }
    if text.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Some("each label has 1 to 63 characters");
    }
    (text.len() > MAX_HOST_BYTES).then_some("a host name has at most 253 characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Option<String> {
        read(
            &mut Report::default(),
            &Place::Document,
            text.into(),
            Lone::Allowed,
        )
        .map(Cow::into_owned)
    }

    #[test]
    fn host_names_are_kept_in_lower_case() {
        for (text, kept) in [
            ("Static.Example.com", "static.example.com"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("a_b.example", "a_b.example"),
            ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
            ("*", "*"),
        ] {
            assert_eq!(host(text).as_deref(), Some(kept), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_name_is_refused() {
        let long = ["a"; 200].join(".");
        for text in [
            "",
            "a.example:443",
            "https://a.example",
            "a.example/",
            "*.example.com",
            "a..b",
            ".a",
            "a.",
            "a b",
            "m\u{fc}nchen.de",
            "[::1]:80",
            "[nonsense]",
            "::1",
            "a\n",
            &long,
        ] {
            assert_eq!(host(text), None, "{text}");
        }
    }

    #[test]
    fn an_endpoint_is_not_every_host() {
        let mut report = Report::default();
        assert_eq!(
            read(&mut report, &Place::Document, "*".into(), Lone::Refused),
            None
        );
        assert_eq!(report.errors.total(), 1);
    }
}
