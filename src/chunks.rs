//! Where a configuration is put together: lists that grow without ever being moved.
//!
//! A VM never gives memory back. A `Vec` that doubles needs three times its size in one moment and leaves holes behind
//! that its next size does not fit into; a list in chunks of one size grows by that much, and its chunks fit into any
//! hole that others left.

/// About how many bytes are allocated at a time, once there are as many.
const CHUNK_BYTES: usize = 32_768;

/// A list that grows at its end.
#[derive(Debug)]
pub(crate) struct Chunks<T> {
    /// All but the last are full.
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

impl<T: Copy> Chunks<T> {
    /// A power of two, so that finding an element is a shift and a mask.
    const CHUNK: usize = {
        let fit = CHUNK_BYTES / size_of::<T>();
        1 << fit.ilog2()
    };

    /// In which chunk an element is, and where there.
    fn place(index: usize) -> (usize, usize) {
        (
            index.wrapping_shr(Self::CHUNK.ilog2()),
            index & Self::CHUNK.wrapping_sub(1),
        )
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// [`Chunks::len`] as a number that is kept. No list is longer: a VM has 4 GiB.
    pub(crate) fn end(&self) -> u32 {
        u32::try_from(self.len).unwrap_or(u32::MAX)
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        let (chunk, at) = Self::place(index);
        self.chunks.get(chunk)?.get(at)
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let (chunk, at) = Self::place(index);
        self.chunks.get_mut(chunk)?.get_mut(at)
    }

    pub(crate) fn push(&mut self, element: T) {
        if let Some(last) = self.chunks.last_mut()
            && last.len() < Self::CHUNK
        {
            last.push(element);
            self.len = self.len.saturating_add(1);
            return;
        }
        self.extend(&[element]);
    }

    pub(crate) fn extend(&mut self, mut elements: &[T]) {
        self.len = self.len.saturating_add(elements.len());
        while !elements.is_empty() {
            if self.chunks.last().is_none_or(|last| last.len() >= Self::CHUNK) {
                // The first grows as it needs: most configurations are small.
                let is_first = self.chunks.is_empty();
                self.chunks
                    .push(Vec::with_capacity(if is_first { 0 } else { Self::CHUNK }));
            }
            let Some(last) = self.chunks.last_mut() else {
                return;
            };
            let room = Self::CHUNK.saturating_sub(last.len());
            let (now, later) = elements.split_at_checked(room).unwrap_or((elements, &[]));
            last.extend_from_slice(now);
            elements = later;
        }
    }

    /// Takes elements off the end.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.chunks.truncate(self.len.div_ceil(Self::CHUNK));
        let full = self.chunks.len().saturating_sub(1).saturating_mul(Self::CHUNK);
        if let Some(last) = self.chunks.last_mut() {
            last.truncate(self.len.saturating_sub(full));
        }
    }

    /// The elements from `start` on, in pieces.
    fn pieces(&self, start: usize) -> impl Iterator<Item = &[T]> {
        let (chunk, mut skipped) = Self::place(start);
        let chunks = self.chunks.get(chunk..).unwrap_or_default();
        chunks
            .iter()
            .map(move |chunk| chunk.get(std::mem::take(&mut skipped)..).unwrap_or_default())
    }

    /// The elements from `start` on.
    pub(crate) fn iter_from(&self, start: usize) -> impl Iterator<Item = &T> {
        self.pieces(start).flatten()
    }

    /// All elements, in a block of exactly their size.
    pub(crate) fn to_block(&self) -> Box<[T]> {
        let mut block = Vec::with_capacity(self.len);
        for chunk in &self.chunks {
            block.extend_from_slice(chunk);
        }
        block.into_boxed_slice()
    }
}

impl Chunks<u8> {
    /// Whether `bytes` stand at `start`.
    pub(crate) fn has(&self, start: usize, mut bytes: &[u8]) -> bool {
        for piece in self.pieces(start) {
            let len = piece.len().min(bytes.len());
            let (now, later) = bytes.split_at_checked(len).unwrap_or_default();
            if !piece.starts_with(now) {
                return false;
            }
            bytes = later;
            if bytes.is_empty() {
                break;
            }
        }
        bytes.is_empty()
    }

    /// Whether `len` bytes are the same at two places.
    pub(crate) fn are_equal(&self, one: usize, other: usize, len: usize) -> bool {
        let mut at = one;
        let mut left = len;
        for piece in self.pieces(other) {
            let piece = piece.get(..left).unwrap_or(piece);
            if !self.has(at, piece) {
                return false;
            }
            at = at.saturating_add(piece.len());
            left = left.saturating_sub(piece.len());
            if left == 0 {
                break;
            }
        }
        left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_there_in_order() {
        let mut list = Chunks::default();
        for number in 0..100_000_u32 {
            assert_eq!(list.len(), number as usize);
            list.push(number);
        }
        assert!(list.chunks.len() > 3);
        assert_eq!(list.get(99_999), Some(&99_999));
        assert_eq!(list.get(100_000), None);
        assert!(list.iter_from(12_345).copied().eq(12_345..100_000));
        *list.get_mut(50_000).unwrap() = 7;
        let mut expected: Vec<u32> = (0..100_000).collect();
        expected[50_000] = 7;
        assert_eq!(*list.to_block(), expected);
    }

    #[test]
    fn elements_are_taken_off_the_end() {
        for len in [0, 1, 8_191, 8_192, 8_193, 20_000, 30_000] {
            let mut list = Chunks::default();
            list.extend(&(0..20_000_u32).collect::<Vec<_>>());
            list.truncate(len);
            let len = len.min(20_000);
            assert_eq!(list.len(), len);
            list.push(1);
            assert_eq!(list.get(len), Some(&1));
            assert_eq!(list.to_block().len(), len + 1);
        }
    }

    #[test]
    fn bytes_are_compared_across_chunks() {
        let mut list = Chunks::default();
        let text: Vec<u8> = (0..100_000_u32).map(|number| (number % 251) as u8).collect();
        list.extend(&text);
        assert!(list.has(30_000, &text[30_000..70_000]));
        assert!(list.has(100_000, b""));
        assert!(!list.has(99_999, &text[..2]));
        assert!(list.are_equal(0, 251, 99_000));
        assert!(!list.are_equal(0, 1, 10));
        let mut changed = text[30_000..70_000].to_vec();
        changed[39_999] ^= 1;
        assert!(!list.has(30_000, &changed));
    }
}
