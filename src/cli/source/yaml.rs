//! YAML with the place of each value.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::position::{Position, Region};
use super::tree::{self, Content, MOST_LEVELS, NodeId, ScalarForm, Tree};
use super::trouble::Trouble;

/// The documents of a file.
///
/// # Errors
/// What is no YAML, or too much of it, and where.
pub(super) fn parse(text: &str) -> Result<(Tree, Vec<NodeId>), Trouble> {
    read(text, Builder::default())
}

/// The same with each value that has a tag of its file's own, as `!Ref name`, as a map from the tag to the value: what
/// CloudFormation's JSON has in its place.
pub(super) fn parse_with_tags(text: &str) -> Result<(Tree, Vec<NodeId>), Trouble> {
    let builder = Builder {
        keeps_tags: true,
        ..Builder::default()
    };
    read(text, builder)
}

fn read(text: &str, mut builder: Builder) -> Result<(Tree, Vec<NodeId>), Trouble> {
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let marker = error.marker();
            let message = format!("this is no YAML: {}", error.info());
            Trouble::at(position(marker.line(), marker.col()), message)
        })?;
        builder
            .event(event, span)
            .map_err(|message| Trouble::at(region(&span).start, message))?;
    }
    Ok((builder.tree, builder.documents))
}

fn position(line: usize, column: usize) -> Position {
    Position {
        line: line.max(1),
        column: column.saturating_add(1),
    }
}

fn region(span: &Span) -> Region {
    Region {
        start: position(span.start.line(), span.start.col()),
        end: position(span.end.line(), span.end.col()),
    }
}

/// A list or a map that has not ended.
struct OpenYaml {
    start: Position,
    anchor: usize,
    children: Vec<NodeId>,
    is_map: bool,
    tag: Option<String>,
    /// Behind what it holds so far.
    end: Position,
}

#[derive(Default)]
struct Builder {
    tree: Tree,
    documents: Vec<NodeId>,
    open: Vec<OpenYaml>,
    anchors: HashMap<usize, NodeId>,
    keeps_tags: bool,
    /// How many keys and values came by `<<`.
    merged: usize,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let own = self.own_tag(tag.as_deref());
                let style = match style {
                    _ if tag.is_some_and(|tag| is_string(&tag)) => ScalarForm::Quoted,
                    ScalarStyle::Plain => ScalarForm::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => ScalarForm::Quoted,
                    ScalarStyle::Literal => ScalarForm::Literal,
                    ScalarStyle::Folded => ScalarForm::Folded,
                };
                let text = text.into_owned();
                let node = self.tree.add(Content::Scalar { text, style }, region(&span))?;
                let node = self.tagged(node, own, region(&span))?;
                self.put(node, anchor, region(&span).end);
            }
            Event::SequenceStart(anchor, tag) => self.begin(span, anchor, false, tag.as_deref())?,
            Event::MappingStart(anchor, tag) => self.begin(span, anchor, true, tag.as_deref())?,
            Event::SequenceEnd | Event::MappingEnd => self.end(region(&span))?,
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).copied();
                let node = node.ok_or("an alias stands inside of what it stands for")?;
                self.put(node, 0, region(&span).end);
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        Ok(())
    }

    /// A tag that a file means something by, where that is kept.
    fn own_tag(&self, tag: Option<&Tag>) -> Option<String> {
        let is_own = |tag: &&Tag| self.keeps_tags && tag.handle == "!" && !tag.suffix.is_empty();
        tag.filter(is_own).map(|tag| format!("!{}", tag.suffix))
    }

    fn tagged(&mut self, node: NodeId, tag: Option<String>, region: Region) -> Result<NodeId, String> {
        let Some(text) = tag else { return Ok(node) };
        let style = ScalarForm::Quoted;
        let key = self.tree.add(Content::Scalar { text, style }, region)?;
        self.tree.add(Content::Map(vec![(key, node)]), region)
    }

    fn begin(&mut self, span: Span, anchor: usize, is_map: bool, tag: Option<&Tag>) -> Result<(), String> {
        if self.open.len() >= MOST_LEVELS {
            return Err(tree::too_deep());
        }
        self.open.push(OpenYaml {
            start: region(&span).start,
            anchor,
            children: Vec::new(),
            is_map,
            tag: self.own_tag(tag),
            end: region(&span).end,
        });
        Ok(())
    }

    fn end(&mut self, closing: Region) -> Result<(), String> {
        let Some(frame) = self.open.pop() else {
            return Ok(());
        };
        // One without brackets ends with the last of it; what closes it stands where the next begins.
        // The reader counts a comment behind a bracket as part of it.
        let end = if closing.start == closing.end {
            frame.end
        } else {
            Region::at(closing.start).end
        };
        let content = if frame.is_map {
            let pairs = frame.children.chunks_exact(2).filter_map(|pair| match pair {
                [key, value] => Some((*key, *value)),
                _ => None,
            });
            let pairs: Vec<_> = pairs.collect();
            if pairs.iter().any(|(key, _)| self.tree.text(*key).is_none()) {
                return Err("a key is a list or a map, and JSON has no such keys".to_owned());
            }
            Content::Map(self.with_merged(pairs)?)
        } else {
            Content::List(frame.children)
        };
        let region = Region::at(frame.start);
        let node = self.tree.add(content, region)?;
        self.tree.ends(node, end);
        let node = self.tagged(node, frame.tag, region)?;
        self.put(node, frame.anchor, end);
        Ok(())
    }

    /// YAML 1.1's merge key: what a map lacks of those that `<<` names.
    fn with_merged(&mut self, mut pairs: Vec<(NodeId, NodeId)>) -> Result<Vec<(NodeId, NodeId)>, String> {
        let tree = &self.tree;
        let is_merge = |key| {
            tree.node(key).is_some_and(
                |node| matches!(&node.content, Content::Scalar { text, style: ScalarForm::Plain } if text == "<<"),
            )
        };
        let mut sources = Vec::new();
        for (_, value) in pairs.extract_if(.., |(key, _)| is_merge(*key)) {
            sources.push(value);
            sources.extend(tree.items(value));
        }
        if sources.is_empty() {
            return Ok(pairs);
        }
        let mut known: HashSet<&str> = pairs.iter().filter_map(|(key, _)| tree.text(*key)).collect();
        for pair in sources.iter().flat_map(|source| tree.pairs(*source)) {
            self.merged = self.merged.saturating_add(1);
            if self.merged > tree::MOST_NODES {
                return Err(tree::too_large());
            }
            if tree.text(pair.0).is_some_and(|key| known.insert(key)) {
                pairs.push(*pair);
            }
        }
        Ok(pairs)
    }

    fn put(&mut self, node: NodeId, anchor: usize, end: Position) {
        if anchor != 0 {
            self.anchors.insert(anchor, node);
        }
        match self.open.last_mut() {
            Some(frame) => {
                frame.children.push(node);
                frame.end = end;
            }
            None => self.documents.push(node),
        }
    }
}

/// `!!str`, and the `!` that says "no plain scalar".
fn is_string(tag: &Tag) -> bool {
    matches!(
        (tag.handle.as_str(), tag.suffix.as_str()),
        ("tag:yaml.org,2002:", "str") | ("!", "") | ("", "!")
    )
}
