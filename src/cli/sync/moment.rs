//! When something was. The machine's clock may be ahead, or be set back: no age that is told is shorter for it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// How far apart the clocks of two machines that share files may be.
const APART: u64 = 60;

/// A time by two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// What the machine's clock showed, in seconds since 1970.
    clock: u64,
    /// The same by a clock that only goes forward, which begins with this process.
    steady: Instant,
    /// How long before `steady` it was, for what was before this process.
    before: u64,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self {
            clock: seconds(SystemTime::now()),
            steady: Instant::now(),
            before: 0,
        }
    }

    /// A time that a file says, in seconds since 1970. `now`: when it is read.
    pub(super) fn of_file(clock: u64, now: Self) -> Self {
        Self {
            clock,
            steady: now.steady,
            before: now.clock.saturating_sub(clock),
        }
    }

    /// Whether the clock that shows this now cannot be the one that showed the other.
    pub(super) fn is_before(self, other: Self) -> bool {
        self.clock.saturating_add(APART) < other.clock
    }

    /// How many seconds ago it was, by the clock that says more: a machine that slept has a steady clock that slept
    /// too.
    pub(super) fn age(self, now: Self) -> u64 {
        let steady = now.steady.saturating_duration_since(self.steady).as_secs();
        let steady = steady.saturating_add(self.before);
        steady.max(now.clock.saturating_sub(self.clock))
    }

    /// The same time as the machine's clock has it now, in seconds since 1970.
    pub(super) fn on_clock(self, now: Self) -> u64 {
        now.clock.saturating_sub(self.age(now))
    }
}

/// Seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map(|since| since.as_secs())
        .unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Some time after another one, by each clock.
    fn after(moment: Moment, clock: i64, steady: u64) -> Moment {
        Moment {
            clock: moment.clock.checked_add_signed(clock).unwrap(),
            steady: moment.steady + Duration::from_secs(steady),
            before: 0,
        }
    }

    #[test]
    fn a_clock_that_is_set_makes_nothing_younger() {
        let read = Moment::now();
        for (clock, steady, age) in [
            (90, 90, 90),
            // Set back, and so far that it was not yet.
            (-10, 90, 90),
            (-86_400, 90, 90),
            // Set ahead, or a machine that slept.
            (86_400, 90, 86_400),
        ] {
            let now = after(read, clock, steady);
            assert_eq!(read.age(now), age, "{clock} {steady}");
            assert_eq!(read.on_clock(now), now.clock - age, "{clock} {steady}");
        }
    }

    #[test]
    fn a_file_s_time_counts_on_from_when_it_was_read() {
        let start = Moment::now();
        let past = Moment::of_file(start.clock - 500, start);
        assert_eq!(past.age(start), 500);
        assert_eq!(past.age(after(start, -300, 20)), 520);
        assert!(!start.is_before(past));
        let ahead = Moment::of_file(start.clock + 5_000, start);
        assert!(start.is_before(ahead));
        assert_eq!(ahead.age(start), 0);
        assert_eq!(ahead.age(after(start, 20, 20)), 20);
        assert_eq!(ahead.on_clock(after(start, 20, 20)), start.clock);
        // Two machines' clocks are never the same.
        assert!(!start.is_before(Moment::of_file(start.clock + 30, start)));
    }
}
