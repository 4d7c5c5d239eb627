//! The memory that all streams of a worker share: once warm, no request allocates.

use std::cell::Cell;

use super::abi::AbiHeader;
use super::changes::Changes;
use crate::answer::Scratch;

/// Memory that a hook works in.
#[derive(Default)]
pub(super) struct Worker {
    pub(super) scratch: Scratch,
    pub(super) headers: Vec<AbiHeader>,
    pub(super) changes: Changes,
    pub(super) body: Vec<u8>,
    pub(super) details: Vec<u8>,
}

thread_local!(static WORKER: Cell<Option<Box<Worker>>> = const { Cell::new(None) });

/// Lends the memory of this worker. A hook that Envoy calls from within another one, while that sends a response, gets
/// memory of its own; so does the first one after a panic.
pub(super) fn with<R>(work: impl FnOnce(&mut Worker) -> R) -> R {
    let mut worker = WORKER.take().unwrap_or_default();
    let result = work(&mut worker);
    WORKER.set(Some(worker));
    result
}
