//! Generated requests on the wire, and whether what came back is what the naive edge says.

use std::collections::BTreeSet;

use bucket_cors::config::{Bucket, Settings};

use crate::plan::Version;
use crate::proofs::choices::{Choices, Random};
use crate::proofs::generate;
use crate::proofs::oracle::Oracle;
use crate::proofs::oracle::text::trimmed;
use crate::proofs::requests::{CorsRequest, Treatment};
use crate::store::{HEADERS, MARK};
use crate::support::http::Response;

type AnswerLines = Vec<(String, Vec<u8>)>;

/// A request that Envoy lets through to its filters as it is sent, near the rules of a version.
pub(crate) fn request(random: &mut Random, settings: &Settings, buckets: &[Bucket<'_>]) -> CorsRequest {
    loop {
        let mut tape = [0; 2048];
        random.fill(&mut tape);
        let mut request = generate::request(&mut Choices::new(&tape), settings, buckets);
        for value in [
            &mut request.origin,
            &mut request.request_method,
            &mut request.request_headers,
            &mut request.private_network,
        ]
        .into_iter()
        .flatten()
        {
            // Blanks around a value are no part of it.
            *value = trimmed(value).to_vec();
        }
        if is_sendable(&request) {
            return request;
        }
    }
}

/// Methods, hosts, paths and bytes that HTTP/1.1 and Envoy know: others are answered before any filter, and hostile.rs
/// sends some.
fn is_sendable(request: &CorsRequest) -> bool {
    const METHODS: [&[u8]; 7] = [b"GET", b"HEAD", b"PUT", b"POST", b"DELETE", b"OPTIONS", b"PATCH"];
    let is_host = |host: &[u8]| {
        !host.is_empty()
            && host
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(byte))
    };
    let is_path = |path: &[u8]| {
        path.starts_with(b"/") && path.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#')
    };
    let is_value = |value: &Option<Vec<u8>>| {
        let value = value.as_deref().unwrap_or_default();
        value
            .iter()
            .all(|byte| matches!(byte, b'\t' | 0x20..=0x7e | 0x80..))
    };
    METHODS.contains(&request.method.as_slice())
        && request.authority.as_deref().is_some_and(is_host)
        && request.path.as_deref().is_some_and(is_path)
        && [
            &request.origin,
            &request.request_method,
            &request.request_headers,
            &request.private_network,
        ]
        .into_iter()
        .all(is_value)
}

/// The bytes of a request.
pub(crate) fn bytes(request: &CorsRequest) -> Vec<u8> {
    let mut bytes = request.method.clone();
    bytes.push(b' ');
    bytes.extend_from_slice(request.path.as_deref().unwrap_or_default());
    bytes.extend_from_slice(b" HTTP/1.1");
    let none = Some(b"0".to_vec());
    for (name, value) in [
        ("host", &request.authority),
        ("origin", &request.origin),
        ("access-control-request-method", &request.request_method),
        ("access-control-request-headers", &request.request_headers),
        ("access-control-request-private-network", &request.private_network),
        ("content-length", &none),
    ] {
        if let Some(value) = value {
            bytes.extend_from_slice(b"\r\n");
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
        }
    }
    bytes.extend_from_slice(b"\r\n\r\n");
    bytes
}

/// Whose requests Envoy answers itself behind the filter, for wrk.
pub(crate) const DIRECT: &str = "versioned.example";

/// How an answer differs from the one that the rules of a version want; `None` where it does not. `may_be_missing`: the
/// store may have been away.
pub(crate) fn difference(
    version: &Version,
    request: &CorsRequest,
    response: &Response,
    may_be_missing: bool,
) -> Option<String> {
    let request_id = value(response, "x-request-id").unwrap_or_default();
    let request = CorsRequest {
        request_id,
        ..request.clone()
    };
    let outcome = Oracle::new(&version.settings, &version.buckets).serve(&request);
    let is_of_store = value(response, MARK).is_some();
    let otherwise = match request.authority.as_deref() == Some(DIRECT.as_bytes()) {
        true => Some(200),
        false => may_be_missing.then_some(503),
    };
    let is_right = match &outcome {
        Treatment::Answered {
            status,
            headers,
            body,
        } => {
            let mut expected = headers.clone();
            expected.sort();
            let mut given = asserted(response);
            given.extend(value(response, "content-type").map(|value| ("content-type".to_owned(), value)));
            given.sort();
            !is_of_store
                && u32::from(response.status) == *status
                && given == expected
                && response.body == *body
        }
        Treatment::Untouched => is_passed(response, is_of_store, otherwise, None, None, None),
        Treatment::Upstream {
            headers,
            vary,
            explanation,
        } => is_passed(
            response,
            is_of_store,
            otherwise,
            headers.as_ref(),
            vary.as_deref(),
            explanation.as_deref(),
        ),
    };
    (!is_right).then(|| format!("expected: {outcome:?}\n{}", shown(response)))
}

/// Whether an answer of the store, or Envoy's own with the status `otherwise` in its place, has just what it ought to
/// have.
fn is_passed(
    response: &Response,
    is_of_store: bool,
    otherwise: Option<u16>,
    cors: Option<&AnswerLines>,
    vary: Option<&str>,
    explanation: Option<&[u8]>,
) -> bool {
    let is_right_status = match is_of_store {
        true => response.status == 200,
        false => Some(response.status) == otherwise,
    };
    let of_store =
        |name: &str, value: &str| is_of_store.then(|| (name.to_owned(), value.as_bytes().to_vec()));
    let mut expected: AnswerLines = match cors {
        Some(cors) => cors.clone(),
        None => HEADERS[..2]
            .iter()
            .filter_map(|(name, value)| of_store(name, value))
            .collect(),
    };
    expected.extend(explanation.map(|text| ("x-bucket-cors".to_owned(), text.to_vec())));
    expected.sort();
    let mut given = asserted(response);
    let mut varies = BTreeSet::new();
    given.retain(|(name, value)| {
        let is_vary = name == "vary";
        if is_vary {
            varies.extend(names(&String::from_utf8_lossy(value)));
        }
        !is_vary
    });
    given.sort();
    let mut wanted = names(vary.unwrap_or_default());
    if is_of_store {
        wanted.extend(names(HEADERS[2].1));
    }
    is_right_status && given == expected && varies == wanted
}

fn names(list: &str) -> BTreeSet<String> {
    let names = list.split(',').map(|name| name.trim().to_ascii_lowercase());
    names.filter(|name| !name.is_empty()).collect()
}

/// The lines that are the edge's.
fn asserted(response: &Response) -> AnswerLines {
    const NAMES: [&str; 4] = [
        "vary",
        "x-bucket-cors",
        "cross-origin-resource-policy",
        "timing-allow-origin",
    ];
    let is_edges = |name: &str| name.starts_with("access-control-") || NAMES.contains(&name);
    let lines = response.headers.iter().filter(|(name, _)| is_edges(name));
    lines.cloned().collect()
}

fn value(response: &Response, name: &str) -> Option<Vec<u8>> {
    let line = response.headers.iter().find(|(line, _)| line == name)?;
    Some(line.1.clone())
}

/// A response to be read.
pub(crate) fn shown(response: &Response) -> String {
    let lines = response
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.escape_ascii()));
    let lines: Vec<String> = lines.collect();
    format!(
        "{}\n{}\n{}",
        response.status,
        lines.join("\n"),
        response.body.escape_ascii()
    )
}
