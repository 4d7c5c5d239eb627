//! The words of a finding. They are put together here, from a template and its parts, because `format!` would take
//! several times the code at each of the many places that report one.

use std::fmt::Write;

use super::number;
use super::place::Place;

/// How many characters of a value a message shows.
const SHOWN: usize = 80;

/// A part of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) enum MessagePart<'m> {
    /// Our own words, as far as the template does not hold them.
    Words(&'m str),
    /// A value of the configuration, which may hold anything.
    Value(&'m str),
    /// A character of a value.
    Character(char),
    /// A part of a value that is known to be printable ASCII.
    Printable(&'m str),
    Number(usize),
    /// A number of the configuration.
    Given(number::Number),
    /// The pointer to a place.
    Pointer(&'m Place<'m>),
    /// Several words, with commas.
    Names(&'m [&'m str]),
}

/// The template with its parts in the place of each `{}`.
pub(crate) fn filled(template: &str, parts: &[MessagePart<'_>]) -> String {
    let mut text = String::new();
    let mut parts = parts.iter();
    for (index, piece) in template.split('{').enumerate() {
        match piece.strip_prefix('}') {
            Some(rest) if index > 0 => {
                debug_assert!(parts.len() > 0, "too few parts: {template}");
                if let Some(part) = parts.next() {
                    part.write(&mut text);
                }
                text.push_str(rest);
            }
            _ => {
                text.push_str(if index > 0 { "{" } else { "" });
                text.push_str(piece);
            }
        }
    }
    debug_assert!(parts.len() == 0, "too many parts: {template}");
    text
}

impl MessagePart<'_> {
    pub(crate) fn write(self, text: &mut String) {
        match self {
            MessagePart::Words(words) => text.push_str(words),
            MessagePart::Value(value) => write_value(text, value),
            MessagePart::Character(character) => {
                let quote = if character == '\'' { '"' } else { '\'' };
                text.push(quote);
                write_printable(text, character);
                text.push(quote);
            }
            MessagePart::Printable(value) => match value.get(..SHOWN) {
                Some(start) if start.len() < value.len() => text.extend([start, "…"]),
                _ => text.push_str(value),
            },
            MessagePart::Given(number) => number.write(text),
            // Writing to a String cannot fail.
            MessagePart::Number(number) => _ = write!(text, "{number}"),
            MessagePart::Pointer(place) => place.write(text),
            MessagePart::Names(names) => {
                for (index, name) in names.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { ", " });
                    text.push_str(name);
                }
            }
        }
    }
}

/// Quoted, control characters escaped (a log line is a line), the end of a long one cut.
fn write_value(text: &mut String, value: &str) {
    text.push('"');
    for (count, character) in value.chars().enumerate() {
        if count >= SHOWN {
            text.push('…');
            break;
        }
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        write_printable(text, character);
    }
    text.push('"');
}

/// Escapes as JSON does what would not be seen, or would break the line.
fn write_printable(text: &mut String, character: char) {
    match character {
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        '\'' | '"' | '\\' => text.push(character),
        // More than one character: it has to be escaped.
        other if other.escape_debug().len() > 1 => {
            for unit in other.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
        other => text.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(part: MessagePart<'_>) -> String {
        let mut text = String::new();
        part.write(&mut text);
        text
    }

    #[test]
    fn a_value_in_a_message_is_one_line_and_short() {
        let value = "a\r\n\t\0b\u{202e}\u{e0001}'\"\\\u{fc}";
        let json = r#""a\r\n\t\u0000b\u202e\udb40\udc01'\"\\ü""#;
        assert_eq!(shown(MessagePart::Value(value)), json);
        assert_eq!(serde_json::from_str::<String>(json).unwrap(), value);
        assert!(shown(MessagePart::Value(&"x".repeat(10_000))).len() < 100);
        assert!(shown(MessagePart::Printable(&"1".repeat(10_000))).len() < 100);
    }

    #[test]
    fn a_character_is_quoted_so_that_it_is_seen() {
        for (character, quoted) in [
            ('a', "'a'"),
            ('\r', r"'\r'"),
            ('\'', "\"'\""),
            ('"', "'\"'"),
            ('\\', r"'\'"),
            ('\u{85}', r"'\u0085'"),
            ('\u{fc}', "'ü'"),
        ] {
            assert_eq!(shown(MessagePart::Character(character)), quoted);
        }
    }

    #[test]
    fn parts_stand_where_the_template_has_braces() {
        let parts = [MessagePart::Words("a"), MessagePart::Number(7)];
        assert_eq!(
            filled("{} and {}: write {\"b\": {}}", &[parts[0], parts[1], parts[0]]),
            "a and 7: write {\"b\": a}"
        );
        assert_eq!(filled("{\"b\"}", &[]), "{\"b\"}");
    }

    #[test]
    fn names_are_joined() {
        assert_eq!(shown(MessagePart::Names(&["a", "b", "c"])), "a, b, c");
    }
}
