//! Validated rules to the compiled matcher. Infallible: validation has refused what could fail here.

use std::borrow::Cow;

use super::chunks::Chunks;
use super::interner::{Index, Interner};
use super::mask::{MaskId, MaskPool, RuleMask};
use super::table::{Space, TableBuilder, hash_of_numbers};
use super::trie::{End, ForestBuilder};
use super::{BucketId, CompiledBucket, CompiledRule, ListedBucket, Matcher, PatternSet, ValueId};
use crate::config::{Bucket, BucketSink, Rule, Settings};
use crate::http::{list, origin};
use crate::profile::STORE_METHODS;
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
}

impl BucketSink<'_> for MatcherBuilder {
    fn bucket(&mut self, bucket: Bucket<'_>) {
        self.add(&bucket);
    }

    fn restart(&mut self) {
        *self = Self::default();
    }
}

impl MatcherBuilder {
    /// Compiles one bucket.
    pub fn add(&mut self, bucket: &Bucket<'_>) {
        self.add_addresses(bucket, self.buckets.end());

        let origins = lists(bucket, |rule| &rule.allowed_origins);
        let origins = self.patterns.set(&origins, origin::MAX_BYTES, false);
        let headers = lists(bucket, |rule| &rule.allowed_headers);
        let headers = self.patterns.set(&headers, list::MAX_NAME_BYTES, true);
        let methods = STORE_METHODS.map(|method| {
            let listing = (0..)
                .zip(&bucket.rules)
                .filter(|(_, rule)| lists_method(rule, method));
            self.patterns.mask(listing.map(|(rule, _)| rule))
        });
        let compiled = CompiledBucket {
            profile: bucket.profile,
            headers,
            methods,
            other_methods: self.patterns.other_methods(bucket),
            first_rule: self.rules.add(&bucket.rules),
            rule_count: u32::try_from(bucket.rules.len()).unwrap_or(u32::MAX),
            vary: varies(bucket),
            allow_credentials: bucket.allow_credentials,
            allow_private_network: bucket.allow_private_network,
            upstream_cors: bucket.upstream_cors,
            mode: bucket.mode,
        };
        self.rule_count = self.rule_count.saturating_add(bucket.rules.len());
        let compiled = self.intern(compiled);
        self.buckets.push(ListedBucket { origins, compiled });
    }

    /// Freezes what was added.
    pub fn finish(mut self, settings: Settings) -> Matcher {
        let exact = &mut self.patterns.exact;
        for endpoint in &settings.endpoints {
            exact.insert(Space::ENDPOINT, endpoint.as_bytes(), 0);
        }
        let (value_spans, values) = self.rules.values.known.to_parts();
        Matcher {
            has_hosts: self.has_hosts || !settings.endpoints.is_empty(),
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
        }
    }

    fn add_addresses(&mut self, bucket: &Bucket<'_>, id: u32) {
        let exact = &mut self.patterns.exact;
        if bucket.name == "*" {
            self.any_name = Some(BucketId(id));
        } else {
            exact.insert(Space::BUCKET_NAME, bucket.name.as_bytes(), id);
        }
        for host in &bucket.hosts {
            if host == "*" {
                self.any_host = Some(BucketId(id));
            } else {
                self.has_hosts = true;
                exact.insert(Space::HOST, host.as_bytes(), id);
            }
        }
    }

    /// The number of what buckets with the same rules for the same headers share.
    fn intern(&mut self, bucket: CompiledBucket) -> u32 {
        let hash = hash_of_numbers([
            bucket.headers.any.0,
            bucket.headers.exact.number(),
            bucket.headers.stars.to_value(),
            bucket.first_rule,
            bucket.rule_count,
        ]);
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

/// One list of each rule.
fn lists<'b>(
    bucket: &'b Bucket<'_>,
    list: impl Fn(&'b Rule<'b>) -> &'b [Pattern<'b>],
) -> Vec<&'b [Pattern<'b>]> {
    bucket.rules.iter().map(list).collect()
}

fn lists_method(rule: &Rule<'_>, method: &str) -> bool {
    rule.allowed_methods.iter().any(|listed| listed == method)
}

/// What is looked up: strings and patterns, and the sets of rules that list them.
#[derive(Debug, Default)]
struct Patterns {
    masks: MaskPool,
    exact: TableBuilder,
    stars: ForestBuilder,
    count: usize,
}

impl Patterns {
    fn mask(&mut self, rules: impl Iterator<Item = usize>) -> MaskId {
        let mask = rules.fold(RuleMask::NONE, |all, rule| all | RuleMask::only(rule));
        self.masks.intern(mask)
    }

    /// Methods beyond the five, which only the `fetch` profile lets a rule list.
    fn other_methods(&mut self, bucket: &Bucket<'_>) -> Space {
        let listed = (0..).zip(&bucket.rules).flat_map(|(rule, listing)| {
            let methods = listing.allowed_methods.iter().map(|method| method.as_bytes());
            methods.map(move |prefix| Item {
                prefix,
                suffix: None,
                rule,
            })
        });
        let is_other = |item: &Item<'_>| {
            !STORE_METHODS
                .iter()
                .any(|method| method.as_bytes() == item.prefix)
        };
        let mut items: Vec<_> = listed.filter(is_other).collect();
        sort(&mut items);
        self.exact_list(&items)
    }

    /// The patterns of each rule. `max_bytes`: no value longer than this is ever looked up, so a pattern whose literal parts
    /// are longer is left out.
    fn set(&mut self, lists: &[&[Pattern<'_>]], max_bytes: usize, ignore_case: bool) -> PatternSet {
        let patterns = || {
            let is_short = |pattern: &&Pattern<'_>| pattern.as_str().len() <= max_bytes.saturating_add(1);
            (0..).zip(lists).flat_map(move |(rule, list)| {
                list.iter().filter(is_short).map(move |pattern| (rule, pattern))
            })
        };
        let any = self.mask(
            patterns()
                .filter(|(_, pattern)| pattern.is_any())
                .map(|(rule, _)| rule),
        );
        // Only what is not in lower case is copied.
        let has_upper = |text: &str| ignore_case && text.bytes().any(|byte| byte.is_ascii_uppercase());
        let texts = patterns().map(|(_, pattern)| pattern.as_str());
        let lowered: Vec<String> = texts
            .filter(|text| has_upper(text))
            .map(str::to_ascii_lowercase)
            .collect();
        let any_lowered = !lowered.is_empty();
        let mut lowered = lowered.iter();
        let mut items = Vec::with_capacity(lists.iter().map(|list| list.len()).sum());
        for (rule, pattern) in patterns().filter(|(_, pattern)| !pattern.is_any()) {
            let text = if any_lowered && has_upper(pattern.as_str()) {
                lowered.next().map_or("", String::as_str)
            } else {
                pattern.as_str()
            };
            let (prefix, suffix) = match pattern.parts() {
                Some((prefix, suffix)) => (
                    text.get(..prefix.len()).unwrap_or_default(),
                    text.get(text.len().saturating_sub(suffix.len())..)
                        .map(str::as_bytes),
                ),
                None => (text, None),
            };
            items.push(Item {
                prefix: prefix.as_bytes(),
                suffix,
                rule,
            });
        }
        sort(&mut items);
        self.count = self.count.saturating_add(items.chunk_by(Item::is_same).count());
        let exact_len = items.partition_point(|item| item.suffix.is_none());
        let (exact, stars) = items.split_at_checked(exact_len).unwrap_or_default();
        let exact = self.exact_list(exact);
        let mut suffixes: Vec<(&[u8], u32)> = Vec::new();
        let mut prefixes: Vec<(&[u8], u32)> = Vec::new();
        for group in stars.chunk_by(|a, b| a.suffix == b.suffix) {
            prefixes.clear();
            prefixes.reserve_exact(group.len());
            for same in group.chunk_by(Item::is_same) {
                let mask = self.mask(same.iter().map(|item| item.rule));
                prefixes.extend(same.first().map(|item| (item.prefix, mask.0)));
            }
            let root = self.stars.add(End::Front, &prefixes).to_value();
            let suffix = group.first().and_then(|item| item.suffix);
            suffixes.extend(suffix.map(|suffix| (suffix, root)));
        }
        PatternSet {
            any,
            exact,
            stars: self.stars.add(End::Back, &suffixes),
        }
    }

    /// Sorted strings that are looked up as a whole.
    fn exact_list(&mut self, items: &[Item<'_>]) -> Space {
        let masks = &mut self.masks;
        self.exact.list(items.chunk_by(Item::is_same).map(|same| {
            let mask = same
                .iter()
                .fold(RuleMask::NONE, |all, item| all | RuleMask::only(item.rule));
            let key = same.first().map(|item| item.prefix).unwrap_or_default();
            (key, masks.intern(mask).0)
        }))
    }
}

/// A string that a rule lists.
#[derive(Debug, Clone, Copy)]
struct Item<'p> {
    /// What stands before the `*`, or all of an exact string.
    prefix: &'p [u8],
    /// What stands after the `*`.
    suffix: Option<&'p [u8]>,
    rule: usize,
}

impl Item<'_> {
    /// Whether the two differ in their rules only.
    fn is_same(&self, other: &Self) -> bool {
        self.suffix == other.suffix && self.prefix == other.prefix
    }
}

/// Sorts as the tries want it, exact strings first.
fn sort(items: &mut [Item<'_>]) {
    items.sort_unstable_by(|a, b| {
        let by_suffix = match (a.suffix, b.suffix) {
            (Some(a), Some(b)) => End::Back.compare(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        by_suffix.then_with(|| End::Front.compare(a.prefix, b.prefix))
    });
}

/// Whether every response of the bucket carries `Vary: Origin`.
///
/// Where the document does not say, that is every bucket with rules: even under a lone `*` the header is there for a
/// request with an `Origin` and not for one without, so a shared cache that stored the latter would break pages (Fetch,
/// "CORS protocol and HTTP caches").
fn varies(bucket: &Bucket<'_>) -> bool {
    match bucket.response_vary {
        Some(vary) if bucket.profile.obeys_response_vary => vary,
        _ => !bucket.rules.is_empty(),
    }
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
            hash = hash_of_numbers([
                hash,
                rule.allow_methods.0,
                rule.expose_headers.0,
                rule.max_age.0,
                rule.id.0,
            ]);
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
