//! The HTTP context: one per request. Shows the edge the headers, and does what it says.

use super::host::{self, HeaderMap};
use super::root::Shared;
use super::vm::Action;
use crate::answer::Scratch;
use crate::edge::{Decided, Echo, Look, Outcome, ResponseHeaders};
use crate::http::head::{self, RequestHead};
use crate::http::names;
use crate::http::pairs::{self, Pairs};

/// The memory that all streams share: a VM runs one callback at a time.
#[derive(Default)]
pub(super) struct Buffers {
    scratch: Scratch,
    /// Response headers in the form of the ABI.
    serialised: Vec<u8>,
    /// Emptied buffers of streams that have ended.
    spare: Vec<Vec<u8>>,
}

/// How many emptied buffers are kept: as many streams in flight at once then cost no allocation.
const MAX_SPARE: usize = 4_096;

/// Where Envoy's access log finds what became of a request: `%FILTER_STATE(wasm.bucket_cors:PLAIN)%`.
#[cfg(feature = "metrics")]
const ACCESS_LOG: &str = "bucket_cors";

/// What is kept of a request for its response.
pub(super) struct Kept {
    decided: Decided,
    /// The parts of [`Echo`], one behind the other.
    echo: Vec<u8>,
    origin_len: usize,
}

/// The request's headers are there.
pub(super) fn on_request(shared: &Shared, buffers: &mut Buffers) -> (Action, Option<Kept>) {
    let Buffers {
        scratch,
        serialised,
        spare,
    } = buffers;
    let edge = &shared.edge;
    let found;
    let map = host::headers(HeaderMap::Request);
    let map = match &map {
        Some(map) => map,
        None => {
            found = header_by_header(HeaderMap::Request, head::NAMES.iter());
            found.as_slice()
        }
    };
    let head = RequestHead::read(Pairs::parse(map));
    let mut action = Action::Continue;
    let decided = match edge.on_request(&head, scratch) {
        Outcome::Untouched => None,
        Outcome::Upstream(decided) => Some(decided),
        Outcome::Answer { answer, otherwise } => {
            pairs::serialise(answer.headers.iter(), serialised);
            if host::send_local_response(answer.status, answer.details, serialised, answer.body) {
                action = Action::Pause;
                None
            } else {
                otherwise
            }
        }
    };
    #[cfg(feature = "metrics")]
    if let Some(text) = scratch.access_log() {
        host::set_property(ACCESS_LOG, text);
    }
    let kept = decided.map(|decided| Kept::new(decided, decided.echo(edge, &head), spare));
    (action, kept)
}

/// The response's headers are there.
pub(super) fn on_response(shared: &Shared, kept: Kept, buffers: &mut Buffers) {
    match shared.edge.looks_at(kept.decided) {
        Look::Everything => match host::headers(HeaderMap::Response) {
            Some(map) => change(shared, &kept, &map, &mut buffers.scratch),
            None => {
                let needed = names::CORS_RESPONSE_HEADERS.iter().chain([&names::VARY]);
                let map = header_by_header(HeaderMap::Response, needed);
                change(shared, &kept, &map, &mut buffers.scratch);
            }
        },
        // Mostly absent, and then no value has to be handed over, which is the dear part of a host call.
        Look::Vary => {
            let vary = host::header(HeaderMap::Response, names::VARY);
            let line = vary.as_deref().map(|value| (names::VARY, value));
            pairs::serialise(line.into_iter(), &mut buffers.serialised);
            change(shared, &kept, &buffers.serialised, &mut buffers.scratch);
        }
        Look::Nothing => change(shared, &kept, &[], &mut buffers.scratch),
    }
    buffers.recycle(Some(kept));
}

fn change(shared: &Shared, kept: &Kept, sent: &[u8], scratch: &mut Scratch) {
    let sent = Pairs::parse(sent);
    shared
        .edge
        .on_response(kept.decided, kept.echo(), &sent, scratch, &mut OnHost);
}

impl Buffers {
    /// Keeps the memory of a request that needs it no more.
    pub(super) fn recycle(&mut self, kept: Option<Kept>) {
        let Some(Kept { mut echo, .. }) = kept else { return };
        if echo.capacity() > 0 && self.spare.len() < MAX_SPARE {
            echo.clear();
            self.spare.push(echo);
        }
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
}

/// The headers that matter, one by one, in the form of a whole map: for a host that does not hand that over (it was not
/// allowed to, or has a limit, which Envoy's has not). Where it does, one call for all of them costs as much as one of
/// these.
fn header_by_header<'n>(map: HeaderMap, needed: impl Iterator<Item = &'n &'static str>) -> Vec<u8> {
    let found: Vec<_> = needed
        .filter_map(|name| Some((*name, host::header(map, name)?)))
        .collect();
    let mut serialised = Vec::new();
    pairs::serialise(
        found.iter().map(|(name, value)| (*name, &**value)),
        &mut serialised,
    );
    serialised
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
