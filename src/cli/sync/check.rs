//! `--check`: what differs, and nothing is written.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::change_words::buckets;
use super::round::SyncRound;
use super::round_end::{REST, RoundEnd};
use super::round_report::{self, ToldTroubles};
use super::store::Failure;
use crate::output::{self, Format};

/// What differs, for `--check`, with its status. `remarks`: what else there is to say.
pub(super) fn checked(format: Format, round: &SyncRound, end: &RoundEnd, remarks: Vec<String>) -> ExitCode {
    let is_whole = round.failures().is_empty();
    let (result, held) = match end {
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
    let why: Vec<String> = remarks.into_iter().chain(held).collect();
    let lines = match format {
        Format::Json => {
            let mut json = json_of(round);
            if let Some(fields) = json.as_object_mut() {
                fields.insert("result".to_owned(), result.into());
                fields.insert("remarks".to_owned(), json!(why));
            }
            vec![format!("{json:#}")]
        }
        Format::Human => {
            let mut lines = round_report::changes(round);
            if round.changes.is_empty() && matches!(end, RoundEnd::Differs(_)) {
                lines.push(REST.to_owned());
            }
            lines.extend(ToldTroubles::default().lines(round));
            lines.extend(why);
            lines.push(format!(
                "{result}: {} before, {} after, {} with other rules",
                buckets(round.before),
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

/// For programs.
fn json_of(round: &SyncRound) -> Value {
    let failure = |failure: &Failure| json!({ "kind": failure.kind.name(), "message": failure.message });
    let changes = round.changes.iter().map(|change| {
        json!({
            "bucket": change.bucket,
            "store": change.store,
            "change": change.kind.name(),
            "said": change.said,
        })
    });
    let kept = round.kept.buckets.iter().filter_map(|(name, known)| {
        let why = known.trouble.as_ref()?;
        Some(json!({
            "bucket": name,
            "store": known.store,
            "age_seconds": known.read.age(round.at),
            "failure": failure(why),
        }))
    });
    let unread = round.unread.iter();
    let unlisted = round.unlisted.iter();
    let doubled = round.doubled.iter();
    json!({
        "buckets_before": round.before,
        "buckets": round.kept.names().len(),
        "changes": changes.collect::<Vec<_>>(),
        "kept": kept.collect::<Vec<_>>(),
        "unread": unread
            .map(|(name, why)| json!({ "bucket": name, "failure": failure(why) }))
            .collect::<Vec<_>>(),
        "unlisted": unlisted
            .map(|(store, why)| json!({ "store": store, "failure": failure(why) }))
            .collect::<Vec<_>>(),
        "doubled": doubled
            .map(|(name, store)| json!({ "bucket": name, "store": store }))
            .collect::<Vec<_>>(),
    })
}
