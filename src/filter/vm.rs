//! The contexts of this VM. A worker of Envoy has one VM for all plugins with the same module: a root context for each
//! configuration, the one that is being replaced included, and a stream for each request.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use super::host::Action;
#[cfg(feature = "metrics")]
use super::metrics;
use super::needs;
use super::root::{Root, Shared};
use super::stream::{self, Buffers, Next};
use crate::edge::Edge;
use crate::kept::Kept;
use crate::matcher::Matcher;

/// Everything that lives as long as the VM.
#[derive(Default)]
pub(super) struct Vm {
    /// One or two: a second one while a configuration is replaced.
    roots: Vec<(u32, Root)>,
    /// The stream that came last, whose request is nearly always next: only those whose response is ours are entered
    /// in `streams`.
    newest: Option<(u32, Option<Rc<Shared>>)>,
    streams: HashMap<u32, StreamUnderWay, BuildHasherDefault<Spread>>,
    buffers: Buffers,
    /// What changes the response of a request that no configuration has seen.
    closed: Option<Edge>,
}

/// A request that is under way.
///
/// One that was answered has none: Envoy runs the response callback for the filter's own replies as well, and headers
/// given twice are doubled.
struct StreamUnderWay {
    /// The configuration that was in force when it came. `None`: its root context has none.
    shared: Option<Rc<Shared>>,
    /// Present from the request to its response.
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
            return;
        }
        let shared = self.root(root).and_then(Root::shared);
        if let Some((context, shared)) = self.newest.replace((context, shared)) {
            self.streams
                .insert(context, StreamUnderWay { shared, kept: None });
        }
    }

    fn root(&self, context: u32) -> Option<&Root> {
        let (_, root) = self.roots.iter().find(|(root, _)| *root == context)?;
        Some(root)
    }

    pub(super) fn configure(&mut self, context: u32) -> bool {
        let found = self.roots.iter_mut().find(|(root, _)| *root == context);
        if found.is_none() {
            needs::say_refused("proxy_on_context_create", "");
        }
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
            None => self.streams.remove(&context).and_then(|stream| stream.shared),
        };
        let next = match &shared {
            Some(shared) => stream::on_request(shared, &mut self.buffers),
            None => stream::refuse(b"bucket_cors_no_configuration"),
        };
        let kept = match next {
            Next::Answered => return Action::Pause,
            Next::Untouched => return Action::Continue,
            Next::Ours(kept) => Some(kept),
            Next::Closed => None,
        };
        self.streams.insert(context, StreamUnderWay { shared, kept });
        Action::Continue
    }

    pub(super) fn on_response(&mut self, context: u32) {
        match self.streams.remove(&context) {
            Some(StreamUnderWay {
                shared: Some(shared),
                kept: Some(kept),
            }) => stream::on_response(&shared.edge, kept, &mut self.buffers),
            Some(_) => self.close_response(),
            None if self.newest.take_if(|(newest, _)| *newest == context).is_some() => self.close_response(),
            None => {}
        }
    }

    /// Takes the store's CORS headers off a response whose request was not looked at: its root context has no
    /// configuration, the host could not show its headers, or does not call `proxy_on_request_headers`.
    #[cold]
    fn close_response(&mut self) {
        let closed = self.closed.get_or_insert_with(|| Edge::new(Matcher::default()));
        stream::on_response(closed, stream::undecided(), &mut self.buffers);
    }

    pub(super) fn delete(&mut self, context: u32) {
        if self.newest.take_if(|(newest, _)| *newest == context).is_some() {
            return;
        }
        match self.streams.remove(&context) {
            // A client that goes away before the response must not take a buffer with it.
            Some(StreamUnderWay { kept, .. }) => self.buffers.recycle(kept),
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
