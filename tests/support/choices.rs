//! A generator's choices, read from a tape of bytes: random ones in a test, a fuzzer's own under libFuzzer. Past the
//! end of the tape every choice is the first, which by convention is the simplest.

/// Choices, in the order in which they are asked for.
pub struct Choices<'t> {
    tape: &'t [u8],
}

impl<'t> Choices<'t> {
    pub fn new(tape: &'t [u8]) -> Self {
        Self { tape }
    }

    /// Whether choices are left that the tape decides.
    pub fn any_left(&self) -> bool {
        !self.tape.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        match self.tape.split_first() {
            Some((&byte, rest)) => {
                self.tape = rest;
                byte
            }
            None => 0,
        }
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        match bound {
            0 | 1 => 0,
            2..=256 => usize::from(self.byte()) * bound / 256,
            _ => (usize::from(self.byte()) * 256 + usize::from(self.byte())) * bound / 65_536,
        }
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    /// `None` where there is nothing to pick from.
    pub fn pick_any<'v, T>(&mut self, values: &'v [T]) -> Option<&'v T> {
        values.get(self.below(values.len()))
    }

    /// What is left of the tape.
    pub fn rest(&mut self) -> &'t [u8] {
        std::mem::take(&mut self.tape)
    }

    /// Up to `longest` bytes of the tape as they stand.
    pub fn bytes(&mut self, longest: usize) -> Vec<u8> {
        (0..self.below(longest + 1)).map(|_| self.byte()).collect()
    }
}

/// SplitMix64: eight good bytes for each step, from any seed.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn fill(&mut self, tape: &mut [u8]) {
        for chunk in tape.chunks_mut(8) {
            let bytes = self.next().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}
