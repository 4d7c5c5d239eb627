//! What the host calls. The SDK defines functions of the ABI's names as well, so that these have names of their own,
//! which the linker's wrapper (`.cargo/link-module`, which `.cargo/config.toml` names) makes the ABI's.
//!
//! Only what the filter needs is exported: Envoy enters the VM for each callback that a module has, for the bodies, the
//! trailers and the log of every request.
#![allow(unsafe_code)] // Names that are exported are unsafe to choose.

use super::host::{self, Action};
use super::vm;

/// `proxy_on_context_create`: a root context has no root.
#[unsafe(no_mangle)]
extern "C" fn edge_on_context_create(context: u32, root: u32) {
    vm::with(|vm| vm.create(context, root));
}

/// `proxy_on_configure`. False makes Envoy reject the configuration: at start it exits, on an update it keeps the rules
/// it has.
#[unsafe(no_mangle)]
extern "C" fn edge_on_configure(context: u32, _size: usize) -> bool {
    vm::with(|vm| vm.configure(context)).unwrap_or(false)
}

/// `proxy_on_tick`.
#[cfg(feature = "metrics")]
#[unsafe(no_mangle)]
extern "C" fn edge_on_tick(context: u32) {
    vm::with(|vm| vm.tick(context));
}

/// `proxy_on_request_headers`.
#[unsafe(no_mangle)]
extern "C" fn edge_on_request_headers(context: u32, _count: usize, _end_of_stream: bool) -> Action {
    vm::with(|vm| vm.on_request(context)).unwrap_or(Action::Continue)
}

/// `proxy_on_response_headers`.
#[unsafe(no_mangle)]
extern "C" fn edge_on_response_headers(context: u32, _count: usize, _end_of_stream: bool) -> Action {
    vm::with(|vm| vm.on_response(context));
    Action::Continue
}

/// `proxy_on_delete`: the only end that every context has.
#[unsafe(no_mangle)]
extern "C" fn edge_on_delete(context: u32) {
    vm::with(|vm| vm.delete(context));
}

/// `malloc`: memory for a value that the host is about to hand over.
#[unsafe(no_mangle)]
extern "C" fn edge_malloc(size: usize) -> *mut u8 {
    host::inbox::allocate(size)
}
