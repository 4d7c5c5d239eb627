//! Any document of JSON or YAML, for what reads its values rather than the text that a proxy hands over.

use std::collections::HashSet;

use serde::de::IgnoredAny;
use serde_json::Deserializer;

use super::found::column;
use super::position::Position;
use super::scalar::Plain;
use super::tree::{Content, NodeId, ScalarForm, Tree};
use super::trouble::Trouble;
use super::{json_tree, jsonc, yaml};

/// The documents of any JSON or YAML. A key that is given twice is refused: which of the two counts depends on the
/// reader.
///
/// # Errors
/// What is wrong with it, and where.
pub(crate) fn parse(text: &str) -> Result<(Tree, Vec<NodeId>), Trouble> {
    let (tree, documents) = if text.trim_start().starts_with(['{', '[', '/']) {
        let plain = jsonc::blanked(text);
        // What is wrong is said of the text as it stands.
        let (text, count) = match (count(text), count(&plain)) {
            (Err(error), Err(_)) => return Err(wrong(text, &error)),
            (Ok(count), _) => (text, count),
            (Err(_), Ok(count)) => (plain.as_str(), count),
        };
        let (tree, roots) = json_tree::parse_all(text);
        if roots.len() != count {
            return Err(Trouble::new("it is too large, or nested too deep"));
        }
        (tree, roots)
    } else {
        yaml::parse_with_tags(text)?
    };
    tree.check_keys()?;
    Ok((tree, documents))
}

/// How many documents of JSON there are. The reader that knows their places takes what it can; this one says what is
/// wrong.
fn count(text: &str) -> Result<usize, serde_json::Error> {
    let mut documents = Deserializer::from_str(text).into_iter::<IgnoredAny>();
    documents.try_fold(0_usize, |count, document| {
        document.map(|_| count.saturating_add(1))
    })
}

/// What is no JSON, without the place that the reader adds to its words.
fn wrong(text: &str, error: &serde_json::Error) -> Trouble {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let position = Position {
        line: error.line().max(1),
        column: column(text, error.line(), error.column()),
    };
    Trouble::at(position, message.strip_suffix(&place).unwrap_or(&message))
}

/// What a scalar is to a program.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    Null,
    Flag(bool),
    /// In decimal.
    Number(String),
    Text(String),
}

impl Tree {
    /// A value that is neither a list nor a map.
    pub(crate) fn scalar(&self, id: NodeId) -> Option<Scalar> {
        let Content::Scalar { text, style } = &self.node(id)?.content else {
            return None;
        };
        Some(match (style, Plain::read(text)) {
            (ScalarForm::Plain, Plain::Null) => Scalar::Null,
            (ScalarForm::Plain, Plain::Flag(flag)) => Scalar::Flag(flag),
            (ScalarForm::Plain, Plain::Integer(integer)) => Scalar::Number(integer.to_string()),
            (ScalarForm::Plain, Plain::Double(double)) => Scalar::Number(double.to_string()),
            _ => Scalar::Text(text.clone()),
        })
    }

    /// Where a value begins.
    pub(crate) fn start(&self, id: NodeId) -> Position {
        self.region(id).map_or(Position::START, |region| region.start)
    }

    fn check_keys(&self) -> Result<(), Trouble> {
        for pairs in self.maps() {
            let mut seen = HashSet::new();
            for (key, _) in pairs {
                let text = self.text(*key).unwrap_or_default();
                if !seen.insert(text) {
                    return Err(Trouble::at(
                        self.start(*key),
                        format!("the key {text:?} is given twice"),
                    ));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_what_programs_take_them_for() {
        let (tree, roots) = parse("- a\n- \"1\"\n- 0600\n- 600.0\n- yes\n- ~\n- [b]\n").unwrap();
        let text = |text: &str| Some(Scalar::Text(text.to_owned()));
        let number = |text: &str| Some(Scalar::Number(text.to_owned()));
        let scalars: Vec<_> = tree.items(roots[0]).iter().map(|id| tree.scalar(*id)).collect();
        assert_eq!(
            scalars,
            [
                text("a"),
                text("1"),
                number("384"),
                number("600"),
                Some(Scalar::Flag(true)),
                Some(Scalar::Null),
                None
            ]
        );
    }

    #[test]
    fn what_two_readers_would_read_in_two_ways_is_refused() {
        for (text, line, message) in [
            ("{\"a\": 1,\n \"a\": 2}", 2, "the key \"a\" is given twice"),
            ("a:\n- b: 1\n  b: 2\n", 3, "the key \"b\" is given twice"),
        ] {
            let trouble = parse(text).unwrap_err();
            assert_eq!(trouble.message, message);
            assert_eq!(trouble.position.unwrap().line, line);
        }
    }

    #[test]
    fn what_cannot_be_held_whole_is_refused() {
        let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        let wide = format!(
            "a: &a [{}x]\nb: [{}x]\n",
            "x, ".repeat(20_000),
            "*a, ".repeat(20_000)
        );
        let levels = (1..10).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
            let list = [format!("*a{}", level - 1).as_str(); 10].join(", ");
            format!("{text}a{level}: &a{level} [{list}]\n")
        });
        for text in [
            deep("[", "]"),
            deep("{\"a\":", "}"),
            deep("- ", ""),
            deep("- [", "]"),
            wide,
            levels,
        ] {
            assert!(parse(&text).is_err());
        }
        for text in ["{", "{\"a\": 1} x", "a: [", "{\"a\" 1}"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
