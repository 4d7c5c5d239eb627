//! What the edge counts, as Envoy's own statistics: `wasmcustom.bucket_cors.…`.

use std::cell::RefCell;

use super::host::{self, MetricKind};
use crate::edge::Edge;
use crate::matcher::Interner;
use crate::stats::{BUCKET_COUNTERS, COUNTERS};

const PREFIX: &str = "bucket_cors";

/// How often sums are handed over.
const PERIOD_MILLISECONDS: u32 = 1_000;

/// The host's ids of the counters; `None` where it gave none.
pub(super) struct Metrics {
    totals: [Option<u32>; COUNTERS.len()],
    /// One row for each bucket that is counted.
    buckets: Vec<[Option<u32>; BUCKET_COUNTERS.len()]>,
}

/// What loading a configuration found.
pub(super) struct Load {
    pub(super) warnings: usize,
    /// [`now`], when it began.
    pub(super) began: u64,
}

/// The host's clock in nanoseconds, for [`Load`].
pub(super) fn now() -> u64 {
    host::now_nanoseconds().unwrap_or_default()
}

/// Ids by the number of their name.
#[derive(Default)]
struct Ids {
    names: Interner,
    ids: Vec<Option<u32>>,
}

thread_local! {
    /// The ids of this VM. A host that is asked for the same name again gives another id and keeps both for as long as the VM
    /// lives, which is many configurations: Envoy would grow by kilobytes with each.
    static IDS: RefCell<Ids> = RefCell::default();
}

/// A VM that starts has no ids.
pub(super) fn start() {
    IDS.with(|ids| ids.try_borrow_mut().map(|mut ids| *ids = Ids::default()).ok());
}

fn id_of(kind: MetricKind, name: &str) -> Option<u32> {
    IDS.with(|ids| {
        let Ids { names, ids } = &mut *ids.try_borrow_mut().ok()?;
        let (number, is_new) = names.intern(name.as_bytes());
        if is_new {
            ids.push(host::define_metric(kind, name));
        }
        *ids.get(number as usize)?
    })
}

impl Metrics {
    /// Defines the counters, asks for a tick, and records what was loaded.
    pub(super) fn define(edge: &Edge, load: &Load) -> Self {
        let counter = |name: String| id_of(MetricKind::Counter, &name);
        let matcher = edge.matcher();
        let mut buckets = vec![[None; BUCKET_COUNTERS.len()]; matcher.counted_buckets()];
        let counted = matcher
            .bucket_names()
            .filter(|(_, bucket)| bucket.index() < matcher.counted_buckets());
        for (name, bucket) in counted {
            // A dot would begin a new level of the name.
            let name = String::from_utf8_lossy(name).replace(['.', '*'], "_");
            if let Some(row) = buckets.get_mut(bucket.index()) {
                *row = BUCKET_COUNTERS.map(|what| counter(format!("{PREFIX}.bucket.{name}.{what}")));
            }
        }
        let gauge = |name: &str, value: u64| {
            if let Some(id) = id_of(MetricKind::Gauge, &format!("{PREFIX}.{name}")) {
                host::record_metric(id, value);
            }
        };
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        gauge("loaded.buckets", count(matcher.bucket_count()));
        gauge("loaded.rules", count(matcher.rule_count()));
        gauge("loaded.warnings", count(load.warnings));
        gauge("loaded.microseconds", now().saturating_sub(load.began) / 1_000);
        host::set_tick_period(PERIOD_MILLISECONDS);
        Self {
            totals: COUNTERS.map(|what| counter(format!("{PREFIX}.{what}"))),
            buckets,
        }
    }

    /// Hands over what was counted since the last time.
    pub(super) fn hand_over(&self, edge: &Edge) {
        let increment = |id: Option<u32>, sum: u64| {
            if let Some(id) = id {
                host::increment_metric(id, sum);
            }
        };
        edge.stats().take(
            |counter, sum| increment(self.totals.get(counter).copied().flatten(), sum),
            |bucket, counter, sum| {
                let row = self.buckets.get(bucket);
                increment(row.and_then(|row| row.get(counter)).copied().flatten(), sum);
            },
        );
    }
}

/// Ends the ticks of the calling root context: Envoy goes on with those of one that is gone.
pub(super) fn end() {
    host::set_tick_period(0);
}
