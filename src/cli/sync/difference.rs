//! What is about to be in force against what is: of every bucket, wherever its rules come from.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::change_words;
use super::remembered::Remembered;
use super::rules::StoreRules;

/// A bucket whose rules are others than before.
#[derive(Debug)]
pub(super) struct RuleChange {
    pub(super) bucket: String,
    pub(super) store: String,
    pub(super) kind: ChangeKind,
    /// In the words of the rules.
    pub(super) said: Vec<String>,
    /// Whether it had rules, and has none now, or those of another bucket, without anybody's word that it is to be so.
    pub(super) loses_all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChangeKind {
    Added,
    Changed,
    /// It has no rules any more.
    Emptied,
    /// It is not there any more.
    Dropped,
}

impl ChangeKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Emptied => "emptied",
            Self::Dropped => "dropped",
        }
    }
}

/// `freed`: buckets that are gone from their store and followed in another one, with the first one.
pub(super) fn differences(
    before: &Remembered,
    now: &Remembered,
    freed: &BTreeMap<String, String>,
) -> Vec<RuleChange> {
    let names = before.names().into_iter().chain(now.names());
    let names: BTreeSet<&str> = names.collect();
    let change = |name: &str| RuleChange::of(name, before, now, freed.get(name));
    names.into_iter().filter_map(change).collect()
}

/// What changes in the output, and with it what changes for Envoys, which were given something else than it has.
pub(super) fn with_those_for_envoys(
    in_output: Vec<RuleChange>,
    for_envoys: Vec<RuleChange>,
) -> Vec<RuleChange> {
    let changes = in_output
        .into_iter()
        .map(|change| (change.bucket.clone(), change));
    let mut changes: BTreeMap<String, RuleChange> = changes.collect();
    for change in for_envoys {
        match changes.entry(change.bucket.clone()) {
            Entry::Vacant(place) => _ = place.insert(change),
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.loses_all |= change.loses_all;
                if known.said != change.said {
                    let said = change.said.iter().map(|said| format!("for Envoys: {said}"));
                    known.said.extend(said);
                }
            }
        }
    }
    changes.into_values().collect()
}

impl RuleChange {
    /// `None`: nothing that a bucket answers is another than before.
    fn of(name: &str, before: &Remembered, now: &Remembered, freed_by: Option<&String>) -> Option<Self> {
        let (old, new) = (before.rules(name), now.rules(name));
        let (had, has) = (before.has_rules(name), now.has_rules(name));
        let (was_followed, followed) = (before.buckets.get(name), now.buckets.get(name));
        let is_same = old == new || (followed.is_none() && !had && !has);
        if is_same && freed_by.is_none() {
            return None;
        }
        let store = followed.or(was_followed).map(|known| known.store.clone());
        let store = store.unwrap_or_default();
        let whose = if followed.is_some() {
            "the store"
        } else {
            "the base"
        };
        let kind = match (old, new) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Dropped,
            _ if had && !has => ChangeKind::Emptied,
            _ => ChangeKind::Changed,
        };
        let is_forgotten = before.forgotten.contains_key(name);
        let mut said = Vec::new();
        if let Some(gone) = freed_by {
            said.push(format!("it is gone from {gone}, and is followed in {store}"));
        }
        match kind {
            ChangeKind::Dropped if is_forgotten => said.push("it is forgotten, and its rules go".to_owned()),
            ChangeKind::Dropped if before.own.contains_key(name) => {
                said.push("the base has it no more".to_owned());
            }
            ChangeKind::Dropped => said.push("it is not followed any more".to_owned()),
            ChangeKind::Emptied => said.push(format!("{whose} has no rules for it any more")),
            ChangeKind::Added if !has => said.push(format!("{whose} has no rules for it")),
            ChangeKind::Added | ChangeKind::Changed => {
                if was_followed.is_some_and(|known| !known.store.is_empty()) && followed.is_none() {
                    said.push("it is not followed any more, and has the rules of the base".to_owned());
                }
                let nothing = StoreRules::default();
                said.extend(change_words::of(old.unwrap_or(&nothing), new.unwrap_or(&nothing)));
            }
        }
        Some(Self {
            bucket: name.to_owned(),
            store,
            kind,
            said,
            // The rules of a bucket that is gone are lost, whatever comes in their place.
            loses_all: had && !is_forgotten && (!has || freed_by.is_some()),
        })
    }
}
