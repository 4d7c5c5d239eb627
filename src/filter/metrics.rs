//! What the edge counts, as Envoy's own statistics: `wasmcustom.bucket_cors.…`.

use std::cell::RefCell;

use log::warn;

use super::host::{self, MetricKind};
use crate::config::Mode;
use crate::edge::Edge;
use crate::matcher::{CompiledBucket, Interner};
use crate::stats::{BUCKET_COUNTERS, COUNTERS};

const PREFIX: &str = "bucket_cors";

/// How many statistics a VM defines in its life before it defines none of single buckets any more: those of a configuration
/// with the most buckets that are counted, four times over.
const MOST_IDS: usize = 16_000;

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

/// `most`: with as many ids, no new name gets one.
fn id_of(kind: MetricKind, name: String, most: usize) -> Option<u32> {
    IDS.with(|ids| {
        let Ids { names, ids } = &mut *ids.try_borrow_mut().ok()?;
        if let Some(known) = names.find(name.as_bytes()) {
            return *ids.get(known as usize)?;
        }
        if ids.len() >= most {
            return None;
        }
        let id = host::define_metric(kind, &name);
        names.intern(name.as_bytes());
        ids.push(id);
        id
    })
}

/// What a bucket is called in the statistics: without the dot, which would begin a new level of the name.
fn name_of_bucket(name: &[u8]) -> String {
    let letters = name.iter().map(|&byte| match byte {
        b'.' | b'*' => '_',
        _ => char::from(byte),
    });
    letters.collect()
}

/// The same as Prometheus gets it: Envoy makes every other byte a `_` there.
fn name_for_prometheus(name: &str) -> String {
    let letters = name.chars().map(|letter| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' => letter,
        _ => '_',
    });
    letters.collect()
}

impl Metrics {
    /// Defines the counters, asks for a tick, and records what was loaded.
    pub(super) fn define(edge: &Edge, load: &Load) -> Self {
        let counter = |name: String, most| id_of(MetricKind::Counter, name, most);
        let matcher = edge.matcher();
        let mut buckets = vec![[None; BUCKET_COUNTERS.len()]; matcher.counted_buckets()];
        // In the order of the document, so that every VM gives the same names.
        let mut counted = vec![None; matcher.counted_buckets()];
        for (name, bucket) in matcher.bucket_names() {
            if let Some(place) = counted.get_mut(bucket.index()) {
                *place = Some((name, bucket));
            }
        }
        let mut taken = Interner::default();
        for ((name, bucket), row) in counted.into_iter().flatten().zip(&mut buckets) {
            let mut name = name_of_bucket(name);
            while !taken.intern(name_for_prometheus(&name).as_bytes()).1 {
                name = format!("{name}_{}", bucket.index());
            }
            let shadow = match matcher.bucket(bucket).map(CompiledBucket::mode) {
                Some(Mode::Shadow) => "shadow.",
                _ => "",
            };
            *row = BUCKET_COUNTERS.map(|what| {
                // What is defined stays for as long as the host lives, also when the bucket is long gone.
                counter(format!("{PREFIX}.bucket.{name}.{shadow}{what}"), MOST_IDS)
            });
        }
        if buckets.iter().flatten().any(Option::is_none) {
            warn!(
                "bucket-cors: not every bucket is counted: a VM defines statistics of buckets up to {MOST_IDS} in its life"
            );
        }
        let gauge = |name: &str, value: u64| {
            if let Some(id) = id_of(MetricKind::Gauge, format!("{PREFIX}.{name}"), usize::MAX) {
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
            totals: COUNTERS.map(|what| counter(format!("{PREFIX}.{what}"), usize::MAX)),
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
