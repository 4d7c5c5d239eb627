//! The host calls of the request path, those of metrics, and the memory in which the host hands values over: all
//! `unsafe` code of this shell but for the names that it exports.
//!
//! The SDK offers the same calls, but not in a form that the request path can afford: each of them panics on a status
//! it does not expect, which takes the worker's VM down; reading a header map allocates twice per header and panics on
//! a name that is not UTF-8; a local response takes its headers as a new `Vec` of `&str`.
#![allow(unsafe_code)]

pub(super) mod inbox;
#[cfg(feature = "metrics")]
mod shared_data;
#[cfg(feature = "metrics")]
mod statistics;

use std::ptr::null_mut;

pub(super) use inbox::HostValue;
#[cfg(feature = "metrics")]
pub(super) use shared_data::{property, put_shared, shared};
#[cfg(feature = "metrics")]
pub(super) use statistics::{
    MetricKind, define_metric, increment_metric, now_nanoseconds, record_metric, set_property,
    set_tick_period,
};

/// Which headers a call is about (proxy-wasm ABI 0.2.1, `proxy_header_map_type_t`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum HeaderMap {
    /// The request's.
    Request = 0,
    /// The response's.
    Response = 2,
}

/// What a callback tells the host (`proxy_action_t`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Action {
    /// The request or response goes on.
    Continue = 0,
    /// It waits; here, since it was answered.
    Pause = 1,
}

/// Where Envoy's access log finds what became of a request: `%FILTER_STATE(wasm.bucket_cors:PLAIN)%`.
#[cfg(feature = "metrics")]
pub(super) const ACCESS_LOG: &str = "bucket_cors";

/// What the host says to a call (`proxy_result_t`). A plain number: one that an enum does not list would be undefined
/// behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(super) struct Status(u32);

impl Status {
    const OK: Self = Self(0);
    const NOT_FOUND: Self = Self(1);
    /// What Envoy says to a call that its list of allowed capabilities does not have.
    const INTERNAL_FAILURE: Self = Self(10);
    const UNIMPLEMENTED: Self = Self(12);

    pub(super) fn is_ok(self) -> bool {
        self == Self::OK
    }

    /// Whether the host does not give the filter this call at all. Any other failure is of this one call.
    pub(super) fn is_refusal(self) -> bool {
        matches!(self, Self::INTERNAL_FAILURE | Self::UNIMPLEMENTED)
    }

    fn given<T>(self, value: impl FnOnce() -> T) -> Result<T, Self> {
        if self.is_ok() { Ok(value()) } else { Err(self) }
    }
}

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_len: usize,
        value: *mut *mut u8,
        value_len: *mut usize,
    ) -> Status;
    fn proxy_get_header_map_pairs(map: u32, pairs: *mut *mut u8, pairs_len: *mut usize) -> Status;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_len: usize,
        value: *const u8,
        value_len: usize,
    ) -> Status;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_len: usize) -> Status;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_len: usize,
        body: *const u8,
        body_len: usize,
        headers: *const u8,
        headers_len: usize,
        grpc_status: i32,
    ) -> Status;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        max: usize,
        data: *mut *mut u8,
        len: *mut usize,
    ) -> Status;
    fn proxy_log(level: u32, message: *const u8, len: usize) -> Status;
}

/// The value of a header; several lines come folded with a comma. `None`: it is absent.
pub(super) fn header(map: HeaderMap, name: &str) -> Result<Option<HostValue>, Status> {
    // SAFETY: the name is a live slice, and the host writes to two live places.
    let value = received(|data, len| unsafe {
        proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), data, len)
    });
    match value {
        Ok(value) => Ok(Some(value)),
        Err(Status::NOT_FOUND) => Ok(None),
        Err(status) => Err(status),
    }
}

/// Every header, in the form that [`crate::http::pairs::Pairs`] reads.
pub(super) fn headers(map: HeaderMap) -> Result<HostValue, Status> {
    // SAFETY: the host writes to two live places.
    received(|data, len| unsafe { proxy_get_header_map_pairs(map as u32, data, len) })
}

/// The configuration of the context that is being configured.
pub(super) fn plugin_configuration() -> Result<HostValue, Status> {
    /// `proxy_buffer_type_t::PluginConfiguration`.
    const PLUGIN_CONFIGURATION: u32 = 7;
    // SAFETY: the host writes to two live places.
    received(|data, len| unsafe { proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, usize::MAX, data, len) })
}

/// What a host call hands over.
fn received(call: impl FnOnce(&mut *mut u8, &mut usize) -> Status) -> Result<HostValue, Status> {
    let (mut data, mut len) = (null_mut(), 0);
    let status = call(&mut data, &mut len);
    // SAFETY: `data` and `len` are as the host left them, and this is the only use of them.
    status.given(|| unsafe { HostValue::new(data, len) })
}

/// Makes `value` the only value of a header.
pub(super) fn set_header(map: HeaderMap, name: &[u8], value: &[u8]) -> Status {
    // SAFETY: both are live slices, which the host copies.
    unsafe {
        proxy_replace_header_map_value(map as u32, name.as_ptr(), name.len(), value.as_ptr(), value.len())
    }
}

/// Removes every line of a header.
pub(super) fn remove_header(map: HeaderMap, name: &[u8]) -> Status {
    // SAFETY: the name is a live slice, which the host copies.
    unsafe { proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) }
}

/// A response has no gRPC status of its own.
const NOT_GRPC: i32 = -1;

/// Answers the request. `details` is for the proxy's access log, `headers` is a serialised map. False: the host does
/// not let us, and the request must go on, since a stream that pauses without an answer hangs until it times out.
pub(super) fn send_local_response(status: u32, details: &[u8], headers: &[u8], body: &[u8]) -> bool {
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
    result.is_ok()
}

/// What the host says to an answer that it cannot give, where there is no request.
///
/// An answer that it could read would not do: Envoy takes note of it for the next request in this VM, and that one
/// would wait for an answer that never comes. So this one's details stand where there is no memory, which a host looks
/// at first.
#[cfg(feature = "metrics")]
pub(super) fn try_local_response() -> Status {
    let nowhere = std::ptr::without_provenance(usize::MAX);
    // SAFETY: the host checks what it reads against the bounds of the memory, and nothing is read here.
    unsafe { proxy_send_local_response(500, nowhere, usize::MAX, nowhere, 0, nowhere, 0, NOT_GRPC) }
}

/// Whether there is a log. The SDK's logger, which writes to it, panics where the host refuses that.
pub(super) fn has_log() -> bool {
    /// `proxy_log_level_t::Trace`, which hosts keep to themselves by default.
    const TRACE: u32 = 0;
    // SAFETY: no bytes are handed over.
    unsafe { proxy_log(TRACE, [].as_ptr(), 0) }.is_ok()
}
