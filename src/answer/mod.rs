//! From decision to headers and bodies.

mod error_body;
mod header_list;

pub use header_list::HeaderList;

use crate::addressing::Style;
use crate::config::Mode;
use crate::decision::{BadRequest, Decision, NoRule, Verdict};
use crate::edge::Echo;
use crate::http::head::RequestHead;
use crate::http::list::RequestedNames;
use crate::http::names;
use crate::matcher::{BucketId, CompiledBucket, Matcher, RuleValues};
use crate::profile::{AllowHeaders, AllowMethods, Credentials, ErrorBody, Profile};
use error_body::Refusal;

/// Memory that answers are put together in, kept between requests: once it has grown, no request allocates.
#[derive(Debug, Default)]
pub struct Scratch {
    allow_headers: Vec<u8>,
    body: Vec<u8>,
    explanation: Vec<u8>,
    details: Vec<u8>,
    access_log: Vec<u8>,
    pub(crate) vary: Vec<u8>,
}

impl Scratch {
    /// What became of the request that was looked at last, in the words of `x-bucket-cors`; `None`: nobody wants to know, or
    /// there is nothing to say of a bucket that is not listed.
    pub fn access_log(&self) -> Option<&[u8]> {
        Some(self.access_log.as_slice()).filter(|text| !text.is_empty())
    }

    pub(crate) fn clear_access_log(&mut self) {
        self.access_log.clear();
    }
}

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

/// Gives the answers of one bucket, or of those that are not listed.
#[derive(Debug, Clone, Copy)]
pub struct Responder<'m> {
    matcher: &'m Matcher,
    bucket: Option<(BucketId, &'m CompiledBucket)>,
}

impl<'m> Responder<'m> {
    /// For a managed bucket.
    pub fn new(matcher: &'m Matcher, id: BucketId, bucket: &'m CompiledBucket) -> Self {
        Self {
            matcher,
            bucket: Some((id, bucket)),
        }
    }

    /// For a bucket that is not listed.
    pub fn unlisted(matcher: &'m Matcher) -> Self {
        Self {
            matcher,
            bucket: None,
        }
    }

    /// Whose answers these are.
    pub fn profile(&self) -> &'static Profile {
        self.bucket
            .map_or(self.matcher.settings().profile, |(_, bucket)| bucket.profile())
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
        let mut headers = HeaderList::default();
        if let Some(vary) = self.vary(verdict) {
            headers.push(names::VARY, vary.as_bytes());
        }
        if self.matcher.settings().explain {
            headers.push(names::EXPLAIN, self.describe(verdict, &mut scratch.explanation));
        }
        let Some(rule) = self.rule(verdict) else {
            let reason = match verdict {
                _ if self.bucket.is_none() => Refusal::NoSuchBucket,
                Err(NoRule::NoRules) => Refusal::NotEnabled,
                _ => Refusal::NotAllowed,
            };
            error_body::refusal(profile.error_body, reason, head, style, &mut scratch.body);
            push_content_type(profile, &mut headers);
            let reason = verdict.err().map_or("", |reason| self.reason(reason));
            return Answer {
                status: 403,
                details: concatenated(
                    &[b"bucket_cors_refused:", reason.as_bytes()],
                    &mut scratch.details,
                ),
                headers,
                body: &scratch.body,
            };
        };
        self.push_allow_origin(&rule, head.origin.unwrap_or_default(), &mut headers);
        headers.push(
            names::ALLOW_METHODS,
            match profile.allow_methods {
                AllowMethods::Requested => head.request_method.unwrap_or_default(),
                AllowMethods::Rule => rule.allow_methods,
            },
        );
        headers.push_unless_empty(
            names::ALLOW_HEADERS,
            allow_headers(
                profile.allow_headers,
                head.request_headers.unwrap_or_default(),
                &mut scratch.allow_headers,
            ),
        );
        if profile.expose_on_preflight {
            headers.push_unless_empty(names::EXPOSE_HEADERS, rule.expose_headers);
        }
        headers.push_unless_empty(names::MAX_AGE, rule.max_age);
        let allows_private_network = self
            .bucket
            .is_some_and(|(_, bucket)| bucket.allows_private_network());
        if allows_private_network && head.request_private_network == Some(b"true") {
            headers.push(names::ALLOW_PRIVATE_NETWORK, b"true");
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
    ) -> Answer<'a> {
        let profile = self.profile();
        let mut headers = HeaderList::default();
        if let Some(vary) = self.vary(Err(NoRule::NoOrigin)) {
            headers.push(names::VARY, vary.as_bytes());
        }
        if self.matcher.settings().explain {
            headers.push(
                names::EXPLAIN,
                self.describe(Err(reason.into()), &mut scratch.explanation),
            );
        }
        push_content_type(profile, &mut headers);
        error_body::bad_request(profile.error_body, reason, head, &mut scratch.body);
        Answer {
            status: 400,
            details: concatenated(
                &[b"bucket_cors_bad_request:", self.reason(reason.into()).as_bytes()],
                &mut scratch.details,
            ),
            headers,
            body: &scratch.body,
        }
    }

    /// The CORS headers of the response to an actual request: these and no others.
    pub fn actual<'a>(&self, verdict: Verdict, echo: Echo<'a>, scratch: &'a mut Scratch) -> HeaderList<'a>
    where
        'm: 'a,
    {
        let profile = self.profile();
        let mut headers = HeaderList::default();
        let Some(rule) = self.rule(verdict) else {
            return headers;
        };
        self.push_allow_origin(&rule, echo.origin, &mut headers);
        headers.push_unless_empty(names::EXPOSE_HEADERS, rule.expose_headers);
        if profile.preflight_headers_on_actual {
            headers.push(names::ALLOW_METHODS, rule.allow_methods);
            headers.push_unless_empty(
                names::ALLOW_HEADERS,
                allow_headers(
                    profile.allow_headers,
                    echo.request_headers,
                    &mut scratch.allow_headers,
                ),
            );
            headers.push_unless_empty(names::MAX_AGE, rule.max_age);
        }
        headers
    }

    /// What the edge adds to `Vary` of the response.
    pub fn vary(&self, verdict: Verdict) -> Option<&'static str> {
        /// What a route that prepares responses has added.
        const OF_EVERY_RESPONSE: &str = "Origin";
        let (_, bucket) = self.bucket.filter(|(_, bucket)| bucket.varies())?;
        let names = if verdict.is_ok() {
            bucket.profile().vary_on_match
        } else {
            OF_EVERY_RESPONSE
        };
        Some(names).filter(|names| !self.matcher.settings().route_prepares || *names != OF_EVERY_RESPONSE)
    }

    /// The value of `x-bucket-cors`, where it is sent.
    pub fn explanation<'a>(&self, verdict: Verdict, scratch: &'a mut Scratch) -> Option<&'a [u8]> {
        let explains = self.matcher.settings().explain;
        explains.then(|| self.describe(verdict, &mut scratch.explanation))
    }

    /// Keeps what [`Scratch::access_log`] gives, where the configuration wants it.
    pub fn log(&self, decision: &Decision<'_>, scratch: &mut Scratch) {
        if self.matcher.settings().access_log {
            self.describe(decision.verdict(), &mut scratch.access_log);
        }
    }

    fn describe<'a>(&self, verdict: Verdict, out: &'a mut Vec<u8>) -> &'a [u8] {
        out.clear();
        if self
            .bucket
            .is_some_and(|(_, bucket)| bucket.mode() == Mode::Shadow)
        {
            out.extend_from_slice(b"shadow; ");
        }
        match verdict {
            Ok(id) => {
                out.extend_from_slice(b"match; rule=");
                push_decimal(id.index(), out);
                if let Some(name) = self
                    .rule(verdict)
                    .map(|rule| rule.id)
                    .filter(|name| !name.is_empty())
                {
                    for part in [b"; id=\"", name, b"\""] {
                        out.extend_from_slice(part);
                    }
                }
            }
            Err(reason) => {
                out.extend_from_slice(b"no-match; reason=");
                out.extend_from_slice(self.reason(reason).as_bytes());
            }
        }
        out
    }

    /// Why no rule applies, in a word.
    fn reason(&self, reason: NoRule) -> &'static str {
        match reason {
            NoRule::NoRules if self.bucket.is_none() => "unlisted-bucket",
            reason => reason.reason(),
        }
    }

    fn rule(&self, verdict: Verdict) -> Option<RuleValues<'m>> {
        self.matcher.rule(self.bucket?.0, verdict.ok()?)
    }

    /// `*` where the rule lists it, otherwise the origin as received: Fetch compares it byte for byte.
    fn push_allow_origin<'a>(&self, rule: &RuleValues<'_>, origin: &'a [u8], headers: &mut HeaderList<'a>) {
        if rule.any_origin {
            return headers.push(names::ALLOW_ORIGIN, b"*");
        }
        headers.push(names::ALLOW_ORIGIN, origin);
        let allows_credentials = match self.profile().credentials {
            Credentials::Always => true,
            Credentials::Configured => self.bucket.is_some_and(|(_, bucket)| bucket.allows_credentials()),
        };
        if allows_credentials && origin != b"null" {
            headers.push(names::ALLOW_CREDENTIALS, b"true");
        }
    }
}

fn concatenated<'a>(parts: &[&[u8]], out: &'a mut Vec<u8>) -> &'a [u8] {
    out.clear();
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

fn push_content_type(profile: &Profile, headers: &mut HeaderList<'_>) {
    if profile.error_body != ErrorBody::Empty {
        headers.push(names::CONTENT_TYPE, b"application/xml");
    }
}

/// The requested names in the spelling of the profile. The list was checked when the rule was found.
fn allow_headers<'a>(spelling: AllowHeaders, requested: &[u8], out: &'a mut Vec<u8>) -> &'a [u8] {
    out.clear();
    for name in RequestedNames::parsed_before(requested).iter() {
        if !out.is_empty() {
            out.extend_from_slice(match spelling {
                AllowHeaders::AsSent => b",",
                AllowHeaders::LowerCase => b", ",
            });
        }
        match spelling {
            AllowHeaders::AsSent => out.extend_from_slice(name),
            AllowHeaders::LowerCase => out.extend(name.iter().map(u8::to_ascii_lowercase)),
        }
    }
    out
}

/// Writes a number that is at most [`crate::profile::MAX_RULES`], without the formatter.
fn push_decimal(number: usize, out: &mut Vec<u8>) {
    let start = out.len();
    let mut rest = number;
    loop {
        out.push(b'0'.saturating_add(u8::try_from(rest % 10).unwrap_or(0)));
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}
