//! The ends of the text in a way to match, which a whole origin has only at its own.

use super::branches::{END, START, Step};

/// What a way to match takes between the ends of the text that it asks for. Between one that it asks for in its middle
/// and the end itself nothing may stand. `None`: something has to, so that it matches no text.
pub(super) fn without_ends(steps: &[Step]) -> Option<Vec<Step>> {
    let is = |end: char| move |step: &Step| *step == Step::Character(end);
    let start = steps
        .iter()
        .rposition(is(START))
        .map_or(0, |at| at.saturating_add(1));
    let end = steps.iter().position(is(END)).unwrap_or(steps.len());
    // A text of no characters has its start behind its end.
    let before = steps.get(..start)?;
    let behind = steps.get(end..)?;
    let may_be_missing = before.iter().chain(behind).all(|step| match *step {
        Step::Character(character) => matches!(character, START | END),
        Step::Characters(_, least, _) => least == 0,
    });
    may_be_missing.then(|| steps.get(start..end).unwrap_or_default().to_vec())
}
