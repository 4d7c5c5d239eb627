//! A line of the log, and the request that it is about.

use bucket_cors::http::header_names;
use serde::Deserialize;

use crate::explain::explanation::Question;
use crate::explain::request::Request;

/// What a line says, by the names of the samples.
#[derive(Deserialize)]
pub(super) struct LogLine {
    pub(super) time: Option<String>,
    pub(super) method: String,
    pub(super) host: String,
    pub(super) path: String,
    pub(super) request_id: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) requested_method: Option<String>,
    pub(super) requested_headers: Option<String>,
    pub(super) details: Option<String>,
    /// What the filter says, where the rules' document has `access_log` on.
    pub(super) cors: Option<String>,
}

/// # Errors
/// What a line lacks.
pub(super) fn read(line: &[u8]) -> Result<LogLine, String> {
    // Containers' tools write the container's name before each line.
    let start = line.iter().position(|byte| *byte == b'{');
    let object = start.and_then(|start| line.get(start..)).unwrap_or_default();
    serde_json::from_slice(object).map_err(|error| {
        let why = if error.is_data() {
            error.to_string()
        } else {
            "it is no object of JSON".to_owned()
        };
        format!("this is no line of the samples' access log: {why}")
    })
}

/// # Errors
/// What is wrong with the URL.
pub(super) fn question(entry: &LogLine, credentials: bool) -> Result<Question, String> {
    // The page's: a page of https: sends nothing to http:, and a proxy in front may have ended TLS.
    let is_plain = entry
        .origin
        .as_deref()
        .is_some_and(|origin| origin.starts_with("http:"));
    let scheme = if is_plain { "http" } else { "https" };
    let mut request = Request::new(&entry.method, &format!("{scheme}://{}{}", entry.host, entry.path))?;
    for (name, value) in [
        (header_names::ORIGIN, &entry.origin),
        (header_names::REQUEST_METHOD, &entry.requested_method),
        (header_names::REQUEST_HEADERS, &entry.requested_headers),
    ] {
        if let Some(value) = value {
            request.push(name, value.as_bytes());
        }
    }
    Ok(Question {
        request,
        credentials,
        // A log does not have the headers that the page set. What they needed was a preflight, which is another line.
        unsafe_names: Some(Vec::new()),
        use_preflight: false,
        store: None,
    })
}

/// Whether the log says that the edge refused it, or gave it no CORS headers.
pub(super) fn is_refused(question: &Question, entry: &LogLine) -> bool {
    let request = &question.request;
    let is_refused = answered(entry).is_some_and(|words| words != "allowed");
    let is_cross_origin = entry.origin.is_some() && (request.is_preflight() || !request.is_same_origin());
    let says = entry.cors.as_deref().unwrap_or_default();
    // Without the bucket.
    let words = says
        .strip_prefix("bucket=")
        .and_then(|rest| rest.split_once("; "));
    let words = words.map_or(says, |(_, words)| words);
    is_refused || is_cross_origin && words.starts_with("no-match; ")
}

/// What became of it, where the edge answered.
pub(super) fn answered(entry: &LogLine) -> Option<&str> {
    entry.details.as_deref()?.strip_prefix("bucket_cors_")
}
