//! Names that may be given once in a document: buckets and hosts.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::{DefaultHasher, Entry};
use std::hash::BuildHasherDefault;

use super::code;
use super::place::Place;
use super::report::Report;
use super::text::shown;

/// Names and the bucket each was first given in. Hashed with fixed keys: who writes the configuration has easier ways to
/// slow its load down, and a random key would be one more thing to ask of the host.
#[derive(Debug, Default)]
pub(super) struct Names<'a>(HashMap<Cow<'a, str>, usize, BuildHasherDefault<DefaultHasher>>);

impl<'a> Names<'a> {
    pub(super) fn add_bucket(
        &mut self,
        report: &mut Report,
        place: &Place<'_>,
        index: usize,
        name: Cow<'a, str>,
    ) {
        if let Some(first) = self.add(index, name.clone()) {
            report.add(&code::DUPLICATE_BUCKET, place, || {
                format!(
                    "the bucket {} already stands at /buckets/{first}: join the two",
                    shown(&name)
                )
            });
        }
    }

    pub(super) fn add_host(
        &mut self,
        report: &mut Report,
        place: &Place<'_>,
        index: usize,
        name: Cow<'a, str>,
    ) {
        if let Some(first) = self.add(index, name.clone()) {
            report.add(&code::DUPLICATE_HOST, place, || {
                format!(
                    "the host {} already stands in /buckets/{first}: it can lead to one bucket only",
                    shown(&name)
                )
            });
        }
    }

    /// The bucket that has the name.
    pub(super) fn get(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }

    fn add(&mut self, index: usize, name: Cow<'a, str>) -> Option<usize> {
        match self.0.entry(name) {
            Entry::Occupied(entry) => Some(*entry.get()),
            Entry::Vacant(entry) => {
                entry.insert(index);
                None
            }
        }
    }
}
