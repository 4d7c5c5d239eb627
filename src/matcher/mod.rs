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
mod key_hash;
mod locate;
mod mask;
mod patterns;
mod rule_runs;
mod space;
mod span;
mod table;
mod trie;

use std::ops::ControlFlow;

pub use compile::MatcherBuilder;
pub use compiled::{CompiledBucket, RuleValues};
#[cfg(feature = "metrics")]
pub(crate) use interner::Interner;
pub use mask::RuleMask;

use crate::addressing::Style;
use crate::config::{Metering, Mode, Settings};
use crate::http::requested_headers::RequestedNames;
use crate::profile::STORE_METHODS;
use crate::verdict::{NoRule, RuleId};
use compiled::{CompiledRule, ListedBucket, PatternSet, ValueId};
use mask::MaskId;
use space::Space;
use span::Span;
use table::Table;
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

fn unless(is_done: bool) -> ControlFlow<()> {
    if is_done {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}
