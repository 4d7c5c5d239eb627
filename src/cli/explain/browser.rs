//! What a browser makes of an answer: the checks of the Fetch standard.

use bucket_cors::http::names;
use bucket_cors::http::token;
use serde::Serialize;

use super::request::Headers;

/// Why a browser refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Refusal {
    /// The check that failed, in a word.
    pub(super) check: &'static str,
    pub(super) message: String,
}

fn refused<T>(check: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        check,
        message: message.into(),
    })
}

/// How long a preflight's answer is kept, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Kept {
    pub(super) chromium: u64,
    pub(super) firefox: u64,
    pub(super) webkit: u64,
}

/// Fetch, "CORS-preflight fetch": where `Access-Control-Max-Age` is missing or no number.
const DEFAULT_MAX_AGE: u64 = 5;

/// A header as Fetch gets it: its lines joined.
fn get(headers: &Headers, name: &str) -> Option<String> {
    let lines = headers.iter().filter(|(there, _)| there == name);
    let values: Vec<_> = lines.map(|(_, value)| String::from_utf8_lossy(value)).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// Fetch, "CORS check".
pub(super) fn cors_check(origin: &str, credentials: bool, headers: &Headers) -> Result<(), Refusal> {
    let Some(allowed) = get(headers, names::ALLOW_ORIGIN) else {
        return refused("no-allow-origin", "there is no Access-Control-Allow-Origin");
    };
    if allowed == "*" && !credentials {
        return Ok(());
    }
    if allowed == "*" {
        return refused(
            "any-origin-with-credentials",
            "Access-Control-Allow-Origin is *, which does not do for a request with credentials",
        );
    }
    if allowed.contains(',') {
        let message = format!("Access-Control-Allow-Origin has several values, {allowed:?}: one is allowed");
        return refused("several-allow-origins", message);
    }
    if allowed != origin {
        let message = format!("Access-Control-Allow-Origin is {allowed:?}, and the page's origin {origin:?}");
        return refused("other-allow-origin", message);
    }
    match get(headers, names::ALLOW_CREDENTIALS).as_deref() {
        _ if !credentials => Ok(()),
        Some("true") => Ok(()),
        None => refused(
            "no-allow-credentials",
            "there is no Access-Control-Allow-Credentials, and the request has credentials",
        ),
        Some(other) => {
            let message = format!("Access-Control-Allow-Credentials is {other:?}: only \"true\" counts");
            refused("no-allow-credentials", message)
        }
    }
}

/// What a preflight asks for.
pub(super) struct Asked<'a> {
    pub(super) origin: &'a str,
    pub(super) method: &'a str,
    /// The CORS-unsafe request-header names.
    pub(super) names: Vec<String>,
    pub(super) credentials: bool,
}

/// Fetch, "CORS-preflight fetch", from the answer on.
pub(super) fn preflight_check(asked: &Asked<'_>, status: u32, headers: &Headers) -> Result<Kept, Refusal> {
    cors_check(asked.origin, asked.credentials, headers)?;
    if !(200..300).contains(&status) {
        return refused(
            "preflight-status",
            format!("the preflight's status is {status}, not 200 to 299"),
        );
    }
    let methods = list(headers, names::ALLOW_METHODS)?;
    let allowed_names = list(headers, names::ALLOW_HEADERS)?;
    let has_star = |list: &[String]| !asked.credentials && list.iter().any(|entry| entry == "*");
    let method = asked.method;
    let is_listed = methods.iter().any(|listed| listed == method);
    if !is_listed && !is_safelisted_method(method) && !has_star(&methods) {
        let message = format!("the method {method} is not in Access-Control-Allow-Methods");
        return refused("method-not-allowed", message);
    }
    for name in &asked.names {
        let is_listed = allowed_names
            .iter()
            .any(|listed| listed.eq_ignore_ascii_case(name));
        // "CORS non-wildcard request-header name". Chromium does not refuse it so far (156).
        let is_authorization = name.eq_ignore_ascii_case("authorization");
        let has_star = has_star(&allowed_names);
        if !is_listed && (!has_star || is_authorization) {
            let star = if has_star {
                ", and * does not cover it, except in Chromium"
            } else {
                ""
            };
            let message = format!("the header {name} is not in Access-Control-Allow-Headers{star}");
            return refused("header-not-allowed", message);
        }
    }
    let seconds = get(headers, names::MAX_AGE)
        .and_then(|value| value.parse::<u64>().ok())
        .unwrap_or(DEFAULT_MAX_AGE);
    Ok(Kept {
        chromium: seconds.min(7_200),
        firefox: seconds.min(86_400),
        webkit: seconds.min(600),
    })
}

/// Fetch, "extract header list values": none where the header is missing.
fn list(headers: &Headers, name: &'static str) -> Result<Vec<String>, Refusal> {
    let value = get(headers, name).unwrap_or_default();
    let entries = value.split(',').map(|entry| entry.trim_matches([' ', '\t']));
    let entries: Vec<String> = entries
        .filter(|entry| !entry.is_empty())
        .map(str::to_owned)
        .collect();
    match entries.iter().find(|entry| !token::is_token(entry.as_bytes())) {
        Some(wrong) => refused("malformed-list", format!("{wrong:?} in {name} is no token")),
        None => Ok(entries),
    }
}

/// "CORS-safelisted method".
pub(super) fn is_safelisted_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "POST")
}

/// Fetch, "normalize" a method: `patch` stays, which surprises.
pub(super) fn normalised(method: &str) -> String {
    let upper = method.to_ascii_uppercase();
    match upper.as_str() {
        "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" => upper,
        _ => method.to_owned(),
    }
}

/// "CORS-unsafe request-header names", sorted and in lower case, as a browser asks for them.
pub(super) fn unsafe_names(headers: &Headers) -> Vec<String> {
    let mut names = Vec::new();
    let mut safe = Vec::new();
    let mut safe_bytes = 0_usize;
    for (name, value) in headers.iter().filter(|(name, value)| !is_forbidden(name, value)) {
        if is_safelisted(name, value) {
            safe.push(name.clone());
            safe_bytes = safe_bytes.saturating_add(value.len());
        } else {
            names.push(name.clone());
        }
    }
    if safe_bytes > 1024 {
        names.append(&mut safe);
    }
    names.sort();
    names
}

/// "CORS-safelisted request-header".
fn is_safelisted(name: &str, value: &[u8]) -> bool {
    if value.len() > 128 {
        return false;
    }
    let is_unsafe = |byte: &u8| {
        (*byte < 0x20 && *byte != b'\t')
            || matches!(
                byte,
                b'"' | b'('
                    | b')'
                    | b':'
                    | b'<'
                    | b'>'
                    | b'?'
                    | b'@'
                    | b'['
                    | b'\\'
                    | b']'
                    | b'{'
                    | b'}'
                    | 0x7f
            )
    };
    match name {
        "accept" => !value.iter().any(is_unsafe),
        "accept-language" | "content-language" => value.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'*' | b',' | b'-' | b'.' | b';' | b'=')
        }),
        "content-type" => {
            let essence = value.split(|&byte| byte == b';').next().unwrap_or_default();
            let essence = essence.trim_ascii().to_ascii_lowercase();
            let simple: [&[u8]; 3] = [
                b"application/x-www-form-urlencoded",
                b"multipart/form-data",
                b"text/plain",
            ];
            !value.iter().any(is_unsafe) && simple.contains(&essence.as_slice())
        }
        "range" => is_simple_range(value),
        _ => false,
    }
}

/// "Simple range header value": `bytes=1-` or `bytes=1-2`.
fn is_simple_range(value: &[u8]) -> bool {
    let text = std::str::from_utf8(value).unwrap_or_default();
    let Some((start, end)) = text
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return false;
    };
    let number = |digits: &str| {
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<u64>().ok()).flatten()
    };
    match (number(start), number(end)) {
        (Some(start), Some(end)) => start <= end,
        (Some(_), None) => end.is_empty(),
        _ => false,
    }
}

/// "Forbidden request-header": no script can set it, so no preflight asks for it.
pub(super) fn is_forbidden(name: &str, value: &[u8]) -> bool {
    match name {
        "accept-charset"
        | "accept-encoding"
        | "access-control-request-headers"
        | "access-control-request-method"
        | "access-control-request-private-network"
        | "connection"
        | "content-length"
        | "cookie"
        | "cookie2"
        | "date"
        | "dnt"
        | "expect"
        | "host"
        | "keep-alive"
        | "origin"
        | "referer"
        | "set-cookie"
        | "te"
        | "trailer"
        | "transfer-encoding"
        | "upgrade"
        | "via" => true,
        "x-http-method" | "x-http-method-override" | "x-method-override" => {
            let methods = String::from_utf8_lossy(value);
            let mut methods = methods
                .split(',')
                .map(|method| method.trim().to_ascii_uppercase());
            methods.any(|method| is_forbidden_method(&method))
        }
        _ => name.starts_with("proxy-") || name.starts_with("sec-"),
    }
}

/// "Forbidden method": no script can use it.
pub(super) fn is_forbidden_method(method: &str) -> bool {
    ["CONNECT", "TRACE", "TRACK"]
        .iter()
        .any(|forbidden| forbidden.eq_ignore_ascii_case(method))
}

/// What a script may read of a response's headers: "CORS-safelisted response-header name" and those that are exposed.
pub(super) fn readable(headers: &Headers, credentials: bool) -> Vec<String> {
    const SAFE: [&str; 7] = [
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    ];
    let exposed = list(headers, names::EXPOSE_HEADERS).unwrap_or_default();
    let mut readable: Vec<String> = Vec::new();
    for name in exposed {
        let is_star = name == "*" && !credentials;
        let is_known = SAFE.iter().any(|safe| safe.eq_ignore_ascii_case(&name));
        if is_star {
            return vec!["*".to_owned()];
        }
        if !is_known && !readable.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            readable.push(name);
        }
    }
    readable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> Headers {
        let lines = lines.iter();
        lines
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn the_cors_check_is_fetch_s() {
        let page = "https://a.example";
        for (credentials, lines, check) in [
            (false, &[][..], Some("no-allow-origin")),
            (false, &[(names::ALLOW_ORIGIN, "*")], None),
            (
                true,
                &[(names::ALLOW_ORIGIN, "*")],
                Some("any-origin-with-credentials"),
            ),
            (false, &[(names::ALLOW_ORIGIN, page)], None),
            (true, &[(names::ALLOW_ORIGIN, page)], Some("no-allow-credentials")),
            (
                true,
                &[(names::ALLOW_ORIGIN, page), (names::ALLOW_CREDENTIALS, "True")],
                Some("no-allow-credentials"),
            ),
            (
                true,
                &[(names::ALLOW_ORIGIN, page), (names::ALLOW_CREDENTIALS, "true")],
                None,
            ),
            (
                false,
                &[(names::ALLOW_ORIGIN, "https://A.example")],
                Some("other-allow-origin"),
            ),
            (
                false,
                &[(names::ALLOW_ORIGIN, page), (names::ALLOW_ORIGIN, page)],
                Some("several-allow-origins"),
            ),
        ] {
            let found = cors_check(page, credentials, &headers(lines)).err();
            assert_eq!(found.map(|refusal| refusal.check), check, "{lines:?}");
        }
        assert!(cors_check("null", false, &headers(&[(names::ALLOW_ORIGIN, "null")])).is_ok());
    }

    #[test]
    fn the_preflight_checks_are_fetch_s() {
        let check = |credentials, method, asked_names: &[&str], status, lines: &[(&str, &str)]| {
            let mut all = headers(lines);
            all.extend(headers(&[
                (names::ALLOW_ORIGIN, "https://a.example"),
                (names::ALLOW_CREDENTIALS, "true"),
            ]));
            let asked = Asked {
                origin: "https://a.example",
                method,
                names: asked_names.iter().map(|name| (*name).to_owned()).collect(),
                credentials,
            };
            preflight_check(&asked, status, &all).map_err(|refusal| refusal.check)
        };
        let kept = |seconds| Kept {
            chromium: seconds,
            firefox: seconds,
            webkit: seconds,
        };
        let (methods, allowed) = (names::ALLOW_METHODS, names::ALLOW_HEADERS);
        assert_eq!(check(false, "GET", &[], 200, &[]), Ok(kept(5)));
        assert_eq!(check(false, "PUT", &[], 200, &[]), Err("method-not-allowed"));
        assert_eq!(
            check(false, "PUT", &[], 204, &[(methods, "GET, PUT")]),
            Ok(kept(5))
        );
        assert_eq!(
            check(false, "PUT", &[], 200, &[(methods, "put")]),
            Err("method-not-allowed")
        );
        assert_eq!(check(false, "POST", &[], 200, &[(methods, "PUT")]), Ok(kept(5)));
        assert_eq!(check(false, "PUT", &[], 200, &[(methods, "*")]), Ok(kept(5)));
        assert_eq!(
            check(true, "PUT", &[], 200, &[(methods, "*")]),
            Err("method-not-allowed")
        );
        assert_eq!(
            check(false, "PUT", &[], 200, &[(methods, "PUT;")]),
            Err("malformed-list")
        );
        assert_eq!(check(false, "PUT", &[], 403, &[]), Err("preflight-status"));
        assert_eq!(check(false, "GET", &["x-a"], 200, &[]), Err("header-not-allowed"));
        assert_eq!(
            check(false, "GET", &["x-a"], 200, &[(allowed, "X-A")]),
            Ok(kept(5))
        );
        assert_eq!(check(false, "GET", &["x-a"], 200, &[(allowed, "*")]), Ok(kept(5)));
        let authorization = check(false, "GET", &["authorization"], 200, &[(allowed, "*")]);
        assert_eq!(authorization, Err("header-not-allowed"));
        let long = Kept {
            chromium: 7_200,
            firefox: 86_400,
            webkit: 600,
        };
        assert_eq!(
            check(false, "GET", &[], 200, &[(names::MAX_AGE, "999999999")]),
            Ok(long)
        );
        assert_eq!(
            check(false, "GET", &[], 200, &[(names::MAX_AGE, "0")]),
            Ok(kept(0))
        );
    }

    #[test]
    fn safelisted_headers_need_no_preflight() {
        let unsafe_of = |lines: &[(&str, &str)]| unsafe_names(&headers(lines));
        let none = [""; 0];
        assert_eq!(
            unsafe_of(&[("accept", "*/*"), ("accept-language", "de;q=0.5, *")]),
            none
        );
        assert_eq!(unsafe_of(&[("content-type", "Text/Plain; charset=utf-8")]), none);
        assert_eq!(
            unsafe_of(&[("content-type", "application/json")]),
            ["content-type"]
        );
        assert_eq!(
            unsafe_of(&[("x-b", ""), ("authorization", "x")]),
            ["authorization", "x-b"]
        );
        assert_eq!(
            unsafe_of(&[("cookie", "a"), ("sec-fetch-mode", "cors"), ("origin", "b")]),
            none
        );
        assert_eq!(unsafe_of(&[("range", "bytes=0-9")]), none);
        assert_eq!(unsafe_of(&[("range", "bytes=-9")]), ["range"]);
        assert_eq!(unsafe_of(&[("range", "bytes=9-0")]), ["range"]);
        assert_eq!(unsafe_of(&[("accept", "a:b")]), ["accept"]);
        assert_eq!(unsafe_of(&[("accept", &"a".repeat(129))]), ["accept"]);
    }
}
