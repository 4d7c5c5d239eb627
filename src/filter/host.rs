//! The host calls of the request path, those of metrics, and the memory in which the host hands values over: all `unsafe`
//! code of this crate but for the module's allocator (`heap`).
//!
//! The SDK offers the same calls, but not in a form that the request path can afford: each of them panics on a status it
//! does not expect, which takes the worker's VM down; reading a header map allocates twice per header and panics on a name
//! that is not UTF-8; a local response takes its headers as a new `Vec` of `&str`.
#![allow(unsafe_code)]

use std::ptr::null_mut;

use inbox::Received;

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
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        max: usize,
        data: *mut *mut u8,
        len: *mut usize,
    ) -> u32;
}

/// The value of a header; several lines come folded with a comma. `None`: absent, or the host says no.
pub(super) fn header(map: HeaderMap, name: &str) -> Option<Received> {
    // SAFETY: the name is a live slice, and the host writes to two live places.
    received(|data, len| unsafe {
        proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), data, len)
    })
}

/// Every header, in the form that [`crate::http::pairs::Pairs`] reads. `None`: the host says no.
pub(super) fn headers(map: HeaderMap) -> Option<Received> {
    // SAFETY: the host writes to two live places.
    received(|data, len| unsafe { proxy_get_header_map_pairs(map as u32, data, len) })
}

/// The configuration of the context that is being configured. `None`: there is none.
pub(super) fn plugin_configuration() -> Option<Received> {
    /// `proxy_buffer_type_t::PluginConfiguration`.
    const PLUGIN_CONFIGURATION: u32 = 7;
    // SAFETY: the host writes to two live places.
    received(|data, len| unsafe { proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, usize::MAX, data, len) })
}

/// What a host call hands over.
fn received(call: impl FnOnce(&mut *mut u8, &mut usize) -> u32) -> Option<Received> {
    let (mut data, mut len) = (null_mut(), 0);
    let result = call(&mut data, &mut len);
    // SAFETY: `data` and `len` are as the host left them, and this is the only use of them.
    (result == OK).then(|| unsafe { Received::new(data, len) })
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

/// Answers the request. `details` is for the proxy's access log, `headers` is a serialised map. False: the host does not
/// let us, and the request must go on, since a stream that pauses without an answer hangs until it times out.
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
    MetricKind, define_metric, increment_metric, now_nanoseconds, record_metric, set_property,
    set_tick_period,
};

/// Statistics and the access log. Where the host refuses, there are none.
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
        fn proxy_set_property(path: *const u8, path_len: usize, value: *const u8, value_len: usize) -> u32;
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

    /// Gives the stream a property, which in Envoy is filter state by that name behind `wasm.`.
    pub(in super::super) fn set_property(name: &str, value: &[u8]) {
        // SAFETY: both are live slices, which the host copies.
        unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
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

/// The memory in which the host hands values over. The ABI has it ask for a block for each value: the filter's `malloc`.
pub(super) mod inbox {
    use std::cell::{Cell, UnsafeCell};
    use std::mem::MaybeUninit;
    use std::ops::Deref;
    use std::slice;

    /// Most header maps are below a kilobyte, and Envoy takes none above 60 KiB by default.
    const BYTES: usize = 16 * 1024;

    /// A block that is handed out again and again, so that a request allocates nothing: two calls of the allocator for each
    /// header map were a tenth of the time that a request spends in the VM.
    struct Inbox {
        block: UnsafeCell<[MaybeUninit<u8>; BYTES]>,
        is_taken: Cell<bool>,
    }

    thread_local!(static INBOX: Inbox = const {
        Inbox { block: UnsafeCell::new([MaybeUninit::uninit(); BYTES]), is_taken: Cell::new(false) }
    });

    impl Inbox {
        fn start(&self) -> *mut u8 {
            self.block.get().cast()
        }
    }

    /// A block of `size` bytes for the host to fill: the inbox, or a new one where the value is too large or the inbox taken.
    pub(in super::super) fn allocate(size: usize) -> *mut u8 {
        INBOX.with(|inbox| {
            if size <= BYTES && !inbox.is_taken.replace(true) {
                return inbox.start();
            }
            Box::into_raw(Box::<[u8]>::new_uninit_slice(size)).cast()
        })
    }

    /// A value from the host.
    pub(in super::super) struct Received {
        data: *mut u8,
        len: usize,
    }

    impl Received {
        /// Takes over what the host filled.
        ///
        /// # Safety
        /// `data` is null, or was returned by [`allocate`] for exactly `len` bytes, is initialised, and is owned by nobody
        /// else: what the ABI says of every value that a host returns.
        pub(super) unsafe fn new(data: *mut u8, len: usize) -> Self {
            Self { data, len }
        }
    }

    impl Deref for Received {
        type Target = [u8];

        fn deref(&self) -> &[u8] {
            if self.data.is_null() {
                return &[];
            }
            // SAFETY: as the caller of `new` vouches, and the block stays ours until `drop`.
            unsafe { slice::from_raw_parts(self.data, self.len) }
        }
    }

    impl Drop for Received {
        fn drop(&mut self) {
            INBOX.with(|inbox| {
                if self.data == inbox.start() {
                    inbox.is_taken.set(false);
                } else if !self.data.is_null() {
                    let block = std::ptr::slice_from_raw_parts_mut(self.data, self.len);
                    // SAFETY: `allocate` made this box of `len` bytes, and nobody else has it.
                    drop(unsafe { Box::from_raw(block) });
                }
            });
        }
    }
}
