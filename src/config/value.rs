//! JSON values without a tree: whatever type stands in the text, its reader gets it, says what is wrong and reads on.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::code;
use super::place::Place;
use super::report::Report;
use super::text::shown;

/// A JSON value that is no list and no object.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Flag(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(Cow<'a, str>),
}

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Null => f.write_str("null"),
            Scalar::Flag(flag) => flag.fmt(f),
            Scalar::Unsigned(number) => number.fmt(f),
            Scalar::Signed(number) => number.fmt(f),
            Scalar::Float(number) => fmt::Debug::fmt(number, f),
            Scalar::Text(text) => f.write_str(&shown(text)),
        }
    }
}

/// Reads one value, of whatever type it is. Only a syntax error is an `Err`: everything else goes to the report, so that
/// one reading finds all there is to find.
pub(super) trait Read<'a>: Sized {
    type Output;
    fn scalar(self, value: Scalar<'a>) -> Self::Output;
    /// Must read the list to its end.
    fn list<A: SeqAccess<'a>>(self, list: A) -> Result<Self::Output, A::Error>;
    /// Must read the object to its end.
    fn object<A: MapAccess<'a>>(self, object: A) -> Result<Self::Output, A::Error>;
}

/// A reader where serde wants a seed.
pub(super) struct Seed<R>(pub(super) R);

impl<'a, R: Read<'a>> DeserializeSeed<'a> for Seed<R> {
    type Value = R::Output;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a, R: Read<'a>> Visitor<'a> for Seed<R> {
    type Value = R::Output;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.0.scalar(Scalar::Null))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(self.0.scalar(Scalar::Flag(flag)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(self.0.scalar(Scalar::Unsigned(number)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(self.0.scalar(Scalar::Signed(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(self.0.scalar(Scalar::Float(number)))
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(self.0.scalar(Scalar::Text(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.0.scalar(Scalar::Text(Cow::Owned(text.to_owned()))))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, list: A) -> Result<Self::Value, A::Error> {
        self.0.list(list)
    }

    fn visit_map<A: MapAccess<'a>>(self, object: A) -> Result<Self::Value, A::Error> {
        self.0.object(object)
    }
}

/// An object's key, borrowed where it holds no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'a> Deserialize<'a> for Key<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'a> Visitor<'a> for KeyVisitor {
            type Value = Key<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Key<'a>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key<'a>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// The object's next key.
pub(super) fn next_key<'a, A: MapAccess<'a>>(object: &mut A) -> Result<Option<Cow<'a, str>>, A::Error> {
    Ok(object.next_key::<Key<'a>>()?.map(|key| key.0))
}

/// Reads past the value of the key that was just read.
pub(super) fn skip_value<'a, A: MapAccess<'a>>(object: &mut A) -> Result<(), A::Error> {
    object.next_value::<IgnoredAny>().map(drop)
}

/// Reads past the rest of the list.
pub(super) fn skip_list<'a, A: SeqAccess<'a>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Reads past the rest of the object.
pub(super) fn skip_object<'a, A: MapAccess<'a>>(mut object: A) -> Result<(), A::Error> {
    while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Reports a value of the wrong type.
pub(super) fn wrong_type(report: &mut Report, place: &Place<'_>, expected: &str, found: impl fmt::Display) {
    report.add(&code::WRONG_TYPE, place, || {
        format!("{found} stands where {expected} belongs")
    });
}

/// What null means to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Null {
    /// Nothing: the fields of the plugin are given or left out.
    IsWrong,
    /// As if the field were absent: tools print the empty fields of a rule so.
    IsAbsent,
}

/// Reads a string.
pub(super) struct Text<'r, 'p> {
    pub(super) report: &'r mut Report,
    pub(super) place: &'p Place<'p>,
    pub(super) expected: &'static str,
    pub(super) null: Null,
}

impl<'a> Read<'a> for Text<'_, '_> {
    type Output = Option<Cow<'a, str>>;

    fn scalar(self, value: Scalar<'a>) -> Self::Output {
        match value {
            Scalar::Text(text) => Some(text),
            Scalar::Null if self.null == Null::IsAbsent => None,
            other => {
                wrong_type(self.report, self.place, self.expected, other);
                None
            }
        }
    }

    fn list<A: SeqAccess<'a>>(self, list: A) -> Result<Self::Output, A::Error> {
        wrong_type(self.report, self.place, self.expected, "a list");
        skip_list(list).map(|()| None)
    }

    fn object<A: MapAccess<'a>>(self, object: A) -> Result<Self::Output, A::Error> {
        wrong_type(self.report, self.place, self.expected, "an object");
        skip_object(object).map(|()| None)
    }
}

/// Reads a boolean, or its name in a string.
pub(super) struct Flag<'r, 'p> {
    pub(super) report: &'r mut Report,
    pub(super) place: &'p Place<'p>,
    pub(super) null: Null,
}

impl<'a> Read<'a> for Flag<'_, '_> {
    type Output = Option<bool>;

    fn scalar(self, value: Scalar<'a>) -> Self::Output {
        match value {
            Scalar::Flag(flag) => return Some(flag),
            Scalar::Text(text) if text == "true" => return Some(true),
            Scalar::Text(text) if text == "false" => return Some(false),
            Scalar::Null if self.null == Null::IsAbsent => {}
            other => wrong_type(self.report, self.place, FLAG, other),
        }
        None
    }

    fn list<A: SeqAccess<'a>>(self, list: A) -> Result<Self::Output, A::Error> {
        wrong_type(self.report, self.place, FLAG, "a list");
        skip_list(list).map(|()| None)
    }

    fn object<A: MapAccess<'a>>(self, object: A) -> Result<Self::Output, A::Error> {
        wrong_type(self.report, self.place, FLAG, "an object");
        skip_object(object).map(|()| None)
    }
}

const FLAG: &str = "true or false";

/// Reads a list of strings, or one bare string, and hands each to `each`.
pub(super) struct Texts<'r, 'p, F> {
    pub(super) report: &'r mut Report,
    pub(super) place: &'p Place<'p>,
    pub(super) null: Null,
    pub(super) each: F,
}

impl<'a, F: FnMut(&mut Report, &Place<'_>, Cow<'a, str>)> Read<'a> for Texts<'_, '_, F> {
    type Output = ();

    fn scalar(mut self, value: Scalar<'a>) {
        match value {
            Scalar::Text(text) => (self.each)(self.report, self.place, text),
            Scalar::Null if self.null == Null::IsAbsent => {}
            other => wrong_type(self.report, self.place, TEXTS, other),
        }
    }

    fn list<A: SeqAccess<'a>>(mut self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0_usize;
        loop {
            let place = Place::Index(self.place, index);
            let text = Text {
                report: self.report,
                place: &place,
                expected: "a string",
                null: Null::IsWrong,
            };
            match list.next_element_seed(Seed(text))? {
                None => return Ok(()),
                Some(None) => {}
                Some(Some(text)) => (self.each)(self.report, &place, text),
            }
            index = index.saturating_add(1);
        }
    }

    fn object<A: MapAccess<'a>>(self, object: A) -> Result<(), A::Error> {
        wrong_type(self.report, self.place, TEXTS, "an object");
        skip_object(object)
    }
}

const TEXTS: &str = "a list of strings, or a string";
