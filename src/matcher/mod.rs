//! The compiled configuration: immutable, shared, and the only thing a request looks at.
//!
//! Each rule of a bucket is a bit. Every distinct origin pattern, method and header pattern stores the set of rules
//! that list it; a request's rule is the lowest bit of the intersection of what its origin, its method and each
//! requested header name look up. Exact strings are found in one hash table for all buckets, single-star patterns by a
//! walk over the suffix and then the prefix, so cost depends on the request and not on how many rules or buckets there
//! are. Nothing here allocates after the load.

mod compile;
mod compiled;
mod interner;
mod mask;
mod span;
mod table;
mod trie;

use std::ops::ControlFlow;

pub use compile::MatcherBuilder;
pub use compiled::{CompiledBucket, RuleValues};
#[cfg(feature = "metrics")]
pub(crate) use interner::Interner;
pub use mask::RuleMask;

use crate::addressing::{self, HostName, InPath, Style};
use crate::config::{Metering, Mode, Settings};
use crate::http::list::RequestedNames;
use crate::profile::STORE_METHODS;
use crate::verdict::{NoRule, RuleId};
use compiled::{CompiledRule, ListedBucket, PatternSet, ValueId};
use mask::MaskId;
use span::Span;
use table::{Space, Table};
use trie::{Forest, TrieRoot};

/// A bucket of a [`Matcher`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketId(u32);

impl BucketId {
    /// The index in the configuration, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A listed bucket's, or one that `"*"` stands for.
    Bucket(BucketId, Style),
    /// Clearly of no listed bucket: another bucket's, the service's, or of a host that is not the store's.
    Unlisted,
    /// Some server may take it for a listed bucket's, another for another's.
    Unclear,
}

/// A compiled configuration.
///
/// The default has no bucket.
#[derive(Debug, Default)]
pub struct Matcher {
    settings: Settings,
    /// Whether a host can lead to a bucket.
    has_hosts: bool,
    /// Whether a bucket's name has a slash behind it.
    has_folders: bool,
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
    /// Whether any bucket but `"*"` is listed, and whether the rules of any of these take effect.
    listed: Option<Mode>,
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

    /// The name of a bucket, as it is listed.
    pub fn name(&self, id: BucketId) -> &[u8] {
        let listed = self.buckets.get(id.0 as usize);
        let name = listed.and_then(|listed| self.exact.key_of(listed.name));
        name.unwrap_or(b"*")
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
        Some(rule.with_values(|id| self.value(id)))
    }

    /// `Timing-Allow-Origin` on every response of the bucket; empty: not sent.
    pub fn timing_allow_origin(&self, bucket: &CompiledBucket) -> &[u8] {
        self.value(bucket.timing_allow_origin)
    }

    fn value(&self, id: ValueId) -> &[u8] {
        let span = self.value_spans.get(id.0 as usize).copied();
        span.unwrap_or_default().of_bytes(&self.values)
    }

    /// Finds the bucket of a request: by custom domain, by endpoint (virtual-hosted-style or path-style), by path on
    /// every host where no endpoint is configured, and last by the host `"*"`.
    pub fn locate(&self, authority: Option<&[u8]>, path: Option<&[u8]>) -> Owner {
        let elsewhere = || {
            self.any_host
                .map_or(Owner::Unlisted, |bucket| Owner::Bucket(bucket, Style::Host))
        };
        if self.is_one_site {
            return elsewhere();
        }
        if authority.is_some_and(addressing::has_userinfo) {
            return self.unclear();
        }
        let in_path = || InPath::read(path.unwrap_or_default());
        if let Some(host) = authority
            .filter(|_| self.has_hosts)
            .and_then(HostName::from_authority)
        {
            if let Some(bucket) = self.exact.get(Space::HOST, host.as_bytes()) {
                return Owner::Bucket(BucketId(bucket), Style::Host);
            }
            let endpoint = |host: &[u8]| self.exact.get(Space::ENDPOINT, host);
            if endpoint(host.as_bytes()).is_some() {
                return match in_path() {
                    InPath::Service => Owner::Unlisted,
                    InPath::Bucket(bucket) => self.named(bucket.as_bytes(), Style::Path, path),
                    InPath::Unclear => self.unclear(),
                };
            }
            if let Some((name, _)) = host.splits().find(|(_, rest)| endpoint(rest) == Some(0)) {
                return self.named(name, Style::Host, None);
            }
        }
        if !self.settings.endpoints.is_empty() {
            return elsewhere();
        }
        match in_path() {
            InPath::Service => elsewhere(),
            InPath::Bucket(bucket) => match self.named(bucket.as_bytes(), Style::Path, path) {
                Owner::Unlisted => elsewhere(),
                owner => owner,
            },
            InPath::Unclear => self.unclear(),
        }
    }

    /// Whose request it is that names a bucket, in this path or in its host.
    fn named(&self, name: &[u8], style: Style, path: Option<&[u8]>) -> Owner {
        match self.exact.get(Space::BUCKET_NAME, name) {
            Some(bucket) => Owner::Bucket(BucketId(bucket), style),
            None if self.has_folders && has_slash_behind(path) => match self.exact.get(Space::FOLDER, name) {
                Some(bucket) => Owner::Bucket(BucketId(bucket), style),
                None => self.unnamed(style),
            },
            None => self.unnamed(style),
        }
    }

    /// Whose request it is for a bucket that is not listed.
    fn unnamed(&self, style: Style) -> Owner {
        self.any_name
            .map_or(Owner::Unlisted, |bucket| Owner::Bucket(bucket, style))
    }

    /// Whose request it is that servers read in different ways. Beside a listed bucket it may be that one's, and then
    /// no rules may answer, those of `"*"` and of a site included; where none is listed, `"*"` stands for all that it
    /// may be.
    fn unclear(&self) -> Owner {
        match self.listed {
            None => self.unnamed(Style::Path),
            // A bucket in shadow mode is to see no change.
            Some(Mode::Shadow) => Owner::Unlisted,
            Some(Mode::Enforce) => Owner::Unclear,
        }
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

    /// The rules whose patterns admit the value. The search ends once it has every rule of `wanted`, so beyond those
    /// the set may be short; it is whole where it lacks one of them, or none is wanted.
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
                    .walk::<false, IGNORE_CASE>(TrieRoot::from_value(prefixes), rest, |mask, _| {
                        rules |= self.mask(MaskId(mask));
                        unless(rules.covers(wanted))
                    });
                unless(rules.covers(wanted))
            });
        rules
    }
}

/// Whether a slash stands behind the first segment of a path.
fn has_slash_behind(path: Option<&[u8]>) -> bool {
    let mut ends = path.unwrap_or_default().iter().skip(1);
    ends.find(|byte| matches!(byte, b'/' | b'?')) == Some(&b'/')
}

fn unless(is_done: bool) -> ControlFlow<()> {
    if is_done {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}
