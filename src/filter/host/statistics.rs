//! Statistics and the access log.

use super::Status;

/// `proxy_metric_type_t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(in super::super) enum MetricKind {
    Counter = 0,
    Gauge = 1,
}

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_define_metric(kind: u32, name: *const u8, name_len: usize, id: *mut u32) -> Status;
    fn proxy_increment_metric(id: u32, by: i64) -> Status;
    fn proxy_record_metric(id: u32, value: u64) -> Status;
    fn proxy_set_tick_period_milliseconds(period: u32) -> Status;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> Status;
    fn proxy_set_property(path: *const u8, path_len: usize, value: *const u8, value_len: usize) -> Status;
}

pub(in super::super) fn define_metric(kind: MetricKind, name: &str) -> Result<u32, Status> {
    let mut id = 0;
    // SAFETY: the name is a live slice, and the host writes to a live place.
    let status = unsafe { proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &mut id) };
    status.given(|| id)
}

pub(in super::super) fn increment_metric(id: u32, by: u64) -> Status {
    // SAFETY: numbers only.
    unsafe { proxy_increment_metric(id, i64::try_from(by).unwrap_or(i64::MAX)) }
}

pub(in super::super) fn record_metric(id: u32, value: u64) -> Status {
    // SAFETY: numbers only.
    unsafe { proxy_record_metric(id, value) }
}

/// Gives the stream a property, which in Envoy is filter state by that name behind `wasm.`.
pub(in super::super) fn set_property(name: &str, value: &[u8]) -> Status {
    // SAFETY: both are live slices, which the host copies.
    unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) }
}

/// Asks for a tick of the calling root context every `period` milliseconds; 0: for none.
pub(in super::super) fn set_tick_period(period: u32) -> Status {
    // SAFETY: numbers only.
    unsafe { proxy_set_tick_period_milliseconds(period) }
}

pub(in super::super) fn now_nanoseconds() -> Result<u64, Status> {
    let mut time = 0;
    // SAFETY: the host writes to a live place.
    let status = unsafe { proxy_get_current_time_nanoseconds(&mut time) };
    status.given(|| time)
}
