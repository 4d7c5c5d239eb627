//! The syntax of an expression, as far as Envoy's RE2 and the parser here read it alike.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;

/// Reads an expression.
///
/// # Errors
/// Why it cannot be read, as the end of a sentence.
pub(super) fn parsed(expression: &str) -> Result<Hir, String> {
    if reads_otherwise(expression) {
        return Err("it is too unusual to be read here: write its origins out".to_owned());
    }
    let parser = ParserBuilder::new().nest_limit(50).build().parse(expression);
    parser.map_err(|_| "it is no regular expression that can be read here: write its origins out".to_owned())
}

/// Whether it holds what RE2, whose syntax Envoy's is, reads otherwise than the parser here: sets in sets, and a
/// repetition without a first number.
fn reads_otherwise(expression: &str) -> bool {
    let mut characters = expression.chars().peekable();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        match character {
            '\\' => _ = characters.next(),
            '{' if next == Some(',') => return true,
            '[' if in_class && next != Some(':') => return true,
            '[' if !in_class => {
                in_class = true;
                // A `]` right behind the opening stands for itself.
                _ = characters.next_if_eq(&'^');
                _ = characters.next_if_eq(&']');
            }
            ']' => in_class = false,
            '&' | '-' | '~' if in_class && next == Some(character) => return true,
            // The end of a name as in [[:alpha:]].
            ':' if in_class && next == Some(']') => _ = characters.next(),
            _ => {}
        }
    }
    false
}
