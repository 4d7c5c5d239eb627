//! Validated rules to the compiled matcher. Infallible: validation has refused what could fail here.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::compiled::{CompiledBucket, CompiledRule, ListedBucket, PatternSet, ValueId};
use super::interner::Interner;
use super::mask::{MaskId, MaskPool, RuleMask};
use super::table::{Space, TableBuilder};
use super::trie::{End, ForestBuilder};
use super::{BucketId, Matcher};
use crate::chunks::Chunks;
use crate::config::{Bucket, BucketSink, Mode, Rule, Settings};
use crate::http::{list, origin};
use crate::index::{Index, hash_of_numbers};
use crate::profile::STORE_METHODS;
use crate::vary;
use crate::wildcard::Pattern;

/// Compiles buckets one by one, as [`crate::config::read`] hands them out.
#[derive(Debug, Default)]
pub struct MatcherBuilder {
    buckets: Chunks<ListedBucket>,
    compiled: Chunks<CompiledBucket>,
    known_compiled: Index,
    rules: RuleRuns,
    rule_count: usize,
    patterns: Patterns,
    any_name: Option<BucketId>,
    any_host: Option<BucketId>,
    has_hosts: bool,
    has_folders: bool,
    listed: Option<Mode>,
}

impl BucketSink<'_> for MatcherBuilder {
    fn bucket(&mut self, bucket: Bucket<'_>) {
        self.add(&bucket);
    }

    #[inline(never)] // It is kilobytes, and rare.
    fn restart(&mut self) {
        *self = Self::default();
    }
}

impl MatcherBuilder {
    /// Compiles one bucket.
    pub fn add(&mut self, bucket: &Bucket<'_>) {
        let name = self.add_addresses(bucket, self.buckets.end());

        let origins = self
            .patterns
            .set(bucket, |rule| &rule.allowed_origins, Compared::Origin);
        let headers = self
            .patterns
            .set(bucket, |rule| &rule.allowed_headers, Compared::Header);
        let (methods, other_methods) = self.patterns.methods(bucket);
        let compiled = CompiledBucket {
            profile: bucket.profile,
            headers,
            methods,
            other_methods,
            first_rule: self.rules.add(&bucket.rules),
            rule_count: u32::try_from(bucket.rules.len()).unwrap_or(u32::MAX),
            vary: vary::of_bucket(bucket.profile, bucket.response_vary, !bucket.rules.is_empty()),
            resource_policy: bucket.resource_policy,
            timing_allow_origin: self.rules.values.intern(bucket.timing_allow_origin.as_bytes()),
            allow_credentials: bucket.allow_credentials,
            allow_private_network: bucket.allow_private_network,
            upstream_cors: bucket.upstream_cors,
            mode: bucket.mode,
        };
        self.rule_count = self.rule_count.saturating_add(bucket.rules.len());
        let compiled = self.intern(compiled);
        self.buckets.push(ListedBucket {
            name,
            origins,
            compiled,
        });
    }

    /// Freezes what was added.
    pub fn finish(mut self, settings: Settings) -> Matcher {
        let exact = &mut self.patterns.exact;
        for endpoint in &settings.endpoints {
            exact.insert(
                Space::ENDPOINT,
                endpoint.host.as_bytes(),
                u32::from(endpoint.is_path_only),
            );
        }
        let (value_spans, values) = self.rules.values.known.to_parts();
        Matcher {
            has_hosts: self.has_hosts || !settings.endpoints.is_empty(),
            has_folders: self.has_folders,
            is_one_site: settings.endpoints.is_empty() && self.any_host.is_some() && self.buckets.len() == 1,
            settings,
            rule_count: self.rule_count,
            pattern_count: self.patterns.count,
            buckets: self.buckets.to_block(),
            compiled: self.compiled.to_block(),
            rules: self.rules.rules.to_block(),
            masks: self.patterns.masks.finish(),
            exact: self.patterns.exact.finish(),
            stars: self.patterns.stars.finish(),
            value_spans,
            values,
            any_name: self.any_name,
            any_host: self.any_host,
            listed: self.listed,
        }
    }

    /// Returns the number of the name's entry.
    fn add_addresses(&mut self, bucket: &Bucket<'_>, id: u32) -> u32 {
        let exact = &mut self.patterns.exact;
        let name = if bucket.name == "*" {
            self.any_name = Some(BucketId(id));
            u32::MAX
        } else {
            if self.listed != Some(Mode::Enforce) {
                self.listed = Some(bucket.mode);
            }
            if let Some(folder) = bucket.name.strip_suffix('/') {
                self.has_folders = true;
                exact.insert(Space::FOLDER, folder.as_bytes(), id);
            }
            exact.insert(Space::BUCKET_NAME, bucket.name.as_bytes(), id)
        };
        for host in &bucket.hosts {
            if host == "*" {
                self.any_host = Some(BucketId(id));
            } else {
                self.has_hosts = true;
                exact.insert(Space::HOST, host.as_bytes(), id);
            }
        }
        name
    }

    /// The number of what buckets with the same rules for the same headers share.
    fn intern(&mut self, bucket: CompiledBucket) -> u32 {
        let numbers = [
            bucket.headers.any.0,
            bucket.headers.exact.number(),
            bucket.headers.stars.to_value(),
            bucket.first_rule,
            bucket.rule_count,
            bucket.timing_allow_origin.0,
        ];
        let hash = hash_of_numbers(0, numbers);
        let compiled = &self.compiled;
        let (number, is_new) = self
            .known_compiled
            .number(hash, &|number| compiled.get(number as usize) == Some(&bucket));
        if is_new {
            self.compiled.push(bucket);
        }
        number
    }
}

/// What patterns are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compared {
    /// Byte for byte.
    Origin,
    /// Without regard to case.
    Header,
}

impl Compared {
    /// No value longer than this is ever looked up.
    fn max_bytes(self) -> usize {
        match self {
            Compared::Origin => origin::MAX_BYTES,
            Compared::Header => list::MAX_NAME_BYTES,
        }
    }
}

/// One list of a rule's.
type List = for<'r> fn(&'r Rule<'r>) -> &'r [Pattern<'r>];

/// What is looked up: strings and patterns, and the sets of rules that list them.
#[derive(Debug, Default)]
struct Patterns {
    masks: MaskPool,
    exact: TableBuilder,
    stars: ForestBuilder,
    count: usize,
}

impl Patterns {
    /// The rules that list each of the five methods of the stores, and where others are looked up, which only the
    /// `fetch` profile lets a rule list.
    fn methods(&mut self, bucket: &Bucket<'_>) -> ([MaskId; STORE_METHODS.len()], Space) {
        let mut masks = [RuleMask::NONE; STORE_METHODS.len()];
        let mut others = Vec::new();
        for (rule, listing) in bucket.rules.iter().enumerate() {
            for method in &listing.allowed_methods {
                let known = STORE_METHODS.iter().position(|known| known == method);
                match known.and_then(|at| masks.get_mut(at)) {
                    Some(mask) => *mask |= RuleMask::only(rule),
                    None => others.push(ListedText {
                        prefix: method.as_bytes(),
                        suffix: None,
                        rule,
                    }),
                }
            }
        }
        let others = self.exact_list(&sorted(others));
        (masks.map(|mask| self.masks.intern(mask)), others)
    }

    /// The patterns of each rule. One whose literal parts are longer than any value that is looked up is left out.
    fn set(&mut self, bucket: &Bucket<'_>, list: List, kind: Compared) -> PatternSet {
        let mut any = RuleMask::NONE;
        let mut patterns = Vec::with_capacity(bucket.rules.iter().map(|rule| list(rule).len()).sum());
        for (rule, listing) in bucket.rules.iter().enumerate() {
            for pattern in list(listing) {
                if pattern.is_any() {
                    any |= RuleMask::only(rule);
                } else if pattern.as_str().len() <= kind.max_bytes().saturating_add(1) {
                    patterns.push((rule, pattern.compared(kind == Compared::Header)));
                }
            }
        }
        let items = patterns.iter().map(|(rule, pattern)| {
            let parts = pattern.parts();
            ListedText {
                prefix: parts.map_or(pattern.as_str(), |(prefix, _)| prefix).as_bytes(),
                suffix: parts.map(|(_, suffix)| suffix.as_bytes()),
                rule: *rule,
            }
        });
        let items = sorted(items.collect());
        self.count = self.count.saturating_add(items.chunk_by(ListedText::eq).count());
        let exact_len = items.partition_point(|item| item.suffix.is_none());
        let (exact, stars) = items.split_at_checked(exact_len).unwrap_or_default();
        let exact = self.exact_list(exact);
        let mut suffixes: Vec<(&[u8], u32)> = Vec::new();
        let mut prefixes: Vec<(&[u8], u32)> = Vec::new();
        for group in stars.chunk_by(|a, b| a.suffix == b.suffix) {
            prefixes.clear();
            prefixes.reserve_exact(group.len());
            for same in group.chunk_by(ListedText::eq) {
                let mask = self.masks.intern(rules_of(same));
                prefixes.extend(same.first().map(|item| (item.prefix, mask.0)));
            }
            let root = self.stars.add(End::Front, &prefixes).to_value();
            let suffix = group.first().and_then(|item| item.suffix);
            suffixes.extend(suffix.map(|suffix| (suffix, root)));
        }
        PatternSet {
            any: self.masks.intern(any),
            exact,
            stars: self.stars.add(End::Back, &suffixes),
        }
    }

    /// Sorted strings that are looked up as a whole.
    fn exact_list(&mut self, items: &[ListedText<'_>]) -> Space {
        let masks = &mut self.masks;
        self.exact.list(items.chunk_by(ListedText::eq).map(|same| {
            let key = same.first().map(|item| item.prefix).unwrap_or_default();
            (key, masks.intern(rules_of(same)).0)
        }))
    }
}

/// A string that a rule lists.
#[derive(Debug, Clone, Copy)]
struct ListedText<'p> {
    /// What stands before the `*`, or all of an exact string.
    prefix: &'p [u8],
    /// What stands after the `*`.
    suffix: Option<&'p [u8]>,
    rule: usize,
}

impl Ord for ListedText<'_> {
    /// As the tries want it, exact strings first. In which rules they stand makes no difference.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_suffix = match (self.suffix, other.suffix) {
            (Some(one), Some(other)) => End::Back.compare(one, other),
            (one, other) => one.is_some().cmp(&other.is_some()),
        };
        by_suffix.then_with(|| End::Front.compare(self.prefix, other.prefix))
    }
}

impl PartialOrd for ListedText<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ListedText<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.suffix == other.suffix && self.prefix == other.prefix
    }
}

impl Eq for ListedText<'_> {}

/// By a heap: the sorts of the standard library's slices would be 10 KB of the module.
fn sorted(items: Vec<ListedText<'_>>) -> Vec<ListedText<'_>> {
    BinaryHeap::from(items).into_sorted_vec()
}

fn rules_of(items: &[ListedText<'_>]) -> RuleMask {
    items
        .iter()
        .fold(RuleMask::NONE, |all, item| all | RuleMask::only(item.rule))
}

/// The rules of buckets, each distinct list of them once.
#[derive(Debug, Default)]
struct RuleRuns {
    rules: Chunks<CompiledRule>,
    /// By the number of a list: where it begins.
    runs: Chunks<u32>,
    known: Index,
    values: Values,
}

impl RuleRuns {
    /// Where the rules of a bucket begin.
    fn add(&mut self, rules: &[Rule<'_>]) -> u32 {
        let Self {
            rules: compiled,
            runs,
            known,
            values,
        } = self;
        let first = compiled.end();
        let mut hash = 0;
        for rule in rules {
            let rule = values.rule(rule);
            let numbers = [
                rule.allow_methods.0,
                rule.expose_headers.0,
                rule.max_age.0,
                rule.id.0,
            ];
            hash = hash_of_numbers(hash, numbers);
            compiled.push(rule);
        }
        let (number, is_new) = known.number(hash, &|number| {
            let known = runs.get(number as usize).copied().unwrap_or(first);
            let is_all_known = (known as usize).saturating_add(rules.len()) <= first as usize;
            let mut pairs = compiled
                .iter_from(first as usize)
                .zip(compiled.iter_from(known as usize));
            is_all_known && pairs.all(|(new, known)| new == known)
        });
        if is_new {
            runs.push(first);
            return first;
        }
        compiled.truncate(first as usize);
        runs.get(number as usize).copied().unwrap_or_default()
    }
}

/// Ready-made header values, each distinct one once.
#[derive(Debug, Default)]
struct Values {
    known: Interner,
    scratch: Vec<u8>,
}

impl Values {
    fn rule(&mut self, rule: &Rule<'_>) -> CompiledRule {
        let max_age = rule
            .max_age_seconds
            .map(|seconds| seconds.to_string())
            .unwrap_or_default();
        CompiledRule {
            any_origin: rule.allows_any_origin(),
            allow_methods: self.list(&rule.allowed_methods),
            expose_headers: self.list(&rule.expose_headers),
            max_age: self.intern(max_age.as_bytes()),
            id: self.intern(rule.id.as_deref().map(quoted).unwrap_or_default().as_bytes()),
        }
    }

    fn list(&mut self, names: &[Cow<'_, str>]) -> ValueId {
        let mut list = std::mem::take(&mut self.scratch);
        list.clear();
        for name in names {
            if !list.is_empty() {
                list.extend_from_slice(b", ");
            }
            list.extend_from_slice(name.as_bytes());
        }
        let value = self.intern(&list);
        self.scratch = list;
        value
    }

    fn intern(&mut self, value: &[u8]) -> ValueId {
        ValueId(self.known.intern(value).0)
    }
}

/// An `ID` as a quoted string that is fit for a header: what is not visible ASCII becomes `?`.
fn quoted(id: &str) -> String {
    let mut text = String::with_capacity(id.len());
    for character in id.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            ' '..='~' => text.push(character),
            _ => text.push('?'),
        }
    }
    text
}
