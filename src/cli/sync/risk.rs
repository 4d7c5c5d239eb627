//! Why a round's rules cannot be put in force without more risk than is allowed.

use std::collections::BTreeSet;

use super::change_words::buckets;
use super::edge_files::EdgeFiles;
use super::inputs::EdgeInputs;
use super::remembered::{OutputHand, Remembered};
use super::round::SyncRound;

/// As many names as a line has room for.
const NAMED: usize = 3;

/// What rules could be lost of, and what is allowed.
pub(super) struct Risk<'a> {
    pub(super) files: &'a EdgeFiles,
    pub(super) inputs: &'a EdgeInputs,
    /// What the output has.
    pub(super) kept: &'a Remembered,
    /// Buckets that are to go.
    pub(super) forget: &'a [String],
    pub(super) max_loss: Option<usize>,
    /// Whether Envoys ask here which have got nothing from this process, nor from the output as it stands.
    pub(super) is_unknown_to_envoys: bool,
}

/// The buckets that speak against it.
struct AtRisk<'r> {
    /// Those that would lose the rules that are in force.
    losing: BTreeSet<&'r str>,
    /// Those that had rules in the output before, and would be left without.
    lost: BTreeSet<&'r str>,
    /// What is not known where there is nothing to begin with, and the buckets that are not told then.
    beginning: Option<&'static str>,
    untold: BTreeSet<&'r str>,
}

impl Risk<'_> {
    /// All that speaks against it, and the way out. `None`: nothing does.
    pub(super) fn hold(&self, round: &SyncRound) -> Option<String> {
        let is_new = !round.unread.is_empty() || !round.unlisted.is_empty();
        if is_new && !self.files.has_memory(self.inputs) {
            return Some(
                "nothing is printed: of some buckets nothing is known, and what is applied without them could take their \
                 rules away; --into with the document that is in force keeps them"
                    .to_owned(),
            );
        }
        let risk = self.at_risk(round);
        let is_beginning = risk.beginning.is_some();
        // Nobody's word says that these may go. Two processes that write one output would take each other's away for
        // ever.
        let is_own = matches!(self.kept.hand, OutputHand::Own | OutputHand::Nobody);
        let is_known = is_own && risk.lost.is_empty() && !is_beginning;
        let most = self.max_loss.unwrap_or(if is_known { self.tenth() } else { 0 });
        let count = risk.count();
        let mut ways = Vec::new();
        if is_beginning && !round.unlisted.is_empty() {
            ways.push(
                "that lasts until each store has said which buckets it has: one that does not say so can be followed by the \
                 names of its buckets"
                    .to_owned(),
            );
        }
        if count > most {
            let limit = self.max_loss.map(|most| format!("--max-loss is {most}; "));
            ways.push(format!(
                "{}where that is meant, start with --max-loss {count}, or with --forget for each",
                limit.unwrap_or_default()
            ));
        }
        if ways.is_empty() {
            return None;
        }
        let what = if self.is_unknown_to_envoys && is_beginning {
            "nothing is handed out"
        } else {
            "nothing is written"
        };
        let why = risk.said(self.kept.hand).join("; ");
        Some(format!("{what}: {why}; {}", ways.join("; ")))
    }

    fn at_risk<'r>(&'r self, round: &'r SyncRound) -> AtRisk<'r> {
        let lost = self.kept.lost.iter().map(String::as_str);
        let beginning = self.beginning(round);
        let untold = round.unread.keys().filter(|name| !self.forget.contains(name));
        AtRisk {
            losing: round.losses(),
            lost: lost.filter(|name| !round.kept.has_rules(name)).collect(),
            untold: beginning
                .map(|_| untold.map(String::as_str).collect())
                .unwrap_or_default(),
            beginning,
        }
    }

    /// What is not known where there is nothing to begin with. `None`: there is.
    fn beginning(&self, round: &SyncRound) -> Option<&'static str> {
        if self.is_unknown_to_envoys {
            match self.kept.hand {
                OutputHand::Nobody => {
                    return Some(
                        "there was no output yet, and an Envoy may have rules that are not known here",
                    );
                }
                OutputHand::Unknown => {
                    return Some(
                        "nothing is remembered of this output, and an Envoy may have rules that are not known here",
                    );
                }
                OutputHand::Own | OutputHand::Another => {}
            }
        }
        let is_first = self.kept.hand == OutputHand::Nobody;
        let knows_nothing = round.kept.buckets.is_empty() && !round.failures().is_empty();
        (is_first && knows_nothing).then_some("no store tells the rules of any bucket")
    }

    /// As many as may lose their rules where nothing else is said.
    fn tenth(&self) -> usize {
        let names = self.kept.names().into_iter();
        let with_rules = names.filter(|name| self.kept.has_rules(name)).count();
        with_rules.checked_div(10).unwrap_or_default().max(1)
    }
}

impl AtRisk<'_> {
    fn count(&self) -> usize {
        let all = [&self.losing, &self.lost, &self.untold].into_iter().flatten();
        all.collect::<BTreeSet<_>>().len()
    }

    /// For a person. `hand`: who wrote the output.
    fn said(&self, hand: OutputHand) -> Vec<String> {
        let mut said = Vec::new();
        if !self.losing.is_empty() {
            let by = match hand {
                OutputHand::Another => ", as another hand has written them",
                OutputHand::Unknown => ", and nothing is remembered of who wrote them",
                OutputHand::Own | OutputHand::Nobody => "",
            };
            said.push(format!(
                "{} would lose all {} at once{by} ({})",
                buckets(self.losing.len()),
                if self.losing.len() == 1 {
                    "its rules"
                } else {
                    "their rules"
                },
                first(&self.losing)
            ));
        }
        if !self.lost.is_empty() {
            let gone = match hand {
                OutputHand::Nobody => "the output is gone",
                _ => "another hand has put another output in its place",
            };
            said.push(format!(
                "{gone}, and nothing tells the rules of {} that had some in the one before ({})",
                buckets(self.lost.len()),
                first(&self.lost)
            ));
        }
        said.extend(self.beginning.map(str::to_owned));
        if !self.untold.is_empty() {
            said.push(format!(
                "{} {} not told ({})",
                buckets(self.untold.len()),
                if self.untold.len() == 1 { "is" } else { "are" },
                first(&self.untold)
            ));
        }
        said
    }
}

/// The first of these names, and how many more there are.
fn first(names: &BTreeSet<&str>) -> String {
    let mut first: Vec<String> = names.iter().take(NAMED).map(|name| format!("{name:?}")).collect();
    let more = names.len().saturating_sub(NAMED);
    if more > 0 {
        first.push(format!("{more} more"));
    }
    first.join(", ")
}
