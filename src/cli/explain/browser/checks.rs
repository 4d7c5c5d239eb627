//! What a browser makes of an answer: the checks of the Fetch standard.

use bucket_cors::http::header_names;
use bucket_cors::http::token;
use serde::Serialize;

use super::sent;
use crate::explain::request::Headers;

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
    let Some(allowed) = get(headers, header_names::ALLOW_ORIGIN) else {
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
    match get(headers, header_names::ALLOW_CREDENTIALS).as_deref() {
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
    let methods = list(headers, header_names::ALLOW_METHODS)?;
    let allowed_names = list(headers, header_names::ALLOW_HEADERS)?;
    let has_star = |list: &[String]| !asked.credentials && list.iter().any(|entry| entry == "*");
    let method = asked.method;
    let is_listed = methods.iter().any(|listed| listed == method);
    if !is_listed && !sent::is_safelisted_method(method) && !has_star(&methods) {
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
    let seconds = get(headers, header_names::MAX_AGE)
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
    let exposed = list(headers, header_names::EXPOSE_HEADERS).unwrap_or_default();
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

    /// A case of `tests/browser/fetch.json`, which the playground's script is held to as well.
    #[derive(serde::Deserialize)]
    #[serde(tag = "check", rename_all = "kebab-case")]
    enum FetchCase {
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
        let cases: Vec<FetchCase> =
            serde_json::from_str(include_str!("../../../../tests/browser/fetch.json")).unwrap();
        for case in cases {
            match case {
                FetchCase::Cors {
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
                FetchCase::Preflight {
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
}
