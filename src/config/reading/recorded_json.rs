//! A JSON value as it was recorded, piece by piece.
//!
//! What reads a value through serde is compiled once for each type that reads one, and that was a third of the module.
//! So serde_json is compiled for one type, the [recorder](super::recorder), and all others read what it recorded.

use crate::config::report::{MessagePart, Number};

use std::borrow::Cow;

/// A value, or the beginning of one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Flag(bool),
    Number(Number),
    /// A string, borrowed where it holds no escapes.
    Text(Cow<'a, str>),
    /// The beginning of a list, whose elements [`Json::element`] announces.
    List,
    /// The beginning of an object, whose keys [`Json::key`] reads.
    Object,
}

/// The most pieces that are recorded of a value. A hundred rules of a thousand origins, headers and exposed headers
/// each are 300,000. Without a bound a list of short numbers would take 35 times its own size, and a VM never gives
/// memory back.
pub(crate) const MOST_PIECES: usize = 500_000;

/// How long a list or an object may be to be shown, in bytes.
const SHOWN: usize = 60;

/// A piece of a recorded value.
#[derive(Debug)]
enum Piece<'a> {
    Value(Value<'a>),
    Key(Cow<'a, str>),
    /// Of a list or an object.
    End,
}

/// A recorded value and how far it has been read.
#[derive(Debug, Default)]
pub(crate) struct Json<'a> {
    pieces: Vec<Piece<'a>>,
    at: usize,
    cut_short: bool,
    too_large: bool,
}

impl<'a> Json<'a> {
    pub(crate) fn record(&mut self, value: Value<'a>) {
        self.push(Piece::Value(value));
    }

    pub(crate) fn record_key(&mut self, key: Cow<'a, str>) {
        self.push(Piece::Key(key));
    }

    /// Records the end of a list or an object.
    pub(crate) fn record_end(&mut self) {
        self.push(Piece::End);
    }

    fn push(&mut self, piece: Piece<'a>) {
        if self.pieces.len() < MOST_PIECES {
            self.pieces.push(piece);
        } else {
            self.too_large = true;
        }
    }

    /// Whether there was more than is recorded.
    pub(crate) fn is_too_large(&self) -> bool {
        self.too_large
    }

    /// Makes room for the next value, where this one was.
    pub(crate) fn clear(&mut self) {
        self.pieces.clear();
        self.at = 0;
        self.cut_short = false;
        self.too_large = false;
    }

    /// Reads a value. After [`Value::List`] and [`Value::Object`] its elements or keys must be read to their end.
    pub(crate) fn value(&mut self) -> Value<'a> {
        match self.next() {
            Some(Piece::Value(value)) => value,
            _ => Value::Null,
        }
    }

    /// Whether the list goes on, with a value that is to be read next.
    pub(crate) fn element(&mut self) -> bool {
        match self.pieces.get(self.at) {
            Some(Piece::Value(_)) => true,
            _ => {
                self.next();
                false
            }
        }
    }

    /// The object's next key, whose value is to be read next.
    pub(crate) fn key(&mut self) -> Option<Cow<'a, str>> {
        match self.next() {
            Some(Piece::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// What the object that has just begun holds under a key, to be read in its turn. Of two, the first.
    pub(crate) fn ahead(&self, wanted: &str) -> Option<&Value<'a>> {
        let mut depth = 0_usize;
        let mut pieces = self.pieces.get(self.at..)?.iter();
        loop {
            match pieces.next()? {
                Piece::Key(key) if depth == 0 && key == wanted => break,
                Piece::Value(Value::List | Value::Object) => depth = depth.saturating_add(1),
                Piece::End => depth = depth.checked_sub(1)?,
                Piece::Key(_) | Piece::Value(_) => {}
            }
        }
        match pieces.next()? {
            Piece::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Reads past what is left of a value.
    pub(crate) fn skip(&mut self, begun: &Value<'_>) {
        let opens = |value: &Value<'_>| matches!(value, Value::List | Value::Object);
        let mut depth = usize::from(opens(begun));
        while depth > 0 {
            match self.next() {
                Some(Piece::Value(value)) if opens(&value) => depth = depth.saturating_add(1),
                Some(Piece::End) => depth = depth.saturating_sub(1),
                Some(_) => {}
                None => return,
            }
        }
    }

    /// A list or an object that has just begun, for a message: all of it where that is short.
    pub(crate) fn shown(&self, begun: &Value<'_>) -> String {
        let (open, close, name) = match begun {
            Value::List => ('[', ']', "a list"),
            _ => ('{', '}', "an object"),
        };
        let mut text = String::from(open);
        for piece in self.pieces.get(self.at..).unwrap_or_default() {
            let part = match piece {
                // Lists of lists are not what somebody wrote by mistake.
                Piece::Value(Value::List | Value::Object) => break,
                Piece::End => {
                    text.push(close);
                    return text;
                }
                Piece::Value(value) => value.part(),
                Piece::Key(key) => MessagePart::Value(key),
            };
            if !(text.len() == 1 || text.ends_with(": ")) {
                text.push_str(", ");
            }
            part.write(&mut text);
            if matches!(piece, Piece::Key(_)) {
                text.push_str(": ");
            }
            if text.len() > SHOWN {
                break;
            }
        }
        name.to_owned()
    }

    /// Whether the value ended before what was asked for: the text could not be read any further.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.cut_short
    }

    fn next(&mut self) -> Option<Piece<'a>> {
        let piece = self.pieces.get_mut(self.at);
        self.cut_short |= piece.is_none();
        self.at = self.at.saturating_add(1);
        piece.map(|piece| std::mem::replace(piece, Piece::End))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::reading::recorder::recorded;

    #[test]
    fn a_value_of_any_depth_is_read_past() {
        let mut json = recorded(r#"[{"a": [1, {"b": [[], {}]}], "c": "]"}, 2]"#).json;
        assert_eq!(json.value(), Value::List);
        assert!(json.element());
        let begun = json.value();
        json.skip(&begun);
        assert!(json.element());
        assert_eq!(json.value(), Value::Number(Number::Unsigned(2)));
        assert!(!json.element());
        assert!(!json.is_cut_short());
    }

    #[test]
    fn what_stands_ahead_is_found_in_the_object_itself() {
        let mut json = recorded(r#"{"b": {"a": 1}, "c": [{"a": 2}], "a": 3, "a": 4}"#).json;
        assert_eq!(json.value(), Value::Object);
        assert_eq!(json.ahead("a"), Some(&Value::Number(Number::Unsigned(3))));
        assert_eq!(json.ahead("d"), None);
        assert_eq!(json.key().as_deref(), Some("b"));
        assert_eq!(json.value(), Value::Object);
        assert_eq!(json.ahead("a"), Some(&Value::Number(Number::Unsigned(1))));
        assert_eq!(json.ahead("c"), None);
    }

    #[test]
    fn a_string_is_borrowed_where_it_can_be() {
        assert!(matches!(
            recorded(r#""a""#).json.value(),
            Value::Text(Cow::Borrowed("a"))
        ));
        assert!(matches!(
            recorded(r#""\u0061""#).json.value(),
            Value::Text(Cow::Owned(text)) if text == "a"
        ));
    }

    #[test]
    fn behind_what_was_recorded_there_is_nothing() {
        let mut json = recorded(r#"{"a": ["#).json;
        assert_eq!(json.value(), Value::Object);
        assert_eq!(json.key().as_deref(), Some("a"));
        assert_eq!(json.value(), Value::List);
        assert!(!json.is_cut_short());
        assert!(!json.element());
        assert!(json.is_cut_short());
        assert_eq!((json.key(), json.value()), (None, Value::Null));
    }
}
