//! The shell: the only module that speaks proxy-wasm. It reads what the decision needs, and does what it says.

mod host;
#[cfg(feature = "metrics")]
mod metrics;
mod root;
mod stream;

use proxy_wasm::types::LogLevel;

proxy_wasm::main! {{
    // What the operator sees is the host's choice; below `info` there is nothing to see.
    proxy_wasm::set_log_level(LogLevel::Info);
    #[cfg(feature = "metrics")]
    metrics::start();
    proxy_wasm::set_root_context(|_| Box::new(root::Root::default()));
}}
