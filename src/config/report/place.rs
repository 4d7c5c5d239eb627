//! Where in the configuration a value stands.

use std::fmt::Write;

/// The longest key that a pointer shows whole, in bytes. Only an unknown key can be longer, and nothing is read below
/// it.
const SHOWN_KEY: usize = 100;

/// A place in the document: a list of steps that lives on the stack of the reader. It costs nothing until a finding
/// asks for its pointer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'p> {
    /// The whole document.
    Document,
    /// The value of a key, as the document spells it.
    Key(&'p Place<'p>, &'p str),
    /// An element of a list.
    Index(&'p Place<'p>, usize),
}

impl Place<'_> {
    /// Writes the JSON pointer (RFC 6901). Control characters, which a pointer may hold, are escaped as JSON escapes
    /// them: pointers end up in logs.
    pub(crate) fn write(&self, text: &mut String) {
        match self {
            Place::Document => {}
            Place::Key(parent, key) => {
                parent.write(text);
                text.push('/');
                write_token(text, key);
            }
            Place::Index(parent, index) => {
                parent.write(text);
                // Writing to a String cannot fail.
                let _ = write!(text, "/{index}");
            }
        }
    }
}

/// A key as a token of the pointers that findings have, for who looks for what they point at. Not in the module, which
/// it would make larger.
#[cfg(feature = "cli")]
pub fn pointer_token(key: &str) -> String {
    let mut text = String::new();
    write_token(&mut text, key);
    text
}

fn write_token(text: &mut String, key: &str) {
    for (at, character) in key.char_indices() {
        if at >= SHOWN_KEY {
            text.push('…');
            return;
        }
        match character {
            '~' => text.push_str("~0"),
            '/' => text.push_str("~1"),
            control if control.is_control() => {
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Place<'_> {
        fn pointer(&self) -> String {
            let mut text = String::new();
            self.write(&mut text);
            text
        }
    }

    #[test]
    fn the_document_itself_is_the_empty_pointer() {
        assert_eq!(Place::Document.pointer(), "");
    }

    #[test]
    fn steps_are_joined_and_escaped() {
        let buckets = Place::Key(&Place::Document, "buckets");
        let bucket = Place::Index(&buckets, 12);
        assert_eq!(Place::Key(&bucket, "a/b~c").pointer(), "/buckets/12/a~1b~0c");
        assert_eq!(Place::Key(&Place::Document, "a\nb").pointer(), "/a\\u000ab");
    }

    #[test]
    fn a_long_key_is_cut() {
        let key = "k".repeat(1_000_000);
        assert_eq!(
            Place::Key(&Place::Document, &key).pointer().chars().count(),
            1 + SHOWN_KEY + 1
        );
    }
}
