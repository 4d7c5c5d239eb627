//! The rule that applies to a request, or why there is none.

/// A rule of a bucket: its index in the document, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleId(pub(crate) u32);

impl RuleId {
    /// The index in the bucket's document, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Why no rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRule {
    /// The bucket is not listed.
    Unlisted,
    /// Servers read different buckets in the request's path or host.
    Unclear,
    /// The bucket has none.
    NoRules,
    /// The request has no `Origin`, so it is no CORS request.
    NoOrigin,
    /// The `Origin` is none that a client could send.
    MalformedOrigin,
    /// No rule lists the origin.
    Origin,
    /// No rule that lists the origin lists the method.
    Method,
    /// A preflight without `Access-Control-Request-Method`.
    NoRequestMethod,
    /// A requested header name is no header name, or there are too many.
    MalformedHeader,
    /// No rule that lists origin and method lists every requested header.
    Header,
    /// The host did not take the edge's answer to a preflight; what the store answers instead allows nothing.
    Unanswered,
}

impl NoRule {
    /// The reason in a word, for people and for metrics.
    pub fn reason(self) -> &'static str {
        match self {
            NoRule::Unlisted => "unlisted-bucket",
            NoRule::Unclear => "unclear-path",
            NoRule::NoRules => "no-rules",
            NoRule::NoOrigin => "no-origin",
            NoRule::MalformedOrigin => "malformed-origin",
            NoRule::Origin => "origin",
            NoRule::Method => "method",
            NoRule::NoRequestMethod => "no-request-method",
            NoRule::MalformedHeader => "malformed-header",
            NoRule::Header => "header",
            NoRule::Unanswered => "unanswered",
        }
    }
}

/// The rule that applies to a request, or why there is none.
pub type Verdict = Result<RuleId, NoRule>;
