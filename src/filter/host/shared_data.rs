//! What the host keeps beside the VM, and what it calls a plugin.

use super::{HostValue, Status, received};

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
pub(in super::super) fn property(name: &str) -> Result<HostValue, Status> {
    // SAFETY: the name is a live slice, and the host writes to two live places.
    received(|data, len| unsafe { proxy_get_property(name.as_ptr(), name.len(), data, len) })
}

/// A value that all VMs with this one's id share.
pub(in super::super) fn shared(key: &[u8]) -> Result<HostValue, Status> {
    let mut version = 0;
    // SAFETY: the key is a live slice, and the host writes to three live places.
    received(|data, len| unsafe { proxy_get_shared_data(key.as_ptr(), key.len(), data, len, &mut version) })
}

/// Puts it in the place of whatever is there.
pub(in super::super) fn put_shared(key: &[u8], value: &[u8]) -> Status {
    /// No version in particular.
    const ANY: u32 = 0;
    // SAFETY: both are live slices, which the host copies.
    unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), ANY) }
}
