//! Values of the types that fields take. Whatever type stands in the text, it is read to its end and what is wrong with
//! it goes to the report: one reading finds all there is to find.

pub(crate) mod field;
pub(crate) mod not_json;
pub(crate) mod recorded_json;
pub(crate) mod recorder;
pub(crate) mod strings;

use std::borrow::Cow;

use crate::config::report::{
    MessagePart::{self, Names, Words},
    Place, Report,
    code::{self, FindingKind},
};
use recorded_json::{Json, Value};

/// A configuration that is being read.
#[derive(Debug, Default)]
pub(crate) struct Reading<'a> {
    pub(crate) json: Json<'a>,
    pub(crate) report: Report,
    /// What was found up to the end of a value that is cut short, once a reader has asked for more.
    found: Option<Report>,
}

/// What null means to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Null {
    /// Nothing: the fields of the plugin are given or left out.
    IsWrong,
    /// As if the field were absent: tools print the empty fields of a rule so.
    IsAbsent,
}

impl Value<'_> {
    /// The value in a message.
    pub(crate) fn part(&self) -> MessagePart<'_> {
        match self {
            Value::Null => Words("null"),
            Value::Flag(true) => Words("true"),
            Value::Flag(false) => Words("false"),
            Value::Number(number) => MessagePart::Given(*number),
            Value::Text(text) => MessagePart::Value(text),
            Value::List => Words("a list"),
            Value::Object => Words("an object"),
        }
    }

    /// A boolean, or its name in a string.
    pub(crate) fn flag(&self) -> Option<bool> {
        match self {
            Value::Flag(flag) => Some(*flag),
            Value::Text(text) if text == "true" => Some(true),
            Value::Text(text) if text == "false" => Some(false),
            _ => None,
        }
    }

    /// A string.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

// The first four are not inlined: each reader would hold a copy of them, which is kilobytes.
impl<'a> Reading<'a> {
    /// See [`Json::value`].
    #[inline(never)]
    pub(crate) fn value(&mut self) -> Value<'a> {
        let value = self.json.value();
        self.keep_if_cut_short();
        value
    }

    /// See [`Json::element`].
    #[inline(never)]
    pub(crate) fn element(&mut self) -> bool {
        let goes_on = self.json.element();
        self.keep_if_cut_short();
        goes_on
    }

    /// See [`Json::key`].
    #[inline(never)]
    pub(crate) fn key(&mut self) -> Option<Cow<'a, str>> {
        let key = self.json.key();
        self.keep_if_cut_short();
        key
    }

    /// See [`Json::ahead`].
    pub(crate) fn ahead(&self, key: &str) -> Option<&Value<'a>> {
        self.json.ahead(key)
    }

    /// See [`Json::skip`].
    #[inline(never)]
    pub(crate) fn skip_rest(&mut self, begun: &Value<'_>) {
        self.json.skip(begun);
        self.keep_if_cut_short();
    }

    /// Reads past a value.
    pub(crate) fn skip(&mut self) {
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
    pub(crate) fn finish(&mut self) -> bool {
        self.json.clear();
        let Some(found) = self.found.take() else {
            return true;
        };
        self.report = found;
        false
    }

    /// Reports a value of the wrong type, and reads past what is left of it.
    pub(crate) fn wrong_type(&mut self, place: &Place<'_>, expected: &str, found: &Value<'_>) {
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
    pub(crate) fn wrong(
        &mut self,
        code: &'static FindingKind,
        place: &Place<'_>,
        message: &'static str,
        found: &Value<'_>,
        way_out: MessagePart<'_>,
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
    pub(crate) fn text(&mut self, place: &Place<'_>, expected: &str, null: Null) -> Option<Cow<'a, str>> {
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
    pub(crate) fn flag(&mut self, place: &Place<'_>, null: Null) -> Option<bool> {
        let value = self.value();
        let flag = value.flag();
        if flag.is_none() && !(value == Value::Null && null == Null::IsAbsent) {
            self.wrong_type(place, "true or false", &value);
        }
        flag
    }

    /// Reads one of a few words.
    pub(crate) fn word(&mut self, place: &Place<'_>, words: &[&'static str]) -> Option<&'static str> {
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
                &[MessagePart::Value(&text), Names(words)],
            );
        }
        found
    }

    /// Reads a list of strings, or one bare string, and hands each to `each`.
    pub(crate) fn texts(
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
