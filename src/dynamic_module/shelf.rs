//! What outlives a configuration, and this library too: another version of it is another library, whose statics are its
//! own. So Envoy keeps the pointers to it.
#![allow(unsafe_code)] // Memory that no owner is known of.

use std::ptr;

use super::host;
use crate::loading::{Shelf, Slot};

/// What is kept for the filters of a name.
pub(super) struct OfFilter<'a>(pub(super) &'a [u8]);

impl OfFilter<'_> {
    fn key(&self, slot: Slot) -> Vec<u8> {
        let mut key = slot.name().as_bytes().to_vec();
        if slot != Slot::Refused {
            key.push(b' ');
            key.extend_from_slice(self.0);
        }
        key
    }
}

impl Shelf for OfFilter<'_> {
    type Value = Vec<u8>;

    fn put(&self, slot: Slot, value: &[u8]) -> bool {
        let key = self.key(slot);
        let (old, new) = (host::shared(&key), Block::of(value));
        let is_kept = host::share(&key, new);
        // SAFETY: both are blocks. Configurations load on one thread, so that the one that is not shared is ours alone.
        unsafe { Block::free(if is_kept { old } else { new }) };
        is_kept
    }

    fn take(&self, slot: Slot) -> Option<Vec<u8>> {
        // SAFETY: what is shared under such a name is a block.
        unsafe { Block::value(host::shared(&self.key(slot))) }
    }
}

/// A value with its length before it, in memory of the C library, which all libraries of the process share.
struct Block;

impl Block {
    const LEN_BYTES: usize = size_of::<u64>();

    fn of(value: &[u8]) -> *mut u8 {
        let len = u64::try_from(value.len()).unwrap_or(u64::MAX);
        let block = [len.to_le_bytes().as_slice(), value].concat().into_boxed_slice();
        Box::into_raw(block).cast()
    }

    /// # Safety
    /// The block is null, or comes of [`Self::of`] and was not freed.
    unsafe fn whole(block: *mut u8) -> Option<*mut [u8]> {
        if block.is_null() {
            return None;
        }
        // SAFETY: as the caller vouches, the length of the value stands first.
        let len = u64::from_le_bytes(unsafe { *block.cast::<[u8; Self::LEN_BYTES]>() });
        let len = usize::try_from(len).ok()?.saturating_add(Self::LEN_BYTES);
        Some(ptr::slice_from_raw_parts_mut(block, len))
    }

    /// # Safety
    /// As for [`Self::whole`].
    unsafe fn value(block: *mut u8) -> Option<Vec<u8>> {
        // SAFETY: as the caller vouches.
        let block = unsafe { &*Self::whole(block)? };
        Some(block.get(Self::LEN_BYTES..)?.to_vec())
    }

    /// # Safety
    /// As for [`Self::whole`], and it is not used after this.
    unsafe fn free(block: *mut u8) {
        // SAFETY: as the caller vouches; the slice is the box of `of`.
        if let Some(block) = unsafe { Self::whole(block) } {
            drop(unsafe { Box::from_raw(block) });
        }
    }
}
