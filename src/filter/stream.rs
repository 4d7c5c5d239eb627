//! The HTTP context: one per request. Shows the edge the headers, and does what it says.

use std::cell::RefCell;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::host::{self, HeaderMap};
#[cfg(feature = "metrics")]
use super::metrics::Metrics;
use crate::answer::Scratch;
use crate::edge::{Decided, Echo, Edge, Outcome, ResponseHeaders};
use crate::http::head::{self, RequestHead};
use crate::http::names;
use crate::http::pairs::{self, Pairs};

/// A configuration at work, with the memory that its streams share. A VM runs one callback at a time.
pub(super) struct Shared {
    pub(super) edge: Edge,
    buffers: RefCell<Buffers>,
    /// None where the configuration wants none.
    #[cfg(feature = "metrics")]
    pub(super) metrics: Option<Metrics>,
}

#[cfg(feature = "metrics")]
impl Drop for Shared {
    /// What the last streams of a replaced configuration counted.
    fn drop(&mut self) {
        if let Some(metrics) = &self.metrics {
            metrics.hand_over(&self.edge);
        }
    }
}

#[derive(Default)]
struct Buffers {
    scratch: Scratch,
    /// Response headers in the form of the ABI.
    serialised: Vec<u8>,
    /// Emptied buffers of streams that have ended.
    spare: Vec<Vec<u8>>,
}

/// How many emptied buffers are kept: as many streams in flight at once then cost no allocation.
const MAX_SPARE: usize = 256;

impl Shared {
    pub(super) fn new(edge: Edge) -> Self {
        Self {
            edge,
            buffers: RefCell::default(),
            #[cfg(feature = "metrics")]
            metrics: None,
        }
    }
}

/// One request.
pub(super) struct Stream {
    shared: Option<Rc<Shared>>,
    /// Present from the request to its response, where the response is ours. Not for a request that was answered: Envoy
    /// runs the response callback for the filter's own replies as well, and headers given twice are doubled.
    kept: Option<Kept>,
}

/// What is kept of a request for its response.
struct Kept {
    decided: Decided,
    /// The parts of [`Echo`], one behind the other.
    echo: Vec<u8>,
    origin_len: usize,
}

impl Stream {
    pub(super) fn new(shared: Option<Rc<Shared>>) -> Self {
        Self { shared, kept: None }
    }
}

impl Drop for Stream {
    /// A client that goes away before the response must not take a buffer with it.
    fn drop(&mut self) {
        if let (Some(shared), Some(kept)) = (&self.shared, self.kept.take())
            && let Ok(mut buffers) = shared.buffers.try_borrow_mut()
        {
            kept.recycle(&mut buffers.spare);
        }
    }
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        let Some(shared) = &self.shared else {
            return Action::Continue;
        };
        let Ok(mut buffers) = shared.buffers.try_borrow_mut() else {
            return Action::Continue;
        };
        let Buffers {
            scratch,
            serialised,
            spare,
        } = &mut *buffers;
        let map = header_map(HeaderMap::Request, head::NAMES.iter());
        let head = RequestHead::read(Pairs::parse(&map));
        let decided = match shared.edge.on_request(&head, scratch) {
            Outcome::Untouched => None,
            Outcome::Upstream(decided) => Some(decided),
            Outcome::Answer { answer, otherwise } => {
                pairs::serialise(answer.headers.iter(), serialised);
                if host::send_local_response(answer.status, answer.details, serialised, answer.body) {
                    return Action::Pause;
                }
                otherwise
            }
        };
        self.kept = decided.map(|decided| Kept::new(decided, decided.echo(&shared.edge, &head), spare));
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        let (Some(shared), Some(kept)) = (&self.shared, self.kept.take()) else {
            return Action::Continue;
        };
        let Ok(mut buffers) = shared.buffers.try_borrow_mut() else {
            return Action::Continue;
        };
        let Buffers { scratch, spare, .. } = &mut *buffers;
        let map = header_map(
            HeaderMap::Response,
            names::CORS_RESPONSE_HEADERS.iter().chain([&names::VARY]),
        );
        shared.edge.on_response(
            kept.decided,
            kept.echo(),
            &Pairs::parse(&map),
            scratch,
            &mut OnHost,
        );
        kept.recycle(spare);
        Action::Continue
    }
}

impl Kept {
    fn new(decided: Decided, echo: Echo<'_>, spare: &mut Vec<Vec<u8>>) -> Self {
        let mut bytes = Vec::new();
        if !echo.origin.is_empty() || !echo.request_headers.is_empty() {
            bytes = spare.pop().unwrap_or_default();
            bytes.extend_from_slice(echo.origin);
            bytes.extend_from_slice(echo.request_headers);
        }
        Self {
            decided,
            echo: bytes,
            origin_len: echo.origin.len(),
        }
    }

    fn echo(&self) -> Echo<'_> {
        let (origin, request_headers) = self.echo.split_at_checked(self.origin_len).unwrap_or_default();
        Echo {
            origin,
            request_headers,
        }
    }

    fn recycle(self, spare: &mut Vec<Vec<u8>>) {
        let Self { mut echo, .. } = self;
        if echo.capacity() > 0 && spare.len() < MAX_SPARE {
            echo.clear();
            spare.push(echo);
        }
    }
}

/// The whole map in one host call, which costs about as much as one value. Where the host does not hand it over (it was not
/// allowed to, or has a limit, which Envoy's has not), the headers that matter, one by one.
fn header_map<'n>(map: HeaderMap, needed: impl Iterator<Item = &'n &'static str>) -> Vec<u8> {
    host::headers(map).unwrap_or_else(|| {
        let found: Vec<_> = needed
            .filter_map(|name| Some((*name, host::header(map, name)?)))
            .collect();
        let mut serialised = Vec::new();
        pairs::serialise(
            found.iter().map(|(name, value)| (*name, value.as_slice())),
            &mut serialised,
        );
        serialised
    })
}

struct OnHost;

impl ResponseHeaders for OnHost {
    fn set(&mut self, name: &'static str, value: &[u8]) {
        host::set_header(HeaderMap::Response, name, value);
    }

    fn remove(&mut self, name: &[u8]) {
        host::remove_header(HeaderMap::Response, name);
    }
}
