//! What a round came to, in lines for a person.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use super::change_words::printable;
use super::difference::{ChangeKind, RuleChange};
use super::round::SyncRound;
use super::store::{Failure, FailureKind};
use crate::terminal::complain;

/// Lines of one kind that are printed at once. With all buckets of a store the first ones say what it is.
const PRINTED: usize = 100;

/// What was said of troubles before, so that each is said once.
#[derive(Debug, Default)]
pub(super) struct ToldTroubles {
    of: BTreeMap<String, (TroubleOf, FailureKind)>,
    /// Buckets that a later store has too.
    doubled: BTreeSet<(String, String)>,
}

/// What a trouble is of. A bucket that kept its rules and is not known any more has another trouble, of the same kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TroubleOf {
    List,
    Kept,
    Unread,
}

/// Something that goes wrong for a while, and is said when it begins, when it becomes another and when it ends.
#[derive(Debug)]
pub(super) struct Lasting {
    said: Vec<String>,
    end: &'static str,
}

/// A line for each bucket whose rules are others.
pub(super) fn changes(round: &SyncRound) -> Vec<String> {
    let line = |change: &RuleChange| {
        let kind = match change.kind {
            ChangeKind::Added => "new: ",
            _ => "",
        };
        format!("{}: {kind}{}", printable(&change.bucket), change.said.join("; "))
    };
    round.changes.iter().map(line).collect()
}

impl Lasting {
    /// `end`: what is said when it is over.
    pub(super) fn new(end: &'static str) -> Self {
        Self {
            said: Vec::new(),
            end,
        }
    }

    /// What is wrong now. No line: nothing.
    pub(super) fn say(&mut self, lines: impl IntoIterator<Item = String>) {
        let lines: Vec<String> = lines.into_iter().collect();
        if self.said != lines {
            if lines.is_empty() {
                tell([self.end.to_owned()]);
            } else {
                say(lines.clone());
            }
            self.said = lines;
        }
    }
}

impl ToldTroubles {
    /// A line for each bucket and store that tells nothing since this round, and for each that does again.
    pub(super) fn lines(&mut self, round: &SyncRound) -> Vec<String> {
        let mut troubles: Vec<(String, TroubleOf, &Failure, String)> = Vec::new();
        for (store, failure) in &round.unlisted {
            let what = "the list of its buckets is not known, so that none is added or left out".to_owned();
            troubles.push((store.clone(), TroubleOf::List, failure, what));
        }
        for (name, known) in &round.kept.buckets {
            if let Some(failure) = &known.trouble {
                let age = age(known.read.age(round.at));
                troubles.push((
                    printable(name),
                    TroubleOf::Kept,
                    failure,
                    format!("the rules of {age} ago are kept"),
                ));
            }
        }
        for (name, failure) in &round.unread {
            let what = "its rules are not known, and it is left as the base has it".to_owned();
            troubles.push((printable(name), TroubleOf::Unread, failure, what));
        }
        let mut lines = Vec::new();
        let mut now = BTreeMap::new();
        for (who, of, failure, what) in troubles {
            let trouble = (of, failure.kind);
            if self.of.get(&who) != Some(&trouble) {
                lines.push(format!("{who}: {what}: {failure}"));
            }
            now.insert(who, trouble);
        }
        let left_out = lines.len().saturating_sub(PRINTED);
        lines.truncate(PRINTED);
        if left_out > 0 {
            lines.push(format!(
                "and {left_out} more that are not known; /metrics counts them"
            ));
        }
        let before = std::mem::replace(&mut self.of, now);
        let again: Vec<&String> = before.keys().filter(|who| !self.of.contains_key(*who)).collect();
        match again.as_slice() {
            [] => {}
            _ if is_quiet() => {}
            [who] => lines.push(format!("{who}: known again")),
            _ => lines.push(format!("known again: {}", again.len())),
        }
        let new = round.doubled.iter().filter(|pair| !self.doubled.contains(*pair));
        lines.extend(new.map(|(name, store)| {
            format!(
                "{}: {store} has a bucket of that name too, and the one of the store that comes first is followed",
                printable(name)
            )
        }));
        self.doubled = round.doubled.iter().cloned().collect();
        lines
    }
}

/// An age in its two largest units.
pub(super) fn age(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, unit) in units {
        let count = rest.checked_div(size).unwrap_or_default();
        rest = rest.checked_rem(size).unwrap_or_default();
        if count > 0 || (unit == "s" && parts.is_empty()) {
            parts.push(format!("{count} {unit}"));
        }
    }
    parts.truncate(2);
    parts.join(" ")
}

/// Whether only what is wrong is said.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

pub(super) fn begin(is_quiet: bool) {
    IS_QUIET.store(is_quiet, Ordering::Relaxed);
}

fn is_quiet() -> bool {
    IS_QUIET.load(Ordering::Relaxed)
}

/// Says on standard error what is not wrong.
pub(super) fn tell(lines: impl IntoIterator<Item = String>) {
    if !is_quiet() {
        say(lines);
    }
}

/// Says on standard error what is wrong.
pub(super) fn say(lines: impl IntoIterator<Item = String>) {
    lines.into_iter().for_each(|line| complain([&line]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_its_two_largest_units() {
        for (seconds, said) in [
            (0, "0 s"),
            (59, "59 s"),
            (61, "1 min 1 s"),
            (7_500, "2 h 5 min"),
            (172_860, "2 d 1 min"),
        ] {
            assert_eq!(age(seconds), said);
        }
    }
}
