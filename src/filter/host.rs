//! The host calls of the request path, those of metrics, and the memory in which the host hands values over: all
//! `unsafe` code of this shell but for the names that it exports.
//!
//! The SDK offers the same calls, but not in a form that the request path can afford: each of them panics on a status
//! it does not expect, which takes the worker's VM down; reading a header map allocates twice per header and panics on
//! a name that is not UTF-8; a local response takes its headers as a new `Vec` of `&str`.
#![allow(unsafe_code)]

use std::ptr::null_mut;

pub(super) use inbox::Received;

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
pub(super) fn header(map: HeaderMap, name: &str) -> Result<Option<Received>, Status> {
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
pub(super) fn headers(map: HeaderMap) -> Result<Received, Status> {
    // SAFETY: the host writes to two live places.
    received(|data, len| unsafe { proxy_get_header_map_pairs(map as u32, data, len) })
}

/// The configuration of the context that is being configured.
pub(super) fn plugin_configuration() -> Result<Received, Status> {
    /// `proxy_buffer_type_t::PluginConfiguration`.
    const PLUGIN_CONFIGURATION: u32 = 7;
    // SAFETY: the host writes to two live places.
    received(|data, len| unsafe { proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, usize::MAX, data, len) })
}

/// What a host call hands over.
fn received(call: impl FnOnce(&mut *mut u8, &mut usize) -> Status) -> Result<Received, Status> {
    let (mut data, mut len) = (null_mut(), 0);
    let status = call(&mut data, &mut len);
    // SAFETY: `data` and `len` are as the host left them, and this is the only use of them.
    status.given(|| unsafe { Received::new(data, len) })
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

#[cfg(feature = "metrics")]
pub(super) use kept::{property, put_shared, shared};
#[cfg(feature = "metrics")]
pub(super) use metrics::{
    MetricKind, define_metric, increment_metric, now_nanoseconds, record_metric, set_property,
    set_tick_period,
};

/// What the host keeps beside the VM, and what it calls a plugin.
#[cfg(feature = "metrics")]
mod kept {
    use super::{Received, Status, received};

    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        fn proxy_get_property(
            path: *const u8,
            path_len: usize,
            value: *mut *mut u8,
            value_len: *mut usize,
        ) -> Status;
        fn proxy_get_shared_data(
            key: *const u8,
            key_len: usize,
            value: *mut *mut u8,
            value_len: *mut usize,
            version: *mut u32,
        ) -> Status;
        fn proxy_set_shared_data(
            key: *const u8,
            key_len: usize,
            value: *const u8,
            value_len: usize,
            version: u32,
        ) -> Status;
    }

    /// A property of the calling context.
    pub(in super::super) fn property(name: &str) -> Result<Received, Status> {
        // SAFETY: the name is a live slice, and the host writes to two live places.
        received(|data, len| unsafe { proxy_get_property(name.as_ptr(), name.len(), data, len) })
    }

    /// A value that all VMs with this one's id share.
    pub(in super::super) fn shared(key: &[u8]) -> Result<Received, Status> {
        let mut version = 0;
        // SAFETY: the key is a live slice, and the host writes to three live places.
        received(|data, len| unsafe {
            proxy_get_shared_data(key.as_ptr(), key.len(), data, len, &mut version)
        })
    }

    /// Puts it in the place of whatever is there.
    pub(in super::super) fn put_shared(key: &[u8], value: &[u8]) -> Status {
        /// No version in particular.
        const ANY: u32 = 0;
        // SAFETY: both are live slices, which the host copies.
        unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), ANY) }
    }
}

/// Statistics and the access log.
#[cfg(feature = "metrics")]
mod metrics {
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
        fn proxy_set_property(path: *const u8, path_len: usize, value: *const u8, value_len: usize)
        -> Status;
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
}

/// The memory in which the host hands values over. The ABI has it ask for a block for each value: the filter's
/// `malloc`.
pub(super) mod inbox {
    use std::cell::{Cell, UnsafeCell};
    use std::mem::MaybeUninit;
    use std::ops::Deref;
    use std::ptr::null_mut;
    use std::slice;

    /// Most header maps are below a kilobyte, and Envoy takes none above 60 KiB by default.
    const BYTES: usize = 16 * 1024;

    /// A block that is handed out again and again, so that a request allocates nothing: two calls of the allocator for
    /// each header map were a tenth of the time that a request spends in the VM.
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

    /// A block of `size` bytes for the host to fill: the inbox, or a new one where the value is too large or the inbox
    /// taken.
    pub(in super::super) fn allocate(size: usize) -> *mut u8 {
        INBOX.with(|inbox| {
            if size <= BYTES && !inbox.is_taken.replace(true) {
                return inbox.start();
            }
            Box::into_raw(Box::<[u8]>::new_uninit_slice(room(size))).cast()
        })
    }

    /// How much is allocated for a value. A VM never gives memory back, so the text of a reload has to fit into the
    /// hole that the last one left. Steps of an eighth of the next power of two let a text that is a little larger fit:
    /// without them, texts that differ by a hundredth took a VM to 4.6 times its JSON, where they now take it to 2.9
    /// times.
    fn room(size: usize) -> usize {
        let step = (size.checked_next_power_of_two().unwrap_or(size) / 8).max(16);
        size.checked_next_multiple_of(step).unwrap_or(size)
    }

    /// A value from the host.
    pub(in super::super) struct Received {
        data: *mut u8,
        len: usize,
    }

    impl Default for Received {
        /// An empty one.
        fn default() -> Self {
            Self {
                data: null_mut(),
                len: 0,
            }
        }
    }

    impl Received {
        /// Takes over what the host filled.
        ///
        /// # Safety
        /// `data` is null, or was returned by [`allocate`] for exactly `len` bytes, is initialised, and is owned by
        /// nobody else: what the ABI says of every value that a host returns.
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
                    let block = std::ptr::slice_from_raw_parts_mut(self.data, room(self.len));
                    // SAFETY: `allocate` made this box, with room for `len` bytes, and nobody else has it.
                    drop(unsafe { Box::from_raw(block) });
                }
            });
        }
    }
}
