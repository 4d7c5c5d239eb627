//! The lines of a text.

use super::position::Position;

/// The lines of a text, each with the byte that it begins at.
pub(super) struct LineTable<'t> {
    pub(super) of: Vec<(usize, &'t str)>,
}

impl<'t> LineTable<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mut at = 0_usize;
        let lines = text.split('\n').map(|line| {
            let start = at;
            at = at.saturating_add(line.len()).saturating_add(1);
            (start, line)
        });
        Self { of: lines.collect() }
    }

    pub(super) fn start(&self, index: usize) -> Option<usize> {
        self.of.get(index).map(|(start, _)| *start)
    }

    pub(super) fn end(&self, index: usize) -> Option<usize> {
        let (start, line) = self.of.get(index)?;
        Some(start.saturating_add(line.trim_end_matches('\r').len()))
    }

    pub(super) fn offset(&self, at: Position) -> Option<usize> {
        let (start, line) = self.of.get(at.line.checked_sub(1)?)?;
        let mut characters = line.char_indices().map(|(index, _)| index);
        let within = characters.nth(at.column.checked_sub(1)?).unwrap_or(line.len());
        Some(start.saturating_add(within))
    }

    /// What the further lines of a value that begins there stand behind: more than its key, as YAML has it.
    pub(super) fn indent_behind(&self, start: Position) -> String {
        let line = start.line.checked_sub(1).and_then(|index| self.of.get(index));
        let line = line.map_or("", |(_, line)| *line);
        let before = line
            .chars()
            .take_while(|character| matches!(character, ' ' | '-'))
            .count();
        let column = start.column.saturating_sub(1);
        let more = if before < column { 2 } else { 0 };
        " ".repeat(before.min(column).saturating_add(more))
    }
}
