//! Names that may be given once in a document: buckets, hosts, endpoints.

use std::borrow::Cow;

/// Names and what each was first given for.
///
/// An open-addressed table with a fixed hash: who writes the configuration has easier ways to slow its load down, and the
/// standard library's map would be three times the code.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    entries: Vec<Entry<'a>>,
    /// Where an entry may be, by its hash: its index and one, or 0. A power of two of them, at most half of them taken.
    slots: Vec<u32>,
}

#[derive(Debug)]
struct Entry<'a> {
    name: Cow<'a, str>,
    hash: u32,
    owner: usize,
}

impl<'a> Names<'a> {
    /// Adds a name; gives what it was first given for where it is there already.
    pub(super) fn add(&mut self, name: Cow<'a, str>, owner: usize) -> Option<usize> {
        let hash = hash(&name);
        let first = self.find(&name, hash);
        if first.is_none() {
            self.entries.push(Entry { name, hash, owner });
            if self.entries.len() > self.slots.len() / 2 {
                self.grow();
            } else {
                place(&mut self.slots, hash, self.entries.len());
            }
        }
        first
    }

    /// What a name was first given for.
    pub(super) fn get(&self, name: &str) -> Option<usize> {
        self.find(name, hash(name))
    }

    fn find(&self, name: &str, hash: u32) -> Option<usize> {
        let mut slot = hash;
        loop {
            let number = self.slots.get(slot_index(&self.slots, slot))?;
            let entry = self.entries.get(usize::try_from(number.checked_sub(1)?).ok()?)?;
            if entry.hash == hash && entry.name == name {
                return Some(entry.owner);
            }
            slot = slot.wrapping_add(1);
        }
    }

    fn grow(&mut self) {
        let size = self.slots.len().saturating_mul(2).max(16);
        self.slots.clear();
        self.slots.resize(size, 0);
        for (index, entry) in self.entries.iter().enumerate() {
            place(&mut self.slots, entry.hash, index.saturating_add(1));
        }
    }
}

fn slot_index(slots: &[u32], slot: u32) -> usize {
    usize::try_from(slot).unwrap_or_default() & slots.len().saturating_sub(1)
}

/// Puts the entry of that number, counted from 1, into the first free slot behind its hash.
fn place(slots: &mut [u32], hash: u32, number: usize) {
    let mut slot = hash;
    loop {
        let index = slot_index(slots, slot);
        match slots.get_mut(index) {
            Some(taken) if *taken != 0 => slot = slot.wrapping_add(1),
            Some(free) => return *free = u32::try_from(number).unwrap_or_default(),
            None => return,
        }
    }
}

/// FNV-1a, with its high bits brought down to where the table looks.
fn hash(name: &str) -> u32 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    hash ^ hash >> 15
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
