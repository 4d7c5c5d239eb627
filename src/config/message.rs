//! The words of a finding. A message is a list of parts that is put together only where the finding is kept: that makes it
//! cheap where it is not, and it takes a fraction of the code that formatting would.

use std::fmt::Write;

use super::place::Place;

/// How many characters of a value a message shows.
const SHOWN: usize = 80;

/// A part of a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'m> {
    /// Our own words.
    Words(&'m str),
    /// A value of the configuration, which may hold anything.
    Value(&'m str),
    /// A character of a value.
    Character(char),
    /// A part of a value that is known to be printable ASCII.
    Printable(&'m str),
    Number(usize),
    /// The pointer to a place.
    Pointer(&'m Place<'m>),
    /// Several words, with commas.
    Names(&'m [&'m str]),
}

impl Part<'_> {
    pub(super) fn write(self, text: &mut String) {
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
    fn names_are_joined() {
        assert_eq!(shown(Part::Names(&["a", "b", "c"])), "a, b, c");
    }
}
