//! From decision to headers and bodies.

mod bytes;
mod echo;
mod error_body;
mod header_list;
mod scratch;
mod words;

pub use echo::Echo;
pub use header_list::HeaderList;
pub use scratch::Scratch;

use crate::addressing::Style;
use crate::config::{Mode, UpstreamCors};
use crate::decision::BadRequest;
use crate::http::head::RequestHead;
use crate::http::header_names;
use crate::matcher::{BucketId, CompiledBucket, Matcher, RuleValues};
use crate::profile::{Credentials, Profile};
use crate::vary;
use crate::verdict::{NoRule, Verdict};
use bytes::{concatenated, spelt};
use error_body::Refusal;

/// An answer that the edge gives itself.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u32,
    /// What was decided and why, without blanks, for the proxy's access log (`%RESPONSE_CODE_DETAILS%`).
    pub details: &'a [u8],
    /// The headers; the proxy adds `content-length`, `date` and `server`.
    pub headers: HeaderList<'a>,
    /// The body.
    pub body: &'a [u8],
}

/// Gives the answers of one bucket, or those to requests that no bucket's rules may answer.
#[derive(Debug, Clone, Copy)]
pub struct Responder<'m> {
    matcher: &'m Matcher,
    bucket: Option<(BucketId, &'m CompiledBucket)>,
}

impl<'m> Responder<'m> {
    /// For a bucket; `None`, or one that the configuration does not have: for requests that no bucket's rules may
    /// answer.
    pub fn new(matcher: &'m Matcher, bucket: Option<BucketId>) -> Self {
        let bucket = bucket.and_then(|id| Some((id, matcher.bucket(id)?)));
        Self { matcher, bucket }
    }

    fn compiled(&self) -> Option<&'m CompiledBucket> {
        self.bucket.map(|(_, bucket)| bucket)
    }

    /// Whose answers these are.
    pub fn profile(&self) -> &'static Profile {
        self.compiled()
            .map_or(self.matcher.settings().profile, CompiledBucket::profile)
    }

    /// Whether the answers take effect.
    pub fn mode(&self) -> Mode {
        self.compiled().map_or(Mode::Enforce, CompiledBucket::mode)
    }

    /// What becomes of CORS headers that the store itself sent. Where the route takes them off, there are none.
    pub fn upstream_cors(&self) -> UpstreamCors {
        if self.matcher.settings().route_prepares {
            return UpstreamCors::None;
        }
        self.compiled()
            .map_or(UpstreamCors::Replace, CompiledBucket::upstream_cors)
    }

    /// What the response repeats of the request.
    pub fn echo<'a>(&self, verdict: Verdict, head: &RequestHead<'a>) -> Echo<'a> {
        let Some(rule) = self.rule(verdict) else {
            return Echo::default();
        };
        let given = |repeats: bool, value: Option<&'a [u8]>| value.filter(|_| repeats).unwrap_or_default();
        Echo {
            origin: given(!rule.any_origin, head.origin),
            request_headers: given(self.profile().preflight_headers_on_actual, head.request_headers),
        }
    }

    /// The answer to a preflight.
    pub fn preflight<'a>(
        &self,
        verdict: Verdict,
        head: &RequestHead<'a>,
        style: Style,
        scratch: &'a mut Scratch,
    ) -> Answer<'a>
    where
        'm: 'a,
    {
        let profile = self.profile();
        let mut headers = self.common(verdict, &mut scratch.explanation);
        let Some(rule) = self.rule(verdict) else {
            let reason = match verdict {
                Err(NoRule::Unlisted | NoRule::Unclear) => Refusal::NoSuchBucket,
                Err(NoRule::NoRules) => Refusal::NotEnabled,
                _ => Refusal::NotAllowed,
            };
            scratch.body.clear();
            if let Some(words) = profile.error_words {
                headers.push(header_names::CONTENT_TYPE, b"application/xml");
                error_body::refusal(words, reason, head, style, &mut scratch.body);
            }
            let reason = verdict.err().map_or("", NoRule::reason);
            return Answer {
                status: profile.refused_status,
                details: concatenated(
                    &[b"bucket_cors_refused:", reason.as_bytes()],
                    &mut scratch.details,
                ),
                headers,
                body: &scratch.body,
            };
        };
        self.push_allow_origin(&rule, head.origin.unwrap_or_default(), &mut headers);
        headers.push(header_names::ALLOW_METHODS, rule.allow_methods);
        headers.push_unless_empty(
            header_names::ALLOW_HEADERS,
            spelt(
                profile.allow_headers,
                head.request_headers.unwrap_or_default(),
                &mut scratch.allow_headers,
            ),
        );
        if profile.expose_on_preflight {
            headers.push_unless_empty(header_names::EXPOSE_HEADERS, rule.expose_headers);
        }
        headers.push_unless_empty(header_names::MAX_AGE, rule.max_age);
        let allows_private_network = self
            .compiled()
            .is_some_and(CompiledBucket::allows_private_network);
        if allows_private_network && head.request_private_network == Some(b"true") {
            headers.push(header_names::ALLOW_PRIVATE_NETWORK, b"true");
        }
        Answer {
            status: profile.allowed_status,
            details: b"bucket_cors_allowed",
            headers,
            body: b"",
        }
    }

    /// The answer to an OPTIONS request that is no preflight.
    pub fn bad_request<'a>(
        &self,
        reason: BadRequest<'_>,
        head: &RequestHead<'_>,
        scratch: &'a mut Scratch,
    ) -> Answer<'a>
    where
        'm: 'a,
    {
        let profile = self.profile();
        let mut headers = self.common(Err(reason.into()), &mut scratch.explanation);
        scratch.body.clear();
        if let Some(words) = profile.error_words {
            headers.push(header_names::CONTENT_TYPE, b"application/xml");
            error_body::bad_request(words, reason, head, &mut scratch.body);
        }
        Answer {
            status: 400,
            details: concatenated(
                &[
                    b"bucket_cors_bad_request:",
                    NoRule::from(reason).reason().as_bytes(),
                ],
                &mut scratch.details,
            ),
            headers,
            body: &scratch.body,
        }
    }

    /// What every answer of the edge's own has.
    fn common<'a>(&self, verdict: Verdict, explanation: &'a mut Vec<u8>) -> HeaderList<'a>
    where
        'm: 'a,
    {
        let mut headers = HeaderList::default();
        if let Some(vary) = self.names_of_vary(self.profile().vary) {
            headers.push(header_names::VARY, vary.as_bytes());
        }
        if self.matcher.settings().explain {
            explanation.clear();
            headers.push(header_names::EXPLAIN, self.describe(verdict, explanation));
        }
        self.push_policies(&mut headers);
        headers
    }

    /// Adds the CORS headers of the response to an actual request: these and no others.
    pub fn push_actual<'a>(
        &self,
        verdict: Verdict,
        echo: Echo<'a>,
        allow_headers: &'a mut Vec<u8>,
        headers: &mut HeaderList<'a>,
    ) where
        'm: 'a,
    {
        let profile = self.profile();
        let Some(rule) = self.rule(verdict) else {
            return;
        };
        self.push_allow_origin(&rule, echo.origin, headers);
        headers.push_unless_empty(header_names::EXPOSE_HEADERS, rule.expose_headers);
        if profile.preflight_headers_on_actual {
            headers.push(header_names::ALLOW_METHODS, rule.allow_methods);
            headers.push_unless_empty(
                header_names::ALLOW_HEADERS,
                spelt(profile.allow_headers, echo.request_headers, allow_headers),
            );
            headers.push_unless_empty(header_names::MAX_AGE, rule.max_age);
        }
    }

    /// The headers that every response of the bucket has whatever the request, in place of the store's.
    pub fn push_policies<'a>(&self, headers: &mut HeaderList<'a>)
    where
        'm: 'a,
    {
        if let Some(bucket) = self.compiled() {
            headers.push_unless_empty(header_names::RESOURCE_POLICY, bucket.resource_policy().as_bytes());
            headers.push_unless_empty(
                header_names::TIMING_ALLOW_ORIGIN,
                self.matcher.timing_allow_origin(bucket),
            );
        }
    }

    /// What the edge has to merge into `Vary` of a response.
    pub fn vary(&self) -> Option<&'static str> {
        self.names_of_vary(vary::ORIGIN)
    }

    /// What the edge has to add to `Vary`. `unruled` is what it names where no bucket's rules may answer.
    fn names_of_vary(&self, unruled: &'static str) -> Option<&'static str> {
        let names = match self.bucket {
            Some((_, bucket)) => bucket.vary(),
            None => Some(unruled),
        };
        vary::to_add(names, self.matcher.settings().route_prepares)
    }

    fn rule(&self, verdict: Verdict) -> Option<RuleValues<'m>> {
        self.matcher.rule(self.bucket?.0, verdict.ok()?)
    }

    /// `*` where the rule lists it, otherwise the origin as received: Fetch compares it byte for byte.
    fn push_allow_origin<'a>(&self, rule: &RuleValues<'_>, origin: &'a [u8], headers: &mut HeaderList<'a>) {
        if rule.any_origin {
            return headers.push(header_names::ALLOW_ORIGIN, b"*");
        }
        headers.push(header_names::ALLOW_ORIGIN, origin);
        let allows_credentials = match self.profile().credentials {
            Credentials::Always => true,
            Credentials::Configured => self.compiled().is_some_and(CompiledBucket::allows_credentials),
        };
        if allows_credentials && origin != b"null" {
            headers.push(header_names::ALLOW_CREDENTIALS, b"true");
        }
    }
}
