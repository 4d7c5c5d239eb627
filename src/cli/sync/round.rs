//! What the stores' answers make of the rules that were known before.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::ask::StoreAnswers;
use super::base::BaseConfiguration;
use super::change_words::printable;
use super::difference::{self, RuleChange};
use super::moment::Moment;
use super::owners::ListAnswer;
use super::remembered::{KeptBucket, Remembered};
use super::rules::StoreRules;
use super::store::{BucketAnswer, Failure, FailureKind};
use super::stores::FollowedStore;

/// One look at all stores, and what comes of it.
#[derive(Debug)]
pub(super) struct SyncRound {
    pub(super) at: Moment,
    /// What is known now.
    pub(super) kept: Remembered,
    /// Of every bucket, against what is in force.
    pub(super) changes: Vec<RuleChange>,
    /// How many buckets are in force.
    pub(super) before: usize,
    /// Buckets that are followed, and of which nothing is known.
    pub(super) unread: BTreeMap<String, Failure>,
    /// Stores that did not say which buckets they have.
    pub(super) unlisted: Vec<(String, Failure)>,
    /// Buckets that a later store has too, with that store.
    pub(super) doubled: Vec<(String, String)>,
    /// Buckets that are gone from their store and followed in another one, with the first one.
    freed: BTreeMap<String, String>,
}

impl SyncRound {
    /// Only a store's word that a bucket has no rules takes rules away.
    pub(super) fn of(
        stores: &[FollowedStore],
        mut answers: StoreAnswers,
        before: &Remembered,
        base: &BaseConfiguration,
        at: Moment,
    ) -> Self {
        let label = |index: usize| stores.get(index).map_or("", |store| store.label.as_str());
        let unlisted = |(index, list): (usize, &ListAnswer)| {
            let failure = list.as_ref()?.as_ref().err()?;
            Some((index, failure.clone()))
        };
        let unlisted: BTreeMap<usize, Failure> =
            answers.lists.iter().enumerate().filter_map(unlisted).collect();
        let mut round = Self {
            at,
            kept: Remembered::default(),
            changes: Vec::new(),
            before: before.names().len(),
            unread: BTreeMap::new(),
            unlisted: Vec::new(),
            doubled: Vec::new(),
            freed: BTreeMap::new(),
        };
        for (name, index) in answers.owners.of {
            let Some(store) = stores.get(index) else { continue };
            let answer = answers.of.remove(&name).unwrap_or_else(|| {
                BucketAnswer::Unknown(Failure::new(FailureKind::Unavailable, "the call broke off"))
            });
            let freed_by = answers.owners.freed.get(&name).map(|index| label(*index));
            let asked = AskedBucket {
                name,
                store: store.label.clone(),
                profile: store.profile,
                freed_by: freed_by.map(str::to_owned),
            };
            let known = match answer {
                BucketAnswer::NoBucket(_) => before.buckets.get(&asked.name),
                _ => before.known(&asked.name),
            };
            let freed_by = asked.freed_by.clone().map(|gone| (asked.name.clone(), gone));
            if round.take(asked, answer, known, base) {
                round.freed.extend(freed_by);
            }
        }
        for (name, index) in answers.owners.undecided {
            let Some(silent) = unlisted.get(&index) else {
                continue;
            };
            let failure = Failure::new(
                silent.kind,
                format!("{} comes first, and does not say whether it has it", label(index)),
            );
            match before.known(&name) {
                Some(known) => round.keep(&name, known, failure),
                None => {
                    round.unread.insert(name, failure);
                }
            }
        }
        for (name, known) in &before.buckets {
            if !round.kept.buckets.contains_key(name) {
                round.unclaimed(name, known, stores, unlisted.values().next(), base);
            }
        }
        for name in before.forgotten.keys() {
            let Some(known) = before.to_go(name) else { continue };
            // Its own store, or any where its own is not followed.
            let own = stores.iter().position(|store| store.label == known.store);
            let silent = match own {
                Some(index) => unlisted.get(&index),
                None => unlisted.values().next(),
            };
            if let Some(silent) = silent
                && !round.kept.buckets.contains_key(name)
                && !round.unread.contains_key(name)
            {
                round.keep(name, known, silent.clone());
            }
        }
        round.compare(before, base);
        let listed = answers.lists.iter().enumerate();
        let listed = listed.filter(|(_, list)| matches!(list, Some(Ok(_))));
        let listed = listed.map(|(index, _)| label(index).to_owned());
        round.kept.listed = before.listed.iter().cloned().chain(listed).collect();
        let owners: BTreeSet<&str> = round
            .kept
            .buckets
            .values()
            .map(|known| known.store.as_str())
            .collect();
        let behind = before.behind.iter();
        let behind = behind.filter(|(store, _)| owners.contains(store.as_str()));
        round.kept.behind = behind
            .map(|(store, others)| (store.clone(), others.clone()))
            .collect();
        let unlisted = unlisted.into_iter();
        round.unlisted = unlisted
            .map(|(index, failure)| (label(index).to_owned(), failure))
            .collect();
        let doubled = answers.owners.doubled.into_iter();
        round.doubled = doubled
            .map(|(name, index)| (name, label(index).to_owned()))
            .collect();
        round
    }

    /// What changes by what is known now.
    pub(super) fn compare(&mut self, before: &Remembered, base: &BaseConfiguration) {
        // A bucket that keeps its last rules has not gone to another store.
        let buckets = &self.kept.buckets;
        self.freed
            .retain(|name, _| buckets.get(name).is_some_and(|known| known.trouble.is_none()));
        self.kept.own.clear();
        for (name, rules) in base.own_rules(&self.kept.buckets, |name| self.unread.contains_key(name)) {
            // What the filter does not take is never written.
            let rules = rules.or_else(|| before.rules(&name).cloned());
            self.kept.own.extend(rules.map(|rules| (name, rules)));
        }
        self.changes = difference::differences(before, &self.kept, &self.freed);
    }

    /// A bucket that was in force, and that no store is asked for.
    ///
    /// `silent`: why a store does not say which buckets it has.
    fn unclaimed(
        &mut self,
        name: &str,
        known: &KeptBucket,
        stores: &[FollowedStore],
        silent: Option<&Failure>,
        base: &BaseConfiguration,
    ) {
        // Of the base's own. Where that is not remembered, a store that does not say which buckets it has may have it.
        let is_of_base = base.has_rules(name) || (known.rules.is_empty() && base.has(name));
        if known.store.is_empty()
            && is_of_base
            && (silent.is_none() || base.rules(name).as_ref() == Some(&known.rules))
        {
            return;
        }
        // A store that is spelled in another way looks like another store.
        let is_of_these = stores.iter().any(|store| store.label == known.store);
        if !is_of_these && stores.iter().any(|store| store.all) {
            let unlisted = || {
                let name = printable(name);
                let said = match known.store.as_str() {
                    "" => format!(
                        "no store lists it, and nothing says whose it is: --forget {name} gives it up"
                    ),
                    gone => format!(
                        "it is of {gone}, which is not followed any more, and no other store lists it that may have it: \
                         --forget {name} gives it up"
                    ),
                };
                Failure::new(FailureKind::NoBucket, said)
            };
            self.keep(name, known, silent.cloned().unwrap_or_else(unlisted));
        }
    }

    /// Returns whether the store has told its rules.
    fn take(
        &mut self,
        asked: AskedBucket,
        answer: BucketAnswer,
        known: Option<&KeptBucket>,
        base: &BaseConfiguration,
    ) -> bool {
        let cors = match answer {
            BucketAnswer::Rules(cors) => cors,
            BucketAnswer::NoRules => json!({ "CORSRules": [] }),
            BucketAnswer::NoBucket(failure) | BucketAnswer::Unknown(failure) => {
                self.unknown(asked, known, failure);
                return false;
            }
        };
        let filled = base.filled_bucket(&asked.name, asked.profile, &cors);
        let rules = match StoreRules::read(base.settings(), &filled) {
            Ok(rules) => rules,
            Err(why) => {
                let failure = Failure::new(
                    FailureKind::RefusedDocument,
                    format!("the filter does not take the store's document: {why}"),
                );
                self.unknown(asked, known, failure);
                return false;
            }
        };
        let bucket = KeptBucket {
            rules,
            store: asked.store,
            profile: asked.profile.to_owned(),
            read: self.at,
            trouble: None,
        };
        self.kept.buckets.insert(asked.name, bucket);
        true
    }

    fn unknown(&mut self, asked: AskedBucket, known: Option<&KeptBucket>, failure: Failure) {
        match known {
            // It goes to the other store once that tells its rules.
            Some(known) if asked.freed_by.is_some() => self.keep(&asked.name, known, failure),
            Some(known) => {
                let known = KeptBucket {
                    store: asked.store,
                    ..known.clone()
                };
                self.keep(&asked.name, &known, failure);
            }
            None => {
                self.unread.insert(asked.name, failure);
            }
        }
    }

    fn keep(&mut self, name: &str, known: &KeptBucket, failure: Failure) {
        let kept = KeptBucket {
            trouble: Some(failure),
            ..known.clone()
        };
        self.kept.buckets.insert(name.to_owned(), kept);
    }

    /// Takes into account that Envoys were given something else than the output has.
    pub(super) fn compare_with_given(&mut self, given: &Remembered) {
        let for_envoys = difference::differences(given, &self.kept, &BTreeMap::new());
        let in_output = std::mem::take(&mut self.changes);
        self.changes = difference::with_those_for_envoys(in_output, for_envoys);
    }

    /// Buckets that would lose all their rules.
    pub(super) fn losses(&self) -> BTreeSet<&str> {
        let losing = self.changes.iter().filter(|change| change.loses_all);
        losing.map(|change| change.bucket.as_str()).collect()
    }

    /// Everything that is not known as it is in the stores now: how many, by kind.
    pub(super) fn failures(&self) -> BTreeMap<FailureKind, u64> {
        let of_kept = self
            .kept
            .buckets
            .values()
            .filter_map(|known| known.trouble.as_ref());
        let of_stores = self.unlisted.iter().map(|(_, failure)| failure);
        let mut by_kind: BTreeMap<FailureKind, u64> = BTreeMap::new();
        for failure in of_kept.chain(self.unread.values()).chain(of_stores) {
            let count = by_kind.entry(failure.kind).or_default();
            *count = count.saturating_add(1);
        }
        by_kind
    }
}

/// A bucket and the store that was asked for it.
struct AskedBucket {
    name: String,
    store: String,
    profile: &'static str,
    /// The store that it was of, and which has said that it has it no more.
    freed_by: Option<String>,
}
