//! The five host calls of the request path, those of metrics, and all `unsafe` code of this crate.
//!
//! The SDK offers the same calls, but not in a form that the request path can afford: each of them panics on a status it
//! does not expect, which takes the worker's VM down; reading a header map allocates twice per header and panics on a name
//! that is not UTF-8; a local response takes its headers as a new `Vec` of `&str`. `tests/allocations.rs` counts what is
//! left: one allocation for each map that the host hands over, made by the ABI itself.
#![allow(unsafe_code)]

use std::ptr::null_mut;

/// Which headers a call is about (proxy-wasm ABI 0.2.1, `proxy_header_map_type_t`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum HeaderMap {
    /// The request's.
    Request = 0,
    /// The response's.
    Response = 2,
}

/// `proxy_result_t::Ok`. Results are plain numbers here: a number that an enum does not list would be undefined behaviour.
const OK: u32 = 0;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_len: usize,
        value: *mut *mut u8,
        value_len: *mut usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, pairs: *mut *mut u8, pairs_len: *mut usize) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_len: usize,
        value: *const u8,
        value_len: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_len: usize) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_len: usize,
        body: *const u8,
        body_len: usize,
        headers: *const u8,
        headers_len: usize,
        grpc_status: i32,
    ) -> u32;
}

/// The value of a header; several lines come folded with a comma. `None`: absent, or the host says no.
pub(super) fn header(map: HeaderMap, name: &str) -> Option<Vec<u8>> {
    let (mut data, mut len) = (null_mut(), 0);
    // SAFETY: the name is a live slice, and the host writes to two live places.
    let result =
        unsafe { proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), &mut data, &mut len) };
    // SAFETY: `data` and `len` are as the host left them.
    (result == OK).then(|| unsafe { received(data, len) })
}

/// Every header, in the form that [`crate::http::pairs::Pairs`] reads. `None`: the host says no.
pub(super) fn headers(map: HeaderMap) -> Option<Vec<u8>> {
    let (mut data, mut len) = (null_mut(), 0);
    // SAFETY: the host writes to two live places.
    let result = unsafe { proxy_get_header_map_pairs(map as u32, &mut data, &mut len) };
    // SAFETY: `data` and `len` are as the host left them.
    (result == OK).then(|| unsafe { received(data, len) })
}

/// Takes over a block that the host filled.
///
/// # Safety
/// `data` is null, or was returned by this module's `malloc` export for exactly `len` bytes, is initialised, and is owned
/// by nobody else: what the ABI says of every value that a host returns.
unsafe fn received(data: *mut u8, len: usize) -> Vec<u8> {
    if data.is_null() {
        return Vec::new();
    }
    // SAFETY: the SDK's `malloc` export makes a boxed slice of `len` bytes, whose layout this is.
    unsafe { Vec::from_raw_parts(data, len, len) }
}

/// Makes `value` the only value of a header. Whether the host took it changes nothing for us: there is no other way to say
/// it.
pub(super) fn set_header(map: HeaderMap, name: &str, value: &[u8]) {
    // SAFETY: both are live slices, which the host copies.
    unsafe {
        proxy_replace_header_map_value(map as u32, name.as_ptr(), name.len(), value.as_ptr(), value.len());
    }
}

/// Removes every line of a header.
pub(super) fn remove_header(map: HeaderMap, name: &[u8]) {
    // SAFETY: the name is a live slice, which the host copies.
    unsafe {
        proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len());
    }
}

/// Answers the request. `details` is for the proxy's access log, `headers` is a serialised map. False: the host does not let us, and the request must go on, since
/// a stream that pauses without an answer hangs until it times out.
pub(super) fn send_local_response(status: u32, details: &[u8], headers: &[u8], body: &[u8]) -> bool {
    const NOT_GRPC: i32 = -1;
    // SAFETY: all are live slices, which the host copies.
    let result = unsafe {
        proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NOT_GRPC,
        )
    };
    result == OK
}

#[cfg(feature = "metrics")]
pub(super) use metrics::{
    MetricKind, define_metric, increment_metric, now_nanoseconds, record_metric, set_tick_period,
};

/// Statistics. Where the host refuses, there are none.
#[cfg(feature = "metrics")]
mod metrics {
    use super::OK;

    /// `proxy_metric_type_t`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[repr(u32)]
    pub(in super::super) enum MetricKind {
        Counter = 0,
        Gauge = 1,
    }

    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        fn proxy_define_metric(kind: u32, name: *const u8, name_len: usize, id: *mut u32) -> u32;
        fn proxy_increment_metric(id: u32, by: i64) -> u32;
        fn proxy_record_metric(id: u32, value: u64) -> u32;
        fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
        fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    }

    pub(in super::super) fn define_metric(kind: MetricKind, name: &str) -> Option<u32> {
        let mut id = 0;
        // SAFETY: the name is a live slice, and the host writes to a live place.
        let result = unsafe { proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &mut id) };
        (result == OK).then_some(id)
    }

    pub(in super::super) fn increment_metric(id: u32, by: u64) {
        // SAFETY: numbers only.
        unsafe { proxy_increment_metric(id, i64::try_from(by).unwrap_or(i64::MAX)) };
    }

    pub(in super::super) fn record_metric(id: u32, value: u64) {
        // SAFETY: numbers only.
        unsafe { proxy_record_metric(id, value) };
    }

    /// Asks for a tick of the calling root context every `period` milliseconds.
    pub(in super::super) fn set_tick_period(period: u32) {
        // SAFETY: numbers only.
        unsafe { proxy_set_tick_period_milliseconds(period) };
    }

    pub(in super::super) fn now_nanoseconds() -> Option<u64> {
        let mut time = 0;
        // SAFETY: the host writes to a live place.
        let result = unsafe { proxy_get_current_time_nanoseconds(&mut time) };
        (result == OK).then_some(time)
    }
}
