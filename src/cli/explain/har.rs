//! A browser's recording: HAR 1.2, as Chromium and Firefox write it.

use bucket_cors::http::header_names;
use serde::{Deserialize, Deserializer};

use super::browser::sent;
use super::explanation::{Question, StoreAnswer};
use super::request::{Headers, Request, push_folded};

#[derive(Deserialize)]
struct Recording {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: SentRequest,
    response: Received,
}

#[derive(Deserialize)]
struct SentRequest {
    method: String,
    url: String,
    #[serde(default, deserialize_with = "none_for_null")]
    headers: Vec<Header>,
    #[serde(default, deserialize_with = "none_for_null")]
    cookies: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Received {
    /// 0: the browser never let the page see one.
    #[serde(default)]
    status: i64,
    #[serde(default, deserialize_with = "none_for_null")]
    headers: Vec<Header>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

/// A list that some tools write as null where it is empty.
fn none_for_null<'d, D: Deserializer<'d>, T: Deserialize<'d>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The cross-origin requests of a recording.
pub(crate) struct Requests {
    pub(crate) questions: Vec<Question>,
    /// Why each of the others cannot be explained.
    pub(crate) problems: Vec<String>,
}

/// Reads the cross-origin requests of a recording.
///
/// # Errors
/// Why it is no recording.
pub(crate) fn read(bytes: &[u8], credentials: bool) -> Result<Requests, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let recording: Recording =
        serde_json::from_slice(bytes).map_err(|error| format!("this is no HAR recording: {error}"))?;
    let entries = recording.log.entries;
    let preflights: Vec<Preflight> = entries.iter().filter_map(preflight).collect();
    let mut requests = Requests {
        questions: Vec::new(),
        problems: Vec::new(),
    };
    for entry in &entries {
        match question(entry, credentials, &preflights) {
            Ok(question) => requests.questions.extend(question),
            Err(problem) => requests.problems.push(problem),
        }
    }
    Ok(requests)
}

impl SentRequest {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.iter();
        let found = lines.find(|line| line.name.eq_ignore_ascii_case(name));
        found.map(|line| line.value.as_str())
    }
}

/// A recorded preflight.
struct Preflight {
    url: String,
    origin: Option<String>,
    /// The method that it asks for.
    method: String,
    /// The header names that it asks for.
    names: String,
}

fn preflight(entry: &Entry) -> Option<Preflight> {
    let request = &entry.request;
    let method = request.header(header_names::REQUEST_METHOD)?;
    let names = request.header(header_names::REQUEST_HEADERS).unwrap_or_default();
    (request.method == "OPTIONS").then(|| Preflight {
        url: request.url.clone(),
        origin: request.header(header_names::ORIGIN).map(str::to_owned),
        method: method.to_owned(),
        names: names.to_owned(),
    })
}

/// What a request asks, if it is one of CORS.
fn question(entry: &Entry, credentials: bool, preflights: &[Preflight]) -> Result<Option<Question>, String> {
    let sent = &entry.request;
    // A form that is posted, a beacon and a WebSocket have an Origin too.
    if sent.header("sec-fetch-mode").is_some_and(|mode| mode != "cors") {
        return Ok(None);
    }
    let is_http = ["http://", "https://"]
        .iter()
        .any(|scheme| sent.url.starts_with(scheme));
    if sent.header(header_names::ORIGIN).is_none() || !is_http {
        return Ok(None);
    }
    let mut request = Request::new(&sent.method, &sent.url)?;
    for line in sent.headers.iter().filter(|line| !line.name.starts_with(':')) {
        request.push(&line.name, line.value.as_bytes());
    }
    if request.is_same_origin() {
        return Ok(None);
    }
    let asked = preflights.iter().find(|asked| {
        asked.url == sent.url
            && asked.method == sent.method
            && asked.origin.as_deref() == sent.header(header_names::ORIGIN)
    });
    let unsafe_names = match asked {
        Some(asked) => {
            let names = asked.names.split(',').map(|name| name.trim().to_owned());
            names.filter(|name| !name.is_empty()).collect()
        }
        None => sent::unsafe_names(&of_the_page(&request.headers)),
    };
    let has_cookies = !sent.cookies.is_empty() || sent.header("cookie").is_some();
    let mut store = Headers::new();
    for line in entry
        .response
        .headers
        .iter()
        .filter(|line| !line.name.starts_with(':'))
    {
        push_folded(&mut store, &line.name, line.value.as_bytes());
    }
    Ok(Some(Question {
        request,
        credentials: credentials || has_cookies,
        unsafe_names: Some(unsafe_names),
        use_preflight: asked.is_some(),
        store: u32::try_from(entry.response.status)
            .ok()
            .filter(|status| *status != 0)
            .map(|status| StoreAnswer {
                status,
                headers: store,
            }),
    }))
}

/// The headers that are surely the page's: a browser adds some itself, and a recording does not tell which.
fn of_the_page(headers: &Headers) -> Headers {
    const OWN: [&str; 11] = [
        "cache-control",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "pragma",
        "priority",
        "purpose",
        "upgrade-insecure-requests",
        "user-agent",
    ];
    let headers = headers.iter();
    headers
        .filter(|(name, _)| !OWN.contains(&name.as_str()))
        .cloned()
        .collect()
}
