//! Reads the text with serde_json and records its values: those that are small, each as a whole; of the list of buckets one
//! after the other, so that never more than a bucket is held.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::document::Document;
use super::json::Value;
use super::number::Number;

/// How a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// As the configuration: field by field, each in a way of its own.
    Fields,
    /// As the list of buckets: element by element.
    Elements,
    /// Recorded, and handed to the document.
    Whole,
    /// Recorded as a part of another.
    Part,
    /// Not at all.
    Ignored,
}

/// Reads a text to its end, or to what makes it no JSON.
pub(super) fn read<'a>(document: &mut Document<'_, 'a>, text: &'a str) -> Result<(), serde_json::Error> {
    read_as(document, text, Way::Fields)
}

fn read_as<'a>(document: &mut Document<'_, 'a>, text: &'a str, way: Way) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let mut recorder = Recorder {
        document,
        way,
        key: None,
    };
    // The way of a document is given; a seed's depends on what is around it.
    (&mut json).deserialize_any(&mut recorder)?;
    json.end()
}

/// The one type for which serde_json's generic code is compiled: value, list and object are read by the same code, which is
/// why what it does depends on [`Way`].
struct Recorder<'r, 's, 'a> {
    document: &'r mut Document<'s, 'a>,
    /// How the value that is being read is read.
    way: Way,
    /// What stands before the value that is read next, in an object.
    key: Option<Cow<'a, str>>,
}

impl<'a> Recorder<'_, '_, 'a> {
    /// How a value inside of the present one is read.
    fn way_inside(&mut self) -> Way {
        let key = self.key.take();
        match (self.way, key) {
            (Way::Fields, Some(key)) => self.document.field(&key),
            (Way::Elements, _) => Way::Whole,
            (Way::Whole | Way::Part, key) => {
                if let Some(key) = key {
                    self.document.reading.json.record_key(key);
                }
                Way::Part
            }
            _ => Way::Ignored,
        }
    }

    fn begin(&mut self, value: Value<'a>) {
        match (self.way, &value) {
            (Way::Whole | Way::Part, _) => self.document.reading.json.record(value),
            (Way::Fields, Value::Object) | (Way::Elements, Value::List) | (Way::Ignored, _) => {}
            (Way::Fields, _) => {
                self.document.no_object(&value);
                self.way = Way::Ignored;
            }
            (Way::Elements, _) => {
                self.document.no_list(&value);
                self.way = Way::Ignored;
            }
        }
    }

    fn end(&mut self) {
        match self.way {
            Way::Whole | Way::Part => self.document.reading.json.record_end(),
            Way::Fields => self.document.end(),
            Way::Elements | Way::Ignored => {}
        }
    }
}

impl<'a> DeserializeSeed<'a> for &mut Recorder<'_, '_, 'a> {
    type Value = ();

    // A key counts once its colon is read, and serde_json reads that right before this.
    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        let around = self.way;
        self.way = self.way_inside();
        let whole = self.way == Way::Whole;
        let result = json.deserialize_any(&mut *self);
        // Of a value that is cut short, what there is of it is read.
        if whole {
            let had_its_end = self.document.value();
            debug_assert!(had_its_end || result.is_err(), "a reader went past the end");
        }
        self.way = around;
        result
    }
}

/// None of what serde would do for a method that is missing here is used: its errors describe values, doubles included.
impl<'a> Visitor<'a> for &mut Recorder<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.begin(Value::Null);
        Ok(())
    }

    fn visit_bool<E>(self, flag: bool) -> Result<(), E> {
        self.begin(Value::Flag(flag));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.begin(Value::Number(Number::Unsigned(number)));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.begin(Value::Number(Number::Negative(number)));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.begin(Value::Number(Number::Double(number)));
        Ok(())
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<(), E> {
        self.begin(Value::Text(Cow::Borrowed(text)));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.begin(Value::Text(Cow::Owned(text.to_owned())));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<(), A::Error> {
        self.begin(Value::List);
        while list.next_element_seed(&mut *self)?.is_some() {}
        self.end();
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(self, mut object: A) -> Result<(), A::Error> {
        self.begin(Value::Object);
        while let Some(key) = object.next_key_seed(Key)? {
            self.key = Some(key);
            object.next_value_seed(&mut *self)?;
        }
        self.end();
        Ok(())
    }
}

struct Key;

impl<'a> DeserializeSeed<'a> for Key {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<Cow<'a, str>, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Key {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'a str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

/// A single value, or what can be read of it.
#[cfg(test)]
pub(super) fn recorded(text: &str) -> super::reading::Reading<'_> {
    let mut buckets = Vec::new();
    let mut document = Document::new(&crate::profile::OSS, &mut buckets);
    let _ = read_as(&mut document, text, Way::Part);
    document.reading
}
