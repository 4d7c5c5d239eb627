//! What the edge counts. Counting is an addition in memory: a host call for each request would cost more than the decision,
//! so the host gets the sums now and then.

use std::cell::Cell;

use crate::config::Mode;
use crate::decision::{Decision, NoRule, Verdict};
use crate::matcher::BucketId;

/// A total: its name without the plugin's prefix.
pub const COUNTERS: [&str; 20] = [
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
    "preflight.incomplete",
    "shadow.actual.matched",
    "shadow.actual.unmatched",
    "shadow.preflight.allowed",
    "shadow.preflight.refused",
    "shadow.preflight.incomplete",
];

/// What is counted for each bucket, where that is asked for.
pub const BUCKET_COUNTERS: [&str; 4] = [
    "actual.matched",
    "actual.unmatched",
    "preflight.allowed",
    "preflight.refused",
];

/// Sums since they were last taken.
#[derive(Debug, Default)]
pub struct Stats {
    totals: [Cell<u64>; COUNTERS.len()],
    /// One row for each bucket; none where buckets are not counted.
    buckets: Box<[[Cell<u64>; BUCKET_COUNTERS.len()]]>,
}

/// Where a kind of request begins in [`COUNTERS`].
#[derive(Debug, Clone, Copy)]
struct Block {
    matched: usize,
    unmatched: usize,
    reasons: Option<usize>,
}

const ACTUAL: Block = Block {
    matched: 0,
    unmatched: 1,
    reasons: Some(2),
};
const PREFLIGHT: Block = Block {
    matched: 7,
    unmatched: 8,
    reasons: Some(9),
};
const INCOMPLETE: usize = 14;
const SHADOW_ACTUAL: Block = Block {
    matched: 15,
    unmatched: 16,
    reasons: None,
};
const SHADOW_PREFLIGHT: Block = Block {
    matched: 17,
    unmatched: 18,
    reasons: None,
};
const SHADOW_INCOMPLETE: usize = 19;

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

    /// Counts what became of a request. Requests without `Origin` are no CORS requests and are not counted, unless they are
    /// preflights that the store would call incomplete.
    pub fn count(&self, bucket: Option<BucketId>, mode: Mode, decision: &Decision<'_>) {
        let is_shadow = mode == Mode::Shadow;
        let (block, verdict, in_bucket) = match decision {
            Decision::Actual(Err(NoRule::NoOrigin)) => return,
            Decision::Actual(verdict) => (if is_shadow { SHADOW_ACTUAL } else { ACTUAL }, verdict, 0),
            Decision::Preflight(verdict) => {
                (if is_shadow { SHADOW_PREFLIGHT } else { PREFLIGHT }, verdict, 2)
            }
            Decision::BadPreflight(_) => {
                return self.add(if is_shadow { SHADOW_INCOMPLETE } else { INCOMPLETE });
            }
        };
        self.add_verdict(block, *verdict);
        // A bucket in shadow mode has its row, whose name says so, to itself.
        let row = bucket.and_then(|bucket| self.buckets.get(bucket.index()));
        if let Some(sum) = row.and_then(|row| row.iter().skip(in_bucket).nth(usize::from(verdict.is_err()))) {
            sum.set(sum.get().wrapping_add(1));
        }
    }

    fn add_verdict(&self, block: Block, verdict: Verdict) {
        let Err(reason) = verdict else {
            return self.add(block.matched);
        };
        self.add(block.unmatched);
        let offset = match reason {
            NoRule::Origin => 0,
            NoRule::Method => 1,
            NoRule::Header => 2,
            NoRule::MalformedOrigin | NoRule::MalformedHeader => 3,
            NoRule::NoRules => 4,
            NoRule::NoOrigin | NoRule::NoRequestMethod | NoRule::Unanswered => return,
        };
        if let Some(first) = block.reasons {
            self.add(first.saturating_add(offset));
        }
    }

    fn add(&self, counter: usize) {
        if let Some(sum) = self.totals.get(counter) {
            sum.set(sum.get().wrapping_add(1));
        }
    }

    /// Hands over every sum that is not 0 and starts anew: totals by their index in [`COUNTERS`], buckets by their index
    /// and that in [`BUCKET_COUNTERS`].
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::BadRequest;

    fn counted(mode: Mode, decisions: &[Decision<'_>]) -> Vec<(&'static str, u64)> {
        let stats = Stats::new(0);
        for decision in decisions {
            stats.count(None, mode, decision);
        }
        let mut sums = Vec::new();
        stats.take(
            |counter, sum| sums.push((COUNTERS[counter], sum)),
            |_, _, _| panic!("nothing is left"),
        );
        sums
    }

    const REASONS: [(NoRule, &str); 6] = [
        (NoRule::Origin, "origin"),
        (NoRule::Method, "method"),
        (NoRule::Header, "header"),
        (NoRule::MalformedOrigin, "malformed"),
        (NoRule::MalformedHeader, "malformed"),
        (NoRule::NoRules, "no_rules"),
    ];

    #[test]
    fn every_reason_is_counted_under_its_name() {
        for (reason, name) in REASONS {
            let actual = counted(Mode::Enforce, &[Decision::Actual(Err(reason))]);
            let names: Vec<_> = actual
                .iter()
                .map(|(name, sum)| (name.to_string(), *sum))
                .collect();
            assert_eq!(
                names,
                [
                    ("actual.unmatched".into(), 1),
                    (format!("actual.unmatched.{name}"), 1)
                ]
            );
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
        stats.count(None, Mode::Enforce, &Decision::Actual(Err(NoRule::Origin)));
        stats.take(|_, _| {}, |_, _, _| {});
        stats.take(
            |_, _| panic!("nothing is left"),
            |_, _, _| panic!("nothing is left"),
        );
    }
}
