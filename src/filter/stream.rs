//! The HTTP context: one per request. Shows the edge the headers, and does what it says.

use super::host::{self, HeaderMap};
use super::root::Shared;
use crate::answer::{Echo, Scratch};
use crate::edge::{Decided, Edge, Look, Outcome, ResponseHeaders};
use crate::http::head::{self, RequestHead};
use crate::http::header_names;
use crate::http::pairs::{self, Pairs};
use crate::kept::Kept;
use crate::verdict::NoRule;

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

/// What becomes of a request.
pub(super) enum Next {
    /// It goes on, and its response is none of ours.
    Untouched,
    /// It was answered.
    Answered,
    /// It goes on, and its response needs this.
    Ours(Kept),
    /// It goes on without a decision: its response must not have the store's CORS headers.
    Closed,
}

/// The request's headers are there.
pub(super) fn on_request(shared: &Shared, buffers: &mut Buffers) -> Next {
    let Buffers {
        scratch,
        serialised,
        spare,
    } = buffers;
    let edge = &shared.edge;
    let found;
    let map = host::headers(HeaderMap::Request);
    let map = match &map {
        Ok(map) => map,
        Err(_) => {
            let [method, ..] = head::NAMES;
            if host::header(HeaderMap::Request, method).is_err() {
                return refuse(b"bucket_cors_unreadable_request");
            }
            found = header_by_header(HeaderMap::Request, &head::NAMES);
            found.as_slice()
        }
    };
    let head = RequestHead::read(Pairs::parse(map));
    let mut is_answered = false;
    let decided = match edge.on_request(&head, scratch, shared.sums()) {
        Outcome::Untouched => None,
        Outcome::Upstream(decided) => Some(decided),
        Outcome::Answer { answer, otherwise } => {
            pairs::serialise(answer.headers.iter(), serialised);
            is_answered = host::send_local_response(answer.status, answer.details, serialised, answer.body);
            Some(otherwise)
        }
    };
    // Of a bucket in shadow mode too, whose requests are not touched.
    #[cfg(feature = "metrics")]
    if let Some(text) = scratch.access_log() {
        host::set_property(host::ACCESS_LOG, text);
    }
    if is_answered {
        return Next::Answered;
    }
    let Some(decided) = decided else {
        return Next::Untouched;
    };
    let echo = decided.echo(edge, &head);
    Next::Ours(Kept::new(decided, echo, || spare.pop().unwrap_or_default()))
}

/// Answers a request for which nothing can be decided. `details` says why.
#[cold]
pub(super) fn refuse(details: &[u8]) -> Next {
    const SERVICE_UNAVAILABLE: u32 = 503;
    const NO_HEADERS: [u8; 4] = 0_u32.to_le_bytes();
    if host::send_local_response(SERVICE_UNAVAILABLE, details, &NO_HEADERS, &[]) {
        Next::Answered
    } else {
        Next::Closed
    }
}

/// The response's headers are there.
pub(super) fn on_response(edge: &Edge, kept: Kept, buffers: &mut Buffers) {
    match edge.looks_at(kept.decided) {
        Look::Everything => change_what_is_there(edge, &kept, buffers),
        // Mostly absent, and then no value has to be handed over, which is the dear part of a host call.
        Look::Vary => match host::header(HeaderMap::Response, header_names::VARY) {
            Ok(vary) => {
                let line = vary.as_deref().map(|value| (header_names::VARY, value));
                pairs::serialise(line.as_slice().iter().copied(), &mut buffers.serialised);
                change(edge, &kept, &buffers.serialised, &mut buffers.scratch);
            }
            Err(_) => change_what_is_there(edge, &kept, buffers),
        },
        Look::Nothing => change(edge, &kept, &[], &mut buffers.scratch),
    }
    buffers.recycle(Some(kept));
}

fn change_what_is_there(edge: &Edge, kept: &Kept, buffers: &mut Buffers) {
    match host::headers(HeaderMap::Response) {
        Ok(map) => change(edge, kept, &map, &mut buffers.scratch),
        Err(_) => {
            let map = header_by_header(HeaderMap::Response, &header_names::OF_RESPONSES);
            change(edge, kept, &map, &mut buffers.scratch);
        }
    }
}

/// What is kept of a request for which nothing could be decided: its response must not have the store's CORS headers.
pub(super) fn undecided() -> Kept {
    let decided = Decided {
        bucket: None,
        verdict: Err(NoRule::Unanswered),
    };
    Kept::new(decided, Echo::default(), Vec::new)
}

fn change(edge: &Edge, kept: &Kept, sent: &[u8], scratch: &mut Scratch) {
    let sent = Pairs::parse(sent);
    edge.on_response(kept.decided, kept.echo(), &sent, scratch, &mut OnHost);
}

impl Buffers {
    /// Keeps the memory of a request that needs it no more.
    pub(super) fn recycle(&mut self, kept: Option<Kept>) {
        let memory = kept.and_then(Kept::into_memory);
        self.spare.extend(memory.filter(|_| self.spare.len() < MAX_SPARE));
    }
}

/// The headers that matter, one by one, in the form of a whole map: for a host that does not hand that over (it was not
/// allowed to, or has a limit, which Envoy's has not). Where it does, one call for all of them costs as much as one of
/// these.
///
/// One that the host does not show counts as there, with no value: an edge that took it for absent would let it stand.
#[cold]
fn header_by_header(map: HeaderMap, names: &[&str]) -> Vec<u8> {
    let mut found = Vec::new();
    for name in names {
        match host::header(map, name) {
            Ok(None) => {}
            Ok(value) => found.push((*name, value)),
            Err(_) => found.push((*name, None)),
        }
    }
    let lines = found
        .iter()
        .map(|(name, value)| (*name, value.as_deref().unwrap_or_default()));
    let lines: Vec<_> = lines.collect();
    let mut serialised = Vec::new();
    pairs::serialise(lines.iter().copied(), &mut serialised);
    serialised
}

struct OnHost;

impl ResponseHeaders for OnHost {
    fn set(&mut self, name: &'static str, value: &[u8]) {
        if !host::set_header(HeaderMap::Response, name.as_bytes(), value).is_ok() {
            remove_instead(name);
        }
    }

    fn remove(&mut self, name: &[u8]) {
        if !host::remove_header(HeaderMap::Response, name).is_ok() {
            empty_instead(name);
        }
    }
}

/// What a host does not let us set must not stay as the store sent it, `Vary` apart, without which a cache would keep a
/// response for everyone.
#[cold]
fn remove_instead(name: &'static str) {
    if name != header_names::VARY {
        host::remove_header(HeaderMap::Response, name.as_bytes());
    }
}

/// What a host does not let us remove says nothing any more.
#[cold]
fn empty_instead(name: &[u8]) {
    host::set_header(HeaderMap::Response, name, &[]);
}
