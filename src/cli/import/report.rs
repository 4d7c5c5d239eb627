//! What could not be carried over, and what loses meaning.

use std::collections::HashSet;
use std::fmt;

/// How much a remark matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Something is missing from the configuration, so that it answers otherwise than the source.
    NotCarriedOver,
    /// It is there, and does not mean quite the same.
    LosesMeaning,
}

/// A line for the person.
#[derive(Debug)]
pub(crate) struct Remark {
    place: String,
    weight: Weight,
    /// What is so, and what to do.
    message: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::NotCarriedOver => "not carried over",
            Weight::LosesMeaning => "loses meaning",
        };
        let place = self.place.trim_end().trim_end_matches(':');
        write!(f, "{place}: {weight}: {}", self.message)
    }
}

/// Everything that is to be said.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) remarks: Vec<Remark>,
    once: HashSet<&'static str>,
}

impl Report {
    /// Something is missing.
    pub(crate) fn lost(&mut self, place: &str, message: impl Into<String>) {
        self.add(place, Weight::NotCarriedOver, message.into());
    }

    /// Something means less, or something else.
    pub(crate) fn note(&mut self, place: &str, message: impl Into<String>) {
        self.add(place, Weight::LosesMeaning, message.into());
    }

    /// What is so of a source as a whole, said where it first matters.
    pub(crate) fn note_once(&mut self, place: &str, message: &'static str) {
        if self.once.insert(message) {
            self.note(place, message);
        }
    }

    fn add(&mut self, place: &str, weight: Weight, message: String) {
        self.remarks.push(Remark {
            place: place.to_owned(),
            weight,
            message,
        });
    }

    /// How many remarks have this weight.
    pub(crate) fn count(&self, weight: Weight) -> usize {
        self.remarks
            .iter()
            .filter(|remark| remark.weight == weight)
            .count()
    }
}
