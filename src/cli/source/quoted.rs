//! Strings as JSON and YAML both have them.

use super::scalar;

/// How long the quoted string is that a text begins with, with its quotes. `None`: it begins with none.
pub(super) fn quoted_length(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        match character {
            '\\' if quote == '"' => drop(characters.next()),
            '\'' if quote == '\'' && next == Some('\'') => drop(characters.next()),
            _ if character == quote => return Some(at.saturating_add(1)),
            _ => {}
        }
    }
    None
}

/// A string, in JSON and in YAML.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::new();
    scalar::write_text(text, &mut out);
    yaml_safe(&out)
}

/// JSON with escapes for what YAML takes for the end of a line, or refuses.
pub(super) fn yaml_safe(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                // All of them are in strings, and in the basic plane.
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
    out
}
