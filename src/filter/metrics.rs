//! What the edge counts, as Envoy's own statistics: `wasmcustom.bucket_cors.…`.

use std::cell::RefCell;

use log::warn;

use super::host::{self, MetricKind, Status};
use crate::loading::Loaded;
use crate::matcher::Interner;
use crate::metric_names::{self, PREFIX};
use crate::stats::{BUCKET_COUNTERS, COUNTERS, Stats};

/// How many statistics a VM defines in its life before it defines none of single buckets any more: those of a
/// configuration with the most buckets that are counted, four times over.
const MOST_IDS: usize = 56_000;

/// How often sums are handed over.
const PERIOD_MILLISECONDS: u32 = 1_000;

/// The host's ids of the counters; `None` where it gave none.
pub(super) struct Metrics {
    totals: [Option<u32>; COUNTERS.len()],
    /// One row for each bucket that is counted.
    buckets: Vec<[Option<u32>; BUCKET_COUNTERS.len()]>,
}

/// The host's clock in nanoseconds.
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
    /// The ids of this VM. A host that is asked for the same name again gives another id and keeps both for as long as
    /// the VM lives, which is many configurations: Envoy would grow by kilobytes with each.
    static IDS: RefCell<Option<Ids>> = const { RefCell::new(None) };
}

/// A VM that starts has no ids.
pub(super) fn start() {
    IDS.with(|ids| ids.replace(Some(Ids::default())));
}

/// Makes each call that statistics take, in a way that changes none, and says which the host refuses.
#[cold]
pub(super) fn try_calls(mut came: impl FnMut(&'static str, bool)) {
    /// An id that no host has given.
    const NONE: u32 = u32::MAX;
    let id = id_of(MetricKind::Gauge, format!("{PREFIX}.loaded.buckets"), usize::MAX);
    let calls = [
        ("proxy_define_metric", id.is_none()),
        (
            "proxy_increment_metric",
            host::increment_metric(NONE, 0).is_refusal(),
        ),
        ("proxy_record_metric", host::record_metric(NONE, 0).is_refusal()),
        (
            "proxy_set_tick_period_milliseconds",
            host::set_tick_period(0).is_refusal(),
        ),
        (
            "proxy_get_current_time_nanoseconds",
            host::now_nanoseconds().is_err_and(Status::is_refusal),
        ),
    ];
    for (call, is_refused) in calls {
        came(call, is_refused);
    }
}

/// `most`: with as many ids, no new name gets one.
#[inline(never)]
fn id_of(kind: MetricKind, name: String, most: usize) -> Option<u32> {
    IDS.with(|ids| {
        let mut ids = ids.try_borrow_mut().ok()?;
        let Ids { names, ids } = ids.as_mut()?;
        if let Some(known) = names.find(name.as_bytes()) {
            return *ids.get(known as usize)?;
        }
        if ids.len() >= most {
            return None;
        }
        let id = host::define_metric(kind, &name).ok();
        names.intern(name.as_bytes());
        ids.push(id);
        id
    })
}

impl Metrics {
    /// Defines the counters, asks for a tick, and records what was loaded. `began`: [`now`], when it did.
    pub(super) fn define(loaded: &Loaded, began: u64) -> Self {
        let counter = |name: String, most| id_of(MetricKind::Counter, name, most);
        // What is defined stays for as long as the host lives, also when the bucket is long gone.
        let buckets = metric_names::define_of_buckets(loaded.edge.matcher(), |name| counter(name, MOST_IDS));
        if buckets.iter().flatten().any(Option::is_none) {
            warn!(
                "bucket-cors: not every bucket is counted: a VM defines statistics of buckets up to {MOST_IDS} in its life"
            );
        }
        let microseconds = now().saturating_sub(began) / 1_000;
        metric_names::set_loaded(loaded, microseconds, |name, value| {
            let id = id_of(MetricKind::Gauge, name, usize::MAX);
            if let (Some(id), Some(value)) = (id, value) {
                host::record_metric(id, value);
            }
        });
        host::set_tick_period(PERIOD_MILLISECONDS);
        Self {
            totals: COUNTERS.map(|what| counter(format!("{PREFIX}.{what}"), usize::MAX)),
            buckets,
        }
    }

    /// Hands over what was counted since the last time.
    pub(super) fn hand_over(&self, stats: &Stats) {
        let increment = |id: Option<u32>, sum: u64| {
            if let Some(id) = id {
                host::increment_metric(id, sum);
            }
        };
        stats.take(
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
