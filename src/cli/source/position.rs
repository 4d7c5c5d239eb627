//! Where in a file something stands.

/// A line and a column, both from 1, as editors count them; a column is a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Position {
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// Behind a text.
    pub(crate) fn behind(text: &str) -> Self {
        let mut at = Self::START;
        text.chars().for_each(|character| at.step(character));
        at
    }

    /// Behind a character.
    pub(super) fn step(&mut self, character: char) {
        if character == '\n' {
            self.line = self.line.saturating_add(1);
            self.column = 1;
        } else {
            self.column = self.column.saturating_add(1);
        }
    }
}

/// A stretch of a file; its end is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) start: Position,
    pub(crate) end: Position,
}

impl Region {
    /// One character.
    pub(crate) fn at(start: Position) -> Self {
        let mut end = start;
        end.step(' ');
        Self { start, end }
    }
}

/// Where the text that the filter gets stands in the file that it was found in.
#[derive(Debug, Clone)]
pub(super) enum Placement {
    /// Line by line, with its first character here and each line as far to the right: the whole file, or a YAML block
    /// scalar.
    Block(Position),
    /// In one line, where each of its characters stands in a column of its own: a quoted string.
    Line {
        line: usize,
        /// The column of each character, and that of the end.
        columns: Vec<usize>,
        /// The index of the first character of each line that the string holds.
        starts: Vec<usize>,
    },
    /// Somewhere in here.
    Within(Region),
    /// In a text that itself stands in another.
    Inside { inner: Box<Self>, outer: Box<Self> },
}

impl Placement {
    /// Where in the file a place in the text is.
    pub(super) fn of(&self, inner: Region) -> Region {
        match self {
            Self::Within(region) => *region,
            Self::Inside { inner: own, outer } => outer.of(own.of(inner)),
            _ => Region {
                start: self.position(inner.start),
                end: self.position(inner.end),
            },
        }
    }

    fn position(&self, inner: Position) -> Position {
        let (line, column) = (inner.line.saturating_sub(1), inner.column.saturating_sub(1));
        match self {
            Self::Block(start) => Position {
                line: start.line.saturating_add(line),
                column: start.column.saturating_add(column),
            },
            Self::Line {
                line: at,
                columns,
                starts,
            } => {
                let index = starts
                    .get(line)
                    .map_or(usize::MAX, |start| start.saturating_add(column));
                let column = columns.get(index).or(columns.last()).copied();
                Position {
                    line: *at,
                    column: column.unwrap_or(1),
                }
            }
            Self::Within(region) => region.start,
            Self::Inside { inner: own, outer } => outer.position(own.position(inner)),
        }
    }
}

/// Where the lines of a literal block scalar stand, by the file's own text: `None` where it is not as expected. The
/// reader's `start` is the header's anchor, if there is one, else the first character that is not in a blank line.
pub(super) fn in_block(file: &str, start: Position, value: &str) -> Option<Placement> {
    let blank = value.split('\n').take_while(|line| line.is_empty()).count();
    let first = value.split('\n').nth(blank)?;
    let near = file.lines().enumerate().skip(start.line.saturating_sub(1));
    let (index, indentation) = near.take(blank.saturating_add(2)).find_map(|(index, line)| {
        let before = line.strip_suffix(first)?;
        before
            .bytes()
            .all(|byte| byte == b' ')
            .then_some((index, before.len()))
    })?;
    Some(Placement::Block(Position {
        line: index.saturating_add(1).checked_sub(blank)?,
        column: indentation.saturating_add(1),
    }))
}

/// Where the characters of a quoted string that begins and ends in this line stand, by the line's own text: `None`
/// where it is not as expected.
pub(super) fn in_quotes(line_text: &str, start: Position, value: &str) -> Option<Placement> {
    let mut source = line_text.chars().skip(start.column.saturating_sub(1)).peekable();
    let mut column = start.column;
    let mut next = |column: &mut usize| {
        *column = column.saturating_add(1);
        source.next()
    };
    let quote = next(&mut column)?;
    let mut columns = Vec::new();
    let mut starts = vec![0];
    for (index, character) in value.chars().enumerate() {
        columns.push(column);
        if character == '\n' {
            starts.push(index.saturating_add(1));
        }
        match (quote, next(&mut column)?) {
            ('\'', '\'') => {
                next(&mut column)?;
            }
            ('"', '\\') => {
                let digits = match next(&mut column)? {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                // JSON writes a character beyond the basic plane as two escapes.
                let is_pair = digits == 4 && u32::from(character) > 0xffff;
                for _ in 0..if is_pair { 10 } else { digits } {
                    next(&mut column)?;
                }
            }
            ('"' | '\'', plain) if plain == character => {}
            _ => return None,
        }
    }
    columns.push(column);
    Some(Placement::Line {
        line: start.line,
        columns,
        starts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize) -> Position {
        Position { line, column }
    }

    #[test]
    fn each_character_of_a_quoted_string_has_its_column() {
        let found = in_quotes(r#"  value: "{\n \"\u00e9\ud83d\ude00x""#, at(7, 10), "{\n \"é😀x").unwrap();
        assert_eq!(found.position(at(1, 1)), at(7, 11));
        assert_eq!(found.position(at(2, 2)), at(7, 15));
        assert_eq!(found.position(at(2, 5)), at(7, 35));
        let found = in_quotes("a: 'it''s'", at(1, 4), "it's").unwrap();
        assert_eq!(found.position(at(1, 4)), at(1, 9));
    }

    #[test]
    fn a_string_of_several_lines_has_no_columns() {
        assert!(in_quotes("a: \"b", at(1, 4), "b c").is_none());
    }
}
