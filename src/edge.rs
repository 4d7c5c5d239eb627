//! The way of a request through the edge and of its response back, for any host that can show headers and change them.

use crate::addressing::Style;
use crate::answer::{Answer, Echo, HeaderList, Responder, Scratch};
use crate::config::{Mode, Unmanaged, UpstreamCors};
use crate::decision::{self, Decision};
use crate::http::head::RequestHead;
use crate::http::header_names;
use crate::matcher::{BucketId, Matcher, Owner};
use crate::stats::{self, Sums};
use crate::vary;
use crate::verdict::{NoRule, Verdict};

/// A loaded configuration at work. Nothing in it changes, so that threads may share it.
#[derive(Debug)]
pub struct Edge {
    matcher: Matcher,
}

/// What becomes of a request.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // A box would be an allocation for every preflight.
pub enum Outcome<'a> {
    /// It is none of ours, and neither is its response.
    Untouched,
    /// It goes upstream, and [`Edge::on_response`] has to see its response.
    Upstream(Decided),
    /// The edge answers it.
    Answer {
        /// The answer.
        answer: Answer<'a>,
        /// [`Outcome::Upstream`] with this, where the host does not take the answer.
        otherwise: Decided,
    },
}

/// What a request has settled for its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// The bucket; `None`: no bucket's rules may answer.
    pub bucket: Option<BucketId>,
    /// The rule, or why there is none.
    pub verdict: Verdict,
}

impl Decided {
    /// The part of the request that [`Edge::on_response`] needs.
    pub fn echo<'a>(&self, edge: &Edge, head: &RequestHead<'a>) -> Echo<'a> {
        Responder::new(&edge.matcher, self.bucket).echo(self.verdict, head)
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
        Self { matcher }
    }

    /// The configuration.
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// Decides what becomes of a request. Never changes it: that would clear Envoy's route cache.
    pub fn on_request<'a>(
        &'a self,
        head: &RequestHead<'a>,
        scratch: &'a mut Scratch,
        sums: &impl Sums,
    ) -> Outcome<'a> {
        scratch.clear_access_log();
        let matcher = &self.matcher;
        let (bucket, style, decision) = match matcher.locate(head.authority, head.path) {
            Owner::Bucket(id, style) => (Some(id), style, decision::decide(matcher, id, head)),
            Owner::Unlisted if matcher.settings().unmanaged == Unmanaged::Pass => return Outcome::Untouched,
            owner => {
                let reason = match owner {
                    Owner::Unclear => NoRule::Unclear,
                    _ => NoRule::Unlisted,
                };
                (
                    None,
                    Style::Path,
                    decision::decide_without_bucket(matcher, reason, head),
                )
            }
        };
        let responder = Responder::new(&self.matcher, bucket);
        let mode = responder.mode();
        stats::count(sums, bucket, mode, &decision);
        responder.log(&decision, scratch);
        let decided = |verdict| Decided { bucket, verdict };
        if mode == Mode::Shadow {
            // The response is only ever explained.
            let shown = self.matcher.settings().explain.then(|| decision.verdict());
            return shown.map_or(Outcome::Untouched, |verdict| Outcome::Upstream(decided(verdict)));
        }
        match answer(responder, decision, head, style, scratch) {
            Some(answer) => Outcome::Answer {
                answer,
                otherwise: decided(Err(NoRule::Unanswered)),
            },
            None => Outcome::Upstream(decided(decision.verdict())),
        }
    }

    /// What [`Edge::on_response`] looks at of what the response has so far.
    pub fn looks_at(&self, decided: Decided) -> Look {
        let responder = Responder::new(&self.matcher, decided.bucket);
        match (responder.mode(), responder.upstream_cors()) {
            (Mode::Enforce, UpstreamCors::Replace | UpstreamCors::Keep) => Look::Everything,
            _ if responder.vary().is_some() => Look::Vary,
            _ => Look::Nothing,
        }
    }

    /// Gives a response its headers, on success, on errors and on the proxy's own replies alike. `sent` is what the
    /// response has so far.
    pub fn on_response<'s>(
        &self,
        decided: Decided,
        echo: Echo<'_>,
        sent: &(impl Iterator<Item = (&'s [u8], &'s [u8])> + Clone),
        scratch: &mut Scratch,
        response: &mut impl ResponseHeaders,
    ) {
        let responder = Responder::new(&self.matcher, decided.bucket);
        let has = Has::look(sent.clone());
        if responder.mode() == Mode::Enforce {
            let upstream_cors = responder.upstream_cors();
            let mut headers = HeaderList::default();
            if upstream_cors != UpstreamCors::Keep || !has.allow_origin {
                responder.push_actual(decided.verdict, echo, &mut scratch.allow_headers, &mut headers);
                if has.cors && upstream_cors != UpstreamCors::None {
                    remove_cors_headers(sent, &headers, response);
                }
            }
            responder.push_policies(&mut headers);
            for (name, value) in headers.iter() {
                response.set(name, value);
            }
        }
        match responder.vary() {
            Some(wanted) if !has.vary => response.set(header_names::VARY, wanted.as_bytes()),
            Some(wanted) => {
                if let Some(merged) = vary::merge(sent.clone(), wanted, &mut scratch.vary) {
                    response.set(header_names::VARY, merged);
                }
            }
            None => {}
        }
        if let Some(text) = responder.explanation(decided.verdict, scratch) {
            response.set(header_names::EXPLAIN, text);
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
                    has.allow_origin |= is_named(name, header_names::ALLOW_ORIGIN);
                }
                Some(b'v' | b'V') => has.vary |= is_named(name, header_names::VARY),
                _ => {}
            }
        }
        has
    }
}

/// Leaves no header of the CORS protocol but those that are set anyway: a `*` of the store's own would undo the rules,
/// and two values of `Access-Control-Allow-Origin` fail in every browser.
fn remove_cors_headers<'s>(
    sent: &(impl Iterator<Item = (&'s [u8], &'s [u8])> + Clone),
    set: &HeaderList<'_>,
    response: &mut impl ResponseHeaders,
) {
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
    name.get(..header_names::CORS_PREFIX.len())
        .is_some_and(|start| is_named(start, header_names::CORS_PREFIX))
}
