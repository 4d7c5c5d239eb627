//! Names that may be given once in a document: buckets, hosts, endpoints.

use std::borrow::Cow;

/// Names and what each was first given for.
///
/// An open-addressed table with a fixed hash: who writes the configuration has easier ways to slow its load down, and the
/// standard library's map would be three times the code.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    entries: Vec<(Cow<'a, str>, usize)>,
    /// Where an entry may be, by its hash: its index and one, or 0. A power of two of them, at most half of them taken.
    slots: Vec<usize>,
}

impl<'a> Names<'a> {
    /// Adds a name; gives what it was first given for where it is there already.
    pub(super) fn add(&mut self, name: Cow<'a, str>, owner: usize) -> Option<usize> {
        let first = self.get(&name);
        if first.is_none() {
            self.entries.push((name, owner));
            if self.entries.len() > self.slots.len() / 2 {
                self.grow();
            } else {
                self.place(self.entries.len());
            }
        }
        first
    }

    /// What a name was first given for.
    pub(super) fn get(&self, name: &str) -> Option<usize> {
        let mut slot = hash(name);
        loop {
            let index = self.slots.get(slot & self.mask())?.checked_sub(1)?;
            let (known, owner) = self.entries.get(index)?;
            if known == name {
                return Some(*owner);
            }
            slot = slot.wrapping_add(1);
        }
    }

    fn mask(&self) -> usize {
        self.slots.len().saturating_sub(1)
    }

    fn grow(&mut self) {
        let size = self.slots.len().saturating_mul(2).max(16);
        self.slots.clear();
        self.slots.resize(size, 0);
        for number in 1..=self.entries.len() {
            self.place(number);
        }
    }

    /// Puts the entry of that number, counted from 1, into the first free slot behind its hash.
    fn place(&mut self, number: usize) {
        let entry = number.checked_sub(1).and_then(|index| self.entries.get(index));
        let mut slot = entry.map_or(0, |(name, _)| hash(name));
        let mask = self.mask();
        while let Some(taken) = self.slots.get_mut(slot & mask) {
            if *taken == 0 {
                *taken = number;
                return;
            }
            slot = slot.wrapping_add(1);
        }
    }
}

/// FNV-1a, with its high bits brought down to where the table looks.
fn hash(name: &str) -> usize {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    usize::try_from(hash ^ hash >> 15).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_with_what_it_was_first_given_for() {
        let mut names = Names::default();
        assert_eq!(names.get("0"), None);
        for index in 0..10_000 {
            assert_eq!(names.add(index.to_string().into(), index), None);
        }
        for index in 0..10_000 {
            assert_eq!(names.add(index.to_string().into(), 7), Some(index));
            assert_eq!(names.get(&index.to_string()), Some(index));
        }
        assert_eq!(names.get("10000"), None);
    }
}
