//! A configuration at work, shared by all workers.

use std::time::Instant;

use super::host::{EnvoyConfig, EnvoyStream};
use super::shelf::OfFilter;
use crate::config::Metering;
use crate::edge::Edge;
use crate::loading;
use crate::matcher::BucketId;
use crate::metric_names::{self, PREFIX};
use crate::stats::{BUCKET_COUNTERS, COUNTERS, Sums};

/// Nothing in it changes, so that workers share it without a lock.
pub(super) struct Config {
    pub(super) edge: Edge,
    counters: Counters,
}

const _: () = {
    const fn is_shared_by_threads<T: Send + Sync>() {}
    is_shared_by_threads::<Config>();
};

impl Config {
    /// `None`: the text is no good, and the log says why. `name`: the filter's.
    pub(super) fn load(host: &EnvoyConfig, name: &[u8], text: &[u8]) -> Option<Self> {
        let began = Instant::now();
        let loaded = loading::load(text, |_| true, &OfFilter(name))?;
        let matcher = loaded.edge.matcher();
        let mut counters = Counters::default();
        if matcher.settings().metrics != Metering::Off {
            counters = Counters {
                totals: COUNTERS.map(|what| host.define_counter(&format!("{PREFIX}.{what}"))),
                buckets: metric_names::define_of_buckets(matcher, |name| host.define_counter(&name)),
                failures: host.define_counter(&format!("{PREFIX}.failures")),
            };
            let microseconds = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            metric_names::set_loaded(&loaded, microseconds, |name, value| host.set_gauge(&name, value));
        }
        Some(Self {
            edge: loaded.edge,
            counters,
        })
    }

    /// Where the requests of a stream are counted.
    pub(super) fn sums<'a>(&'a self, stream: &'a EnvoyStream) -> impl Sums + 'a {
        Counting {
            counters: &self.counters,
            stream,
        }
    }

    /// Counts a request that failed.
    pub(super) fn count_failure(&self, stream: &EnvoyStream) {
        if let Some(counter) = self.counters.failures {
            stream.increment(counter);
        }
    }
}

/// Envoy's ids of counters; `None` where nothing is counted.
#[derive(Default)]
struct Counters {
    totals: [Option<usize>; COUNTERS.len()],
    /// One row for each bucket that is counted.
    buckets: Vec<[Option<usize>; BUCKET_COUNTERS.len()]>,
    failures: Option<usize>,
}

/// Counts in Envoy's own counters at once: that is an atomic addition there, and takes no timer to hand sums over.
struct Counting<'a> {
    counters: &'a Counters,
    stream: &'a EnvoyStream,
}

impl Sums for Counting<'_> {
    fn add(&self, counter: usize) {
        if let Some(&Some(counter)) = self.counters.totals.get(counter) {
            self.stream.increment(counter);
        }
    }

    fn add_of_bucket(&self, bucket: BucketId, counter: usize) {
        let row = self.counters.buckets.get(bucket.index());
        if let Some(&Some(counter)) = row.and_then(|row| row.get(counter)) {
            self.stream.increment(counter);
        }
    }
}
