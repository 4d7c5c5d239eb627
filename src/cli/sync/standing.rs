//! What a round came to, for the metrics.

use std::time::Duration;

use super::moment::Moment;
use super::remembered::Remembered;
use super::round::SyncRound;
use super::serve::Standing;

/// A round that is over.
pub(super) struct EndedRound<'a> {
    pub(super) round: &'a SyncRound,
    /// What the output has by now.
    pub(super) in_force: &'a Remembered,
    pub(super) took: Duration,
    /// Whether it was put in force.
    pub(super) is_in_force: bool,
    /// When other rules were put in force, if it did that.
    pub(super) changed: Option<Moment>,
}

impl EndedRound<'_> {
    pub(super) fn note(&self, standing: &mut Standing) {
        let Self { round, in_force, .. } = self;
        let failures = round.failures();
        standing.rounds = standing.rounds.saturating_add(1);
        standing.last_round = Some(Moment::now());
        standing.round_milliseconds = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        if self.is_in_force && failures.is_empty() {
            standing.last_success = Some(round.at);
        }
        standing.last_write = self.changed.or(standing.last_write);
        standing.is_withheld = !self.is_in_force;
        standing.drift = if self.is_in_force { 0 } else { round.changes.len() };
        let kept = round.kept.buckets.values();
        standing.kept = kept.filter(|known| known.trouble.is_some()).count();
        standing.unread = round.unread.len();
        let mut names = in_force.names();
        names.extend(round.kept.names());
        standing.known = names.len();
        // What is held back was told too: of a bucket that is in force, that counts which is.
        let told = round.kept.buckets.iter().chain(&in_force.buckets);
        standing.read = told.map(|(name, known)| (name.clone(), known.read)).collect();
        for (kind, count) in failures {
            let sum = standing.errors.entry(kind.name()).or_default();
            *sum = sum.saturating_add(count);
        }
    }
}
