//! Validated rules to the compiled matcher. Infallible: validation has refused what could fail here.

use std::borrow::Cow;

use super::interner::Interner;
use super::mask::{MaskPool, RuleMask};
use super::table::{Space, TableBuilder};
use super::trie::{End, Forest};
use super::{BucketId, CompiledBucket, CompiledRule, Matcher, PatternSet, Span};
use crate::config::{Bucket, BucketSink, Rule, Settings};
use crate::http::{list, origin};
use crate::profile::STORE_METHODS;
use crate::wildcard::Pattern;

/// Compiles buckets one by one, as [`crate::config::read`] hands them out.
#[derive(Debug, Default)]
pub struct MatcherBuilder {
    buckets: Vec<CompiledBucket>,
    rules: Vec<CompiledRule>,
    masks: MaskPool,
    exact: TableBuilder,
    stars: Forest,
    values: Values,
    any_name: Option<BucketId>,
    any_host: Option<BucketId>,
    has_hosts: bool,
    pattern_count: usize,
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
        let id = u32::try_from(self.buckets.len()).unwrap_or(u32::MAX);
        self.add_addresses(bucket, id);

        let origins = rules(bucket)
            .flat_map(|(mask, rule)| rule.allowed_origins.iter().map(move |origin| (origin, mask)));
        let origins = self.pattern_set(Space::origins(id), origins, origin::MAX_BYTES, false);
        let headers = rules(bucket)
            .flat_map(|(mask, rule)| rule.allowed_headers.iter().map(move |header| (header, mask)));
        let headers = self.pattern_set(Space::headers(id), headers, list::MAX_NAME_BYTES, true);
        let methods = STORE_METHODS.map(|method| {
            let listing =
                rules(bucket).filter(|(_, rule)| rule.allowed_methods.iter().any(|listed| listed == method));
            self.masks
                .intern(listing.fold(RuleMask::NONE, |all, (mask, _)| all | mask))
        });
        let has_other_methods = self.add_other_methods(bucket, id);

        let first_rule = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        for rule in &bucket.rules {
            let rule = self.values.rule(rule);
            self.rules.push(rule);
        }
        self.buckets.push(CompiledBucket {
            profile: bucket.profile,
            origins,
            headers,
            methods,
            has_other_methods,
            first_rule,
            rule_count: u32::try_from(bucket.rules.len()).unwrap_or(u32::MAX),
            vary: varies(bucket),
            allow_credentials: bucket.allow_credentials,
            allow_private_network: bucket.allow_private_network,
            upstream_cors: bucket.upstream_cors,
            mode: bucket.mode,
        });
    }

    /// Freezes what was added.
    pub fn finish(mut self, settings: Settings) -> Matcher {
        for endpoint in &settings.endpoints {
            self.exact.insert(Space::ENDPOINT, endpoint.as_bytes(), 0);
        }
        self.stars.shrink();
        Matcher {
            has_hosts: self.has_hosts || !settings.endpoints.is_empty(),
            is_one_site: settings.endpoints.is_empty() && self.any_host.is_some() && self.buckets.len() == 1,
            settings,
            pattern_count: self.pattern_count,
            buckets: self.buckets.into_boxed_slice(),
            rules: self.rules.into_boxed_slice(),
            masks: self.masks.finish(),
            exact: self.exact.finish(),
            stars: self.stars,
            values: self.values.known.into_bytes(),
            any_name: self.any_name,
            any_host: self.any_host,
        }
    }

    fn add_addresses(&mut self, bucket: &Bucket<'_>, id: u32) {
        if bucket.name == "*" {
            self.any_name = Some(BucketId(id));
        } else {
            self.exact.insert(Space::BUCKET_NAME, bucket.name.as_bytes(), id);
        }
        for host in &bucket.hosts {
            if host == "*" {
                self.any_host = Some(BucketId(id));
            } else {
                self.has_hosts = true;
                self.exact.insert(Space::HOST, host.as_bytes(), id);
            }
        }
    }

    /// Methods beyond the five, which only the `fetch` profile lets a rule list.
    fn add_other_methods(&mut self, bucket: &Bucket<'_>, id: u32) -> bool {
        let listed = rules(bucket).flat_map(|(mask, rule)| {
            rule.allowed_methods.iter().map(move |method| Item {
                prefix: method.as_bytes().into(),
                mask,
                ..Item::default()
            })
        });
        let other = listed.filter(|item| {
            !STORE_METHODS
                .iter()
                .any(|method| method.as_bytes() == &*item.prefix)
        });
        let items = merged(other.collect());
        for item in &items {
            self.exact
                .insert(Space::methods(id), &item.prefix, self.masks.intern(item.mask).0);
        }
        !items.is_empty()
    }

    /// `max_bytes`: no value longer than this is ever looked up, so a pattern whose literal parts are longer is left out.
    fn pattern_set<'p>(
        &mut self,
        space: Space,
        patterns: impl Iterator<Item = (&'p Pattern<'p>, RuleMask)>,
        max_bytes: usize,
        ignore_case: bool,
    ) -> PatternSet {
        let mut any = RuleMask::NONE;
        let mut items = Vec::new();
        for (pattern, mask) in
            patterns.filter(|(pattern, _)| pattern.as_str().len() <= max_bytes.saturating_add(1))
        {
            match pattern.parts() {
                Some(("", "")) => any |= mask,
                None => items.push(Item::new(pattern.as_str(), None, mask, ignore_case)),
                Some((prefix, suffix)) => items.push(Item::new(prefix, Some(suffix), mask, ignore_case)),
            }
        }
        let items = merged(items);
        self.pattern_count = self.pattern_count.saturating_add(items.len());
        let mut suffixes: Vec<(&[u8], u32)> = Vec::new();
        let mut prefixes: Vec<(&[u8], u32)> = Vec::new();
        for group in items.chunk_by(|a, b| a.suffix == b.suffix) {
            match group.first().and_then(|item| item.suffix.as_deref()) {
                None => {
                    for item in group {
                        self.exact
                            .insert(space, &item.prefix, self.masks.intern(item.mask).0);
                    }
                }
                Some(suffix) => {
                    prefixes.clear();
                    prefixes.extend(
                        group
                            .iter()
                            .map(|item| (&*item.prefix, self.masks.intern(item.mask).0)),
                    );
                    suffixes.push((suffix, self.stars.add(End::Front, &prefixes).to_value()));
                }
            }
        }
        PatternSet {
            any: self.masks.intern(any),
            stars: self.stars.add(End::Back, &suffixes),
        }
    }
}

fn rules<'b>(bucket: &'b Bucket<'_>) -> impl Iterator<Item = (RuleMask, &'b Rule<'b>)> {
    bucket
        .rules
        .iter()
        .enumerate()
        .map(|(index, rule)| (RuleMask::only(index), rule))
}

/// A string that rules list, with the rules that list it.
#[derive(Debug, Default)]
struct Item<'p> {
    /// What stands before the `*`, or all of an exact string.
    prefix: Cow<'p, [u8]>,
    /// What stands after the `*`.
    suffix: Option<Cow<'p, [u8]>>,
    mask: RuleMask,
}

impl<'p> Item<'p> {
    fn new(prefix: &'p str, suffix: Option<&'p str>, mask: RuleMask, ignore_case: bool) -> Self {
        let fold = |text: &'p str| -> Cow<'p, [u8]> {
            let has_upper = ignore_case && text.bytes().any(|byte| byte.is_ascii_uppercase());
            if has_upper {
                text.to_ascii_lowercase().into_bytes().into()
            } else {
                text.as_bytes().into()
            }
        };
        Self {
            prefix: fold(prefix),
            suffix: suffix.map(fold),
            mask,
        }
    }
}

/// Sorts as the tries want it, exact strings first, and makes one item of those that differ in their rules only.
fn merged(mut items: Vec<Item<'_>>) -> Vec<Item<'_>> {
    items.sort_unstable_by(|a, b| {
        let by_suffix = match (&a.suffix, &b.suffix) {
            (Some(a), Some(b)) => End::Back.compare(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        by_suffix.then_with(|| End::Front.compare(&a.prefix, &b.prefix))
    });
    items.dedup_by(|item, kept| {
        let is_same = item.suffix == kept.suffix && item.prefix == kept.prefix;
        if is_same {
            kept.mask |= item.mask;
        }
        is_same
    });
    items
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

    fn list(&mut self, names: &[Cow<'_, str>]) -> Span {
        let mut list = std::mem::take(&mut self.scratch);
        list.clear();
        for name in names {
            if !list.is_empty() {
                list.extend_from_slice(b", ");
            }
            list.extend_from_slice(name.as_bytes());
        }
        let span = self.intern(&list);
        self.scratch = list;
        span
    }

    fn intern(&mut self, value: &[u8]) -> Span {
        let (number, _) = self.known.intern(value);
        self.known.span(number)
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
