//! The words of a finding. They are put together here, from a template and its parts, because `format!` would take several
//! times the code at each of the many places that report one.

use std::fmt::Write;

use super::number;
use super::place::Place;

/// How many characters of a value a message shows.
const SHOWN: usize = 80;

/// A part of a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'m> {
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
pub(super) fn filled(template: &str, parts: &[Part<'_>]) -> String {
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

impl Part<'_> {
    fn write(self, text: &mut String) {
        match self {
            Part::Words(words) => text.push_str(words),
            Part::Value(value) => write_value(text, value),
            Part::Character(character) => {
                text.push('\'');
                // As in `write_value`, the quotes of the other kind stand for themselves.
                if character == '"' {
                    text.push(character);
                } else {
                    write_escaped(text, character);
                }
                text.push('\'');
            }
            Part::Printable(value) => match value.get(..SHOWN) {
                Some(start) if start.len() < value.len() => text.extend([start, "…"]),
                _ => text.push_str(value),
            },
            Part::Given(number) => number.write(text),
            // Writing to a String cannot fail.
            Part::Number(number) => _ = write!(text, "{number}"),
            Part::Pointer(place) => place.write(text),
            Part::Names(names) => {
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
        if character == '\'' {
            text.push(character);
        } else {
            write_escaped(text, character);
        }
    }
    text.push('"');
}

fn write_escaped(text: &mut String, character: char) {
    for escaped in character.escape_debug() {
        text.push(escaped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(part: Part<'_>) -> String {
        let mut text = String::new();
        part.write(&mut text);
        text
    }

    #[test]
    fn a_value_in_a_message_is_one_line_and_short() {
        assert_eq!(shown(Part::Value("a\r\nb\u{202e}'\"")), r#""a\r\nb\u{202e}'\"""#);
        assert!(shown(Part::Value(&"x".repeat(10_000))).len() < 100);
        assert!(shown(Part::Printable(&"1".repeat(10_000))).len() < 100);
    }

    #[test]
    fn a_character_is_quoted_as_in_rust() {
        for character in ['a', '\r', '\'', '"', '\\', '\u{85}', '\u{fc}'] {
            assert_eq!(shown(Part::Character(character)), format!("{character:?}"));
        }
    }

    #[test]
    fn parts_stand_where_the_template_has_braces() {
        let parts = [Part::Words("a"), Part::Number(7)];
        assert_eq!(
            filled("{} and {}: write {\"b\": {}}", &[parts[0], parts[1], parts[0]]),
            "a and 7: write {\"b\": a}"
        );
        assert_eq!(filled("{\"b\"}", &[]), "{\"b\"}");
    }

    #[test]
    fn names_are_joined() {
        assert_eq!(shown(Part::Names(&["a", "b", "c"])), "a, b, c");
    }
}
