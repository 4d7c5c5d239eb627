//! What Envoy's HTTP/1.1 codec makes of messages before the filter sees them.

use bucket_cors::http::token;

use crate::bodies::proofs::oracle::text::trimmed;
use crate::bodies::proofs::requests::{CorsRequest, SortedHeaders};

/// The request as the filter is going to see it, or why it never does.
///
/// Where a request has to have a host and a target, it is given them, and what can stand in neither is encoded or left
/// out, as any client would do: the tape's own bytes hardly ever are a host.
pub(crate) fn read(request: &CorsRequest) -> Result<CorsRequest, &'static str> {
    let mut request = request.clone();
    if !token::is_token(&request.method) {
        return Err("the method is no token");
    }
    if request.method == b"CONNECT" {
        return Err("CONNECT has no path");
    }
    let mut authority = request.authority.take().unwrap_or_default();
    authority.retain(|byte| byte.is_ascii_alphanumeric() || b"!$%&'()*+,-.:;=@[]_~".contains(byte));
    request.authority = Some(authority);
    request.path = Some(target(request.path.as_deref().unwrap_or_default()));
    let values = [
        &mut request.origin,
        &mut request.request_method,
        &mut request.request_headers,
        &mut request.private_network,
    ];
    for value in values.into_iter().flatten() {
        if value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return Err("a control character in a value");
        }
        *value = trimmed(value).to_vec();
    }
    Ok(request)
}

fn target(path: &[u8]) -> Vec<u8> {
    let mut target = Vec::new();
    if path.first() != Some(&b'/') {
        target.push(b'/');
    }
    for &byte in path {
        match byte.is_ascii_graphic() && byte != b'#' {
            true => target.push(byte),
            false => target.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    target
}

/// What goes on the wire for it, with the name of its exchange.
pub(crate) fn written(request: &CorsRequest, exchange: (&str, &str)) -> Vec<u8> {
    let target = request.path.as_deref().unwrap_or_default();
    let mut bytes = [&request.method[..], b" ", target, b" HTTP/1.1\r\n"].concat();
    let mut line = |name: &str, value: &[u8]| {
        bytes.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    };
    if let Some(host) = request.authority.as_deref() {
        line("host", host);
    }
    request.lines().for_each(|(name, value)| line(name, value));
    line(exchange.0, exchange.1.as_bytes());
    line("connection", b"close");
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// A store's headers as the filter is going to see them: names in lower case, and one line of those that Envoy keeps in
/// a field of its own.
pub(crate) fn folded(sent: &SortedHeaders) -> SortedHeaders {
    const FOLDED: [&str; 5] = [
        "vary",
        "content-type",
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-expose-headers",
    ];
    let mut folded = SortedHeaders::new();
    for (name, value) in sent {
        let (name, value) = (name.to_ascii_lowercase(), trimmed(value));
        let before = folded
            .iter_mut()
            .find(|(before, _)| *before == name && FOLDED.contains(&before.as_str()));
        match before {
            None => folded.push((name, value.to_vec())),
            Some(_) if value.is_empty() => {}
            Some((_, before)) if before.is_empty() => value.clone_into(before),
            Some((_, before)) => before.extend_from_slice(&[b",", value].concat()),
        }
    }
    folded
}
