//! The validated plugin configuration: what an operator wrote, in S3's and OSS's own words.
//!
//! Strings borrow from the configuration text where JSON lets them (no escapes), so that loading ten thousand
//! buckets does not copy their rules twice.

use std::borrow::Cow;

use crate::profile::Profile;
use crate::wildcard::Pattern;

/// The plugin-wide part of a configuration: everything but the buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whose answers the edge gives where a bucket does not say otherwise.
    pub profile: &'static Profile,
    /// Lower-case host names under which buckets are addressed virtual-hosted-style or path-style. Empty: path-style on
    /// every host.
    pub endpoints: Vec<String>,
    /// What happens to a preflight for a bucket that is not listed.
    pub unmanaged: Unmanaged,
    /// Whether responses carry `x-bucket-cors`.
    pub explain: bool,
    /// Whether the proxy's access log is told what became of each request.
    pub access_log: bool,
    /// What is counted.
    pub metrics: Metering,
    /// The proxy's route takes the store's CORS headers off every response and adds `Vary: Origin`, so that the edge does
    /// neither.
    pub route_prepares: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: &crate::profile::OSS,
            endpoints: Vec::new(),
            unmanaged: Unmanaged::Pass,
            explain: false,
            access_log: false,
            metrics: Metering::default(),
            route_prepares: false,
        }
    }
}

/// `metrics`: what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Metering {
    /// Nothing.
    Off,
    /// Sums over all buckets.
    #[default]
    Plugin,
    /// The same, and a few for each bucket.
    Bucket,
}

/// `unmanaged`: a preflight for a bucket that is not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unmanaged {
    /// Goes upstream.
    #[default]
    Pass,
    /// Is refused as the store refuses one for a bucket without rules.
    Refuse,
}

/// `upstream_cors`: what becomes of CORS headers that the store itself sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpstreamCors {
    /// The edge's headers replace them.
    #[default]
    Replace,
    /// Where the store sent `Access-Control-Allow-Origin`, its CORS headers stand and the edge adds none.
    Keep,
    /// There are none, says the operator, and the edge does not look: what has another name than those that it sets
    /// stands. To look is a fifth of what the filter costs.
    None,
}

/// `mode`: whether a bucket's rules take effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// They do.
    #[default]
    Enforce,
    /// They are decided and explained, but no response changes and no preflight is answered.
    Shadow,
}

/// A whole configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration<'a> {
    /// What is said once.
    pub settings: Settings,
    /// The buckets, in document order.
    pub buckets: Vec<Bucket<'a>>,
}

/// One bucket and its CORS document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket<'a> {
    /// The bucket's name, or `*` for every bucket that is not listed.
    pub name: Cow<'a, str>,
    /// Lower-case custom domain names bound to the bucket, or `*` for every host that nothing else claims.
    pub hosts: Vec<Cow<'a, str>>,
    /// Whose answers this bucket gets.
    pub profile: &'static Profile,
    /// `Access-Control-Allow-Credentials: true` beside an echoed origin.
    pub allow_credentials: bool,
    /// `Access-Control-Allow-Private-Network: true` on an allowed preflight that asks for it.
    pub allow_private_network: bool,
    /// What becomes of the store's own CORS headers.
    pub upstream_cors: UpstreamCors,
    /// Whether the rules take effect.
    pub mode: Mode,
    /// The rules, in the order in which they are tried. Empty: the bucket has no CORS.
    pub rules: Vec<Rule<'a>>,
    /// OSS's `ResponseVary`; `None` where the document does not say.
    pub response_vary: Option<bool>,
}

/// One `CORSRule`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule<'a> {
    /// S3's `ID`, shown by `explain`.
    pub id: Option<Cow<'a, str>>,
    /// `AllowedOrigin`: at least one.
    pub allowed_origins: Vec<Pattern<'a>>,
    /// `AllowedMethod`: at least one, an HTTP token each.
    pub allowed_methods: Vec<Cow<'a, str>>,
    /// `AllowedHeader`, as written; header names compare ASCII case-insensitively.
    pub allowed_headers: Vec<Pattern<'a>>,
    /// `ExposeHeader`.
    pub expose_headers: Vec<Cow<'a, str>>,
    /// `MaxAgeSeconds`, 0 to 999,999,999.
    pub max_age_seconds: Option<u32>,
}

impl Rule<'_> {
    /// Whether the rule lists the lone `*` among its origins, so that its answer is `Access-Control-Allow-Origin: *`.
    pub fn allows_any_origin(&self) -> bool {
        self.allowed_origins.iter().any(Pattern::is_any)
    }
}
