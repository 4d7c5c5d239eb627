//! On whose behalf this thread runs, so that a counting allocator can tell whose an allocation is.

use std::cell::Cell;

/// Whose code runs, or for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeOwner {
    /// The test.
    Test,
    /// A callback of the module.
    Module,
    /// The ABI: a block for a value that the host hands over.
    Abi,
    /// The host, inside an import.
    Host,
}

thread_local!(static CURRENT: Cell<CodeOwner> = const { Cell::new(CodeOwner::Test) });

/// Whose code runs now.
pub(crate) fn current() -> CodeOwner {
    // While a thread ends its locals are gone, but allocations go on.
    CURRENT.try_with(Cell::get).unwrap_or(CodeOwner::Test)
}

/// Runs `code` on behalf of `owner`.
pub(crate) fn scoped<R>(owner: CodeOwner, code: impl FnOnce() -> R) -> R {
    let before = CURRENT.replace(owner);
    let returned = code();
    CURRENT.set(before);
    returned
}
