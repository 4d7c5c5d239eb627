//! The contexts of this VM. A worker of Envoy has one VM for all plugins with the same module: a root context for each
//! configuration, the one that is being replaced included, and a stream for each request.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

#[cfg(feature = "metrics")]
use super::metrics;
use super::root::{Root, Shared};
use super::stream::{self, Buffers, Kept};

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
    /// One or two: a second one while a configuration is replaced.
    roots: Vec<(u32, Root)>,
    /// The stream that came last. Nearly always its request is next, so that only those whose response is ours are entered
    /// anywhere.
    newest: Option<(u32, Rc<Shared>)>,
    streams: HashMap<u32, Stream, BuildHasherDefault<Spread>>,
    buffers: Buffers,
}

/// A request that is under way.
struct Stream {
    /// The configuration that was in force when it came.
    shared: Rc<Shared>,
    /// Present from the request to its response, where the response is ours. Not for a request that was answered: Envoy
    /// runs the response callback for the filter's own replies as well, and headers given twice are doubled.
    kept: Option<Kept>,
}

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
            self.roots.push((context, Root::default()));
        } else if let Some(shared) = self.root(root).and_then(Root::shared)
            && let Some((context, shared)) = self.newest.replace((context, shared))
        {
            self.streams.insert(context, Stream { shared, kept: None });
        }
    }

    fn root(&self, context: u32) -> Option<&Root> {
        let (_, root) = self.roots.iter().find(|(root, _)| *root == context)?;
        Some(root)
    }

    pub(super) fn configure(&mut self, context: u32) -> bool {
        let found = self.roots.iter_mut().find(|(root, _)| *root == context);
        found.is_some_and(|(_, root)| root.configure())
    }

    #[cfg(feature = "metrics")]
    pub(super) fn tick(&self, context: u32) {
        if let Some(root) = self.root(context) {
            root.hand_over_metrics();
        }
    }

    pub(super) fn on_request(&mut self, context: u32) -> Action {
        let shared = match self.newest.take_if(|(newest, _)| *newest == context) {
            Some((_, shared)) => shared,
            None => match self.streams.remove(&context) {
                Some(stream) => stream.shared,
                None => return Action::Continue,
            },
        };
        let (action, kept) = stream::on_request(&shared, &mut self.buffers);
        if kept.is_some() {
            self.streams.insert(context, Stream { shared, kept });
        }
        action
    }

    pub(super) fn on_response(&mut self, context: u32) {
        if let Some(Stream {
            shared,
            kept: Some(kept),
        }) = self.streams.remove(&context)
        {
            stream::on_response(&shared, kept, &mut self.buffers);
        }
    }

    pub(super) fn delete(&mut self, context: u32) {
        if self.newest.take_if(|(newest, _)| *newest == context).is_some() {
            return;
        }
        match self.streams.remove(&context) {
            // A client that goes away before the response must not take a buffer with it.
            Some(Stream { kept, .. }) => self.buffers.recycle(kept),
            None => self.roots.retain(|(root, _)| *root != context),
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
