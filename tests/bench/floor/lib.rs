//! Makes host calls, among them those that the filter makes for an actual request, and decides nothing: what is left of
//! a request's price when all code in the VM is free. The length of the configuration says which calls, one bit for
//! each.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

const READ_REQUEST: usize = 1;
const READ_RESPONSE: usize = 2;
const SET_THREE: usize = 4;
const GET_ABSENT: usize = 8;
const GET_ANOTHER_ABSENT: usize = 16;
const GET_PRESENT: usize = 32;

static CALLS: AtomicUsize = AtomicUsize::new(0);

/// Where the host puts what is read; nobody looks at it.
static mut INBOX: [u8; 16 * 1024] = [0; 16 * 1024];

const REQUEST: u32 = 0;
const RESPONSE: u32 = 2;

const SET: [(&str, &str); 3] = [
    ("access-control-allow-origin", "https://app.tenant-0.example.net"),
    ("access-control-expose-headers", "ETag, x-oss-request-id"),
    ("vary", "Origin"),
];

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, len: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_len: usize,
        data: *mut *mut u8,
        len: *mut usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_len: usize,
        value: *const u8,
        value_len: usize,
    ) -> u32;
}

fn read(map: u32) {
    let (mut data, mut len) = (null_mut(), 0);
    unsafe { proxy_get_header_map_pairs(map, &mut data, &mut len) };
}

fn get(map: u32, name: &str) {
    let (mut data, mut len) = (null_mut(), 0);
    unsafe { proxy_get_header_map_value(map, name.as_ptr(), name.len(), &mut data, &mut len) };
}

fn makes(call: usize) -> bool {
    CALLS.load(Ordering::Relaxed) & call != 0
}

#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

#[unsafe(no_mangle)]
extern "C" fn malloc(_size: usize) -> *mut u8 {
    (&raw mut INBOX).cast()
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(_context: u32, _root: u32) {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(_context: u32, size: usize) -> bool {
    CALLS.store(size, Ordering::Relaxed);
    true
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(_context: u32, _count: usize, _end: bool) -> u32 {
    if makes(READ_REQUEST) {
        read(REQUEST);
    }
    if makes(GET_ABSENT) {
        get(REQUEST, "x-absent");
    }
    if makes(GET_ANOTHER_ABSENT) {
        get(REQUEST, "x-nowhere");
    }
    if makes(GET_PRESENT) {
        get(REQUEST, "user-agent");
    }
    0
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(_context: u32, _count: usize, _end: bool) -> u32 {
    if makes(READ_RESPONSE) {
        read(RESPONSE);
    }
    if makes(SET_THREE) {
        for (name, value) in SET {
            unsafe {
                proxy_replace_header_map_value(
                    RESPONSE,
                    name.as_ptr(),
                    name.len(),
                    value.as_ptr(),
                    value.len(),
                )
            };
        }
    }
    0
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(_context: u32) {}
