//! What a round came to.

use super::arguments::SyncArguments;
use super::edge::{EdgeDocument, EdgeFiles, EdgeInputs};
use super::kept::Remembered;
use super::round::SyncRound;

/// What is said where the rules of all buckets are the same.
pub(super) const REST: &str = "the rules are the same, and the rest of the document differs";

/// What a round came to.
pub(super) enum RoundEnd {
    /// What the edge has is what the stores say.
    Same(EdgeDocument),
    Differs(EdgeDocument),
    /// It is not safe, or not known enough.
    Withheld(String),
    /// The edge would not take it.
    Refused(Vec<String>),
}

/// What rules could be lost of.
pub(super) struct InForce<'a> {
    pub(super) files: &'a EdgeFiles,
    pub(super) inputs: &'a EdgeInputs,
    pub(super) kept: &'a Remembered,
    /// Whether another hand has written the output since anything was put in force here.
    pub(super) is_written_over: bool,
}

impl InForce<'_> {
    /// Why a round's rules cannot be put in force without more risk than is allowed.
    pub(super) fn is_at_risk(&self, arguments: &SyncArguments, round: &SyncRound) -> Option<String> {
        if round.kept.buckets.is_empty() && !round.failures().is_empty() {
            return Some("nothing is written: no rules of any bucket are known".to_owned());
        }
        let is_new = !round.unread.is_empty() || !round.unlisted.is_empty();
        if is_new && !self.files.has_memory(self.inputs) {
            return Some(
                "nothing is printed: of some buckets nothing is known, and what is applied without them could take their \
                 rules away; --into with the document that is in force keeps them"
                    .to_owned(),
            );
        }
        self.is_missing(arguments, round)
            .or_else(|| self.is_losing(arguments, round))
    }

    /// More buckets lose all their rules than may.
    fn is_losing(&self, arguments: &SyncArguments, round: &SyncRound) -> Option<String> {
        let names = self.kept.names().into_iter();
        let with_rules = names.filter_map(|name| self.kept.rules(name));
        let with_rules = with_rules.filter(|rules| !rules.of.is_empty()).count();
        let tenth = with_rules.checked_div(10).unwrap_or_default();
        // Two processes that write one output would take each other's rules away for ever.
        let allowed = if self.is_written_over { 0 } else { tenth.max(1) };
        let most = arguments.max_loss.unwrap_or(allowed);
        let count = round.losses().len();
        (count > most).then(|| {
            let by = if self.is_written_over {
                ", as another hand has written them"
            } else {
                ""
            };
            format!(
                "nothing is written: {count} buckets would lose all their rules at once{by}, and --max-loss is {most}; where \
                 that is meant, start with --max-loss {count}"
            )
        })
    }

    /// Envoys may have rules that nothing in force has.
    fn is_missing(&self, arguments: &SyncArguments, round: &SyncRound) -> Option<String> {
        let most = arguments.max_loss.unwrap_or_default();
        let is_told = |name: &String| round.kept.buckets.contains_key(name);
        let lost: Vec<&String> = self.kept.lost.iter().filter(|name| !is_told(name)).collect();
        if let Some(first) = lost.first()
            && lost.len() > most
        {
            let count = lost.len();
            return Some(format!(
                "nothing is written: the output is gone, and the stores do not tell the rules of {count} buckets that had \
                 some in it, {first:?} among them; where they are to go, start with --max-loss {count}, or with --forget for \
                 each"
            ));
        }
        if arguments.listen.is_none() || self.files.has_written() {
            return None;
        }
        let said = "nothing is handed out: there was no output yet, and an Envoy may have rules that are not known here";
        if !round.unlisted.is_empty() {
            return Some(format!("{said}, until each store has said which buckets it has"));
        }
        let count = round.unread.len();
        (count > most).then(|| {
            format!(
                "{said}: {count} buckets are not told; where these have none, start with --max-loss {count}"
            )
        })
    }
}
