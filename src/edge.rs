//! The way of a request through the edge and of its response back, for any host that can show headers and change them.

use crate::addressing::Style;
use crate::answer::{Answer, HeaderList, Responder, Scratch};
use crate::config::{Mode, UpstreamCors};
use crate::decision::{self, Decision, NoRule, Verdict};
use crate::http::head::RequestHead;
use crate::http::pairs::Pairs;
use crate::http::{names, vary};
use crate::matcher::{BucketId, CompiledBucket, Matcher, Place};
use crate::stats::Stats;

/// A loaded configuration at work.
#[derive(Debug)]
pub struct Edge {
    matcher: Matcher,
    stats: Stats,
}

/// What becomes of a request.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // A box would be an allocation for every preflight.
pub enum Outcome<'a> {
    /// It is none of ours, and neither is its response.
    Untouched,
    /// It goes upstream, and [`Edge::on_response`] has to see its response.
    Upstream(Decided),
    /// The edge answers it. `otherwise` is what to go on with where the host does not take the answer.
    Answer {
        /// The answer.
        answer: Answer<'a>,
        /// [`Outcome::Upstream`] with this, or [`Outcome::Untouched`].
        otherwise: Option<Decided>,
    },
}

/// What a request has settled for its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// The bucket.
    pub bucket: BucketId,
    /// The rule, or why there is none.
    pub verdict: Verdict,
}

/// What of a request its response repeats. Has to be kept with [`Decided`]: on a proxied response, the request's headers
/// are out of reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Echo<'a> {
    /// `Origin`.
    pub origin: &'a [u8],
    /// `Access-Control-Request-Headers`.
    pub request_headers: &'a [u8],
}

impl Decided {
    /// The part of the request that [`Edge::on_response`] needs; empty where the response repeats nothing.
    pub fn echo<'a>(&self, edge: &Edge, head: &RequestHead<'a>) -> Echo<'a> {
        let matcher = &edge.matcher;
        let Ok(rule) = self.verdict else {
            return Echo::default();
        };
        let echoes_origin = matcher
            .rule(self.bucket, rule)
            .is_some_and(|rule| !rule.any_origin);
        let echoes_headers = matcher
            .bucket(self.bucket)
            .is_some_and(|bucket| bucket.profile().preflight_headers_on_actual);
        let given = |echoes: bool, value: Option<&'a [u8]>| value.filter(|_| echoes).unwrap_or_default();
        Echo {
            origin: given(echoes_origin, head.origin),
            request_headers: given(echoes_headers, head.request_headers),
        }
    }
}

/// Which headers of a response decide what becomes of it: a host need show no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Those of the CORS protocol, and `Vary`.
    Everything,
    /// `Vary`.
    Vary,
    /// None.
    Nothing,
}

/// Changes a response's headers.
pub trait ResponseHeaders {
    /// Makes `value` the only value of a header.
    fn set(&mut self, name: &'static str, value: &[u8]);
    /// Removes every line of a header.
    fn remove(&mut self, name: &[u8]);
}

impl Edge {
    /// Puts a configuration to work.
    pub fn new(matcher: Matcher) -> Self {
        let stats = Stats::new(matcher.counted_buckets());
        Self { matcher, stats }
    }

    /// The configuration.
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// What was counted so far.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Decides what becomes of a request. Never changes it: that would clear Envoy's route cache.
    pub fn on_request<'a>(&'a self, head: &RequestHead<'a>, scratch: &'a mut Scratch) -> Outcome<'a> {
        scratch.clear_access_log();
        match self.matcher.locate(head.authority, head.path) {
            Place::Bucket(id, style) => self.on_managed_request(id, style, head, scratch),
            Place::Unlisted if self.matcher.refuses_unlisted() && head.method == b"OPTIONS" => {
                let decision = decision::decide_unlisted(&self.matcher, head);
                let responder = Responder::unlisted(&self.matcher);
                responder.log(&decision, scratch);
                match answer(responder, decision, head, Style::Path, scratch) {
                    Some(answer) => {
                        self.stats.count(None, Mode::Enforce, &decision);
                        Outcome::Answer {
                            answer,
                            otherwise: None,
                        }
                    }
                    None => Outcome::Untouched,
                }
            }
            Place::Unlisted | Place::Nowhere => Outcome::Untouched,
        }
    }

    fn on_managed_request<'a>(
        &'a self,
        id: BucketId,
        style: Style,
        head: &RequestHead<'a>,
        scratch: &'a mut Scratch,
    ) -> Outcome<'a> {
        let Some(bucket) = self.matcher.bucket(id) else {
            return Outcome::Untouched;
        };
        let decision = decision::decide(&self.matcher, id, bucket, head);
        self.stats.count(Some(id), bucket.mode(), &decision);
        let responder = Responder::new(&self.matcher, id, bucket);
        responder.log(&decision, scratch);
        let upstream = |verdict| Decided { bucket: id, verdict };
        if bucket.mode() == Mode::Shadow {
            // The response is only ever explained.
            let shown = self.matcher.settings().explain.then(|| decision.verdict());
            return shown.map_or(Outcome::Untouched, |verdict| Outcome::Upstream(upstream(verdict)));
        }
        match answer(responder, decision, head, style, scratch) {
            Some(answer) => Outcome::Answer {
                answer,
                otherwise: Some(upstream(Err(NoRule::Unanswered))),
            },
            None => Outcome::Upstream(upstream(decision.verdict())),
        }
    }

    /// What [`Edge::on_response`] looks at of what the response has so far.
    pub fn looks_at(&self, decided: Decided) -> Look {
        let Some(bucket) = self.matcher.bucket(decided.bucket) else {
            return Look::Nothing;
        };
        let responder = Responder::new(&self.matcher, decided.bucket, bucket);
        match (bucket.mode(), self.upstream_cors(bucket)) {
            (Mode::Shadow, _) => Look::Nothing,
            (Mode::Enforce, UpstreamCors::Replace | UpstreamCors::Keep) => Look::Everything,
            (Mode::Enforce, UpstreamCors::None) if responder.vary(decided.verdict).is_some() => Look::Vary,
            (Mode::Enforce, UpstreamCors::None) => Look::Nothing,
        }
    }

    fn upstream_cors(&self, bucket: &CompiledBucket) -> UpstreamCors {
        if self.matcher.settings().route_prepares {
            return UpstreamCors::None;
        }
        bucket.upstream_cors()
    }

    /// Gives a response its headers, on success, on errors and on the proxy's own replies alike. `sent` is what the response
    /// has so far.
    pub fn on_response(
        &self,
        decided: Decided,
        echo: Echo<'_>,
        sent: &Pairs<'_>,
        scratch: &mut Scratch,
        response: &mut impl ResponseHeaders,
    ) {
        let Some(bucket) = self.matcher.bucket(decided.bucket) else {
            return;
        };
        let responder = Responder::new(&self.matcher, decided.bucket, bucket);
        if bucket.mode() == Mode::Enforce {
            let has = Has::look(sent.clone());
            let upstream_cors = self.upstream_cors(bucket);
            if upstream_cors != UpstreamCors::Keep || !has.allow_origin {
                let headers = responder.actual(decided.verdict, echo, scratch);
                if has.cors && upstream_cors != UpstreamCors::None {
                    remove_cors_headers(sent, &headers, response);
                }
                for (name, value) in headers.iter() {
                    response.set(name, value);
                }
            }
            match responder.vary(decided.verdict) {
                Some(wanted) if !has.vary => response.set(names::VARY, wanted.as_bytes()),
                Some(wanted) => {
                    if let Some(merged) = scratch.merge_vary(sent, wanted) {
                        response.set(names::VARY, merged);
                    }
                }
                None => {}
            }
        }
        if let Some(text) = responder.explanation(decided.verdict, scratch) {
            response.set(names::EXPLAIN, text);
        }
    }
}

fn answer<'a>(
    responder: Responder<'a>,
    decision: Decision<'_>,
    head: &RequestHead<'a>,
    style: Style,
    scratch: &'a mut Scratch,
) -> Option<Answer<'a>> {
    match decision {
        Decision::Actual(_) => None,
        Decision::Preflight(verdict) => Some(responder.preflight(verdict, head, style, scratch)),
        Decision::BadPreflight(reason) => Some(responder.bad_request(reason, head, scratch)),
    }
}

/// What a response has of what the edge changes. Most have nothing, and then one look at it is enough.
#[derive(Debug, Default)]
struct Has {
    /// A header of the CORS protocol.
    cors: bool,
    /// `Access-Control-Allow-Origin`.
    allow_origin: bool,
    /// `Vary`.
    vary: bool,
}

impl Has {
    fn look<'a>(headers: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let mut has = Self::default();
        for (name, _) in headers {
            // Nearly every name is told apart by its first letter.
            match name.first() {
                Some(b'a' | b'A') if is_cors_header(name) => {
                    has.cors = true;
                    has.allow_origin |= is_named(name, names::ALLOW_ORIGIN);
                }
                Some(b'v' | b'V') => has.vary |= is_named(name, names::VARY),
                _ => {}
            }
        }
        has
    }
}

/// Leaves no header of the CORS protocol but those that are set anyway: a `*` of the store's own would undo the rules, and
/// two values of `Access-Control-Allow-Origin` fail in every browser.
fn remove_cors_headers(sent: &Pairs<'_>, set: &HeaderList<'_>, response: &mut impl ResponseHeaders) {
    let strays = sent
        .clone()
        .filter(|(name, _)| is_cors_header(name) && !set.contains(name));
    for (name, _) in strays {
        response.remove(name);
    }
}

fn is_named(name: &[u8], wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted.as_bytes())
}

fn is_cors_header(name: &[u8]) -> bool {
    name.get(..names::CORS_PREFIX.len())
        .is_some_and(|start| is_named(start, names::CORS_PREFIX))
}

impl Scratch {
    fn merge_vary(&mut self, sent: &Pairs<'_>, wanted: &str) -> Option<&[u8]> {
        let lines = sent
            .clone()
            .filter(|(name, _)| is_named(name, names::VARY))
            .map(|(_, value)| value);
        vary::merge(lines, wanted.as_bytes(), &mut self.vary).then_some(&self.vary)
    }
}
