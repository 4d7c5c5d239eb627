//! What could not be carried over, and what loses meaning.

use std::collections::HashSet;
use std::fmt;

use serde_json::{Value, json};

use super::code::{RemarkCode, Weight};
use crate::terminal::{BAD, DOUBTFUL, styled};

/// A text in quotes as it stands in its file, so that it can be pasted back: nothing in it is escaped. What would
/// command a terminal is replaced.
pub(crate) fn as_written(text: &str) -> String {
    let plain = text.chars().map(|character| {
        if character.is_control() {
            '\u{fffd}'
        } else {
            character
        }
    });
    format!("\"{}\"", plain.collect::<String>())
}

/// A line for the person.
#[derive(Debug)]
pub(crate) struct Remark {
    place: String,
    pub(crate) code: RemarkCode,
    /// What is so, and what to do.
    message: String,
    /// It comes of others, of which there are remarks too.
    is_outcome: bool,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RemarkCode { name, weight } = self.code;
        write!(f, "{}: {}: {} [{name}]", self.place, weight.words(), self.message)
    }
}

impl Remark {
    /// Whether an answer may depend on it.
    pub(crate) fn matters(&self) -> bool {
        self.code.weight != Weight::ChangesNothing
    }

    /// Where it is: a file, or a line and a column in it too.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// What is so, and what to do.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// For people.
    pub(crate) fn styled(&self) -> String {
        let RemarkCode { name, weight } = self.code;
        let weight = match weight {
            Weight::NotCarriedOver => styled(BAD, weight.words()),
            Weight::LosesMeaning => styled(DOUBTFUL, weight.words()),
            Weight::ChangesNothing => weight.words().to_owned(),
        };
        format!("{}: {weight}: {} [{name}]", self.place, self.message)
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let (file, line, column) = self.position();
        json!({
            "file": file,
            "line": (line > 0).then_some(line),
            "column": (line > 0).then_some(column),
            "code": self.code.name,
            "weight": self.code.weight.words(),
            "message": self.message,
        })
    }

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
pub(crate) struct Remarks {
    /// Files, each with the source that it was taken for.
    taken: Vec<(String, &'static str)>,
    remarks: Vec<Remark>,
    once: HashSet<&'static str>,
    /// A policy that several routes share is read for each.
    said: HashSet<(String, String)>,
}

impl Remarks {
    /// Something is to be said of a place.
    pub(crate) fn say(&mut self, code: RemarkCode, place: &str, message: impl Into<String>) {
        self.add(code, place, message.into(), false);
    }

    /// The same of what is left where values are not carried over, each of which has its own remark.
    pub(crate) fn say_outcome(&mut self, code: RemarkCode, place: &str, message: impl Into<String>) {
        self.add(code, place, message.into(), true);
    }

    fn add(&mut self, code: RemarkCode, place: &str, message: String, is_outcome: bool) {
        if !self.said.insert((place.to_owned(), message.clone())) {
            return;
        }
        self.remarks.push(Remark {
            place: place.to_owned(),
            code,
            message,
            is_outcome,
        });
    }

    /// What is so of a source as a whole, said where it first matters.
    pub(crate) fn say_once(&mut self, code: RemarkCode, place: &str, message: &'static str) {
        if self.once.insert(message) {
            self.say(code, place, message);
        }
    }

    /// What a file was taken for.
    pub(crate) fn took(&mut self, file: &str, source: &'static str) {
        self.taken.push((file.to_owned(), source));
    }

    /// What files were taken for.
    pub(crate) fn taken(&self) -> &[(String, &'static str)] {
        &self.taken
    }

    /// The remarks, those that matter most first, causes before what comes of them, and then in the order of their
    /// places.
    pub(crate) fn sorted(&self) -> Vec<&Remark> {
        let mut remarks: Vec<_> = self.remarks.iter().collect();
        let rank = |remark: &Remark| (remark.code.weight, remark.is_outcome);
        remarks.sort_by(|some, other| (rank(some), some.position()).cmp(&(rank(other), other.position())));
        remarks
    }

    /// How many remarks have this weight.
    pub(crate) fn count(&self, weight: Weight) -> usize {
        self.remarks
            .iter()
            .filter(|remark| remark.code.weight == weight)
            .count()
    }
}
