//! What the stores say, of all the buckets that are followed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::kept::KeptBuckets;
use super::store::{Asker, BucketAnswer, Failure};
use super::stores::FollowedStore;

/// A store does not answer more calls at once.
const AT_ONCE: usize = 64;

/// What the stores said.
#[derive(Debug, Default)]
pub(super) struct StoreAnswers {
    /// Of each bucket that was asked for, by the store with that index.
    pub(super) of: BTreeMap<String, (usize, BucketAnswer)>,
    /// Stores that did not say which buckets they have.
    pub(super) unlisted: Vec<(usize, Failure)>,
    /// Buckets that a second store lists too, which is not followed there.
    pub(super) doubled: BTreeSet<(String, usize)>,
}

/// A store with what asks it.
pub(super) struct AskedStore {
    pub(super) store: FollowedStore,
    pub(super) asker: Arc<Asker>,
}

/// Asks all stores. A bucket that a store listed before is asked for whether it is listed now or not.
pub(super) async fn ask(stores: &[AskedStore], kept: &KeptBuckets) -> StoreAnswers {
    let mut answers = StoreAnswers::default();
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    for (index, asked) in stores.iter().enumerate() {
        for name in &asked.store.buckets {
            owners.entry(name.clone()).or_insert(index);
        }
    }
    for (index, asked) in stores.iter().enumerate().filter(|(_, asked)| asked.store.all) {
        let own = kept.iter().filter(|(_, known)| known.store == asked.store.label);
        for (name, _) in own {
            owners.entry(name.clone()).or_insert(index);
        }
    }
    for (index, asked) in stores.iter().enumerate().filter(|(_, asked)| asked.store.all) {
        match asked.asker.buckets().await {
            Err(failure) => answers.unlisted.push((index, failure)),
            Ok(names) => {
                for name in names {
                    let owner = *owners.entry(name.clone()).or_insert(index);
                    if owner != index {
                        answers.doubled.insert((name, index));
                    }
                }
            }
        }
    }
    let mut of_stores = JoinSet::new();
    for (index, asked) in stores.iter().enumerate() {
        let names = owners.iter().filter(|(_, owner)| **owner == index);
        let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
        let asker = asked.asker.clone();
        of_stores.spawn(async move { (index, ask_one(asker, names).await) });
    }
    while let Some(told) = of_stores.join_next().await {
        // One that broke off has said nothing.
        let Ok((index, told)) = told else { continue };
        answers
            .of
            .extend(told.into_iter().map(|(name, answer)| (name, (index, answer))));
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
