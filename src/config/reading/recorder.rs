//! Reads the text with serde_json and records its values: those that are small, each as a whole; of the list of buckets
//! one after the other, so that never more than a bucket is held.

use std::borrow::Cow;
use std::fmt;

use crate::config::report::Number;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::recorded_json::{Json, Value};

/// How a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handling {
    /// As the configuration: field by field, each handled on its own.
    Fields,
    /// As the list of buckets: element by element.
    Elements,
    /// Recorded, and handed to the receiver.
    Whole,
    /// Recorded as a part of another.
    Part,
    /// Not at all.
    Ignored,
}

/// What takes the values of a text: the configuration.
pub(crate) trait Receiver<'a> {
    /// Where a value is recorded.
    fn json(&mut self) -> &mut Json<'a>;

    /// Takes note of the next field. How its value is to be read.
    fn field(&mut self, key: &str) -> Handling;

    /// Reads what was recorded: the value of a field, or a bucket. Whether it was whole.
    fn value(&mut self) -> bool;

    /// Reports what stands where the configuration belongs.
    fn no_object(&mut self, value: &Value<'_>);

    /// Reports what stands where the list of buckets belongs.
    fn no_list(&mut self, value: &Value<'_>);

    /// Says what can be said only when every field has been read.
    fn end(&mut self);
}

/// Reads a text to its end, or to what makes it no JSON.
pub(crate) fn read<'a>(receiver: &mut impl Receiver<'a>, text: &'a str) -> Result<(), serde_json::Error> {
    read_as(receiver, text, Handling::Fields)
}

fn read_as<'a>(
    receiver: &mut impl Receiver<'a>,
    text: &'a str,
    handling: Handling,
) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let mut recorder = Recorder {
        receiver,
        handling,
        key: None,
    };
    // How the whole is handled is given; for a seed it depends on what is around it.
    (&mut json).deserialize_any(&mut recorder)?;
    json.end()
}

/// The one type for which serde_json's generic code is compiled: value, list and object are read by the same code,
/// which is why what it does depends on [`Handling`].
struct Recorder<'r, 'a, R> {
    receiver: &'r mut R,
    /// How the value that is being read is read.
    handling: Handling,
    /// What stands before the value that is read next, in an object.
    key: Option<Cow<'a, str>>,
}

impl<'a, R: Receiver<'a>> Recorder<'_, 'a, R> {
    /// How a value inside of the present one is read.
    fn handling_inside(&mut self) -> Handling {
        let key = self.key.take();
        match (self.handling, key) {
            (Handling::Fields, Some(key)) => self.receiver.field(&key),
            (Handling::Elements, _) => Handling::Whole,
            (Handling::Whole | Handling::Part, key) => {
                if let Some(key) = key {
                    self.receiver.json().record_key(key);
                }
                Handling::Part
            }
            _ => Handling::Ignored,
        }
    }

    fn begin(&mut self, value: Value<'a>) {
        match (self.handling, &value) {
            (Handling::Whole | Handling::Part, _) => self.receiver.json().record(value),
            (Handling::Fields, Value::Object)
            | (Handling::Elements, Value::List)
            | (Handling::Ignored, _) => {}
            (Handling::Fields, _) => {
                self.receiver.no_object(&value);
                self.handling = Handling::Ignored;
            }
            (Handling::Elements, _) => {
                self.receiver.no_list(&value);
                self.handling = Handling::Ignored;
            }
        }
    }

    fn end(&mut self) {
        match self.handling {
            Handling::Whole | Handling::Part => self.receiver.json().record_end(),
            Handling::Fields => self.receiver.end(),
            Handling::Elements | Handling::Ignored => {}
        }
    }
}

impl<'a, R: Receiver<'a>> DeserializeSeed<'a> for &mut Recorder<'_, 'a, R> {
    type Value = ();

    // A key counts once its colon is read, and serde_json reads that right before this.
    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        let around = self.handling;
        self.handling = self.handling_inside();
        let whole = self.handling == Handling::Whole;
        let result = json.deserialize_any(&mut *self);
        // Of a value that is cut short, what there is of it is read.
        if whole {
            let had_its_end = self.receiver.value();
            debug_assert!(had_its_end || result.is_err(), "a reader went past the end");
        }
        self.handling = around;
        result
    }
}

/// None of what serde would do for a method that is missing here is used: its errors describe values, doubles included.
impl<'a, R: Receiver<'a>> Visitor<'a> for &mut Recorder<'_, 'a, R> {
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
        while let Some(key) = object.next_key_seed(ReadKey)? {
            self.key = Some(key);
            object.next_value_seed(&mut *self)?;
        }
        self.end();
        Ok(())
    }
}

struct ReadKey;

impl<'a> DeserializeSeed<'a> for ReadKey {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<Cow<'a, str>, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for ReadKey {
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
pub(crate) fn recorded(text: &str) -> super::Reading<'_> {
    let mut reading = super::Reading::default();
    let _ = read_as(&mut reading, text, Handling::Part);
    reading
}

#[cfg(test)]
impl<'a> Receiver<'a> for super::Reading<'a> {
    fn json(&mut self) -> &mut Json<'a> {
        &mut self.json
    }

    fn field(&mut self, _: &str) -> Handling {
        Handling::Ignored
    }

    fn value(&mut self) -> bool {
        true
    }

    fn no_object(&mut self, _: &Value<'_>) {}

    fn no_list(&mut self, _: &Value<'_>) {}

    fn end(&mut self) {}
}
