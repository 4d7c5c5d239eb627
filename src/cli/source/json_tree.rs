//! JSON with the place of each value. The core's reader says what is wrong with it; this one only has to find what that
//! speaks of, so it takes what it can and never complains.

use super::position::{Position, Region};
use super::tree::{Content, MOST_LEVELS, NodeId, ScalarForm, Tree};

/// The tree of a text, up to where it is no JSON any more.
pub(super) fn parse(text: &str) -> (Tree, Option<NodeId>) {
    let mut reader = read(text);
    while let Some(frame) = reader.open.pop() {
        reader.close(frame);
    }
    (reader.tree, reader.root)
}

/// The documents of a text that is JSON, one behind the other: fewer than there are, where there is too much of it.
pub(super) fn parse_all(text: &str) -> (Tree, Vec<NodeId>) {
    let mut reader = read(text);
    let mut roots = Vec::new();
    while let Some(root) = reader.root.take() {
        roots.push(root);
        reader.read();
    }
    (reader.tree, roots)
}

fn read(text: &str) -> Reader<'_> {
    let mut reader = Reader {
        text,
        offset: 0,
        at: Position::START,
        tree: Tree::default(),
        open: Vec::new(),
        root: None,
    };
    reader.read();
    reader
}

/// A list or an object that has not ended.
enum OpenJson {
    List(Position, Vec<NodeId>),
    Map(Position, Vec<(NodeId, NodeId)>, Option<NodeId>),
}

struct Reader<'t> {
    text: &'t str,
    offset: usize,
    at: Position,
    tree: Tree,
    open: Vec<OpenJson>,
    root: Option<NodeId>,
}

impl<'t> Reader<'t> {
    /// Reads up to the end of a document.
    fn read(&mut self) {
        while self.root.is_none() && self.token().is_some() {}
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn step(&mut self, character: char) {
        self.offset = self.offset.saturating_add(character.len_utf8());
        self.at.step(character);
    }

    /// Reads one token; `None` at the end, or where nothing can be made of the text.
    fn token(&mut self) -> Option<()> {
        let first = self.rest().chars().next()?;
        let start = self.at;
        match first {
            '[' | '{' => {
                if self.open.len() >= MOST_LEVELS {
                    return None;
                }
                self.step(first);
                self.open.push(if first == '[' {
                    OpenJson::List(start, Vec::new())
                } else {
                    OpenJson::Map(start, Vec::new(), None)
                });
            }
            ']' | '}' => {
                self.step(first);
                let frame = self.open.pop()?;
                self.close(frame)?;
            }
            '"' => self.string(start)?,
            ',' | ':' => self.step(first),
            blank if blank.is_ascii_whitespace() => self.step(blank),
            _ => self.word(start)?,
        }
        Some(())
    }

    fn string(&mut self, start: Position) -> Option<()> {
        let from = self.offset;
        self.step('"');
        let mut is_escaped = false;
        for character in self.rest().chars() {
            self.step(character);
            match character {
                '"' if !is_escaped => break,
                '\\' => is_escaped = !is_escaped,
                _ => is_escaped = false,
            }
        }
        let quoted = self.text.get(from..self.offset)?;
        let text = serde_json::from_str(quoted).unwrap_or_else(|_| quoted.trim_matches('"').to_owned());
        self.scalar(text, ScalarForm::Quoted, start)
    }

    fn word(&mut self, start: Position) -> Option<()> {
        let rest = self.rest();
        let end = rest.find(|character: char| {
            character.is_ascii_whitespace() || matches!(character, ',' | ':' | '[' | ']' | '{' | '}' | '"')
        });
        let word = rest.get(..end.unwrap_or(rest.len()))?;
        for character in word.chars() {
            self.step(character);
        }
        self.scalar(word.to_owned(), ScalarForm::Plain, start)
    }

    fn scalar(&mut self, text: String, style: ScalarForm, start: Position) -> Option<()> {
        let region = Region { start, end: self.at };
        let node = self.tree.add(Content::Scalar { text, style }, region).ok()?;
        self.put(node);
        Some(())
    }

    fn close(&mut self, frame: OpenJson) -> Option<()> {
        let (start, content) = match frame {
            OpenJson::List(start, items) => (start, Content::List(items)),
            OpenJson::Map(start, pairs, _) => (start, Content::Map(pairs)),
        };
        let node = self.tree.add(content, Region::at(start)).ok()?;
        self.tree.ends(node, self.at);
        self.put(node);
        Some(())
    }

    fn put(&mut self, node: NodeId) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(OpenJson::List(_, items)) => items.push(node),
            Some(OpenJson::Map(_, pairs, key)) => match key.take() {
                Some(key) => pairs.push((key, node)),
                None => *key = Some(node),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_they_stand() {
        let (tree, root) = parse("{\n\t\"a\": [1, \"x\\\"\\/\\ud83d\\ude00\"],\n\t\"é\":true}");
        let root = root.unwrap();
        let list = tree.get(root, "a").unwrap();
        assert_eq!(tree.region(list).unwrap().start, Position { line: 2, column: 7 });
        let text = tree.items(list)[1];
        assert_eq!(tree.text(text), Some("x\"/😀"));
        let region = tree.region(text).unwrap();
        assert_eq!((region.start.column, region.end.column), (11, 30));
        let flag = tree.get(root, "é").unwrap();
        assert_eq!(tree.region(flag).unwrap().start, Position { line: 3, column: 6 });
    }

    #[test]
    fn what_is_cut_short_is_there_up_to_the_cut() {
        let text = "{\"a\": [1, {\"b\": \"c";
        for end in 0..=text.len() {
            parse(text.get(..end).unwrap());
        }
        let (tree, root) = parse(text);
        let list = tree.get(root.unwrap(), "a").unwrap();
        assert_eq!(tree.items(list).len(), 2);
        parse(&"[".repeat(1_000_000));
        parse("}]{\"a\" 1 : : ,, }");
    }
}
