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
    /// It is missing, and no answer depends on it.
    ChangesNothing,
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
            Weight::ChangesNothing => "changes nothing",
        };
        write!(f, "{}: {weight}: {}", self.place, self.message)
    }
}

impl Remark {
    /// Its file, line and column.
    fn position(&self) -> (&str, usize, usize) {
        let mut steps = self.place.rsplitn(3, ':');
        let mut number = || steps.next()?.parse().ok();
        match (number(), number(), steps.next()) {
            (Some(column), Some(line), Some(file)) => (file, line, column),
            _ => (&self.place, 0, 0),
        }
    }
}

/// Everything that is to be said.
#[derive(Debug, Default)]
pub(crate) struct Report {
    remarks: Vec<Remark>,
    once: HashSet<&'static str>,
    /// A policy that several routes share is read for each.
    said: HashSet<(String, String)>,
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

    /// Something is left out that no answer depends on.
    pub(crate) fn idle(&mut self, place: &str, message: impl Into<String>) {
        self.add(place, Weight::ChangesNothing, message.into());
    }

    /// What is so of a source as a whole, said where it first matters.
    pub(crate) fn note_once(&mut self, place: &str, message: &'static str) {
        if self.once.insert(message) {
            self.note(place, message);
        }
    }

    fn add(&mut self, place: &str, weight: Weight, message: String) {
        if !self.said.insert((place.to_owned(), message.clone())) {
            return;
        }
        self.remarks.push(Remark {
            place: place.to_owned(),
            weight,
            message,
        });
    }

    /// The remarks in the order of their places.
    pub(crate) fn sorted(&self) -> Vec<&Remark> {
        let mut remarks: Vec<_> = self.remarks.iter().collect();
        remarks.sort_by(|some, other| some.position().cmp(&other.position()));
        remarks
    }

    /// How many remarks have this weight.
    pub(crate) fn count(&self, weight: Weight) -> usize {
        self.remarks
            .iter()
            .filter(|remark| remark.weight == weight)
            .count()
    }
}
