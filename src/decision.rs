//! What becomes of a request: which rule applies, or why none does.

use crate::http::head::RequestHead;
use crate::http::origin;
use crate::http::requested_headers::{Malformed, RequestedNames};
use crate::matcher::{BucketId, CompiledBucket, Matcher};
use crate::profile::{IncompletePreflight, Methods, Profile, STORE_METHODS};
use crate::verdict::{NoRule, Verdict};

/// Why a preflight is a bad request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRequest<'a> {
    /// Without `Origin`.
    NoOrigin,
    /// Without `Access-Control-Request-Method`.
    NoRequestMethod,
    /// The requested method is none that a rule can list.
    Method(&'a [u8]),
    /// A requested header name is no token; as sent between its commas.
    Header(&'a [u8]),
}

impl From<BadRequest<'_>> for NoRule {
    /// Why no rule applies to a request that was not even looked up.
    fn from(reason: BadRequest<'_>) -> Self {
        match reason {
            BadRequest::NoOrigin => NoRule::NoOrigin,
            BadRequest::NoRequestMethod => NoRule::NoRequestMethod,
            BadRequest::Method(_) => NoRule::Method,
            BadRequest::Header(_) => NoRule::MalformedHeader,
        }
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// An actual request, or one that has nothing to do with CORS: it goes upstream, and the verdict decides which
    /// headers its response carries.
    Actual(Verdict),
    /// A preflight, which the edge answers.
    Preflight(Verdict),
    /// An OPTIONS request that the store refuses to take for a preflight, which the edge answers.
    BadPreflight(BadRequest<'a>),
}

impl Decision<'_> {
    /// The rule, or why there is none.
    pub fn verdict(&self) -> Verdict {
        match *self {
            Decision::Actual(verdict) | Decision::Preflight(verdict) => verdict,
            Decision::BadPreflight(reason) => Err(reason.into()),
        }
    }
}

/// An empty value counts as an absent one, as it does at the stores and in Envoy's own filter.
fn given(value: Option<&[u8]>) -> Option<&[u8]> {
    value.filter(|value| !value.is_empty())
}

/// Decides what becomes of a request for a managed bucket.
pub fn decide<'a>(matcher: &Matcher, id: BucketId, head: &RequestHead<'a>) -> Decision<'a> {
    let Some(bucket) = matcher.bucket(id) else {
        return decide_without_bucket(matcher, NoRule::Unlisted, head);
    };
    if head.method == b"OPTIONS" {
        decide_options(matcher, id, bucket, head)
    } else {
        Decision::Actual(decide_actual(matcher, id, bucket, head))
    }
}

fn decide_actual(
    matcher: &Matcher,
    id: BucketId,
    bucket: &CompiledBucket,
    head: &RequestHead<'_>,
) -> Verdict {
    let origin = usable_origin(bucket, head)?;
    let (mut method, mut names) = (head.method, RequestedNames::default());
    if bucket.profile().preflight_headers_on_actual {
        method = given(head.request_method).unwrap_or(method);
        names = RequestedNames::parse(head.request_headers.unwrap_or_default())
            .map_err(|_| NoRule::MalformedHeader)?;
    }
    matcher.first_rule(id, origin, method, names)
}

/// The origin, where the bucket has rules and one of them could match it.
fn usable_origin<'a>(bucket: &CompiledBucket, head: &RequestHead<'a>) -> Result<&'a [u8], NoRule> {
    if !bucket.has_rules() {
        return Err(NoRule::NoRules);
    }
    let origin = given(head.origin).ok_or(NoRule::NoOrigin)?;
    if origin::is_sendable(origin) {
        Ok(origin)
    } else {
        Err(NoRule::MalformedOrigin)
    }
}

fn decide_options<'a>(
    matcher: &Matcher,
    id: BucketId,
    bucket: &CompiledBucket,
    head: &RequestHead<'a>,
) -> Decision<'a> {
    match check_preflight(bucket.profile(), bucket.has_rules(), head) {
        PreflightCheck::NoPreflight => Decision::Actual(decide_actual(matcher, id, bucket, head)),
        PreflightCheck::Bad(reason) => Decision::BadPreflight(reason),
        PreflightCheck::Preflight { method, names } => {
            Decision::Preflight(usable_origin(bucket, head).and_then(|origin| {
                matcher.first_rule(id, origin, method, names.map_err(|_| NoRule::MalformedHeader)?)
            }))
        }
    }
}

/// Decides what becomes of a request for which no bucket's rules may answer. Its preflights are refused as the store
/// refuses one for a bucket without rules.
pub fn decide_without_bucket<'a>(matcher: &Matcher, reason: NoRule, head: &RequestHead<'a>) -> Decision<'a> {
    if head.method != b"OPTIONS" {
        return Decision::Actual(Err(reason));
    }
    match check_preflight(matcher.settings().profile, false, head) {
        PreflightCheck::NoPreflight => Decision::Actual(Err(reason)),
        PreflightCheck::Bad(reason) => Decision::BadPreflight(reason),
        PreflightCheck::Preflight { .. } => Decision::Preflight(Err(reason)),
    }
}

enum PreflightCheck<'a> {
    NoPreflight,
    Bad(BadRequest<'a>),
    Preflight {
        method: &'a [u8],
        names: Result<RequestedNames<'a>, Malformed<'a>>,
    },
}

/// Whether an OPTIONS request is a CORS-preflight request (Fetch: one with `Origin` and
/// `Access-Control-Request-Method`), and whether the store would look at its rules at all.
fn check_preflight<'a>(profile: &Profile, has_rules: bool, head: &RequestHead<'a>) -> PreflightCheck<'a> {
    let incomplete = |reason| match profile.incomplete_preflight {
        IncompletePreflight::Upstream => PreflightCheck::NoPreflight,
        IncompletePreflight::BadRequest | IncompletePreflight::BadRequestUnlessNoRules => {
            PreflightCheck::Bad(reason)
        }
    };
    if given(head.origin).is_none() {
        return incomplete(BadRequest::NoOrigin);
    }
    let Some(method) = given(head.request_method) else {
        if profile.incomplete_preflight == IncompletePreflight::BadRequestUnlessNoRules && !has_rules {
            // S3 answers "CORS is not enabled for this bucket" here (recorded).
            return PreflightCheck::Preflight {
                method: b"",
                names: Ok(RequestedNames::default()),
            };
        }
        return incomplete(BadRequest::NoRequestMethod);
    };
    let names = RequestedNames::parse(head.request_headers.unwrap_or_default());
    if profile.invalid_is_bad_request {
        let is_store_method = STORE_METHODS.iter().any(|store| store.as_bytes() == method);
        if profile.methods == Methods::Store && !is_store_method {
            return PreflightCheck::Bad(BadRequest::Method(method));
        }
        if let Err(Malformed::NotAToken(element)) = names {
            return PreflightCheck::Bad(BadRequest::Header(element));
        }
    }
    PreflightCheck::Preflight { method, names }
}
