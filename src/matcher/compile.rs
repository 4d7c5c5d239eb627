//! Validated rules to the compiled matcher. Infallible: validation has refused what could fail here.

use std::collections::BTreeMap;

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

        let rules = || {
            bucket
                .rules
                .iter()
                .enumerate()
                .map(|(index, rule)| (RuleMask::only(index), rule))
        };
        let origins =
            rules().flat_map(|(mask, rule)| rule.allowed_origins.iter().map(move |origin| (origin, mask)));
        let origins = self.pattern_set(Space::origins(id), origins, origin::MAX_BYTES, false);
        let headers =
            rules().flat_map(|(mask, rule)| rule.allowed_headers.iter().map(move |header| (header, mask)));
        let headers = self.pattern_set(Space::headers(id), headers, list::MAX_NAME_BYTES, true);
        let methods = STORE_METHODS.map(|method| {
            let listing =
                rules().filter(|(_, rule)| rule.allowed_methods.iter().any(|listed| listed == method));
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
            values: self.values.bytes.into_boxed_slice(),
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

    fn add_other_methods(&mut self, bucket: &Bucket<'_>, id: u32) -> bool {
        let mut other = BTreeMap::<&str, RuleMask>::new();
        for (index, rule) in bucket.rules.iter().enumerate() {
            for method in rule
                .allowed_methods
                .iter()
                .filter(|method| !STORE_METHODS.contains(&method.as_ref()))
            {
                *other.entry(method).or_default() |= RuleMask::only(index);
            }
        }
        for (method, mask) in &other {
            self.exact
                .insert(Space::methods(id), method.as_bytes(), self.masks.intern(*mask).0);
        }
        !other.is_empty()
    }

    /// `max_bytes`: no value longer than this is ever looked up, so a pattern whose literal parts are longer is left out.
    fn pattern_set<'p>(
        &mut self,
        space: Space,
        patterns: impl Iterator<Item = (&'p Pattern<'p>, RuleMask)>,
        max_bytes: usize,
        ignore_case: bool,
    ) -> PatternSet {
        let fold = |text: &str| {
            if ignore_case {
                text.to_ascii_lowercase()
            } else {
                text.to_owned()
            }
            .into_bytes()
        };
        let mut any = RuleMask::NONE;
        let mut exact = BTreeMap::<Vec<u8>, RuleMask>::new();
        // Suffixes are read from their end, so they are keyed reversed.
        let mut stars = BTreeMap::<Vec<u8>, BTreeMap<Vec<u8>, RuleMask>>::new();
        for (pattern, mask) in
            patterns.filter(|(pattern, _)| pattern.as_str().len() <= max_bytes.saturating_add(1))
        {
            match pattern.parts() {
                None => *exact.entry(fold(pattern.as_str())).or_default() |= mask,
                Some(("", "")) => any |= mask,
                Some((prefix, suffix)) => {
                    let mut suffix = fold(suffix);
                    suffix.reverse();
                    *stars.entry(suffix).or_default().entry(fold(prefix)).or_default() |= mask;
                }
            }
        }
        let star_count = stars
            .values()
            .map(BTreeMap::len)
            .fold(0_usize, usize::saturating_add);
        self.pattern_count = self
            .pattern_count
            .saturating_add(exact.len())
            .saturating_add(star_count);
        for (text, mask) in exact {
            self.exact.insert(space, &text, self.masks.intern(mask).0);
        }
        let mut suffixes: Vec<(Vec<u8>, u32)> = Vec::with_capacity(stars.len());
        for (suffix, prefixes) in stars {
            let mut prefixes: Vec<_> = prefixes
                .into_iter()
                .map(|(prefix, mask)| (prefix, self.masks.intern(mask).0))
                .collect();
            suffixes.push((suffix, self.stars.add(End::Front, &mut prefixes).to_value()));
        }
        PatternSet {
            any: self.masks.intern(any),
            stars: self.stars.add(End::Back, &mut suffixes),
        }
    }
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
    bytes: Vec<u8>,
    spans: BTreeMap<Vec<u8>, Span>,
}

impl Values {
    fn rule(&mut self, rule: &Rule<'_>) -> CompiledRule {
        let max_age = rule
            .max_age_seconds
            .map(|seconds| seconds.to_string())
            .unwrap_or_default();
        CompiledRule {
            any_origin: rule.allows_any_origin(),
            allow_methods: self.intern(rule.allowed_methods.join(", ").into_bytes()),
            expose_headers: self.intern(rule.expose_headers.join(", ").into_bytes()),
            max_age: self.intern(max_age.into_bytes()),
            id: self.intern(rule.id.as_deref().map(quoted).unwrap_or_default().into_bytes()),
        }
    }

    fn intern(&mut self, value: Vec<u8>) -> Span {
        if let Some(span) = self.spans.get(&value) {
            return *span;
        }
        let (Ok(start), Ok(len)) = (u32::try_from(self.bytes.len()), u32::try_from(value.len())) else {
            return Span::default();
        };
        let span = Span { start, len };
        self.bytes.extend_from_slice(&value);
        self.spans.insert(value, span);
        span
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
