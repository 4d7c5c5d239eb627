//! Names that may be given once in a document: buckets, hosts, endpoints.

use std::borrow::Cow;

use crate::index::{Index, hash};

/// Names and what each was first given for. With a slash behind it, a name is the same segment of a path, and so may
/// not be given beside the one without.
#[derive(Debug, Default)]
pub(super) struct UniqueNames<'a> {
    names: Vec<(Cow<'a, str>, usize)>,
    known: Index,
}

impl<'a> UniqueNames<'a> {
    /// Adds a name; gives what it was first given for where it is there already.
    pub(super) fn add(&mut self, name: Cow<'a, str>, owner: usize) -> Option<usize> {
        let Self { names, known } = self;
        let is_same = |number: u32| {
            names
                .get(number as usize)
                .is_some_and(|(known, _)| segment(known) == segment(&name))
        };
        let (number, is_new) = known.number(hash(0, segment(&name).as_bytes()), &is_same);
        if is_new {
            names.push((name, owner));
            return None;
        }
        names.get(number as usize).map(|(_, owner)| *owner)
    }

    /// What a name was first given for.
    pub(super) fn get(&self, name: &str) -> Option<usize> {
        let Self { names, known } = self;
        let is_same = |number: u32| {
            names
                .get(number as usize)
                .is_some_and(|(known, _)| *known == name)
        };
        let number = known.find(hash(0, segment(name).as_bytes()), &is_same)?;
        names.get(number as usize).map(|(_, owner)| *owner)
    }

    /// Every name, with what it was first given for, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, usize)> {
        self.names.iter().map(|(name, owner)| (&**name, *owner))
    }
}

fn segment(name: &str) -> &str {
    name.strip_suffix('/').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_with_what_it_was_first_given_for() {
        let mut names = UniqueNames::default();
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
