//! The HTTP context: one per request. Reads what the decision needs and does what it says.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::host::{self, HeaderMap};
use crate::addressing::Style;
use crate::answer::{Answer, ErrorContext, HeaderList, Responder, Scratch};
use crate::config::{Mode, UpstreamCors};
use crate::decision::{self, Decision, NoRule, Request, Verdict};
use crate::http::pairs::{self, Pairs};
use crate::http::{names, vary};
use crate::matcher::{BucketId, CompiledBucket, Matcher, Place};
use crate::profile::{ErrorBody, Profile};

/// A loaded configuration with the memory that its streams share. A VM runs one callback at a time.
pub(super) struct Edge {
    matcher: Matcher,
    buffers: RefCell<Buffers>,
}

#[derive(Default)]
struct Buffers {
    scratch: Scratch,
    /// Response headers in the form of the ABI, or a merged `Vary`.
    bytes: Vec<u8>,
}

impl Edge {
    pub(super) fn new(matcher: Matcher) -> Self {
        Self {
            matcher,
            buffers: RefCell::default(),
        }
    }
}

/// What a request's headers have settled for its response.
enum State {
    /// Nothing: the request is none of ours, or is not here yet, or was answered. Envoy runs the response callback for
    /// the filter's own replies as well; giving them their headers a second time would double them.
    Untouched,
    /// The response gets exactly the headers of the verdict.
    Decided(Decided),
}

/// Kept from the request: on a proxied response the host no longer lets its headers be read.
struct Decided {
    bucket: BucketId,
    verdict: Verdict,
    origin: Option<Vec<u8>>,
    request_headers: Option<Vec<u8>>,
}

/// One request.
pub(super) struct Stream {
    edge: Option<Rc<Edge>>,
    state: State,
}

impl Stream {
    pub(super) fn new(edge: Option<Rc<Edge>>) -> Self {
        Self {
            edge,
            state: State::Untouched,
        }
    }
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        let Some(edge) = self.edge.clone() else {
            return Action::Continue;
        };
        match edge.on_request() {
            Outcome::Untouched => Action::Continue,
            Outcome::Decided(decided) => {
                self.state = State::Decided(decided);
                Action::Continue
            }
            Outcome::Answered => Action::Pause,
        }
    }

    fn on_http_response_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        if let (Some(edge), State::Decided(decided)) =
            (&self.edge, mem::replace(&mut self.state, State::Untouched))
        {
            edge.on_response(&decided);
        }
        Action::Continue
    }
}

enum Outcome {
    Untouched,
    Decided(Decided),
    Answered,
}

fn request_header(name: &str) -> Option<Vec<u8>> {
    host::header(HeaderMap::Request, name)
}

/// The request headers that a decision looks at, as the host handed them over.
#[derive(Default)]
struct ReadHeaders {
    method: Vec<u8>,
    origin: Option<Vec<u8>>,
    request_method: Option<Vec<u8>>,
    request_headers: Option<Vec<u8>>,
    request_private_network: Option<Vec<u8>>,
}

impl ReadHeaders {
    /// Reads no more than the decision needs: every read is a host call, and every value found an allocation.
    fn read(method: Vec<u8>, profile: &Profile, allows_private_network: bool) -> Self {
        let origin = request_header(names::ORIGIN);
        let is_options = method == b"OPTIONS";
        let mut read = Self {
            method,
            origin,
            ..Self::default()
        };
        if read.origin.is_none() {
            // No CORS request, whatever else it says.
            return read;
        }
        if is_options || profile.preflight_headers_on_actual {
            read.request_method = request_header(names::REQUEST_METHOD);
        }
        if read.request_method.is_some() || !is_options && profile.preflight_headers_on_actual {
            read.request_headers = request_header(names::REQUEST_HEADERS);
        }
        if is_options && allows_private_network {
            read.request_private_network = request_header(names::REQUEST_PRIVATE_NETWORK);
        }
        read
    }

    fn request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            origin: self.origin.as_deref(),
            request_method: self.request_method.as_deref(),
            request_headers: self.request_headers.as_deref(),
            request_private_network: self.request_private_network.as_deref(),
        }
    }
}

impl Edge {
    fn on_request(&self) -> Outcome {
        let needs = self.matcher.needs();
        let authority = if needs.authority {
            request_header(":authority")
        } else {
            None
        };
        let path = if needs.path { request_header(":path") } else { None };
        match self.matcher.locate(authority.as_deref(), path.as_deref()) {
            Place::Bucket(id, style) => match self.matcher.bucket(id) {
                Some(bucket) => self.on_managed_request(id, bucket, style, path),
                None => Outcome::Untouched,
            },
            Place::Unlisted if self.matcher.refuses_unlisted() => self.on_unlisted_request(path),
            Place::Unlisted | Place::Nowhere => Outcome::Untouched,
        }
    }

    fn on_managed_request(
        &self,
        id: BucketId,
        bucket: &CompiledBucket,
        style: Style,
        path: Option<Vec<u8>>,
    ) -> Outcome {
        let is_shadow = bucket.mode() == Mode::Shadow;
        if is_shadow && !self.matcher.settings().explain {
            return Outcome::Untouched;
        }
        let method = request_header(":method").unwrap_or_default();
        let read = ReadHeaders::read(method, bucket.profile(), bucket.allows_private_network());
        let request = read.request();
        let responder = Responder::new(&self.matcher, id, bucket);
        let verdict = match decision::decide(&self.matcher, id, bucket, &request) {
            Decision::Actual(verdict) => verdict,
            Decision::Preflight(verdict) if is_shadow => verdict,
            Decision::BadPreflight(reason) if is_shadow => Err(reason.into()),
            decision if self.answer(responder, decision, &request, style, path) => return Outcome::Answered,
            _ => Err(NoRule::Unanswered),
        };
        Outcome::Decided(Decided {
            bucket: id,
            verdict,
            origin: read.origin,
            request_headers: read.request_headers,
        })
    }

    fn on_unlisted_request(&self, path: Option<Vec<u8>>) -> Outcome {
        let method = request_header(":method").unwrap_or_default();
        if method != b"OPTIONS" {
            return Outcome::Untouched;
        }
        let read = ReadHeaders::read(method, self.matcher.settings().profile, false);
        let request = read.request();
        let decision = decision::decide_unlisted(&self.matcher, &request);
        let responder = Responder::unlisted(&self.matcher);
        let is_answered = !matches!(decision, Decision::Actual(_))
            && self.answer(responder, decision, &request, Style::Path, path);
        if is_answered {
            Outcome::Answered
        } else {
            Outcome::Untouched
        }
    }

    /// Answers at the edge. False: the host does not take an answer, and the request has to go on.
    fn answer(
        &self,
        responder: Responder<'_>,
        decision: Decision<'_>,
        request: &Request<'_>,
        style: Style,
        path: Option<Vec<u8>>,
    ) -> bool {
        let verdict = match decision {
            Decision::Actual(verdict) | Decision::Preflight(verdict) => verdict,
            Decision::BadPreflight(reason) => Err(reason.into()),
        };
        let Ok(mut buffers) = self.buffers.try_borrow_mut() else {
            return false;
        };
        let Buffers { scratch, bytes } = &mut *buffers;
        let writes_error = verdict.is_err() && responder.profile().error_body != ErrorBody::Empty;
        let request_id = if writes_error {
            request_header(names::REQUEST_ID)
        } else {
            None
        };
        let names_resource = writes_error && responder.profile().error_body == ErrorBody::S3;
        let path = if names_resource {
            path.or_else(|| request_header(":path"))
        } else {
            None
        };
        let context = ErrorContext {
            request_id: request_id.as_deref().unwrap_or_default(),
            path: path.as_deref(),
            style,
        };
        let Answer {
            status,
            headers,
            body,
        } = match decision {
            Decision::BadPreflight(reason) => responder.bad_request(reason, &context, scratch),
            Decision::Actual(verdict) | Decision::Preflight(verdict) => {
                responder.preflight(verdict, request, &context, scratch)
            }
        };
        pairs::serialise(headers.iter(), bytes);
        host::send_local_response(status, bytes, body)
    }

    fn on_response(&self, decided: &Decided) {
        let Some(bucket) = self.matcher.bucket(decided.bucket) else {
            return;
        };
        let Ok(mut buffers) = self.buffers.try_borrow_mut() else {
            return;
        };
        let Buffers { scratch, bytes } = &mut *buffers;
        let responder = Responder::new(&self.matcher, decided.bucket, bucket);
        if bucket.mode() == Mode::Enforce {
            let map = host::headers(HeaderMap::Response);
            let sent = map.as_deref().map(Pairs::parse);
            let request = Request {
                origin: decided.origin.as_deref(),
                request_headers: decided.request_headers.as_deref(),
                ..Request::default()
            };
            // Without the whole map, what has to be known of it is asked for by name.
            let stands = bucket.upstream_cors() == UpstreamCors::Keep
                && match sent.clone() {
                    Some(mut sent) => sent.any(|(name, _)| is_named(name, names::ALLOW_ORIGIN)),
                    None => host::header(HeaderMap::Response, names::ALLOW_ORIGIN).is_some(),
                };
            if !stands {
                replace_cors_headers(
                    sent.clone(),
                    &responder.actual(decided.verdict, &request, scratch),
                );
            }
            if let Some(wanted) = responder.vary(decided.verdict) {
                let line = match sent {
                    Some(_) => None,
                    None => host::header(HeaderMap::Response, names::VARY),
                };
                let lines = sent
                    .into_iter()
                    .flatten()
                    .filter(|(name, _)| is_named(name, names::VARY))
                    .map(|(_, value)| value)
                    .chain(line.as_deref());
                if vary::merge(lines, wanted.as_bytes(), bytes) {
                    host::set_header(HeaderMap::Response, names::VARY, bytes);
                }
            }
        }
        if let Some(text) = responder.explanation(decided.verdict, scratch) {
            host::set_header(HeaderMap::Response, names::EXPLAIN, text);
        }
    }
}

fn is_named(name: &[u8], wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted.as_bytes())
}

/// Makes `headers` the only headers of the CORS protocol on the response: a `*` of the store's own would undo the rules,
/// and two values of `Access-Control-Allow-Origin` fail in every browser.
fn replace_cors_headers(sent: Option<Pairs<'_>>, headers: &HeaderList<'_>) {
    match sent {
        Some(sent) => {
            let is_cors = |name: &[u8]| {
                name.get(..names::CORS_PREFIX.len())
                    .is_some_and(|start| is_named(start, names::CORS_PREFIX))
            };
            for (name, _) in sent.filter(|(name, _)| is_cors(name) && !headers.contains(name)) {
                host::remove_header(HeaderMap::Response, name);
            }
        }
        // A host that does not hand over the whole map: each name that means something to a browser, blindly.
        None => {
            for name in names::CORS_RESPONSE_HEADERS {
                if !headers.contains(name.as_bytes()) {
                    host::remove_header(HeaderMap::Response, name.as_bytes());
                }
            }
        }
    }
    for (name, value) in headers.iter() {
        host::set_header(HeaderMap::Response, name, value);
    }
}
