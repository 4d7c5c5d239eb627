//! A store that does not answer is left alone for a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many calls in a row that came to nothing, and the store is taken to be down.
const CALLS: u32 = 64;

/// For how long it is left alone then. Without it, each of 10,000 buckets would wait for its own calls to fail.
const PAUSE: Duration = Duration::from_secs(10);

/// How many calls in a row came to nothing, and when the last of them did.
#[derive(Debug, Default)]
pub(super) struct Outage(Mutex<(u32, Option<Instant>)>);

impl Outage {
    /// Whether the store is left alone now.
    pub(super) fn lasts(&self) -> bool {
        let (calls, last) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls >= CALLS && last.is_some_and(|last| last.elapsed() < PAUSE)
    }

    /// What a call came to.
    pub(super) fn note(&self, came_to_nothing: bool) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held = if came_to_nothing {
            (held.0.saturating_add(1), Some(Instant::now()))
        } else {
            (0, None)
        };
    }
}
