//! The module's allocator: one thread, short lives, and memory that is never given back.
//!
//! What a VM takes in one moment an Envoy worker has for good, so what counts is that a reload fits into what the last one
//! left. With the standard library's allocator it did not: where the size of the configuration varied by a hundredth, each
//! text that was larger went to the end of the memory, past a hole that was a little too small and past a free end that
//! it could have grown from, and a VM came to take 4.4 times its JSON instead of 2.5. Here small blocks stand apart, large
//! ones go to the lowest hole that is large enough, and the memory grows by what is missing.
//!
//! Freeing is told the size, so that blocks carry no headers.
#![allow(unsafe_code)] // An allocator is an unsafe trait, and made of raw memory.

use std::alloc::Layout;
use std::ptr::{self, NonNull};

/// Blocks of up to this size are in classes, each of twice the size of the one before.
const LARGEST_SMALL: usize = 2_048;
const SMALLEST: usize = 16;
const CLASSES: usize = LARGEST_SMALL.ilog2().saturating_sub(SMALLEST.ilog2()) as usize + 1;

/// Larger blocks are a multiple of this, and aligned to it. A class takes as much at a time.
const UNIT: usize = 4_096;

/// What is taken for small blocks at a time.
const SLAB: usize = 65_536;

/// Where memory comes from.
pub(crate) trait Source {
    /// `bytes` more, a multiple of [`UNIT`], behind all that it gave before.
    fn grow(&mut self, bytes: usize) -> Option<(NonNull<u8>, usize)>;
}

/// A free small block.
struct Free {
    next: *mut Free,
}

/// A free stretch of units.
struct Run {
    next: *mut Run,
    size: usize,
}

/// An allocator over a [`Source`].
pub(crate) struct Heap<S> {
    source: S,
    /// The free blocks of each class.
    classes: [*mut Free; CLASSES],
    /// What small blocks will be cut from.
    slab: *mut u8,
    slab_left: usize,
    /// Every free stretch, by address; no two of them touch.
    runs: *mut Run,
}

impl<S: Source> Heap<S> {
    pub(crate) const fn new(source: S) -> Self {
        Self {
            source,
            classes: [ptr::null_mut(); CLASSES],
            slab: ptr::null_mut(),
            slab_left: 0,
            runs: ptr::null_mut(),
        }
    }

    /// A block; null where there is no memory.
    pub(crate) fn allocate(&mut self, layout: Layout) -> *mut u8 {
        match Size::of(layout) {
            Size::Class(class) => self.allocate_small(class),
            Size::Units(size) if layout.align() <= UNIT => self.allocate_large(size),
            Size::Units(_) => ptr::null_mut(),
        }
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// The block is one of this heap's, for that layout, and nobody uses it any more.
    pub(crate) unsafe fn free(&mut self, block: *mut u8, layout: Layout) {
        match Size::of(layout) {
            // SAFETY: a block of the class, which is the heap's again.
            Size::Class(class) => unsafe { self.free_small(block, class) },
            // SAFETY: so many bytes, which are the heap's again.
            Size::Units(size) => unsafe { self.free_large(block, size) },
        }
    }

    /// Makes a block larger or smaller where it stands. False: it cannot be.
    ///
    /// # Safety
    /// The block is one of this heap's, for the layout `old`. `new` has the same alignment.
    pub(crate) unsafe fn resize(&mut self, block: *mut u8, old: Layout, new: Layout) -> bool {
        match (Size::of(old), Size::of(new)) {
            (Size::Class(old), Size::Class(new)) => old == new,
            (Size::Units(old), Size::Units(new)) => {
                if let Some(more) = new.checked_sub(old) {
                    let end = block.wrapping_add(old);
                    return more == 0 || self.extend(end, more);
                }
                // SAFETY: the end of the block, which its owner gives up.
                unsafe { self.free_large(block.wrapping_add(new), old.wrapping_sub(new)) };
                true
            }
            _ => false,
        }
    }

    fn allocate_small(&mut self, class: usize) -> *mut u8 {
        let Some(first) = self.classes.get(class).copied() else {
            return ptr::null_mut();
        };
        if first.is_null() {
            return self.cut_small(class);
        }
        if let Some(list) = self.classes.get_mut(class) {
            // SAFETY: what is in a list of free blocks is one, and the heap's.
            *list = unsafe { (*first).next };
        }
        first.cast()
    }

    /// Cuts a unit into blocks of a class.
    #[cold]
    fn cut_small(&mut self, class: usize) -> *mut u8 {
        if self.slab_left == 0 {
            let slab = self.allocate_large(SLAB);
            if slab.is_null() {
                return slab;
            }
            self.slab = slab;
            self.slab_left = SLAB;
        }
        let unit = self.slab;
        self.slab = unit.wrapping_add(UNIT);
        self.slab_left = self.slab_left.wrapping_sub(UNIT);
        let size = SMALLEST.wrapping_shl(class as u32);
        for start in (size..UNIT).step_by(size).rev() {
            // SAFETY: within the unit, which is the heap's.
            unsafe { self.free_small(unit.wrapping_add(start), class) };
        }
        unit
    }

    /// # Safety
    /// The block is the heap's, and as large as the class says.
    unsafe fn free_small(&mut self, block: *mut u8, class: usize) {
        if let Some(list) = self.classes.get_mut(class) {
            let block = block.cast::<Free>();
            // SAFETY: the smallest block has room for this, and is aligned to its size.
            unsafe { block.write(Free { next: *list }) };
            *list = block;
        }
    }

    #[inline(never)]
    fn allocate_large(&mut self, size: usize) -> *mut u8 {
        if let Some(block) = self.take(size) {
            return block;
        }
        // What is free at the end need not be asked for again.
        let missing = size.saturating_sub(self.free_at_end());
        let Some((more, len)) = self.source.grow(missing) else {
            return ptr::null_mut();
        };
        // SAFETY: the source has given it to the heap.
        unsafe { self.free_large(more.as_ptr(), len) };
        self.take(size).unwrap_or(ptr::null_mut())
    }

    /// Takes a block from the first free stretch that is large enough.
    fn take(&mut self, size: usize) -> Option<*mut u8> {
        let mut link: *mut *mut Run = &mut self.runs;
        // SAFETY: the list and what it leads to are the heap's.
        unsafe {
            while !(*link).is_null() {
                let run = *link;
                if (*run).size >= size {
                    cut(link, size);
                    return Some(run.cast());
                }
                link = &raw mut (*run).next;
            }
        }
        None
    }

    /// Takes what follows a block, where so much of it is free.
    fn extend(&mut self, end: *mut u8, more: usize) -> bool {
        let mut link: *mut *mut Run = &mut self.runs;
        // SAFETY: the list and what it leads to are the heap's.
        unsafe {
            while !(*link).is_null() && (*link).cast() < end {
                link = &raw mut (**link).next;
            }
            let run = *link;
            let is_free = !run.is_null() && run.cast() == end && (*run).size >= more;
            if is_free {
                cut(link, more);
            }
            is_free
        }
    }

    /// # Safety
    /// So many bytes are the heap's, and in use by nobody.
    #[inline(never)]
    unsafe fn free_large(&mut self, block: *mut u8, size: usize) {
        let run = block.cast::<Run>();
        let mut before: *mut Run = ptr::null_mut();
        let mut after = self.runs;
        // SAFETY: the list and what it leads to are the heap's; units have room for a `Run`, and are aligned for it.
        unsafe {
            while !after.is_null() && after < run {
                before = after;
                after = (*after).next;
            }
            let mut made = Run { next: after, size };
            if end_of(run, size) == after.cast() && !after.is_null() {
                made.size = made.size.wrapping_add((*after).size);
                made.next = (*after).next;
            }
            if before.is_null() {
                self.runs = run;
            } else if end_of(before, (*before).size) == block {
                (*before).size = (*before).size.wrapping_add(made.size);
                (*before).next = made.next;
                return;
            } else {
                (*before).next = run;
            }
            run.write(made);
        }
    }

    /// How much is free where the source goes on.
    fn free_at_end(&mut self) -> usize {
        let mut run = self.runs;
        // SAFETY: the list and what it leads to are the heap's.
        unsafe {
            while !run.is_null() && !(*run).next.is_null() {
                run = (*run).next;
            }
            match self.source.grow(0) {
                Some((end, _)) if !run.is_null() && end_of(run, (*run).size) == end.as_ptr() => (*run).size,
                _ => 0,
            }
        }
    }
}

/// Takes the beginning of a free stretch.
///
/// # Safety
/// The link is of the heap's list, and what it leads to is as large.
unsafe fn cut(link: *mut *mut Run, size: usize) {
    // SAFETY: what is left is the heap's too, and at least a unit.
    unsafe {
        let run = *link;
        let (next, rest) = ((*run).next, (*run).size.wrapping_sub(size));
        *link = next;
        if rest > 0 {
            *link = end_of(run, size).cast();
            (**link) = Run { next, size: rest };
        }
    }
}

fn end_of(run: *mut Run, size: usize) -> *mut u8 {
    run.cast::<u8>().wrapping_add(size)
}

/// What a layout takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    Class(usize),
    /// In bytes.
    Units(usize),
}

impl Size {
    fn of(layout: Layout) -> Self {
        let size = layout.size().max(layout.align());
        if size <= LARGEST_SMALL {
            let log = size.max(SMALLEST).next_power_of_two().ilog2();
            return Self::Class(log.wrapping_sub(SMALLEST.ilog2()) as usize);
        }
        // Some room to grow, so that another configuration of about the same size fits into the same place.
        let step = (1_usize.wrapping_shl(size.ilog2()) / 16).max(UNIT);
        Self::Units(size.wrapping_add(step.wrapping_sub(1)) & !step.wrapping_sub(1))
    }
}

#[cfg(target_arch = "wasm32")]
mod module {
    use std::alloc::{GlobalAlloc, Layout};
    use std::arch::wasm32::{memory_grow, memory_size};
    use std::cell::UnsafeCell;
    use std::ptr::{self, NonNull};

    use super::{Heap, Source};

    /// The page of a linear memory.
    const PAGE: usize = 65_536;

    struct LinearMemory;

    impl Source for LinearMemory {
        fn grow(&mut self, bytes: usize) -> Option<(NonNull<u8>, usize)> {
            let pages = bytes.div_ceil(PAGE);
            let before = if pages == 0 {
                memory_size::<0>()
            } else {
                memory_grow::<0>(pages)
            };
            // The engine's word for no.
            if before == usize::MAX {
                return None;
            }
            let start = ptr::with_exposed_provenance_mut(before.wrapping_mul(PAGE));
            Some((NonNull::new(start)?, pages.wrapping_mul(PAGE)))
        }
    }

    struct Allocator(UnsafeCell<Heap<LinearMemory>>);

    // SAFETY: the module has one thread.
    unsafe impl Sync for Allocator {}

    // SAFETY: blocks are distinct, as large as asked for and aligned, and nothing here calls back.
    unsafe impl GlobalAlloc for Allocator {
        #[inline(never)]
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: one thread, and no call in between.
            unsafe { (*self.0.get()).allocate(layout) }
        }

        #[inline(never)]
        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            // SAFETY: the same; the block is as the caller vouches.
            unsafe { (*self.0.get()).free(block, layout) }
        }

        #[inline(never)]
        unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            // SAFETY: as the caller vouches: `size` is one that a layout can have.
            unsafe {
                let new = Layout::from_size_align_unchecked(size, layout.align());
                if (*self.0.get()).resize(block, layout, new) {
                    return block;
                }
                let moved = self.alloc(new);
                if !moved.is_null() {
                    ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                    self.dealloc(block, layout);
                }
                moved
            }
        }
    }

    #[global_allocator]
    static ALLOCATOR: Allocator = Allocator(UnsafeCell::new(Heap::new(LinearMemory)));
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // Checked while a test runs.
mod tests {
    use std::alloc::{alloc, dealloc};

    use super::*;

    /// A stretch of memory that is given out bit by bit.
    struct Stretch {
        start: NonNull<u8>,
        given: usize,
    }

    const STRETCH: usize = 8 << 20;
    const GRAIN: usize = 65_536;

    fn layout_of_stretch() -> Layout {
        Layout::from_size_align(STRETCH, GRAIN).unwrap()
    }

    impl Stretch {
        fn new() -> Self {
            // SAFETY: the layout is not empty.
            let start = NonNull::new(unsafe { alloc(layout_of_stretch()) }).unwrap();
            Self { start, given: 0 }
        }
    }

    impl Drop for Stretch {
        fn drop(&mut self) {
            // SAFETY: allocated with it.
            unsafe { dealloc(self.start.as_ptr(), layout_of_stretch()) };
        }
    }

    impl Source for Stretch {
        fn grow(&mut self, bytes: usize) -> Option<(NonNull<u8>, usize)> {
            let len = bytes.next_multiple_of(GRAIN);
            if self.given + len > STRETCH {
                return None;
            }
            // SAFETY: within the stretch.
            let more = unsafe { self.start.add(self.given) };
            self.given += len;
            Some((more, len))
        }
    }

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).unwrap()
    }

    /// A block that is in use, filled with one byte.
    struct Block {
        start: *mut u8,
        layout: Layout,
        fill: u8,
    }

    impl Block {
        fn fill(&self) {
            // SAFETY: the block is so long.
            unsafe { self.start.write_bytes(self.fill, self.layout.size()) };
        }

        fn assert_whole(&self, len: usize) {
            // SAFETY: the block is so long, and was filled.
            let bytes = unsafe { std::slice::from_raw_parts(self.start, len) };
            assert!(bytes.iter().all(|byte| *byte == self.fill), "two blocks overlap");
        }
    }

    #[test]
    fn blocks_keep_what_is_in_them() {
        let mut heap = Heap::new(Stretch::new());
        let mut blocks: Vec<Block> = Vec::new();
        let mut state = 7_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % below
        };
        let rounds = if cfg!(miri) { 500 } else { 50_000 };
        for round in 0..rounds {
            let size = [1, 16, 100, 2_000, 2_049, 5_000, 40_000, 200_000][random(8)] + random(50);
            let at = random(blocks.len().max(1));
            match random(3) {
                0 if blocks.len() > 20 => {
                    let block = blocks.swap_remove(at);
                    block.assert_whole(block.layout.size());
                    // SAFETY: it is the heap's, and used no more.
                    unsafe { heap.free(block.start, block.layout) };
                }
                1 if !blocks.is_empty() => {
                    let block = &mut blocks[at];
                    let new = layout(size);
                    // SAFETY: it is the heap's.
                    if unsafe { heap.resize(block.start, block.layout, new) } {
                        block.assert_whole(block.layout.size().min(size));
                        block.layout = new;
                        block.fill();
                    }
                }
                _ => {
                    let layout = layout(size);
                    let start = heap.allocate(layout);
                    assert!(start.addr().is_multiple_of(8));
                    if !start.is_null() {
                        let fill = round as u8;
                        blocks.push(Block { start, layout, fill });
                        blocks.last().unwrap().fill();
                    }
                }
            }
        }
        for block in blocks {
            block.assert_whole(block.layout.size());
            // SAFETY: it is the heap's, and used no more.
            unsafe { heap.free(block.start, block.layout) };
        }
        // All but the slabs of the small ones is one again, as far as they let it.
        let (runs, free) = free_runs(&heap);
        assert!(free > heap.source.given / 2, "{free} of {}", heap.source.given);
        assert!(runs <= 1 + heap.source.given / SLAB, "{runs}");
    }

    fn free_runs(heap: &Heap<Stretch>) -> (usize, usize) {
        let (mut count, mut free, mut run) = (0, 0, heap.runs);
        while !run.is_null() {
            count += 1;
            // SAFETY: the list is the heap's.
            unsafe {
                free += (*run).size;
                run = (*run).next;
            }
        }
        (count, free)
    }

    #[test]
    fn large_blocks_go_to_the_lowest_hole_and_the_memory_grows_by_what_is_missing() {
        let mut heap = Heap::new(Stretch::new());
        let [first, second, third] = [1_000_000, 500_000, 100_000].map(layout);
        let low = heap.allocate(first);
        let middle = heap.allocate(second);
        let given = heap.source.given;
        // SAFETY: each is the heap's, and used no more.
        unsafe {
            heap.free(low, first);
            assert_eq!(heap.allocate(third), low);
            heap.free(low, third);
            heap.free(middle, second);
        }
        assert_eq!(free_runs(&heap), (1, given));
        // Four fifths of it are there.
        let block = heap.allocate(layout(given / 4 * 5));
        assert_eq!(block, low);
        assert!(heap.source.given <= given / 4 * 5 + given / 16 + GRAIN);
    }

    #[test]
    fn a_block_grows_and_shrinks_where_it_stands() {
        let mut heap = Heap::new(Stretch::new());
        let sizes = [3_000, 100_000, 1_000_000, 5_000].map(layout);
        let block = heap.allocate(sizes[0]);
        // More than enough behind it.
        let behind = heap.allocate(layout(2_000_000));
        // SAFETY: each is the heap's, for the layout before.
        unsafe {
            heap.free(behind, layout(2_000_000));
            for pair in sizes.windows(2) {
                assert!(heap.resize(block, pair[0], pair[1]));
            }
            heap.free(block, sizes[3]);
        }
        assert_eq!(free_runs(&heap).0, 1);
    }

    #[test]
    fn a_small_block_is_found_again() {
        let mut heap = Heap::new(Stretch::new());
        let block = heap.allocate(layout(100));
        let given = heap.source.given;
        for _ in 0..10_000 {
            // SAFETY: it is the heap's, and used no more.
            unsafe { heap.free(block, layout(100)) };
            assert_eq!(heap.allocate(layout(128)), block);
        }
        assert_eq!(heap.source.given, given);
    }

    #[test]
    fn where_there_is_no_memory_there_is_no_block() {
        let mut heap = Heap::new(Stretch::new());
        assert!(heap.allocate(layout(STRETCH + 1)).is_null());
        assert!(
            heap.allocate(Layout::from_size_align(16, 2 * UNIT).unwrap())
                .is_null()
        );
        assert!(!heap.allocate(layout(STRETCH / 2)).is_null());
    }
}
