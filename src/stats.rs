//! What the edge counts.

use std::cell::Cell;

use crate::config::Mode;
use crate::decision::Decision;
use crate::matcher::BucketId;
use crate::verdict::NoRule;

/// A total: its name without the plugin's prefix.
pub const COUNTERS: [&str; 22] = [
    "actual.matched",
    "actual.unmatched",
    "actual.unmatched.origin",
    "actual.unmatched.method",
    "actual.unmatched.header",
    "actual.unmatched.malformed",
    "actual.unmatched.no_rules",
    "preflight.allowed",
    "preflight.refused",
    "preflight.refused.origin",
    "preflight.refused.method",
    "preflight.refused.header",
    "preflight.refused.malformed",
    "preflight.refused.no_rules",
    "actual.unmatched.unclear",
    "preflight.refused.unclear",
    "preflight.incomplete",
    "shadow.actual.matched",
    "shadow.actual.unmatched",
    "shadow.preflight.allowed",
    "shadow.preflight.refused",
    "shadow.preflight.incomplete",
];

/// What is counted for each bucket too, where that is asked for: the first of [`COUNTERS`], by the same index. What is
/// of no bucket comes behind.
pub const BUCKET_COUNTERS: [&str; OF_NO_BUCKET] = *COUNTERS.first_chunk().expect("there are more");

/// What was counted, wherever it is kept.
pub trait Sums {
    /// One more of [`COUNTERS`], by its index there.
    fn add(&self, counter: usize);
    /// One more of a bucket's [`BUCKET_COUNTERS`], by its index there. Buckets may be counted one by one or not.
    fn add_of_bucket(&self, bucket: BucketId, counter: usize);
}

/// Counts nothing.
impl Sums for () {
    fn add(&self, _: usize) {}
    fn add_of_bucket(&self, _: BucketId, _: usize) {}
}

/// Sums in memory since they were last taken, for a host whose calls cost more than the decision.
#[derive(Debug, Default)]
pub struct Stats {
    totals: [Cell<u64>; COUNTERS.len()],
    /// One row for each bucket; none where buckets are not counted.
    buckets: Box<[[Cell<u64>; BUCKET_COUNTERS.len()]]>,
}

/// Where a kind of request begins in [`COUNTERS`]: those that a rule matched, all others, and of these each reason.
const ACTUAL: usize = 0;
const PREFLIGHT: usize = 7;
const OF_NO_BUCKET: usize = 14;
const ACTUAL_UNCLEAR: usize = 14;
const PREFLIGHT_UNCLEAR: usize = 15;
const INCOMPLETE: usize = 16;
/// The same in shadow mode, where the totals have no reasons.
const SHADOW_ACTUAL: usize = 17;
const SHADOW_PREFLIGHT: usize = 19;
const SHADOW_INCOMPLETE: usize = 21;

impl Stats {
    /// `counted_buckets`: how many buckets are counted one by one; 0 for none.
    pub fn new(counted_buckets: usize) -> Self {
        let buckets = std::iter::repeat_with(Default::default)
            .take(counted_buckets)
            .collect();
        Self {
            totals: Default::default(),
            buckets,
        }
    }

    /// Hands over every sum that is not 0 and starts anew: totals by their index in [`COUNTERS`], buckets by their
    /// index and that in [`BUCKET_COUNTERS`].
    pub fn take(&self, mut total: impl FnMut(usize, u64), mut of_bucket: impl FnMut(usize, usize, u64)) {
        let take = |sum: &Cell<u64>| Some(sum.take()).filter(|&sum| sum != 0);
        for (counter, sum) in self.totals.iter().enumerate() {
            if let Some(sum) = take(sum) {
                total(counter, sum);
            }
        }
        for (bucket, row) in self.buckets.iter().enumerate() {
            for (counter, sum) in row.iter().enumerate() {
                if let Some(sum) = take(sum) {
                    of_bucket(bucket, counter, sum);
                }
            }
        }
    }
}

impl Sums for Stats {
    fn add(&self, counter: usize) {
        add_one(self.totals.get(counter));
    }

    fn add_of_bucket(&self, bucket: BucketId, counter: usize) {
        add_one(self.buckets.get(bucket.index()).and_then(|row| row.get(counter)));
    }
}

fn add_one(sum: Option<&Cell<u64>>) {
    if let Some(sum) = sum {
        sum.set(sum.get().wrapping_add(1));
    }
}

/// Counts what became of a request. Requests without `Origin` are no CORS requests and are not counted, unless they are
/// preflights that the store would call incomplete. Neither are actual requests for buckets that are not listed.
pub fn count(sums: &impl Sums, bucket: Option<BucketId>, mode: Mode, decision: &Decision<'_>) {
    let is_shadow = mode == Mode::Shadow;
    let (kind, unclear, in_shadow, verdict) = match decision {
        Decision::Actual(Err(NoRule::NoOrigin | NoRule::Unlisted)) => return,
        Decision::Actual(verdict) => (ACTUAL, ACTUAL_UNCLEAR, SHADOW_ACTUAL, verdict),
        Decision::Preflight(verdict) => (PREFLIGHT, PREFLIGHT_UNCLEAR, SHADOW_PREFLIGHT, verdict),
        Decision::BadPreflight(_) => {
            return sums.add(if is_shadow { SHADOW_INCOMPLETE } else { INCOMPLETE });
        }
    };
    let of = |kind: usize| kind.saturating_add(usize::from(verdict.is_err()));
    let reason = verdict.err().and_then(|reason| {
        let place = match reason {
            NoRule::Origin => 2,
            NoRule::Method => 3,
            NoRule::Header => 4,
            NoRule::MalformedOrigin | NoRule::MalformedHeader => 5,
            NoRule::NoRules | NoRule::Unlisted => 6,
            NoRule::Unclear => return Some(unclear),
            NoRule::NoOrigin | NoRule::NoRequestMethod | NoRule::Unanswered => return None,
        };
        Some(kind.saturating_add(place))
    });
    let counters = std::iter::once(of(kind)).chain(reason);
    if is_shadow {
        sums.add(of(in_shadow));
    } else {
        counters.clone().for_each(|counter| sums.add(counter));
    }
    // A bucket in shadow mode has its row, whose name says so, to itself.
    if let Some(bucket) = bucket {
        counters.for_each(|counter| sums.add_of_bucket(bucket, counter));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::BadRequest;

    fn counted(mode: Mode, decisions: &[Decision<'_>]) -> Vec<(&'static str, u64)> {
        let stats = Stats::new(0);
        for decision in decisions {
            count(&stats, None, mode, decision);
        }
        let mut sums = Vec::new();
        stats.take(
            |counter, sum| sums.push((COUNTERS[counter], sum)),
            |_, _, _| panic!("nothing is left"),
        );
        sums
    }

    const REASONS: [(NoRule, &str); 8] = [
        (NoRule::Origin, "origin"),
        (NoRule::Method, "method"),
        (NoRule::Header, "header"),
        (NoRule::MalformedOrigin, "malformed"),
        (NoRule::MalformedHeader, "malformed"),
        (NoRule::NoRules, "no_rules"),
        (NoRule::Unlisted, "no_rules"),
        (NoRule::Unclear, "unclear"),
    ];

    #[test]
    fn every_reason_is_counted_under_its_name() {
        for (reason, name) in REASONS {
            let actual = counted(Mode::Enforce, &[Decision::Actual(Err(reason))]);
            let names: Vec<_> = actual
                .iter()
                .map(|(name, sum)| (name.to_string(), *sum))
                .collect();
            let expected = [
                ("actual.unmatched".into(), 1),
                (format!("actual.unmatched.{name}"), 1),
            ];
            // Of what is not listed, only preflights are counted.
            let expected: &[_] = if reason == NoRule::Unlisted {
                &[]
            } else {
                &expected
            };
            assert_eq!(names, expected);
            let preflight = counted(Mode::Enforce, &[Decision::Preflight(Err(reason)); 2]);
            let names: Vec<_> = preflight
                .iter()
                .map(|(name, sum)| (name.to_string(), *sum))
                .collect();
            assert_eq!(
                names,
                [
                    ("preflight.refused".into(), 2),
                    (format!("preflight.refused.{name}"), 2)
                ]
            );
        }
    }

    #[test]
    fn shadow_verdicts_are_apart() {
        let refused = Decision::Preflight(Err(NoRule::Origin));
        let incomplete = Decision::BadPreflight(BadRequest::NoOrigin);
        assert_eq!(
            counted(Mode::Shadow, &[refused, refused, incomplete]),
            [
                ("shadow.preflight.refused", 2),
                ("shadow.preflight.incomplete", 1)
            ]
        );
        assert_eq!(
            counted(Mode::Enforce, &[incomplete]),
            [("preflight.incomplete", 1)]
        );
    }

    #[test]
    fn a_request_without_origin_is_no_cors_request() {
        assert_eq!(
            counted(Mode::Enforce, &[Decision::Actual(Err(NoRule::NoOrigin))]),
            []
        );
    }

    #[test]
    fn sums_are_taken_once() {
        let stats = Stats::new(0);
        count(
            &stats,
            None,
            Mode::Enforce,
            &Decision::Actual(Err(NoRule::Origin)),
        );
        stats.take(|_, _| {}, |_, _, _| {});
        stats.take(
            |_, _| panic!("nothing is left"),
            |_, _, _| panic!("nothing is left"),
        );
    }
}
