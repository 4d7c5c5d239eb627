//! Envoy's side of a stream and of a configuration, in safe hands.
#![allow(unsafe_code)] // Foreign functions.

use std::ptr::{null, null_mut};
use std::slice;

use super::abi::{self, AbiHeader, Buffer, HeaderType, HostConfig, HostStream, SUCCESS};

impl From<&[u8]> for Buffer {
    fn from(bytes: &[u8]) -> Self {
        Self {
            data: bytes.as_ptr(),
            len: bytes.len(),
        }
    }
}

impl From<&str> for Buffer {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl Buffer {
    /// # Safety
    /// The bytes stay where they are, unchanged, for as long as `'a`.
    pub(super) unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.data.is_null() {
            return &[];
        }
        // SAFETY: as the caller vouches.
        unsafe { slice::from_raw_parts(self.data, self.len) }
    }
}

/// Envoy's side of a stream, during one hook.
pub(super) struct EnvoyStream(HostStream);

impl EnvoyStream {
    /// # Safety
    /// It is what Envoy handed to the hook that is running, and is not used after that.
    pub(super) unsafe fn new(stream: HostStream) -> Self {
        Self(stream)
    }

    /// Every header of a map; `None`: Envoy says no. It moves them with the first change, which takes a `&mut self`.
    pub(super) fn headers<'h>(
        &'h self,
        map: HeaderType,
        memory: &'h mut Vec<AbiHeader>,
    ) -> Option<MapHeaders<'h>> {
        memory.clear();
        // SAFETY: the stream is live.
        let count = unsafe { abi::count_headers(self.0, map) };
        memory.reserve(count);
        // SAFETY: there is room for `count` headers, and Envoy writes as many; the stream is live, and nothing changed
        // the map in between.
        unsafe {
            if !abi::get_headers(self.0, map, memory.as_mut_ptr()) {
                return None;
            }
            memory.set_len(count);
        }
        Some(MapHeaders(memory.iter()))
    }

    /// Makes `value` the only value of a header. An empty value would remove it. False, of this and the next two: Envoy
    /// says no.
    #[must_use]
    pub(super) fn set_header(&mut self, map: HeaderType, name: &str, value: &[u8]) -> bool {
        // SAFETY: the stream is live, and Envoy copies the bytes.
        unsafe { abi::set_header(self.0, map, name.into(), value.into()) }
    }

    /// Adds a header, which is cheaper than to set it and the same where there is none of that name.
    #[must_use]
    pub(super) fn add_header(&mut self, map: HeaderType, name: &str, value: &[u8]) -> bool {
        // SAFETY: the stream is live, and Envoy copies the bytes.
        unsafe { abi::add_header(self.0, map, name.into(), value.into()) }
    }

    /// Removes every line of a header.
    #[must_use]
    pub(super) fn remove_header(&mut self, map: HeaderType, name: &[u8]) -> bool {
        let none = Buffer { data: null(), len: 0 };
        // SAFETY: the stream is live, and Envoy copies the name.
        unsafe { abi::set_header(self.0, map, name.into(), none) }
    }

    /// Answers the request, which may end the stream: nothing of it, and nothing that its other hooks borrow, may be
    /// borrowed meanwhile.
    pub(super) fn send_response(&mut self, status: u32, headers: &[AbiHeader], body: &[u8], details: &[u8]) {
        // SAFETY: the stream is live; Envoy copies all of it before it returns, and does not write to it.
        unsafe {
            abi::send_response(
                self.0,
                status,
                headers.as_ptr(),
                headers.len(),
                body.into(),
                details.into(),
            );
        }
    }

    /// Gives the stream a filter state that is a string, for the access log.
    pub(super) fn set_filter_state(&self, key: &str, value: &[u8]) {
        // SAFETY: the stream is live, and Envoy copies the bytes.
        unsafe { abi::set_filter_state(self.0, key.into(), value.into()) };
    }

    pub(super) fn increment(&self, counter: usize) {
        // SAFETY: the stream is live, and the counter was defined without labels.
        unsafe { abi::increment_counter(self.0, counter, null(), 0, 1) };
    }
}

/// The headers of a map, name and value, in order.
#[derive(Clone, Default)]
pub(super) struct MapHeaders<'h>(slice::Iter<'h, AbiHeader>);

impl<'h> Iterator for MapHeaders<'h> {
    type Item = (&'h [u8], &'h [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let header = self.0.next()?;
        // SAFETY: the headers are borrowed from Envoy as long as `'h`.
        unsafe { Some((header.name.bytes(), header.value.bytes())) }
    }
}

/// Envoy's side of a configuration that is being loaded.
pub(super) struct EnvoyConfig(HostConfig);

impl EnvoyConfig {
    /// # Safety
    /// It is what Envoy handed to the hook that is running, and is not used after that.
    pub(super) unsafe fn new(config: HostConfig) -> Self {
        Self(config)
    }

    /// The id of a counter.
    pub(super) fn define_counter(&self, name: &str) -> Option<usize> {
        let mut id = 0;
        // SAFETY: the configuration is live, the name is copied, and the id has a place.
        let result = unsafe { abi::define_counter(self.0, name.into(), null(), 0, &raw mut id) };
        (result == SUCCESS).then_some(id)
    }

    /// Sets a gauge; `None`: it stays as it is. Where Envoy cannot set one for a configuration (1.38), there is none.
    pub(super) fn set_gauge(&self, name: &str, value: Option<u64>) {
        let mut id = 0;
        // SAFETY: as for a counter; the function has that type wherever it has that name.
        unsafe {
            let function = abi::dlsym(null_mut(), abi::SET_GAUGE.as_ptr());
            if !function.is_null()
                && abi::define_gauge(self.0, name.into(), null(), 0, &raw mut id) == SUCCESS
                && let Some(value) = value
            {
                let set_gauge = std::mem::transmute::<*mut std::ffi::c_void, abi::SetGauge>(function);
                set_gauge(self.0, id, null(), 0, value);
            }
        }
    }
}

/// The pointer that Envoy keeps under a name, for all libraries and as long as it lives; null: there is none.
pub(super) fn shared(name: &[u8]) -> *mut u8 {
    let mut data = null_mut();
    // SAFETY: the name is live, and the pointer has a place.
    unsafe { abi::get_shared_data(name.into(), &raw mut data) };
    data.cast()
}

/// Puts a pointer in the place of the one under a name. False: Envoy says no.
#[must_use]
pub(super) fn share(name: &[u8], data: *mut u8) -> bool {
    // SAFETY: Envoy copies the name, and does not look at what the pointer is to.
    unsafe { abi::register_shared_data(name.into(), data.cast()) }
}
