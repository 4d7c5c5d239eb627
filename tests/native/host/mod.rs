//! A proxy-wasm host in the test binary itself: the real filter runs natively against it, in milliseconds, and every
//! host call and allocation can be seen.
//!
//! The binary defines the `proxy_*` imports (`imports`) and calls the exports of the linked crate. The filter's
//! contexts are thread-local and so is this host, so tests run in parallel, each with what amounts to a VM of its own.
//!
//! # What is modelled, as in Envoy 1.40
//! - Names are lower-case; several `Origin` or `Access-Control-Request-*` lines of a request arrive as one, joined with
//!   a comma; reading a header gives its first line, replacing one leaves one line, removing one removes all.
//! - An absent header is status 1, a map that the phase does not have status 2.
//! - A value reaches the module in a block from its own `malloc`; an empty one as a null pointer.
//! - A local reply is sent when the callback has returned and then goes through the filter's own response callback.
//! - An update makes a new root context in the same VM while streams of the old one are in flight.
//!
//! What Envoy lets pass but a filter must not do fails the test once the callback has returned (`state` lists it).
//!
//! # What is not modelled
//! WebAssembly (32-bit sizes, traps, linear memory); `proxy_on_vm_start`, bodies, trailers, `proxy_on_done` and
//! `proxy_on_log`, for which the filter has no code; the response headers that Envoy folds or adds on the way out; its
//! limits on header maps; its HTTP codec, which refuses some of what tests send here; other filters in the chain. A
//! panic in a callback aborts the whole test binary, since it cannot unwind through `extern "C"`.
#![allow(dead_code)] // Each test binary uses a part of it.

mod headers;
mod imports;
pub(crate) mod owner;
mod state;

use std::marker::PhantomData;
use std::mem;
use std::sync::Once;

pub(crate) use headers::HostHeaders;
use owner::CodeOwner;
pub(crate) use state::{Call, Callback, HostLogLine, Import};
use state::{LocalReply, NativeHost, StreamExchange, with_host};

/// The status whose response has no length (RFC 9110 section 8.6).
const NO_CONTENT: u32 = 204;

/// `proxy_action_t::Continue` and `::Pause`.
const CONTINUE: u32 = 0;
const PAUSE: u32 = 1;

/// The `x-request-id` that the proxy gives to a request without one.
pub(crate) const REQUEST_ID: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

/// The exports of the module that the host calls.
#[allow(unsafe_code)] // Foreign functions to the compiler, ours in truth.
mod exports {
    use bucket_cors as _;

    // SAFETY: these are the signatures with which the filter defines them; its `Action` is `repr(u32)`.
    unsafe extern "C" {
        pub(super) safe fn _initialize();
        pub(super) safe fn edge_on_context_create(context: u32, root: u32);
        pub(super) safe fn edge_on_configure(context: u32, size: usize) -> bool;
        pub(super) safe fn edge_on_request_headers(context: u32, count: usize, end: bool) -> u32;
        pub(super) safe fn edge_on_response_headers(context: u32, count: usize, end: bool) -> u32;
        pub(super) safe fn edge_on_tick(context: u32);
        pub(super) safe fn edge_on_delete(context: u32);
    }
}

/// Runs an export of the module, and then fails if the module did on the way what it must not.
fn call<R>(callback: Callback, export: impl FnOnce() -> R) -> R {
    with_host(|host| host.callback = Some(callback));
    let returned = owner::scoped(CodeOwner::Module, export);
    let violations = with_host(|host| {
        host.callback = None;
        mem::take(&mut host.violations)
    });
    assert!(violations.is_empty(), "in {callback:?}: {violations:#?}");
    returned
}

/// The VM of this thread.
pub(crate) struct NativeVm(PhantomData<*const ()>);

impl NativeVm {
    /// Starts the module, or has it forget what an earlier test on this thread left.
    pub(crate) fn start() -> Self {
        static FIRST: Once = Once::new();
        // The first call installs the SDK's logger, whose check is not made for threads, and a panic hook that would
        // report failed assertions to the host's log.
        FIRST.call_once(|| {
            exports::_initialize();
            drop(std::panic::take_hook());
        });
        exports::_initialize();
        with_host(NativeHost::reset);
        Self(PhantomData)
    }

    /// Gives a new root context its configuration; the error is that the module refuses it.
    pub(crate) fn configure(&self, text: &[u8]) -> Result<Plugin, RefusedConfiguration> {
        let root = with_host(|host| {
            host.configuration = text.to_vec();
            host.next_context()
        });
        let plugin = Plugin { root };
        call(Callback::ContextCreate, || {
            exports::edge_on_context_create(root, 0);
        });
        if call(Callback::Configure, || {
            exports::edge_on_configure(root, text.len())
        }) {
            Ok(plugin)
        } else {
            Err(RefusedConfiguration { plugin })
        }
    }

    /// The value of a statistic; `None`: it was never defined.
    pub(crate) fn metric(&self, name: &str) -> Option<u64> {
        with_host(|host| {
            let found = host.metrics.defined.iter().find(|(defined, _)| defined == name);
            found.map(|(_, value)| *value)
        })
    }

    /// Starts the module anew, as Envoy does with other code. What the host keeps beside its VMs stays.
    pub(crate) fn restart(&self) {
        exports::_initialize();
    }

    /// The plugin that is configured from now on.
    pub(crate) fn name_plugin(&self, name: &str, root_id: &str) {
        with_host(|host| {
            host.shared.plugin_name = name.to_owned();
            host.shared.root_id = root_id.to_owned();
        });
    }

    /// From now on the module is not given an import of shared data or of the plugin's names; `None`: it is given all.
    pub(crate) fn deny(&self, import: Option<&'static str>) {
        with_host(|host| host.shared.denied = import);
    }

    /// Makes something else of whatever the host keeps.
    pub(crate) fn change_what_is_kept(&self, change: impl Fn(&mut Vec<u8>)) {
        with_host(|host| host.shared.values.values_mut().for_each(change));
    }

    /// How many ids of statistics there are.
    pub(crate) fn metric_ids(&self) -> usize {
        with_host(|host| host.metrics.ids.len())
    }

    /// How often a statistic was changed.
    pub(crate) fn metric_changes(&self) -> usize {
        with_host(|host| host.metrics.changes)
    }

    /// How many milliseconds apart the plugin wants its ticks.
    pub(crate) fn tick_period(&self) -> Option<u32> {
        with_host(|host| host.metrics.tick_period)
    }

    /// From now on no metric can be defined.
    pub(crate) fn deny_metrics(&self) {
        with_host(|host| host.metrics.are_denied = true);
    }

    /// From now on an import does nothing and returns `status`; `None`: it works again.
    pub(crate) fn overrule(&self, import: Import, status: Option<u32>) {
        with_host(|host| host.overrule(import, status));
    }

    /// What the module has logged since this was last asked.
    pub(crate) fn take_log(&self) -> Vec<HostLogLine> {
        with_host(|host| mem::take(&mut host.log))
    }
}

/// A configuration that the module does not take.
#[derive(Debug)]
pub(crate) struct RefusedConfiguration {
    /// The root context that got it.
    pub(crate) plugin: Plugin,
}

/// A root context: one plugin with one configuration.
#[derive(Debug)]
pub(crate) struct Plugin {
    root: u32,
}

impl Plugin {
    /// The time that the plugin asked to be told of has passed.
    pub(crate) fn tick(&self) {
        call(Callback::Tick, || exports::edge_on_tick(self.root));
    }

    /// A request arrives.
    pub(crate) fn open(&self, request: HostHeaders) -> NativeStream {
        let id = with_host(NativeHost::next_context);
        call(Callback::ContextCreate, || {
            exports::edge_on_context_create(id, self.root);
        });
        NativeStream {
            id,
            exchange: StreamExchange {
                request,
                ..StreamExchange::default()
            },
        }
    }

    /// A whole exchange: `upstream` answers where the filter does not.
    pub(crate) fn exchange(&self, request: HostHeaders, upstream: &NativeResponse) -> Exchanged {
        let mut stream = self.open(request);
        let by_edge = stream.request_headers();
        let is_edge = by_edge.is_some();
        let response = by_edge.unwrap_or_else(|| stream.response_headers(upstream.clone()));
        Exchanged {
            is_edge,
            response,
            calls: stream.take_calls(),
        }
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        call(Callback::Delete, || exports::edge_on_delete(self.root));
    }
}

/// A response on its way to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NativeResponse {
    pub(crate) status: u32,
    pub(crate) headers: HostHeaders,
    pub(crate) body: Vec<u8>,
}

impl NativeResponse {
    /// What a store answers.
    pub(crate) fn new<'a>(status: u32, headers: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        Self {
            status,
            headers: headers.into_iter().collect(),
            body: Vec::new(),
        }
    }

    /// As the filter chain sees it.
    fn into_map(self) -> HostHeaders {
        let mut map = HostHeaders::default();
        map.add(b":status", self.status.to_string().as_bytes());
        map.extend(self.headers);
        map
    }

    fn from_map(mut map: HostHeaders, body: Vec<u8>) -> Self {
        let status = map
            .get(b":status")
            .and_then(|status| std::str::from_utf8(status).ok()?.parse().ok())
            .expect("a response has a status");
        map.remove(b":status");
        Self {
            status,
            headers: map,
            body,
        }
    }
}

/// How a whole exchange ended.
#[derive(Debug)]
pub(crate) struct Exchanged {
    /// Whether the filter answered, and not the upstream.
    pub(crate) is_edge: bool,
    pub(crate) response: NativeResponse,
    pub(crate) calls: Vec<Call>,
}

/// An HTTP context: one request.
#[derive(Debug)]
pub(crate) struct NativeStream {
    id: u32,
    exchange: StreamExchange,
}

impl NativeStream {
    fn call(&mut self, callback: Callback, export: impl FnOnce(u32) -> u32) -> u32 {
        with_host(|host| mem::swap(&mut host.exchange, &mut self.exchange));
        let action = call(callback, || export(self.id));
        with_host(|host| mem::swap(&mut host.exchange, &mut self.exchange));
        action
    }

    /// The request's headers pass the filter. `Some`: it answered, and the reply has passed it as well.
    pub(crate) fn request_headers(&mut self) -> Option<NativeResponse> {
        let before = self.exchange.request.clone();
        let count = before.len();
        let action = self.call(Callback::RequestHeaders, |id| {
            exports::edge_on_request_headers(id, count, true)
        });
        assert_eq!(
            before, self.exchange.request,
            "changing a request clears Envoy's route cache"
        );
        match self.exchange.reply.take() {
            Some(reply) => {
                assert_eq!(action, PAUSE, "a request that was answered must not go on");
                Some(self.local_reply(reply))
            }
            None => {
                assert_eq!(
                    action, CONTINUE,
                    "a request that pauses without an answer hangs until it times out"
                );
                None
            }
        }
    }

    fn local_reply(&mut self, reply: LocalReply) -> NativeResponse {
        let LocalReply {
            status,
            mut headers,
            body,
        } = reply;
        if status != NO_CONTENT {
            headers.add(b"content-length", body.len().to_string().as_bytes());
        }
        if !body.is_empty() && headers.get(b"content-type").is_none() {
            headers.add(b"content-type", b"text/plain");
        }
        self.response_headers(NativeResponse {
            status,
            headers,
            body,
        })
    }

    /// A response passes the filter.
    pub(crate) fn response_headers(&mut self, response: NativeResponse) -> NativeResponse {
        let body = response.body.clone();
        self.exchange.response = Some(response.into_map());
        let count = self.exchange.response.as_ref().map_or(0, HostHeaders::len);
        let action = self.call(Callback::ResponseHeaders, |id| {
            exports::edge_on_response_headers(id, count, body.is_empty())
        });
        assert_eq!(action, CONTINUE, "a response is never held back");
        let map = self.exchange.response.take().unwrap_or_default();
        NativeResponse::from_map(map, body)
    }

    /// The host calls of this stream since this was last asked.
    pub(crate) fn take_calls(&mut self) -> Vec<Call> {
        mem::take(&mut self.exchange.calls)
    }
}

impl Drop for NativeStream {
    fn drop(&mut self) {
        call(Callback::Delete, || exports::edge_on_delete(self.id));
    }
}
