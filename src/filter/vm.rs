//! The contexts of this VM. A worker of Envoy has one VM for all plugins with the same module: a root context for each
//! configuration, the one that is being replaced included, and a stream for each request.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

#[cfg(feature = "metrics")]
use super::metrics;
use super::root::Root;
use super::stream::{Buffers, Stream};

/// `proxy_action_t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Action {
    /// The request or response goes on.
    Continue = 0,
    /// It waits; here, since it was answered.
    Pause = 1,
}

/// Everything that lives as long as the VM.
#[derive(Default)]
pub(super) struct Vm {
    roots: Contexts<Root>,
    streams: Contexts<Stream>,
    buffers: Buffers,
}

/// By the host's number of the context.
type Contexts<T> = HashMap<u32, T, BuildHasherDefault<Spread>>;

thread_local!(static VM: RefCell<Option<Vm>> = const { RefCell::new(None) });

/// A VM that starts has no contexts.
pub(super) fn start() {
    VM.with(|vm| vm.replace(Some(Vm::default())));
    #[cfg(feature = "metrics")]
    metrics::start();
}

/// `None`: a host that calls back from within a host call finds the VM taken, and its callback does nothing.
pub(super) fn with<R>(callback: impl FnOnce(&mut Vm) -> R) -> Option<R> {
    VM.with(|vm| vm.try_borrow_mut().ok()?.as_mut().map(callback))
}

impl Vm {
    pub(super) fn create(&mut self, context: u32, root: u32) {
        if root == 0 {
            self.roots.insert(context, Root::default());
        } else if let Some(shared) = self.roots.get(&root).and_then(Root::shared) {
            self.streams.insert(context, Stream::new(shared));
        }
    }

    pub(super) fn configure(&mut self, root: u32) -> bool {
        self.roots.get_mut(&root).is_some_and(Root::configure)
    }

    #[cfg(feature = "metrics")]
    pub(super) fn tick(&self, root: u32) {
        if let Some(root) = self.roots.get(&root) {
            root.hand_over_metrics();
        }
    }

    pub(super) fn on_request(&mut self, context: u32) -> Action {
        let stream = self.streams.get_mut(&context);
        stream.map_or(Action::Continue, |stream| stream.on_request(&mut self.buffers))
    }

    pub(super) fn on_response(&mut self, context: u32) {
        if let Some(stream) = self.streams.get_mut(&context) {
            stream.on_response(&mut self.buffers);
        }
    }

    pub(super) fn delete(&mut self, context: u32) {
        match self.streams.remove(&context) {
            Some(stream) => stream.end(&mut self.buffers),
            None => drop(self.roots.remove(&context)),
        }
    }
}

/// Spreads the numbers of contexts, which the host counts up: no client chooses them, so that the standard library's
/// protection, dearer than the decision, has nothing to protect.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(byte.into());
        }
    }

    fn write_u32(&mut self, number: u32) {
        /// 2^64 divided by the golden ratio, as in Knuth's multiplicative hashing.
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(FACTOR);
    }
}
