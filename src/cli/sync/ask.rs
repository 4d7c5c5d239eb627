//! What the stores say, of all the buckets that are followed.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::kept::Remembered;
use super::owners::{BucketOwners, GoneBuckets, ListAnswer};
use super::store::{Asker, BucketAnswer};
use super::stores::FollowedStore;

/// A store does not answer more calls at once.
const AT_ONCE: usize = 64;

/// What the stores said.
#[derive(Debug, Default)]
pub(super) struct StoreAnswers {
    /// Which buckets each store has.
    pub(super) lists: Vec<ListAnswer>,
    pub(super) owners: BucketOwners,
    /// Of each bucket that was asked for, by its owner.
    pub(super) of: BTreeMap<String, BucketAnswer>,
    gone: GoneBuckets,
}

impl StoreAnswers {
    /// Before any bucket is asked for.
    pub(super) fn new(stores: &[FollowedStore], lists: Vec<ListAnswer>, before: &Remembered) -> Self {
        let gone = GoneBuckets::default();
        Self {
            owners: BucketOwners::new(stores, &lists, before, &gone),
            lists,
            of: BTreeMap::new(),
            gone,
        }
    }

    /// Passes buckets on to later stores that have them, where the first one neither lists them nor has them, by its
    /// own word. Returns the owners of those that are to be asked for again.
    pub(super) fn pass_on(
        &mut self,
        stores: &[FollowedStore],
        before: &Remembered,
    ) -> BTreeMap<String, usize> {
        let is_gone = |name: &str, index: usize| {
            let list = self.lists.get(index).and_then(Option::as_ref);
            let list = list.and_then(|list| list.as_ref().ok());
            matches!(self.of.get(name), Some(BucketAnswer::NoBucket(_)))
                && list.is_some_and(|list| !list.iter().any(|listed| listed == name))
        };
        let gone = self.owners.of.iter();
        let gone = gone.filter(|(name, index)| is_gone(name, **index));
        self.gone.extend(
            gone.map(|(name, index)| (name.clone(), *index))
                .collect::<Vec<_>>(),
        );
        let owners = BucketOwners::new(stores, &self.lists, before, &self.gone);
        let others = owners.of.iter();
        let others = others.filter(|(name, index)| self.owners.of.get(*name) != Some(*index));
        let others: BTreeMap<String, usize> = others.map(|(name, index)| (name.clone(), *index)).collect();
        // What one store said is no other's word.
        self.of.retain(|name, _| !others.contains_key(name));
        self.owners = owners;
        others
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
    let mut owners = answers.owners.of.clone();
    while !owners.is_empty() {
        let mut of_stores = JoinSet::new();
        for (index, asker) in askers.iter().enumerate() {
            let names = owners.iter().filter(|(_, owner)| **owner == index);
            let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
            of_stores.spawn(ask_one(asker.clone(), names));
        }
        while let Some(told) = of_stores.join_next().await {
            // One that broke off has said nothing.
            answers.of.extend(told.into_iter().flatten());
        }
        // Each bucket goes to a later store each time, and so this ends.
        owners = answers.pass_on(stores, before);
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
