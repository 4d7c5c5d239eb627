//! What a browser sends for a script, and what it makes of the answer, as the Fetch standard says.

pub(super) mod checks;
pub(super) mod sent;
pub(super) mod unsent;
