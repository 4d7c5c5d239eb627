//! Makes the host calls that the filter makes for an actual request, and decides nothing: what is left of a request's price
//! when all code in the VM is free. The length of the configuration says how many of the steps it takes.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

/// 0: the callbacks only; 1: the request's headers are read; 2: the response's too; 3: and three headers are set.
static STEPS: AtomicUsize = AtomicUsize::new(0);

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
    fn proxy_replace_header_map_value(map: u32, name: *const u8, name_len: usize, value: *const u8, value_len: usize) -> u32;
}

fn read(map: u32) {
    let (mut data, mut len) = (null_mut(), 0);
    unsafe { proxy_get_header_map_pairs(map, &mut data, &mut len) };
}

fn takes(step: usize) -> bool {
    STEPS.load(Ordering::Relaxed) >= step
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
    STEPS.store(size, Ordering::Relaxed);
    true
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(_context: u32, _count: usize, _end: bool) -> u32 {
    if takes(1) {
        read(REQUEST);
    }
    0
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(_context: u32, _count: usize, _end: bool) -> u32 {
    if takes(2) {
        read(RESPONSE);
    }
    if takes(3) {
        for (name, value) in SET {
            unsafe { proxy_replace_header_map_value(RESPONSE, name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
        }
    }
    0
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(_context: u32) {}
