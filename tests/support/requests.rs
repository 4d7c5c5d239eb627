//! A request and what becomes of it, as the oracle and the compiled core both see them.

use std::fmt;

/// What of a request can matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CorsRequest {
    pub authority: Option<Vec<u8>>,
    pub path: Option<Vec<u8>>,
    pub method: Vec<u8>,
    pub origin: Option<Vec<u8>>,
    pub request_method: Option<Vec<u8>>,
    pub request_headers: Option<Vec<u8>>,
    pub private_network: Option<Vec<u8>>,
    pub request_id: Vec<u8>,
}

impl CorsRequest {
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            path: Some(path.into()),
            method: method.into(),
            ..Self::default()
        }
    }

    pub fn actual(method: &str, origin: &str) -> Self {
        Self::new(method, "/b/o").with_origin(origin)
    }

    pub fn preflight(origin: &str, method: &str) -> Self {
        Self {
            request_method: Some(method.into()),
            ..Self::new("OPTIONS", "/b/o").with_origin(origin)
        }
    }

    pub fn with_origin(self, origin: &str) -> Self {
        Self {
            origin: Some(origin.into()),
            ..self
        }
    }

    pub fn with_headers(self, names: &str) -> Self {
        Self {
            request_headers: Some(names.into()),
            ..self
        }
    }

    /// The header lines that it has beside those of its target.
    pub fn lines(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let lines = [
            ("origin", self.origin.as_deref()),
            ("access-control-request-method", self.request_method.as_deref()),
            ("access-control-request-headers", self.request_headers.as_deref()),
            (
                "access-control-request-private-network",
                self.private_network.as_deref(),
            ),
            ("x-request-id", Some(&self.request_id[..])),
        ];
        lines.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

/// Headers in the order of their names, so that two lists compare whatever the order of their making.
pub type SortedHeaders = Vec<(String, Vec<u8>)>;

/// What becomes of a request.
#[derive(Clone, PartialEq, Eq)]
pub enum Treatment {
    /// Neither the request nor its response is any business of the edge.
    Untouched,
    /// The edge answers.
    Answered {
        status: u32,
        headers: SortedHeaders,
        body: Vec<u8>,
    },
    /// The request goes upstream, and its response gets these CORS headers and no others; `None`: it keeps its own.
    Upstream {
        headers: Option<SortedHeaders>,
        vary: Option<String>,
        explanation: Option<Vec<u8>>,
    },
}

impl Treatment {
    /// The value of a header that the edge gives.
    pub fn header(&self, wanted: &str) -> Option<String> {
        let headers = match self {
            Self::Answered { headers, .. } => headers,
            Self::Upstream {
                headers: Some(headers),
                ..
            } => headers,
            _ => return None,
        };
        headers
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// 0 for what goes upstream.
    pub fn status(&self) -> u32 {
        match self {
            Self::Answered { status, .. } => *status,
            _ => 0,
        }
    }
}

impl fmt::Debug for Treatment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, headers: &SortedHeaders| {
            headers
                .iter()
                .try_for_each(|(name, value)| write!(f, "\n    {name}: {}", value.escape_ascii()))
        };
        match self {
            Self::Untouched => write!(f, "untouched"),
            Self::Answered {
                status,
                headers,
                body,
            } => {
                write!(f, "answered {status}")?;
                list(f, headers)?;
                write!(f, "\n    body {}", body.escape_ascii())
            }
            Self::Upstream {
                headers,
                vary,
                explanation,
            } => {
                write!(f, "upstream, vary {vary:?}")?;
                if let Some(text) = explanation {
                    write!(f, ", explained {}", text.escape_ascii())?;
                }
                match headers {
                    Some(headers) => list(f, headers),
                    None => write!(f, ", headers untouched"),
                }
            }
        }
    }
}
