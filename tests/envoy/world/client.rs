//! A client that speaks HTTP/1.1 or HTTP/2, for one exchange after another on one connection.

use std::io;

use super::wire::HeaderLines;
use super::{http1, http2};

/// The origin that the rules allow.
pub(crate) const PAGE: &str = "https://app.example.com";

/// What it sends as `Host` or `:authority`.
pub(crate) const AUTHORITY: &str = "edge.example";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct WorldRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) lines: HeaderLines,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: HeaderLines,
    /// Ask for a WebSocket.
    pub(crate) upgrades: bool,
}

impl WorldRequest {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            ..Self::default()
        }
    }

    /// `GET` from a page of the allowed origin.
    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path).line("origin", PAGE)
    }

    /// The page asks whether it may.
    pub(crate) fn preflight(path: &str, method: &str) -> Self {
        Self::new("OPTIONS", path)
            .line("origin", PAGE)
            .line("access-control-request-method", method)
    }

    pub(crate) fn line(mut self, name: &str, value: &str) -> Self {
        self.lines.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct WorldResponse {
    pub(crate) status: u16,
    pub(crate) lines: HeaderLines,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: HeaderLines,
}

impl WorldResponse {
    /// Every line of the CORS protocol, `Vary` included, sorted.
    pub(crate) fn cors(&self) -> Vec<String> {
        let is_cors = |name: &str| name.starts_with("access-control-") || name == "vary";
        let lines = self.lines.iter().filter(|(name, _)| is_cors(name));
        let mut lines: Vec<String> = lines.map(|(name, value)| format!("{name}: {value}")).collect();
        lines.sort();
        lines
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.lines.iter().find(|(line, _)| line == name)?;
        Some(value)
    }
}

pub(crate) enum WorldConnection {
    Http1(http1::Http1Connection),
    Http2(http2::Http2Connection),
}

impl WorldConnection {
    pub(crate) fn open(protocol: Protocol, port: u16) -> io::Result<Self> {
        Ok(match protocol {
            Protocol::Http1 => Self::Http1(http1::Http1Connection::open(port)?),
            Protocol::Http2 => Self::Http2(http2::Http2Connection::open(port)?),
        })
    }

    /// Sends a request and reads the head of its response.
    pub(crate) fn start(&mut self, request: &WorldRequest) -> io::Result<WorldResponse> {
        self.send(request)?;
        self.head()
    }

    pub(crate) fn send(&mut self, request: &WorldRequest) -> io::Result<()> {
        match self {
            Self::Http1(connection) => connection.send(request),
            Self::Http2(connection) => connection.send(request),
        }
    }

    pub(crate) fn head(&mut self) -> io::Result<WorldResponse> {
        match self {
            Self::Http1(connection) => connection.head(),
            Self::Http2(connection) => connection.head(),
        }
    }

    /// Reads the rest of a response.
    pub(crate) fn finish(&mut self, response: &mut WorldResponse) -> io::Result<()> {
        match self {
            Self::Http1(connection) => connection.finish(response),
            Self::Http2(connection) => connection.finish(response),
        }
    }

    pub(crate) fn exchange(&mut self, request: &WorldRequest) -> io::Result<WorldResponse> {
        let mut response = self.start(request)?;
        self.finish(&mut response)?;
        Ok(response)
    }

    /// Sends bytes through an upgraded stream, and reads as many.
    pub(crate) fn echo(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Http1(connection) => connection.echo(bytes),
            Self::Http2(connection) => connection.echo(bytes),
        }
    }
}
