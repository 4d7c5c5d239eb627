//! What the stores say, of all the buckets that are followed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::kept::Remembered;
use super::owners::{BucketOwners, ListAnswer};
use super::store::{Asker, BucketAnswer, Failure};
use super::stores::FollowedStore;

/// A store does not answer more calls at once.
const AT_ONCE: usize = 64;

/// What the stores said.
#[derive(Debug, Default)]
pub(super) struct StoreAnswers {
    pub(super) owners: BucketOwners,
    /// Of each bucket that was asked for, by its owner.
    pub(super) of: BTreeMap<String, BucketAnswer>,
    /// Stores that said which buckets they have.
    pub(super) listed: BTreeSet<usize>,
    /// Stores that did not.
    pub(super) unlisted: BTreeMap<usize, Failure>,
}

impl StoreAnswers {
    /// Before any bucket is asked for.
    pub(super) fn new(stores: &[FollowedStore], lists: Vec<ListAnswer>, before: &Remembered) -> Self {
        let mut answers = Self {
            owners: BucketOwners::new(stores, &lists, before),
            ..Self::default()
        };
        for (index, list) in lists.into_iter().enumerate() {
            match list {
                Some(Ok(_)) => {
                    answers.listed.insert(index);
                }
                Some(Err(failure)) => {
                    answers.unlisted.insert(index, failure);
                }
                None => {}
            }
        }
        answers
    }
}

/// Asks all stores. A bucket that a store listed before is asked for whether it is listed now or not.
///
/// `askers`: one for each store.
pub(super) async fn ask(
    stores: &[FollowedStore],
    askers: &[Arc<Asker>],
    before: &Remembered,
) -> StoreAnswers {
    let mut lists = Vec::new();
    for (store, asker) in stores.iter().zip(askers) {
        lists.push(if store.all {
            Some(asker.buckets().await)
        } else {
            None
        });
    }
    let mut answers = StoreAnswers::new(stores, lists, before);
    let mut of_stores = JoinSet::new();
    for (index, asker) in askers.iter().enumerate() {
        let names = answers.owners.of.iter().filter(|(_, owner)| **owner == index);
        let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
        of_stores.spawn(ask_one(asker.clone(), names));
    }
    while let Some(told) = of_stores.join_next().await {
        // One that broke off has said nothing.
        answers.of.extend(told.into_iter().flatten());
    }
    answers
}

async fn ask_one(asker: Arc<Asker>, names: Vec<String>) -> Vec<(String, BucketAnswer)> {
    let mut names = names.into_iter();
    let mut calls = JoinSet::new();
    let mut told = Vec::new();
    loop {
        while calls.len() < AT_ONCE
            && let Some(name) = names.next()
        {
            let asker = asker.clone();
            calls.spawn(async move {
                let answer = asker.rules(&name).await;
                (name, answer)
            });
        }
        match calls.join_next().await {
            Some(Ok(answer)) => told.push(answer),
            // What is not told is not known.
            Some(Err(_)) => {}
            None => return told,
        }
    }
}
