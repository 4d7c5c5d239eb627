//! Numbers of things: names that may be given once, rules that repeat header values, buckets that repeat rules.
//!
//! A load looks each thing up, so that no document may make that slow. Things are hashed by a function for which nobody
//! knows a short way to many strings of one hash. Where in the table a hash belongs depends on a salt that comes from
//! what was there when the table last grew, so that who does not know the document cannot choose things that collide,
//! and a load can be repeated. For who knows it there is a new salt where a thing comes to stand far from its place.
//!
//! The standard library's map has no such bound without a random seed, which the module has not, and its tree has code
//! that panics.

use std::hash::{DefaultHasher, Hasher};

use crate::chunks::Chunks;

/// The hash of a thing, or of its next part behind those that have the hash `before`.
pub(crate) fn hash(before: u32, part: &[u8]) -> u32 {
    let mut hasher = DefaultHasher::new();
    hasher.write_u32(before);
    hasher.write(part);
    hasher.finish() as u32
}

/// The same of a part that is made of numbers.
pub(crate) fn hash_of_numbers<const COUNT: usize>(before: u32, numbers: [u32; COUNT]) -> u32 {
    hash(before, numbers.map(u32::to_le_bytes).as_flattened())
}

/// How far from its place a thing may stand before everything gets another.
const REACH: usize = 64;

/// Numbers of things by hash. The things stand elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Index {
    hashes: Chunks<u32>,
    /// Open-addressed, at most half full; [`u32::MAX`]: empty.
    slots: Vec<u32>,
    salt: u64,
    /// How often everything may yet get another place before the table grows.
    moves_left: u32,
}

impl Index {
    /// The number that the next new thing gets; they count from 0.
    pub(crate) fn next(&self) -> u32 {
        self.hashes.end()
    }

    /// The number of a thing that was seen before.
    pub(crate) fn find(&self, hash: u32, is_same: &dyn Fn(u32) -> bool) -> Option<u32> {
        let (slot, _) = self.slot_of(hash, is_same)?;
        self.slots.get(slot).copied().filter(|&number| number != u32::MAX)
    }

    /// The number of a thing, and whether it is new. `is_same` compares it with the one of a number.
    pub(crate) fn number(&mut self, hash: u32, is_same: &dyn Fn(u32) -> bool) -> (u32, bool) {
        if self.slots.len() <= self.hashes.len().saturating_mul(2) {
            self.moves_left = 8;
            self.rebuild(self.hashes.len().saturating_mul(4).max(16).next_power_of_two());
        }
        let next = self.next();
        let Some((at, way)) = self.slot_of(hash, is_same) else {
            return (0, false);
        };
        let Some(slot) = self.slots.get_mut(at) else {
            return (0, false);
        };
        if *slot != u32::MAX {
            return (*slot, false);
        }
        *slot = next;
        self.hashes.push(hash);
        if way > REACH && self.moves_left > 0 {
            self.moves_left = self.moves_left.wrapping_sub(1);
            self.rebuild(self.slots.len());
        }
        (next, true)
    }

    /// The slots in which a thing of that hash may stand, in order.
    fn way(&self, hash: u32) -> impl Iterator<Item = usize> + use<> {
        let mask = self.slots.len().wrapping_sub(1);
        let start = (u64::from(hash).wrapping_mul(self.salt) >> 32) as usize;
        (0..self.slots.len()).map(move |step| start.wrapping_add(step) & mask)
    }

    /// The slot that holds the thing, or the empty one in which it belongs, and how far that is from its place.
    fn slot_of(&self, hash: u32, is_same: &dyn Fn(u32) -> bool) -> Option<(usize, usize)> {
        let mut way = self.way(hash).zip(0..);
        way.find(|(slot, _)| match self.slots.get(*slot) {
            Some(&u32::MAX) | None => true,
            Some(&number) => self.hashes.get(number as usize) == Some(&hash) && is_same(number),
        })
    }

    /// Gives everything another place, in a table of that size.
    #[cold]
    fn rebuild(&mut self, size: usize) {
        /// 2^64 divided by the golden ratio.
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let salt = |salt: u64, hash: &u32| (salt ^ u64::from(*hash)).rotate_left(29).wrapping_mul(FACTOR);
        self.salt = self.hashes.iter_from(0).fold(self.salt ^ FACTOR, salt) | 1;
        // Freed first: the new one may take its place.
        self.slots = Vec::new();
        self.slots = vec![u32::MAX; size];
        for (number, &hash) in (0..).zip(self.hashes.iter_from(0)) {
            let place = self.slot_of(hash, &|_| false);
            if let Some(slot) = place.and_then(|(slot, _)| self.slots.get_mut(slot)) {
                *slot = number;
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // Checked while a test runs.
mod tests {
    use super::*;

    fn longest_way(index: &Index) -> usize {
        let hashes = index.hashes.iter_from(0).copied().enumerate();
        let ways = hashes.map(|(number, hash)| {
            let is_it = |slot: &usize| index.slots[*slot] == number as u32;
            index.way(hash).position(|slot| is_it(&slot)).unwrap()
        });
        ways.max().unwrap()
    }

    #[test]
    fn things_that_were_made_to_collide_get_other_places() {
        const THINGS: usize = 50_000;
        let mut index = Index::default();
        for number in 0..30_000 {
            index.number(hash(0, &[number as u8, (number >> 8) as u8]), &|_| false);
        }
        // Who knows all that is there already can choose hashes that all begin their way in one slot.
        let first = index.way(0).next();
        let chosen = (0_u32..)
            .step_by(7)
            .filter(|hash| index.way(*hash).next() == first);
        let chosen: Vec<u32> = chosen.take(200).collect();
        for hash in chosen {
            index.number(hash, &|_| false);
        }
        assert!(longest_way(&index) <= REACH, "{}", longest_way(&index));
        for number in 0..THINGS {
            index.number(hash(1, &number.to_le_bytes()), &|_| false);
        }
        assert!(longest_way(&index) <= REACH, "{}", longest_way(&index));
    }

    #[test]
    fn things_of_one_hash_are_told_apart() {
        let mut index = Index::default();
        for number in 0..100 {
            assert_eq!(index.number(7, &|known| known == number), (number, true));
        }
        for number in 0..100 {
            assert_eq!(index.number(7, &|known| known == number), (number, false));
        }
    }
}
