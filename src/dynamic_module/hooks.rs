//! What Envoy calls: the only names that the library exports.
//!
//! A panic must not leave a hook, since Envoy would end with it. What is caught fails the request closed: it is
//! answered 503 in place of whatever the store says; so does a call that Envoy says no to.
#![allow(unsafe_code)] // Names that are exported are unsafe to choose, and pointers come in.

use std::ffi::{c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{null, null_mut};

use log::error;

use super::abi::{self, AbiHeader, Buffer, HeaderType, HeadersStatus, HostConfig, HostStream};
use super::config::Config;
use super::grpc;
use super::handle::Handle;
use super::host::{EnvoyConfig, EnvoyStream};
use super::log as envoy_log;
use super::stream::AfterRequest;
use super::worker::{self, Worker};

/// Does the work of a hook; `None`: it panicked, which the panic's own message on standard error tells more of.
fn caught<R>(hook: &str, work: impl FnOnce() -> R) -> Option<R> {
    // Whatever was being changed is cleared before it is used again, or is used no more.
    let result = catch_unwind(AssertUnwindSafe(|| {
        #[cfg(feature = "faults")]
        super::faults::strike(hook);
        work()
    }));
    if result.is_err() {
        error!("bucket-cors: a bug in the filter was caught in {hook}; please report it");
    }
    result.ok()
}

/// Called when the library is loaded. Null would refuse it.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_program_init() -> *const c_char {
    envoy_log::start();
    abi::VERSION.as_ptr()
}

/// Called by the main thread. Null makes Envoy reject the configuration: at start it exits, on an update it keeps the
/// rules that it has.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_config_new(
    host: HostConfig,
    name: Buffer,
    text: Buffer,
) -> *const Config {
    // SAFETY: Envoy's, for as long as this call takes.
    let (host, name, text) = unsafe { (EnvoyConfig::new(host), name.bytes(), text.bytes()) };
    #[cfg(feature = "faults")]
    super::faults::configure(name);
    let load = || envoy_log::named(name, || Config::load(&host, name, text));
    match caught("config_new", load).flatten() {
        Some(config) => Box::into_raw(Box::new(config)),
        None => null(),
    }
}

/// Called when no stream uses the configuration any more.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_config_destroy(config: *const Config) {
    caught("config_destroy", || {
        // SAFETY: it comes of `config_new`, which made it of a box, and Envoy hands it back once.
        drop(unsafe { Box::from_raw(config.cast_mut()) });
    });
}

/// Called for each stream. Null makes Envoy end the stream.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_new(
    config: *const Config,
    host: HostStream,
) -> *mut Handle {
    caught("new", || Box::into_raw(Handle::new(config))).unwrap_or_else(|| {
        // SAFETY: it comes of `config_new`, and is not destroyed before its streams.
        if let Some(config) = unsafe { config.as_ref() } {
            // SAFETY: Envoy's, for as long as this call takes.
            config.count_failure(&unsafe { EnvoyStream::new(host) });
        }
        null_mut()
    })
}

/// Called when the stream ends, which may be while it is being answered.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_destroy(stream: *mut Handle) {
    caught("destroy", || {
        // SAFETY: it comes of `new`, which made it of a box, and Envoy hands it back once; the other hooks have done
        // with it.
        Handle::recycle(unsafe { Box::from_raw(stream) });
    });
}

/// The request's headers are there.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_request_headers(
    host: HostStream,
    stream: *mut Handle,
    _is_end: bool,
) -> HeadersStatus {
    // SAFETY: Envoy's, for as long as this call takes.
    let mut host = unsafe { EnvoyStream::new(host) };
    worker::with(|worker| {
        // SAFETY: it comes of `new`, and nothing else uses it until the answer is sent.
        let Some((config, stream)) = (unsafe { Handle::of(stream) }) else {
            return fail(&mut host, None);
        };
        match caught("request_headers", || stream.on_request(config, &host, worker)).flatten() {
            Some(AfterRequest::Upstream) => HeadersStatus::Continue,
            Some(AfterRequest::Answer(status)) => {
                let Worker {
                    headers,
                    changes,
                    body,
                    details,
                    ..
                } = worker;
                changes.as_headers(headers);
                host.send_response(status, headers, body, details);
                HeadersStatus::Stop
            }
            None => fail(&mut host, Some(config)),
        }
    })
}

/// The response's headers are there: an upstream's, or the proxy's own.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_response_headers(
    host: HostStream,
    stream: *mut Handle,
    _is_end: bool,
) -> HeadersStatus {
    // SAFETY: Envoy's, for as long as this call takes.
    let mut host = unsafe { EnvoyStream::new(host) };
    // SAFETY: it comes of `new`, and a hook that sends an answer does not use it meanwhile.
    let Some((config, stream)) = (unsafe { Handle::of(stream) }) else {
        return fail(&mut host, None);
    };
    if !stream.awaits_response() {
        return HeadersStatus::Continue;
    }
    worker::with(|worker| {
        let done = caught("response_headers", || {
            stream.on_response(config, &mut host, worker)
        });
        match done.flatten() {
            Some(()) => HeadersStatus::Continue,
            None => fail(&mut host, Some(config)),
        }
    })
}

/// Answers in the place of a filter that failed.
fn fail(host: &mut EnvoyStream, config: Option<&Config>) -> HeadersStatus {
    if let Some(config) = config {
        config.count_failure(host);
    }
    const STATUS: u32 = 503;
    let mut sent = Vec::new();
    let is_grpc = host
        .headers(HeaderType::Request, &mut sent)
        .is_none_or(grpc::is_asked);
    let grpc_status = grpc::status_of(STATUS)
        .filter(|_| is_grpc)
        .map(|status| AbiHeader {
            name: grpc::STATUS.into(),
            value: status.into(),
        });
    host.send_response(STATUS, grpc_status.as_slice(), b"", b"bucket_cors_failed");
    HeadersStatus::Stop
}

/// Hooks that Envoy wants to find in every module: nothing happens in them, and what they are about goes on.
macro_rules! nothing_to_do {
    ($($name:ident($($parameter:ty),*) $(-> $status:ty)?;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name(_: HostStream, _: *mut Handle $(, _: $parameter)*) $(-> $status)? {
            Default::default()
        }
    )*};
}

// A status is `Continue`, which is 0 for bodies and trailers too.
nothing_to_do! {
    envoy_dynamic_module_on_http_filter_request_body(bool) -> c_int;
    envoy_dynamic_module_on_http_filter_request_trailers() -> c_int;
    envoy_dynamic_module_on_http_filter_response_body(bool) -> c_int;
    envoy_dynamic_module_on_http_filter_response_trailers() -> c_int;
    envoy_dynamic_module_on_http_filter_stream_complete();
    envoy_dynamic_module_on_http_filter_http_callout_done(u64, c_int, *mut AbiHeader, usize, *mut Buffer, usize);
    envoy_dynamic_module_on_http_filter_http_stream_headers(u64, *mut AbiHeader, usize, bool);
    envoy_dynamic_module_on_http_filter_http_stream_data(u64, *const Buffer, usize, bool);
    envoy_dynamic_module_on_http_filter_http_stream_trailers(u64, *mut AbiHeader, usize);
    envoy_dynamic_module_on_http_filter_http_stream_complete(u64);
    envoy_dynamic_module_on_http_filter_http_stream_reset(u64, c_int);
    envoy_dynamic_module_on_http_filter_scheduled(u64);
    envoy_dynamic_module_on_http_filter_downstream_above_write_buffer_high_watermark();
    envoy_dynamic_module_on_http_filter_downstream_below_write_buffer_low_watermark();
}
