//! Sets of a bucket's rules. The lowest bit is the first rule, so "first matching rule applies" is a count of trailing
//! zeros.

use crate::chunks::Chunks;
use crate::index::{Index, hash};
use crate::profile::MAX_RULES;

/// A set of rules of one bucket: bit n is rule n.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleMask(u128);

const _: () = assert!(MAX_RULES <= u128::BITS as usize, "a rule needs a bit in RuleMask");

impl RuleMask {
    /// No rule.
    pub const NONE: Self = Self(0);

    /// The set that holds only rule `index`; empty past the last bit, which validation has ruled out.
    pub fn only(index: usize) -> Self {
        Self(
            u32::try_from(index)
                .ok()
                .and_then(|index| 1_u128.checked_shl(index))
                .unwrap_or(0),
        )
    }

    /// Whether no rule is left.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every rule of `wanted` is in the set. False where none is wanted.
    pub(crate) fn covers(self, wanted: Self) -> bool {
        !wanted.is_empty() && wanted.0 & !self.0 == 0
    }

    /// The first rule of the set.
    pub fn first(self) -> Option<usize> {
        if self.is_empty() {
            None
        } else {
            usize::try_from(self.0.trailing_zeros()).ok()
        }
    }
}

impl std::ops::BitOr for RuleMask {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for RuleMask {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl std::ops::BitAnd for RuleMask {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// Where a mask stands in a [`MaskPool`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MaskId(pub(crate) u32);

/// Every distinct mask once: ten thousand buckets of a few rules share a handful.
#[derive(Debug, Default)]
pub(crate) struct MaskPool {
    masks: Chunks<RuleMask>,
    known: Index,
}

impl MaskPool {
    pub(crate) fn intern(&mut self, mask: RuleMask) -> MaskId {
        let Self { masks, known } = self;
        let hash = hash(0, &mask.0.to_le_bytes());
        let (index, is_new) = known.number(hash, &|index| masks.get(index as usize) == Some(&mask));
        if is_new {
            masks.push(mask);
        }
        MaskId(index)
    }

    pub(crate) fn finish(&self) -> Box<[RuleMask]> {
        self.masks.to_block()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_of_one_hash_are_told_apart_and_equal_ones_stand_once() {
        // Of so many, some have the same 32 bits of hash.
        let mut pool = MaskPool::default();
        for _ in 0..2 {
            for number in 0..200_000_u32 {
                let mask = RuleMask(u128::from(number) << 64);
                assert_eq!(pool.intern(mask), MaskId(number));
            }
        }
    }

    #[test]
    fn a_set_covers_what_is_wanted_where_all_of_it_is_there() {
        let [none, one, both, other] = [0, 1, 3, 4].map(RuleMask);
        assert!(both.covers(one) && both.covers(both));
        assert!(!one.covers(both) && !one.covers(other) && !both.covers(none));
    }
}
