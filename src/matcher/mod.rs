//! The compiled configuration: immutable, shared, and the only thing a request looks at.
//!
//! Each rule of a bucket is a bit. Every distinct origin pattern, method and header pattern stores the set of rules that
//! list it; a request's rule is the lowest bit of the intersection of what its origin, its method and each requested
//! header name look up. Exact strings are found in one hash table for all buckets, single-star patterns by a walk over
//! the suffix and then the prefix, so cost depends on the request and not on how many rules or buckets there are.
//! Nothing here allocates after the load.

mod chunks;
mod compile;
mod interner;
mod mask;
mod table;
mod trie;

use std::ops::ControlFlow;

pub use compile::MatcherBuilder;
#[cfg(feature = "metrics")]
pub(crate) use interner::Interner;
pub use mask::RuleMask;

use crate::addressing::{HostName, InPath, Style};
use crate::config::{Metering, Mode, Settings, Unmanaged, UpstreamCors};
use crate::decision::NoRule;
use crate::http::list::RequestedNames;
use crate::profile::{Profile, STORE_METHODS};
use mask::MaskId;
use table::{Space, Table};
use trie::{Forest, Root};

/// A bucket of a [`Matcher`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketId(u32);

impl BucketId {
    /// The index in the configuration, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A rule of a bucket: its index in the document, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleId(u32);

impl RuleId {
    /// The index in the bucket's document, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A listed bucket's, or one that `"*"` stands for.
    Bucket(BucketId, Style),
    /// A bucket's that is not listed.
    Unlisted,
    /// No bucket's: the service itself, or a host that is not the store's.
    Nowhere,
}

/// A stretch of the ready-made header values.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// Empty past 4 GiB, which no configuration that fits into a VM reaches.
    fn of(start: usize, len: usize) -> Self {
        match (u32::try_from(start), u32::try_from(len)) {
            (Ok(start), Ok(len)) => Self { start, len },
            _ => Self::default(),
        }
    }

    fn of_bytes(self, bytes: &[u8]) -> &[u8] {
        let start = self.start as usize;
        bytes
            .get(start..start.saturating_add(self.len as usize))
            .unwrap_or_default()
    }
}

/// What the patterns of one kind in a bucket admit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PatternSet {
    /// The rules that list the lone `*`.
    any: MaskId,
    /// Where the exact strings are looked up.
    exact: Space,
    /// Single-star patterns: a trie of suffixes whose values are tries of prefixes whose values are masks.
    stars: Root,
}

/// A bucket: its origins, and the number of what it shares with those that differ in their origins only.
#[derive(Debug, Clone, Copy)]
struct ListedBucket {
    origins: PatternSet,
    compiled: u32,
}

/// A bucket's part of a [`Matcher`], but for its origins: those of a company's buckets are often all that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompiledBucket {
    profile: &'static Profile,
    headers: PatternSet,
    /// In the order of [`STORE_METHODS`].
    methods: [MaskId; STORE_METHODS.len()],
    other_methods: Space,
    first_rule: u32,
    rule_count: u32,
    vary: bool,
    allow_credentials: bool,
    allow_private_network: bool,
    upstream_cors: UpstreamCors,
    mode: Mode,
}

impl CompiledBucket {
    /// Whose answers the bucket gets.
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// Whether the bucket has rules.
    pub fn has_rules(&self) -> bool {
        self.rule_count > 0
    }

    /// Whether every response names `Origin` in `Vary`.
    pub fn varies(&self) -> bool {
        self.vary
    }

    /// Whether an echoed origin is allowed credentials.
    pub fn allows_credentials(&self) -> bool {
        self.allow_credentials
    }

    /// Whether private network access is allowed to who asks.
    pub fn allows_private_network(&self) -> bool {
        self.allow_private_network
    }

    /// What becomes of the store's own CORS headers.
    pub fn upstream_cors(&self) -> UpstreamCors {
        self.upstream_cors
    }

    /// Whether the rules take effect.
    pub fn mode(&self) -> Mode {
        self.mode
    }
}

/// A rule's ready-made header values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CompiledRule {
    any_origin: bool,
    allow_methods: ValueId,
    expose_headers: ValueId,
    max_age: ValueId,
    id: ValueId,
}

/// Which of the ready-made header values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ValueId(u32);

/// A rule as the response sees it.
#[derive(Debug, Clone, Copy)]
pub struct RuleValues<'m> {
    /// Whether the rule lists the lone `*`.
    pub any_origin: bool,
    /// `Access-Control-Allow-Methods` where the profile sends the rule's list.
    pub allow_methods: &'m [u8],
    /// `Access-Control-Expose-Headers`; empty: not sent.
    pub expose_headers: &'m [u8],
    /// `Access-Control-Max-Age`; empty: not sent.
    pub max_age: &'m [u8],
    /// The rule's `ID`, fit for a quoted string in a header; empty where it has none.
    pub id: &'m [u8],
}

/// A compiled configuration.
#[derive(Debug)]
pub struct Matcher {
    settings: Settings,
    /// Whether a host can lead to a bucket.
    has_hosts: bool,
    /// Whether the only bucket serves every host: its paths are objects, whatever their first segment.
    is_one_site: bool,
    rule_count: usize,
    pattern_count: usize,
    buckets: Box<[ListedBucket]>,
    compiled: Box<[CompiledBucket]>,
    rules: Box<[CompiledRule]>,
    masks: Box<[RuleMask]>,
    exact: Table,
    stars: Forest,
    value_spans: Box<[Span]>,
    values: Box<[u8]>,
    /// The bucket `"*"`.
    any_name: Option<BucketId>,
    /// The bucket with the host `"*"`.
    any_host: Option<BucketId>,
}

impl Matcher {
    /// The plugin-wide settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How many buckets there are.
    pub fn bucket_count(&self) -> usize {
        self.buckets.len()
    }

    /// How many rules there are in all.
    pub fn rule_count(&self) -> usize {
        self.rule_count
    }

    /// How many distinct origin and header patterns the buckets have, the lone `*` apart.
    pub fn pattern_count(&self) -> usize {
        self.pattern_count
    }

    /// How many buckets are counted one by one.
    pub fn counted_buckets(&self) -> usize {
        if self.settings.metrics == Metering::Bucket {
            self.buckets.len()
        } else {
            0
        }
    }

    /// The buckets and their names, in no particular order.
    pub fn bucket_names(&self) -> impl Iterator<Item = (&[u8], BucketId)> {
        let named = self
            .exact
            .entries(Space::BUCKET_NAME)
            .map(|(name, bucket)| (name, BucketId(bucket)));
        named.chain(self.any_name.map(|bucket| (&b"*"[..], bucket)))
    }

    /// Whether a preflight for a bucket that is not listed is refused.
    pub fn refuses_unlisted(&self) -> bool {
        self.settings.unmanaged == Unmanaged::Refuse
    }

    /// The bucket of that id.
    pub fn bucket(&self, id: BucketId) -> Option<&CompiledBucket> {
        let listed = self.buckets.get(id.0 as usize)?;
        self.compiled.get(listed.compiled as usize)
    }

    /// The header values of a rule.
    pub fn rule(&self, bucket: BucketId, rule: RuleId) -> Option<RuleValues<'_>> {
        let bucket = self.bucket(bucket)?;
        let rule = self.rules.get(bucket.first_rule.checked_add(rule.0)? as usize)?;
        Some(RuleValues {
            any_origin: rule.any_origin,
            allow_methods: self.value(rule.allow_methods),
            expose_headers: self.value(rule.expose_headers),
            max_age: self.value(rule.max_age),
            id: self.value(rule.id),
        })
    }

    fn value(&self, id: ValueId) -> &[u8] {
        let span = self.value_spans.get(id.0 as usize).copied();
        span.unwrap_or_default().of_bytes(&self.values)
    }

    /// Finds the bucket of a request: by custom domain, by endpoint (virtual-hosted-style or path-style), by path on every
    /// host where no endpoint is configured, and last by the host `"*"`.
    pub fn locate(&self, authority: Option<&[u8]>, path: Option<&[u8]>) -> Place {
        let elsewhere = || {
            self.any_host
                .map_or(Place::Nowhere, |bucket| Place::Bucket(bucket, Style::Host))
        };
        if self.is_one_site {
            return elsewhere();
        }
        let in_path = || InPath::read(path.unwrap_or_default());
        if let Some(host) = authority
            .filter(|_| self.has_hosts)
            .and_then(HostName::from_authority)
        {
            if let Some(bucket) = self.exact.get(Space::HOST, host.as_bytes()) {
                return Place::Bucket(BucketId(bucket), Style::Host);
            }
            let is_endpoint = |host: &[u8]| self.exact.get(Space::ENDPOINT, host).is_some();
            if is_endpoint(host.as_bytes()) {
                return match in_path() {
                    InPath::Service => Place::Nowhere,
                    InPath::Bucket(bucket) => self.named(bucket.as_bytes(), Style::Path),
                    InPath::Unclear => self.unclear(),
                };
            }
            if let Some((name, _)) = host.splits().find(|(_, endpoint)| is_endpoint(endpoint)) {
                return self.named(name, Style::Host);
            }
        }
        if !self.settings.endpoints.is_empty() {
            return elsewhere();
        }
        match in_path() {
            InPath::Service => elsewhere(),
            InPath::Bucket(bucket) => match self.named(bucket.as_bytes(), Style::Path) {
                Place::Unlisted if self.any_host.is_some() => elsewhere(),
                place => place,
            },
            InPath::Unclear => self.unclear(),
        }
    }

    fn named(&self, name: &[u8], style: Style) -> Place {
        match self.exact.get(Space::BUCKET_NAME, name) {
            Some(bucket) => Place::Bucket(BucketId(bucket), style),
            None => self.unnamed(style),
        }
    }

    /// Whose request it is for a bucket that is not listed.
    fn unnamed(&self, style: Style) -> Place {
        self.any_name
            .map_or(Place::Unlisted, |bucket| Place::Bucket(bucket, style))
    }

    /// Whose request it is whose path does not say for which bucket: `"*"` stands for it only where that makes no difference. Beside
    /// a listed bucket it may be that one's, as the store reads the path, and then neither `"*"` nor a site's bucket may answer.
    fn unclear(&self) -> Place {
        if self.buckets.len() > 1 {
            return Place::Unlisted;
        }
        self.unnamed(Style::Path)
    }

    /// The first rule of the bucket that has the origin, the method and every requested header. `origin` is one that
    /// [`crate::http::origin::is_sendable`] lets through.
    ///
    /// # Errors
    /// [`NoRule`]: the first of origin, method and headers that left no rule.
    pub fn first_rule(
        &self,
        bucket_id: BucketId,
        origin: &[u8],
        method: &[u8],
        headers: RequestedNames<'_>,
    ) -> Result<RuleId, NoRule> {
        let listed = self.buckets.get(bucket_id.0 as usize).ok_or(NoRule::NoRules)?;
        let bucket = self
            .compiled
            .get(listed.compiled as usize)
            .ok_or(NoRule::NoRules)?;
        let with_method = self.with_method(bucket, method);
        let with_origin = self.admitting::<false>(listed.origins, origin, with_method);
        if with_origin.is_empty() {
            return Err(NoRule::Origin);
        }
        let mut rules = with_origin & with_method;
        if rules.is_empty() {
            return Err(NoRule::Method);
        }
        for name in headers.iter() {
            rules = rules & self.admitting::<true>(bucket.headers, name, rules);
            if rules.is_empty() {
                return Err(NoRule::Header);
            }
        }
        rules
            .first()
            .and_then(|rule| u32::try_from(rule).ok())
            .map(RuleId)
            .ok_or(NoRule::Header)
    }

    fn mask(&self, id: MaskId) -> RuleMask {
        self.masks.get(id.0 as usize).copied().unwrap_or_default()
    }

    fn with_method(&self, bucket: &CompiledBucket, method: &[u8]) -> RuleMask {
        let by_position = bucket
            .methods
            .iter()
            .zip(STORE_METHODS)
            .find(|(_, name)| name.as_bytes() == method);
        match by_position {
            Some((mask, _)) => self.mask(*mask),
            None => self.exact_mask::<false>(bucket.other_methods, method),
        }
    }

    fn exact_mask<const IGNORE_CASE: bool>(&self, space: Space, value: &[u8]) -> RuleMask {
        let found = if IGNORE_CASE {
            self.exact.get_ignoring_case(space, value)
        } else {
            self.exact.get(space, value)
        };
        found.map_or(RuleMask::NONE, |mask| self.mask(MaskId(mask)))
    }

    /// The rules whose patterns admit the value. The search ends once it has every rule of `wanted`, so beyond those the set
    /// may be short; it is whole where it lacks one of them, or none is wanted.
    fn admitting<const IGNORE_CASE: bool>(
        &self,
        set: PatternSet,
        value: &[u8],
        wanted: RuleMask,
    ) -> RuleMask {
        let mut rules = self.mask(set.any);
        if rules.covers(wanted) {
            return rules;
        }
        rules |= self.exact_mask::<IGNORE_CASE>(set.exact, value);
        if rules.covers(wanted) {
            return rules;
        }
        // Only what is left of the value without the suffix is searched for prefixes: the two may not overlap.
        self.stars
            .walk::<true, IGNORE_CASE>(set.stars, value, |prefixes, rest| {
                self.stars
                    .walk::<false, IGNORE_CASE>(Root::from_value(prefixes), rest, |mask, _| {
                        rules |= self.mask(MaskId(mask));
                        unless(rules.covers(wanted))
                    });
                unless(rules.covers(wanted))
            });
        rules
    }
}

fn unless(is_done: bool) -> ControlFlow<()> {
    if is_done {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}
