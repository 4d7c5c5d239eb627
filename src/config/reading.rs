//! Values of the types that fields take. Whatever type stands in the text, it is read to its end and what is wrong with it
//! goes to the report: one reading finds all there is to find.

use std::borrow::Cow;

use super::code::{self, Kind};
use super::json::{Json, Value};
use super::message::Part::{self, Names, Words};
use super::place::Place;
use super::report::Report;

/// A configuration that is being read.
#[derive(Debug, Default)]
pub(super) struct Reading<'a> {
    pub(super) json: Json<'a>,
    pub(super) report: Report,
    /// What was found up to the end of a value that is cut short, once a reader has asked for more.
    found: Option<Report>,
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
            Value::Number(number) => Part::Given(*number),
            Value::Text(text) => Part::Value(text),
            Value::List => Words("a list"),
            Value::Object => Words("an object"),
        }
    }
}

// The first four are not inlined: each reader would hold a copy of them, which is kilobytes.
impl<'a> Reading<'a> {
    /// See [`Json::value`].
    #[inline(never)]
    pub(super) fn value(&mut self) -> Value<'a> {
        let value = self.json.value();
        self.keep_if_cut_short();
        value
    }

    /// See [`Json::element`].
    #[inline(never)]
    pub(super) fn element(&mut self) -> bool {
        let goes_on = self.json.element();
        self.keep_if_cut_short();
        goes_on
    }

    /// See [`Json::key`].
    #[inline(never)]
    pub(super) fn key(&mut self) -> Option<Cow<'a, str>> {
        let key = self.json.key();
        self.keep_if_cut_short();
        key
    }

    /// See [`Json::skip`].
    #[inline(never)]
    pub(super) fn skip_rest(&mut self, begun: &Value<'_>) {
        self.json.skip(begun);
        self.keep_if_cut_short();
    }

    /// Reads past a value.
    pub(super) fn skip(&mut self) {
        let value = self.value();
        self.skip_rest(&value);
    }

    /// What a reader says behind the end of a value that is cut short is not meant, such as that a field is missing.
    fn keep_if_cut_short(&mut self) {
        if self.json.is_cut_short() && self.found.is_none() {
            self.found = Some(std::mem::take(&mut self.report));
        }
    }

    /// Makes room for the next value. Whether this one was whole.
    pub(super) fn finish(&mut self) -> bool {
        self.json.clear();
        let Some(found) = self.found.take() else {
            return true;
        };
        self.report = found;
        false
    }

    /// Reports a value of the wrong type, and reads past what is left of it.
    pub(super) fn wrong_type(&mut self, place: &Place<'_>, expected: &str, found: &Value<'_>) {
        self.wrong(
            &code::WRONG_TYPE,
            place,
            "{} stands here: write {}",
            found,
            Words(expected),
        );
    }

    /// Reports a value, and reads past what is left of it. `message` is about it and `way_out`.
    #[cold]
    #[inline(never)]
    pub(super) fn wrong(
        &mut self,
        code: &'static Kind,
        place: &Place<'_>,
        message: &'static str,
        found: &Value<'_>,
        way_out: Part<'_>,
    ) {
        let shown;
        let part = match found {
            Value::List | Value::Object => {
                shown = self.json.shown(found);
                Words(&shown)
            }
            _ => found.part(),
        };
        self.report.add(code, place, message, &[part, way_out]);
        self.skip_rest(found);
    }

    /// Reads a string.
    pub(super) fn text(&mut self, place: &Place<'_>, expected: &str, null: Null) -> Option<Cow<'a, str>> {
        match self.value() {
            Value::Text(text) => Some(text),
            Value::Null if null == Null::IsAbsent => None,
            other => {
                self.wrong_type(place, expected, &other);
                None
            }
        }
    }

    /// Reads a boolean, or its name in a string.
    pub(super) fn flag(&mut self, place: &Place<'_>, null: Null) -> Option<bool> {
        match self.value() {
            Value::Flag(flag) => Some(flag),
            Value::Text(text) if text == "true" => Some(true),
            Value::Text(text) if text == "false" => Some(false),
            Value::Null if null == Null::IsAbsent => None,
            other => {
                self.wrong_type(place, "true or false", &other);
                None
            }
        }
    }

    /// Reads one of a few words.
    pub(super) fn word(&mut self, place: &Place<'_>, words: &[&'static str]) -> Option<&'static str> {
        let text = match self.value() {
            Value::Text(text) => text,
            other => {
                let message = "{} stands here: write one of {}";
                self.wrong(&code::WRONG_TYPE, place, message, &other, Names(words));
                return None;
            }
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
        found
    }

    /// Reads a list of strings, or one bare string, and hands each to `each`.
    pub(super) fn texts(
        &mut self,
        place: &Place<'_>,
        null: Null,
        each: &mut dyn FnMut(&mut Report, &Place<'_>, Cow<'a, str>),
    ) {
        match self.value() {
            Value::Text(text) => each(&mut self.report, place, text),
            Value::Null if null == Null::IsAbsent => {}
            Value::List => {
                let mut index = 0_usize;
                while self.element() {
                    let place = Place::Index(place, index);
                    if let Some(text) = self.text(&place, "a string", Null::IsWrong) {
                        each(&mut self.report, &place, text);
                    }
                    index = index.saturating_add(1);
                }
            }
            other => self.wrong_type(place, "a list of strings, or a string", &other),
        }
    }
}
