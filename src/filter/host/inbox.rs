//! The memory in which the host hands values over. The ABI has it ask for a block for each value: the filter's
//! `malloc`.

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
pub(in super::super) struct HostValue {
    data: *mut u8,
    len: usize,
}

impl Default for HostValue {
    /// An empty one.
    fn default() -> Self {
        Self {
            data: null_mut(),
            len: 0,
        }
    }
}

impl HostValue {
    /// Takes over what the host filled.
    ///
    /// # Safety
    /// `data` is null, or was returned by [`allocate`] for exactly `len` bytes, is initialised, and is owned by
    /// nobody else: what the ABI says of every value that a host returns.
    pub(super) unsafe fn new(data: *mut u8, len: usize) -> Self {
        Self { data, len }
    }
}

impl Deref for HostValue {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        if self.data.is_null() {
            return &[];
        }
        // SAFETY: as the caller of `new` vouches, and the block stays ours until `drop`.
        unsafe { slice::from_raw_parts(self.data, self.len) }
    }
}

impl Drop for HostValue {
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
