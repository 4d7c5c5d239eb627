//! Values of the types that fields take. Whatever type stands in the text, it is read to its end and what is wrong with it
//! goes to the report: one reading finds all there is to find.

use std::borrow::Cow;

use super::code;
use super::json::{Json, Stopped, Value};
use super::message::Part::{self, Names, Printable, Words};
use super::place::Place;
use super::report::Report;

/// A configuration that is being read.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) json: Json<'a>,
    pub(super) report: Report,
}

/// What null means to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Null {
    /// Nothing: the fields of the plugin are given or left out.
    IsWrong,
    /// As if the field were absent: tools print the empty fields of a rule so.
    IsAbsent,
}

impl Value<'_> {
    /// The value in a message.
    pub(super) fn part(&self) -> Part<'_> {
        match self {
            Value::Null => Words("null"),
            Value::Flag(true) => Words("true"),
            Value::Flag(false) => Words("false"),
            Value::Number(number) => Printable(number),
            Value::Text(text) => Part::Value(text),
            Value::List => Words("a list"),
            Value::Object => Words("an object"),
        }
    }
}

impl<'a> Reading<'a> {
    /// Reads past a value.
    pub(super) fn skip(&mut self) -> Result<(), Stopped> {
        let value = self.json.value()?;
        self.json.skip(&value)
    }

    /// Reports a value of the wrong type, and reads past what is left of it.
    pub(super) fn wrong_type(
        &mut self,
        place: &Place<'_>,
        expected: &str,
        found: &Value<'_>,
    ) -> Result<(), Stopped> {
        self.report.add(
            &code::WRONG_TYPE,
            place,
            "{} stands where {} belongs",
            &[found.part(), Words(expected)],
        );
        self.json.skip(found)
    }

    /// Reads a string.
    pub(super) fn text(
        &mut self,
        place: &Place<'_>,
        expected: &str,
        null: Null,
    ) -> Result<Option<Cow<'a, str>>, Stopped> {
        match self.json.value()? {
            Value::Text(text) => Ok(Some(text)),
            Value::Null if null == Null::IsAbsent => Ok(None),
            other => self.wrong_type(place, expected, &other).map(|()| None),
        }
    }

    /// Reads a boolean, or its name in a string.
    pub(super) fn flag(&mut self, place: &Place<'_>, null: Null) -> Result<Option<bool>, Stopped> {
        match self.json.value()? {
            Value::Flag(flag) => Ok(Some(flag)),
            Value::Text(text) if text == "true" => Ok(Some(true)),
            Value::Text(text) if text == "false" => Ok(Some(false)),
            Value::Null if null == Null::IsAbsent => Ok(None),
            other => self.wrong_type(place, "true or false", &other).map(|()| None),
        }
    }

    /// Reads one of a few words.
    pub(super) fn word(
        &mut self,
        place: &Place<'_>,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, Stopped> {
        let Some(text) = self.text(place, "a word", Null::IsWrong)? else {
            return Ok(None);
        };
        let found = words.iter().find(|word| **word == text).copied();
        if found.is_none() {
            self.report.add(
                &code::UNKNOWN_VALUE,
                place,
                "{} is not known here: write one of {}",
                &[Part::Value(&text), Names(words)],
            );
        }
        Ok(found)
    }

    /// Reads a list of strings, or one bare string, and hands each to `each`.
    pub(super) fn texts(
        &mut self,
        place: &Place<'_>,
        null: Null,
        each: &mut dyn FnMut(&mut Report, &Place<'_>, Cow<'a, str>),
    ) -> Result<(), Stopped> {
        match self.json.value()? {
            Value::Text(text) => each(&mut self.report, place, text),
            Value::Null if null == Null::IsAbsent => {}
            Value::List => {
                let mut index = 0_usize;
                while self.json.element()? {
                    let place = Place::Index(place, index);
                    if let Some(text) = self.text(&place, "a string", Null::IsWrong)? {
                        each(&mut self.report, &place, text);
                    }
                    index = index.saturating_add(1);
                }
            }
            other => self.wrong_type(place, "a list of strings, or a string", &other)?,
        }
        Ok(())
    }
}
