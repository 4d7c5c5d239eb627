//! JSON and YAML as one kind of tree, with bounds on what a text can grow to.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value. Objects keep the order of their keys, so that what is said follows the document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Flag(bool),
    /// As the format's parser prints it.
    Number(String),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// What a text may grow to by YAML aliases: characters and values, beside a multiple of its own length.
const GROWTH: usize = 1_000_000;

/// How deep brackets may nest. The YAML parser's work grows with the square of it.
const DEPTH: usize = 200;

/// Reads JSON: one value.
///
/// # Errors
/// What is wrong and where, for a person.
pub(crate) fn json(text: &str) -> Result<Tree, String> {
    let left = Cell::new(usize::MAX);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let tree = Seed(&left).deserialize(&mut deserializer).map_err(said)?;
    deserializer.end().map_err(said)?;
    Ok(tree)
}

/// Reads JSON, or YAML with any number of documents, without the empty ones.
///
/// # Errors
/// What is wrong and where, for a person.
pub(crate) fn documents(text: &str) -> Result<Vec<Tree>, String> {
    // YAML holds JSON, but its parser is the slower and the less clear one.
    if text.trim_start().starts_with(['{', '[']) {
        return Ok(vec![json(text)?]);
    }
    if nests_deeper(text) {
        return Err(format!("brackets nest deeper than {DEPTH}"));
    }
    let left = Cell::new(text.len().saturating_mul(4).saturating_add(GROWTH));
    let mut documents = Vec::new();
    for document in serde_norway::Deserializer::from_str(text) {
        let tree = Seed(&left)
            .deserialize(document)
            .map_err(|error| error.to_string())?;
        if tree != Tree::Null {
            documents.push(tree);
        }
    }
    Ok(documents)
}

fn said(error: serde_json::Error) -> String {
    error.to_string()
}

fn nests_deeper(text: &str) -> bool {
    let mut depth = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => depth = depth.saturating_add(1),
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEPTH
    })
}

/// Builds a tree, within what is left of the budget.
#[derive(Clone, Copy)]
struct Seed<'b>(&'b Cell<usize>);

impl Seed<'_> {
    fn spend<E: de::Error>(self, amount: usize) -> Result<(), E> {
        let left = self.0.get().checked_sub(amount.saturating_add(1));
        self.0
            .set(left.ok_or_else(|| E::custom("the document's aliases (*name) repeat too much of it"))?);
        Ok(())
    }

    fn leaf<E: de::Error>(self, tree: Tree) -> Result<Tree, E> {
        self.spend(0)?;
        Ok(tree)
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value without a YAML tag")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Tree, E> {
        self.leaf(Tree::Null)
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Tree, E> {
        self.leaf(Tree::Flag(flag))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Tree, E> {
        self.leaf(Tree::Number(number.to_string()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Tree, E> {
        self.leaf(Tree::Number(number.to_string()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Tree, E> {
        self.leaf(Tree::Number(number.to_string()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Tree, E> {
        self.spend(text.len())?;
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Tree, A::Error> {
        self.spend(0)?;
        let mut list = Vec::new();
        while let Some(value) = values.next_element_seed(self)? {
            list.push(value);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Tree, A::Error> {
        self.spend(0)?;
        let mut map = Vec::new();
        let mut seen = HashSet::new();
        while let Some(key) = fields.next_key_seed(self)? {
            let key = match key {
                Tree::Text(text) | Tree::Number(text) => text,
                Tree::Flag(flag) => flag.to_string(),
                _ => return Err(de::Error::custom("a key is a string")),
            };
            if key == "<<" {
                return Err(de::Error::custom(
                    "the merge key << is not read: write out what it brings",
                ));
            }
            // Which of two would count depends on the reader.
            if !seen.insert(key.clone()) {
                return Err(de::Error::custom(format_args!("the key {key:?} is given twice")));
            }
            map.push((key, fields.next_value_seed(self)?));
        }
        Ok(Tree::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Tree {
        Tree::Text(text.to_owned())
    }

    #[test]
    fn json_and_yaml_give_the_same_tree() {
        let tree = Tree::Map(vec![
            (
                "b".to_owned(),
                Tree::List(vec![text("x"), Tree::Number("1".to_owned())]),
            ),
            (
                "a".to_owned(),
                Tree::Map(vec![("80".to_owned(), Tree::Flag(true))]),
            ),
        ]);
        assert_eq!(json(r#"{"b": ["x", 1], "a": {"80": true}}"#).unwrap(), tree);
        assert_eq!(documents("b: [x, 1]\na: {80: true}\n").unwrap(), [tree]);
    }

    #[test]
    fn yaml_may_hold_several_documents() {
        assert_eq!(
            documents("--- a\n---\n---\n- b\n").unwrap(),
            [text("a"), Tree::List(vec![text("b")])]
        );
        assert_eq!(documents("").unwrap(), []);
    }

    #[test]
    fn aliases_are_read_and_bounded() {
        let tree = documents("a: &x [b]\nc: *x\n").unwrap();
        let Some(Tree::Map(map)) = tree.first() else {
            panic!("{tree:?}")
        };
        assert_eq!(map[0].1, map[1].1);
        // Ten levels of ten, and one level of many: the parser's own bound is on the number of aliases alone.
        let mut levels = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let before = format!("*a{}", level - 1);
            let list = [before.as_str(); 10].join(", ");
            levels += &format!("a{level}: &a{level} [{list}]\n");
        }
        let wide = format!(
            "a: &a [{}x]\nb: [{}x]\n",
            "x, ".repeat(20_000),
            "*a, ".repeat(20_000)
        );
        let long = format!("a: &a {}\nb: [{}x]\n", "x".repeat(100_000), "*a, ".repeat(20_000));
        for bomb in [levels, wide, long] {
            let error = documents(&bomb).unwrap_err();
            assert!(error.contains("repe"), "{error}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        for open in ["[", "{\"a\":", "- [", "- ", "a:\n  - - - [{x: ["] {
            let error = documents(&open.repeat(100_000)).unwrap_err();
            assert!(error.len() < 200, "{error}");
        }
    }

    #[test]
    fn what_two_readers_would_read_in_two_ways_is_refused() {
        for (bad, words) in [
            (
                "{\"a\": 1, \"a\": 2}",
                "the key \"a\" is given twice at line 1 column 13",
            ),
            ("a: 1\na: 2\n", "given twice"),
            ("a: &x {b: 1}\nc:\n  <<: *x\n", "merge key"),
            ("a: !Ref b\n", "YAML tag"),
            ("{\"a\": 1} x", "trailing characters"),
            ("{\"a\": ", "EOF"),
        ] {
            let error = documents(bad).unwrap_err();
            assert!(error.contains(words), "{bad}: {error}");
        }
    }
}
