//! A request as the filter sees it.

use bucket_cors::http::head::RequestHead;
use bucket_cors::http::header_names;
use http::{HeaderName, Uri};
use url::Url;

/// Headers in order, names in lower case.
pub(crate) type Headers = Vec<(String, Vec<u8>)>;

/// What stands for the id that the proxy gives a request.
const REQUEST_ID: &[u8] = b"00000000-0000-0000-0000-000000000000";

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    /// Scheme, host and port of the URL, as an origin is written.
    own_origin: String,
    authority: String,
    path: String,
    /// As sent; lines of one name joined with a comma, as Envoy does it.
    pub(crate) headers: Headers,
}

impl Request {
    /// A request without headers.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub(crate) fn new(method: &str, url: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("the URL {url:?} {why}"));
        if !["http://", "https://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            return wrong("does not begin with http:// or https://");
        }
        let parsed = match Url::parse(url) {
            Ok(parsed) => parsed,
            Err(error) => return wrong(&format!("is none that a browser can request: {error}")),
        };
        // Fetch, the constructor of Request: a URL that includes credentials is a TypeError.
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return wrong("holds a user name or a password: fetch() refuses it, and nothing is sent");
        }
        // As given, if it can be sent so: clients other than browsers leave dot segments. A fragment is never sent.
        let given = url.split('#').next().unwrap_or_default();
        let uri = given.parse().ok().filter(|_| given.is_ascii());
        let (sent, uri): (_, Uri) = match uri {
            Some(uri) => (given, uri),
            None => {
                let sent = parsed.as_str().split('#').next().unwrap_or_default();
                match sent.parse() {
                    Ok(uri) => (sent, uri),
                    Err(error) => return wrong(&format!("is none: {error}")),
                }
            }
        };
        let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return wrong("has no host");
        };
        let authority = authority.as_str();
        let default_port = if scheme == "http" { ":80" } else { ":443" };
        let authority = authority.strip_suffix(default_port).unwrap_or(authority);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            method: method.to_owned(),
            url: sent.to_owned(),
            own_origin: format!("{scheme}://{}", authority.to_ascii_lowercase()),
            authority: authority.to_owned(),
            path: if path.starts_with('?') {
                format!("/{path}")
            } else {
                path.to_owned()
            },
            headers: Vec::new(),
        })
    }

    /// Whether a server gets the same host and path with both.
    fn is_sent_like(&self, other: &Self) -> bool {
        self.own_origin == other.own_origin && self.path == other.path
    }

    /// Adds a line of a header.
    pub(crate) fn push(&mut self, name: &str, value: &[u8]) {
        push_folded(&mut self.headers, name, value);
    }

    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        let found = self.headers.iter().find(|(there, _)| there == name);
        found.map(|(_, value)| value.as_slice())
    }

    /// The host, with its port where it is not the scheme's own.
    pub(crate) fn host(&self) -> &str {
        &self.authority
    }

    /// What the core looks at.
    pub(crate) fn head(&self) -> RequestHead<'_> {
        let own: [(&[u8], &[u8]); 3] = [
            (b":method", self.method.as_bytes()),
            (b":authority", self.authority.as_bytes()),
            (b":path", self.path.as_bytes()),
        ];
        let sent = self.headers.iter();
        let sent = sent.map(|(name, value)| (name.as_bytes(), value.as_slice()));
        let mut head = RequestHead::read(own.into_iter().chain(sent));
        head.request_id = head.request_id.or(Some(REQUEST_ID));
        head
    }

    /// The method that a script asked for: a preflight asks on its behalf.
    pub(crate) fn method_of_script(&self) -> String {
        let asked = self
            .header(header_names::REQUEST_METHOD)
            .filter(|_| self.is_preflight());
        asked.map_or_else(
            || self.method.clone(),
            |method| String::from_utf8_lossy(method).into_owned(),
        )
    }

    /// Whether it is to the page's own origin, which no rule can forbid.
    pub(crate) fn is_same_origin(&self) -> bool {
        self.header(header_names::ORIGIN) == Some(self.own_origin.as_bytes())
    }

    /// Whether it is a CORS-preflight request by itself.
    pub(crate) fn is_preflight(&self) -> bool {
        self.method == "OPTIONS"
            && self.header(header_names::ORIGIN).is_some()
            && self.header(header_names::REQUEST_METHOD).is_some()
    }
}

/// The URL that a browser makes of one before it asks: without dot segments, backslashes, tabs and what else the URL
/// standard takes out or writes otherwise. None: it asks for the same.
pub(crate) fn resolved(url: &str) -> Option<String> {
    let mut resolved = Url::parse(url).ok()?;
    resolved.set_fragment(None);
    let resolved = resolved.to_string();
    let of = |url: &str| Request::new("GET", url).ok();
    let plain = url.split('#').next();
    let is_same = of(url)
        .zip(of(&resolved))
        .is_some_and(|(given, sent)| Some(&*given.url) == plain && given.is_sent_like(&sent));
    (!is_same).then_some(resolved)
}

/// Adds a line to headers.
pub(crate) fn push_folded(headers: &mut Headers, name: &str, value: &[u8]) {
    let (name, value) = (name.to_ascii_lowercase(), value.trim_ascii());
    match headers.iter_mut().find(|(there, _)| *there == name) {
        Some((_, joined)) => {
            joined.push(b',');
            joined.extend_from_slice(value);
        }
        None => headers.push((name, value.to_vec())),
    }
}

/// A header as people write it: `name: value`.
///
/// # Errors
/// Why it is none.
pub(crate) fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("write it as 'name: value'")?;
    let name = HeaderName::from_bytes(name.trim_ascii().as_bytes())
        .map_err(|_| format!("{:?} is no header name", name.trim_ascii()))?;
    let value = value.trim_ascii();
    if value
        .chars()
        .any(|character| character.is_control() && character != '\t')
    {
        return Err("its value holds a control character".to_owned());
    }
    // Web IDL, ByteString: fetch() throws.
    if let Some(beyond) = value.chars().find(|character| *character > '\u{ff}') {
        return Err(format!(
            "its value holds {beyond:?}, which fetch() refuses: nothing is sent"
        ));
    }
    Ok((name.as_str().to_owned(), value.to_owned()))
}
