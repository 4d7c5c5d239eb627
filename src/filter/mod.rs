//! The shell: the only module that speaks proxy-wasm. It reads what the decision needs, and does what it says.
//!
//! The callbacks are the filter's own, and of the SDK only its start-up and its log are used. The SDK's dispatcher
//! boxes every request's context, refers to each of the ABI's host functions, which some hosts do not have, and panics
//! on an unknown context; and its `malloc` allocates for each value that the host hands over.

mod callbacks;
mod host;
#[cfg(feature = "metrics")]
mod metrics;
mod needs;
mod root;
#[cfg(feature = "metrics")]
mod shelf;
mod stream;
mod vm;

use proxy_wasm::types::LogLevel;

proxy_wasm::main! {{
    // What the operator sees is the host's choice; below `info` there is nothing to see. `Critical` is silence.
    proxy_wasm::set_log_level(if host::has_log() { LogLevel::Info } else { LogLevel::Critical });
    vm::start();
}}
