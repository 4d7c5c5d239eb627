//! Which methods and headers a script may send, and which of them a browser asks the server about first.

use crate::explain::request::Headers;

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
