//! What a browser makes of an answer: the checks of the Fetch standard.

use bucket_cors::http::names;
use bucket_cors::http::token;
use serde::Serialize;

use super::request::Headers;

/// Why a browser refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct BrowserRefusal {
    /// The check that failed, in a word.
    pub(crate) check: &'static str,
    pub(crate) message: String,
}

fn refused<T>(check: &'static str, message: impl Into<String>) -> Result<T, BrowserRefusal> {
    Err(BrowserRefusal {
        check,
        message: message.into(),
    })
}

/// How long a preflight's answer is kept, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct CachedPreflight {
    pub(crate) chromium: u64,
    pub(crate) firefox: u64,
    pub(crate) webkit: u64,
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
pub(crate) fn cors_check(origin: &str, credentials: bool, headers: &Headers) -> Result<(), BrowserRefusal> {
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
pub(crate) struct PageRequest<'a> {
    pub(crate) origin: &'a str,
    pub(crate) method: &'a str,
    /// The CORS-unsafe request-header names.
    pub(crate) names: Vec<String>,
    pub(crate) credentials: bool,
}

/// Fetch, "CORS-preflight fetch", from the answer on.
pub(crate) fn preflight_check(
    asked: &PageRequest<'_>,
    status: u32,
    headers: &Headers,
) -> Result<CachedPreflight, BrowserRefusal> {
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
    Ok(CachedPreflight {
        chromium: seconds.min(7_200),
        firefox: seconds.min(86_400),
        webkit: seconds.min(600),
    })
}

/// Fetch, "extract header list values": none where the header is missing.
fn list(headers: &Headers, name: &'static str) -> Result<Vec<String>, BrowserRefusal> {
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
pub(crate) fn is_safelisted_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "POST")
}

/// Fetch, "normalize" a method: `patch` stays, which surprises.
pub(crate) fn normalised(method: &str) -> String {
    let upper = method.to_ascii_uppercase();
    match upper.as_str() {
        "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" => upper,
        _ => method.to_owned(),
    }
}

/// "CORS-unsafe request-header names", sorted and in lower case, as a browser asks for them.
pub(crate) fn unsafe_names(headers: &Headers) -> Vec<String> {
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
pub(crate) fn is_forbidden(name: &str, value: &[u8]) -> bool {
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
pub(crate) fn is_forbidden_method(method: &str) -> bool {
    ["CONNECT", "TRACE", "TRACK"]
        .iter()
        .any(|forbidden| forbidden.eq_ignore_ascii_case(method))
}

/// What a script may read of a response's headers: "CORS-safelisted response-header name" and those that are exposed.
pub(crate) fn readable(headers: &Headers, credentials: bool) -> Vec<String> {
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

    /// A case of `tests/browser/fetch.json`, which the playground's script is held to as well.
    #[derive(serde::Deserialize)]
    #[serde(tag = "check", rename_all = "kebab-case")]
    enum Case {
        Cors {
            origin: String,
            credentials: bool,
            headers: Vec<(String, String)>,
            refused: Option<String>,
        },
        Preflight {
            origin: String,
            credentials: bool,
            method: String,
            names: Vec<String>,
            status: u32,
            headers: Vec<(String, String)>,
            refused: Option<String>,
            kept: Option<[u64; 3]>,
        },
    }

    fn bytes(lines: Vec<(String, String)>) -> Headers {
        lines
            .into_iter()
            .map(|(name, value)| (name, value.into_bytes()))
            .collect()
    }

    #[test]
    fn the_checks_are_fetch_s() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../../tests/browser/fetch.json")).unwrap();
        for case in cases {
            match case {
                Case::Cors {
                    origin,
                    credentials,
                    headers,
                    refused,
                } => {
                    let found = cors_check(&origin, credentials, &bytes(headers.clone())).err();
                    assert_eq!(
                        found.map(|refusal| refusal.check),
                        refused.as_deref(),
                        "{headers:?}"
                    );
                }
                Case::Preflight {
                    origin,
                    credentials,
                    method,
                    names,
                    status,
                    headers,
                    refused,
                    kept,
                } => {
                    let asked = PageRequest {
                        origin: &origin,
                        method: &method,
                        names,
                        credentials,
                    };
                    let found = preflight_check(&asked, status, &bytes(headers.clone()));
                    let seconds = found
                        .as_ref()
                        .ok()
                        .map(|kept| [kept.chromium, kept.firefox, kept.webkit]);
                    assert_eq!(seconds, kept, "{method}: {headers:?}");
                    let check = found.err().map(|refusal| refusal.check);
                    assert_eq!(check, refused.as_deref(), "{method}: {headers:?}");
                }
            }
        }
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
