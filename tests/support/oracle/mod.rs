//! The naive edge: each bucket, each rule, each pattern, in order, straight from the configuration's contract. It
//! shares no code with `decision`, `answer`, `addressing` and `matcher`; it is too plain to be wrong in the same way.
//!
//! It can be broken on purpose, one [`NaiveFault`] at a time: a generated test that does not notice proves nothing.

mod answer;
mod headers;
mod owner;
mod rule;
pub mod text;

use bucket_cors::config::{Bucket, Mode, Settings, Unmanaged, UpstreamCors};

use super::requests::{CorsRequest, SortedHeaders, Treatment};
use owner::{NaiveOwner, NaiveStyle};
use rule::Options;

/// Declares each deliberate fault once. Each was found in some implementation, or left unnoticed by every public test
/// suite.
macro_rules! faults {
    ($($fault:ident,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum NaiveFault {
            $($fault,)*
        }

        pub const FAULTS: &[NaiveFault] = &[$(NaiveFault::$fault,)*];
    };
}

faults! {
    StarNeedsACharacter,
    OverlapAllowed,
    OriginIgnoresCase,
    DotMatchesAnyByte,
    SuffixUnanchored,
    PrefixUnanchored,
    MalformedOriginAdmitted,
    OriginLimitOff,
    MethodUpperCased,
    MethodPrefix,
    HeaderNamesCaseSensitive,
    HeaderTokensUnchecked,
    HeaderLimitsOff,
    EmptyElementsAreNames,
    BlanksKept,
    OnlyFirstHeaderChecked,
    OriginAloneChoosesRule,
    RequestedHeadersIgnored,
    NoAllowedHeaderAllowsAll,
    LastMatchWins,
    RulesMerged,
    StarIsEchoed,
    StarWinsOverTheWholeBucket,
    NoCredentials,
    CredentialsBesideStar,
    CredentialsForNull,
    OnlyRequestedMethodAllowed,
    RuleHeadersListed,
    NoAllowHeaders,
    NoVary,
    VaryOnMatchOnly,
    ResponseVaryIgnored,
    RefusalIs200,
    AllowedIs200,
    RequestMethodOnActualIgnored,
    NoMaxAge,
    ZeroMaxAgeDropped,
    NoExposeHeaders,
    EmptyExposeHeadersSent,
    MissingRequestMethodIs403,
    NoRulesIs200,
    NoRulesAllowsAll,
    PrivateNetworkUnasked,
    ShadowAnswers,
    HostCaseCounts,
    HostPortCounts,
    EndpointUnanchored,
    PathOnlyIgnored,
    FolderNeedsNoSlash,
    ShortestEndpointFirst,
    PathNotDecoded,
    PathDecodedTwice,
    DotSegmentsIgnored,
    EncodedSlashEndsNoSegment,
    SlashInAName,
    UnclearIsAnyBucket,
    UnclearIsAnyHost,
    QueryIsPath,
    AnyBucketFirst,
    AnyHostIgnored,
    ErrorTextUnescaped,
    UnclearPasses,
    BackslashIsPlain,
    ParametersArePath,
    EncodedOnceOnly,
    OddNamesAreNames,
    UserinfoIgnored,
    UnlistedResponsesPass,
    RefuseSparesTheService,
    VaryOfS3OnMatchOnly,
    NoVaryInShadow,
    NoPolicies,
    PoliciesOfActualOnly,
}

pub struct Oracle<'c> {
    pub settings: &'c Settings,
    pub buckets: &'c [Bucket<'c>],
    pub fault: Option<NaiveFault>,
}

/// Why no rule applies, in the words of `explain`.
pub(super) type Reason = &'static str;

impl<'c> Oracle<'c> {
    pub fn new(settings: &'c Settings, buckets: &'c [Bucket<'c>]) -> Self {
        Self {
            settings,
            buckets,
            fault: None,
        }
    }

    pub(super) fn has(&self, fault: NaiveFault) -> bool {
        self.fault == Some(fault)
    }

    pub fn serve(&self, request: &CorsRequest) -> Treatment {
        match self.owner(request) {
            NaiveOwner::Unlisted if self.settings.unmanaged == Unmanaged::Pass => Treatment::Untouched,
            NaiveOwner::Unlisted
                if self.has(NaiveFault::RefuseSparesTheService)
                    && request.path.as_deref().is_none_or(|path| self.is_service(path)) =>
            {
                Treatment::Untouched
            }
            NaiveOwner::Unlisted => self.serve_without_bucket("unlisted-bucket", request),
            NaiveOwner::Unclear if self.has(NaiveFault::UnclearPasses) => Treatment::Untouched,
            NaiveOwner::Unclear => self.serve_without_bucket("unclear-path", request),
            NaiveOwner::Bucket(bucket, style) => self.serve_bucket(bucket, style, request),
        }
    }

    /// Whether CORS headers of the store stand, where it sends some.
    pub fn keeps(&self, request: &CorsRequest) -> bool {
        matches!(self.owner(request), NaiveOwner::Bucket(bucket, _) if bucket.upstream_cors == UpstreamCors::Keep)
    }

    /// For a request that no bucket's rules may answer.
    fn serve_without_bucket(&self, reason: Reason, request: &CorsRequest) -> Treatment {
        if request.method == b"OPTIONS" {
            match self.classify(self.settings.profile.name, false, request) {
                Options::Upstream => {}
                Options::Bad(message, reason) => return self.answer_400(None, &message, reason, request),
                Options::Preflight { method } => {
                    return self.answer_403(None, Err(reason), method, NaiveStyle::Path, request);
                }
            }
        }
        if self.has(NaiveFault::UnlistedResponsesPass) {
            return Treatment::Untouched;
        }
        Treatment::Upstream {
            headers: Some(SortedHeaders::new()),
            vary: Some("Origin".to_owned()),
            explanation: self.settings.explain.then(|| self.explanation(None, Err(reason))),
        }
    }

    fn serve_bucket(&self, bucket: &Bucket<'_>, style: NaiveStyle, request: &CorsRequest) -> Treatment {
        let is_shadow = bucket.mode == Mode::Shadow && !self.has(NaiveFault::ShadowAnswers);
        if is_shadow && !self.settings.explain {
            return Treatment::Untouched;
        }
        if request.method == b"OPTIONS" {
            match self.classify(bucket.profile.name, !bucket.rules.is_empty(), request) {
                Options::Upstream => {}
                Options::Bad(_, reason) if is_shadow => {
                    return self.upstream(bucket, Err(reason), request);
                }
                Options::Bad(message, reason) => {
                    return self.answer_400(Some(bucket), &message, reason, request);
                }
                Options::Preflight { method } => {
                    let rule = self.rule_for(bucket, request, method, request.request_headers.as_deref());
                    return match rule {
                        _ if is_shadow => self.upstream(bucket, rule, request),
                        Ok(rule) => self.answer_allowed(bucket, rule, method, request),
                        Err(_) => self.answer_403(Some(bucket), rule, method, style, request),
                    };
                }
            }
        }
        let takes_part = bucket.profile.name == "s3" && !self.has(NaiveFault::RequestMethodOnActualIgnored);
        let rule = if takes_part {
            let method = given(&request.request_method).unwrap_or(&request.method);
            self.rule_for(bucket, request, method, request.request_headers.as_deref())
        } else {
            self.rule_for(bucket, request, &request.method, None)
        };
        self.upstream(bucket, rule, request)
    }
}

/// An empty header counts as absent.
pub(super) fn given(value: &Option<Vec<u8>>) -> Option<&[u8]> {
    value.as_deref().filter(|value| !value.is_empty())
}
