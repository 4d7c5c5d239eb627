//! How long a response may take.

use crate::duration::duration;

/// Whether a time is long enough for a whole response: the end of none, or as long as nothing may move.
pub(super) fn is_long(limit: Option<&str>) -> bool {
    let seconds = limit.and_then(duration);
    seconds.is_some_and(|seconds| seconds == 0 || seconds >= 300)
}
