//! What the filter logs, in Envoy's own log: component `dynamic_modules`. Envoy says itself which filter of a VM logs,
//! but not which of a module.
#![allow(unsafe_code)] // A foreign function.

use std::cell::RefCell;

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::abi::{self, LogLevel};

struct EnvoyLog;

thread_local! {
    /// What each line begins with.
    static PREFIX: RefCell<String> = const { RefCell::new(String::new()) };
}

impl Log for EnvoyLog {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let level = match record.level() {
            Level::Error => LogLevel::Error,
            Level::Warn => LogLevel::Warn,
            _ => LogLevel::Info,
        };
        let message = PREFIX.with_borrow(|prefix| format!("{prefix}{}", record.args()));
        // SAFETY: the message is live, and Envoy copies it.
        unsafe { abi::log(level, message.as_str().into()) };
    }

    fn flush(&self) {}
}

/// What the operator sees is Envoy's choice; below `info` there is nothing to see.
pub(super) fn start() {
    // Fails where it was done before: Envoy starts a library with each configuration.
    if log::set_logger(&EnvoyLog).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

/// Lets `work` log in the name of a filter, which may be empty.
pub(super) fn named<R>(filter: &[u8], work: impl FnOnce() -> R) -> R {
    if !filter.is_empty() {
        PREFIX.set(format!("{}: ", String::from_utf8_lossy(filter)));
    }
    let result = work();
    PREFIX.take();
    result
}
