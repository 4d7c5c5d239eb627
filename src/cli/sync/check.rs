//! `--check`: what differs, and nothing is written.

use std::process::ExitCode;

use serde_json::json;

use super::arguments::CheckFormat;
use super::report::{self, ToldTroubles};
use super::round::SyncRound;
use super::round_end::{REST, RoundEnd};
use crate::output;

/// What differs, for `--check`, with its status.
pub(super) fn checked(format: CheckFormat, round: &SyncRound, end: &RoundEnd) -> ExitCode {
    let is_whole = round.failures().is_empty();
    let (result, why) = match end {
        RoundEnd::Same(_) if is_whole => ("same", Vec::new()),
        RoundEnd::Differs(_) if is_whole => ("different", Vec::new()),
        // Losses that would be held back are a difference, and known.
        RoundEnd::Withheld(why) if is_whole => ("different", vec![why.clone()]),
        RoundEnd::Same(_) | RoundEnd::Differs(_) => ("unknown", Vec::new()),
        RoundEnd::Withheld(why) => ("unknown", vec![why.clone()]),
        RoundEnd::Refused(lines) => ("unknown", lines.clone()),
    };
    let status = ExitCode::from(match result {
        "same" => 0,
        "different" => 1,
        _ => 2,
    });
    let lines = match format {
        CheckFormat::Json => {
            let mut json = round.to_json();
            if let Some(fields) = json.as_object_mut() {
                fields.insert("result".to_owned(), result.into());
                fields.insert("remarks".to_owned(), json!(why));
            }
            vec![format!("{json:#}")]
        }
        CheckFormat::Human => {
            let mut lines = report::changes(round);
            if round.changes.is_empty() && matches!(end, RoundEnd::Differs(_)) {
                lines.push(REST.to_owned());
            }
            lines.extend(ToldTroubles::default().lines(round));
            lines.extend(why);
            lines.push(format!(
                "{result}: {} buckets, {} of them with other rules",
                round.kept.names().len(),
                round.changes.len()
            ));
            lines
        }
    };
    output::finish(status, |out| {
        lines.iter().try_for_each(|line| writeln!(out, "{line}"))
    })
}
