//! A document that the edge takes, where it does not take that of all rules: what is refused of some buckets stops no
//! other one.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::base::BaseConfiguration;
use super::edge_document::EdgeDocument;
use super::remembered::{KeptBucket, KeptBuckets, Remembered};
use super::round::SyncRound;
use super::store::{Failure, FailureKind};

/// For how long documents are tried. The buckets that are left then are refused together, and tried again in the next
/// round, where those that were taken have no part in it any more.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many are tried however long it takes: what was known before, what is new, and the halves of both.
const FEWEST: usize = 6;

/// The document for a round. Where the edge does not take it, buckets whose rules changed keep those that are in force,
/// as few of them as can be told.
///
/// `make`: the document for what is known in a round.
///
/// # Errors
/// Why the edge does not even take what is in force, in the base as it is now, each in a line.
pub(super) fn fit(
    round: &mut SyncRound,
    before: &Remembered,
    base: &BaseConfiguration,
    mut make: impl FnMut(&SyncRound) -> Result<EdgeDocument, Vec<String>>,
) -> Result<EdgeDocument, Vec<String>> {
    let refused = match make(round) {
        Err(lines) => lines,
        taken => return taken,
    };
    let told = changed(round, before);
    if told.is_empty() {
        return Err(refused);
    }
    let (known, new): (Vec<&str>, Vec<&str>) = told
        .keys()
        .map(String::as_str)
        .partition(|name| before.known(name).is_some());
    for batch in [&known, &new] {
        refuse(round, before, batch, &refused);
    }
    let mut taken = match make(round) {
        Ok(document) => document,
        Err(lines) => {
            for batch in [&known, &new] {
                put_back(round, &told, batch);
            }
            return Err(lines);
        }
    };
    let begun = Instant::now();
    // Fewer origins of a bucket are not to wait for another bucket's.
    let mut batches = VecDeque::from([known, new]);
    let mut tried = 0_usize;
    while let Some(mut batch) = batches.pop_front() {
        if batch.is_empty() {
            continue;
        }
        if tried >= FEWEST && begun.elapsed() > PATIENCE {
            break;
        }
        tried = tried.saturating_add(1);
        put_back(round, &told, &batch);
        match make(round) {
            Ok(document) => taken = document,
            Err(lines) => {
                refuse(round, before, &batch, &lines);
                let half = batch.len().div_ceil(2);
                if half < batch.len() {
                    let rest = batch.split_off(half);
                    batches.extend([batch, rest]);
                }
            }
        }
    }
    round.compare(before, base);
    Ok(taken)
}

/// What stores have told that is not in force yet. What takes all rules of a bucket away is left out: it never waits.
fn changed(round: &SyncRound, before: &Remembered) -> KeptBuckets {
    let is_changed = |name: &str, now: &KeptBucket| {
        let is_same = |known: &KeptBucket| known.rules == now.rules && known.profile == now.profile;
        let is_emptied = now.rules.is_empty() && before.rules(name).is_some();
        now.trouble.is_none() && !is_emptied && !before.buckets.get(name).is_some_and(is_same)
    };
    let buckets = round.kept.buckets.iter();
    let changed = buckets.filter(|(name, now)| is_changed(name, now));
    changed.map(|(name, now)| (name.clone(), now.clone())).collect()
}

/// What is in force of these buckets takes the place of what their stores have told.
fn refuse(round: &mut SyncRound, before: &Remembered, batch: &[&str], lines: &[String]) {
    let mut why = lines.first().cloned().unwrap_or_default();
    let more = lines.len().saturating_sub(1);
    if more > 0 {
        why = format!("{why}, and {more} more");
    }
    let of = match batch.len().saturating_sub(1) {
        0 => "the store's document beside the other buckets".to_owned(),
        others => format!("the store's document and those of {others} others together"),
    };
    let failure = Failure::new(
        FailureKind::RefusedDocument,
        format!("the filter does not take {of}: {why}"),
    );
    for name in batch {
        let last = before.known(name).cloned();
        match last {
            Some(known) => {
                let trouble = Some(failure.clone());
                round.unread.remove(*name);
                round
                    .kept
                    .buckets
                    .insert((*name).to_owned(), KeptBucket { trouble, ..known });
            }
            None => {
                round.kept.buckets.remove(*name);
                round.unread.insert((*name).to_owned(), failure.clone());
            }
        }
    }
}

fn put_back(round: &mut SyncRound, told: &KeptBuckets, batch: &[&str]) {
    for name in batch {
        round.unread.remove(*name);
        if let Some(now) = told.get(*name) {
            round.kept.buckets.insert((*name).to_owned(), now.clone());
        }
    }
}
