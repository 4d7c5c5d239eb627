//! Validated rules to the compiled matcher. Infallible: validation has refused what could fail here.

use super::compiled::{CompiledBucket, ListedBucket};
use super::patterns::{Compared, Patterns};
use super::rule_runs::RuleRuns;
use super::space::Space;
use super::{BucketId, Matcher};
use crate::chunks::Chunks;
use crate::config::{Bucket, BucketSink, Mode, Settings};
use crate::index::{Index, hash_of_numbers};
use crate::vary;

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
