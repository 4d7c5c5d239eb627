//! The places of XML's nodes, for a person.

use std::cell::Cell;

use roxmltree::Node;

use crate::source::Position;

/// Where a byte is, for a person. The parser's own answer counts from the start each time.
pub(super) struct LineNumbers<'t> {
    pub(super) file: &'t str,
    text: &'t str,
    starts: Vec<usize>,
    /// The place that was asked for last, and its column: nodes come in order, and a document may be one line.
    last: Cell<(usize, usize)>,
}

impl<'t> LineNumbers<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        Self {
            file,
            text,
            starts: breaks.map(|(at, _)| at.saturating_add(1)).collect(),
            last: Cell::default(),
        }
    }

    pub(super) fn place(&self, node: Node<'_, '_>) -> String {
        let Position { line, column } = self.position(node.range().start);
        format!("{}:{line}:{column}", self.file)
    }

    pub(super) fn position(&self, at: usize) -> Position {
        let line = self.starts.partition_point(|&start| start <= at);
        let start = line
            .checked_sub(1)
            .and_then(|before| self.starts.get(before))
            .copied()
            .unwrap_or(0);
        let (from, before) = match self.last.get() {
            (last, column) if (start..=at).contains(&last) => (last, column),
            _ => (start, 0),
        };
        let characters = self.text.get(from..at).map_or(0, |text| text.chars().count());
        let column = before.saturating_add(characters);
        self.last.set((at, column));
        Position {
            line: line.saturating_add(1),
            column: column.saturating_add(1),
        }
    }
}
