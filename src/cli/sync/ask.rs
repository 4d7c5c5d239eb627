//! What the stores say, of all the buckets that are followed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout_at};

use super::moment::Moment;
use super::owners::{BucketOwners, GoneBuckets, ListAnswer};
use super::remembered::Remembered;
use super::store::{Asker, BucketAnswer, Failure, FailureKind};
use super::stores::FollowedStore;

/// A store does not answer more calls at once.
const AT_ONCE: usize = 64;

/// How long one store may hold up a round, and with it the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For its list, which goes on coming beside the rounds.
    pub(super) list: Duration,
    /// For the rules of its buckets.
    pub(super) rules: Duration,
}

impl Patience {
    /// Where other rounds come.
    pub(super) const OF_MANY: Self = Self {
        list: Duration::from_secs(10),
        rules: Duration::from_secs(60),
    };

    /// Where none does: each call has its own bound.
    pub(super) const OF_ONE: Self = Self {
        list: Duration::from_secs(3_600),
        rules: Duration::from_secs(3_600),
    };
}

/// The list of a store's buckets, which may take longer than a round.
#[derive(Debug, Default)]
pub(super) struct ListCall {
    coming: Option<JoinHandle<Result<Vec<String>, Failure>>>,
    /// What the store said before.
    last: ListAnswer,
}

impl ListCall {
    /// Asks, unless the store was asked and has not said all of it yet.
    fn begin(&mut self, asker: &Arc<Asker>) {
        let asker = asker.clone();
        self.coming
            .get_or_insert_with(|| tokio::spawn(async move { asker.buckets().await }));
    }

    /// What the store says, or else what it said before.
    async fn end(&mut self, until: Instant) -> ListAnswer {
        let told = timeout_at(until, self.coming.as_mut()?).await;
        if let Ok(told) = told {
            self.coming = None;
            let broke_off = |_| Failure::new(FailureKind::Unavailable, "the call broke off");
            self.last = Some(told.map_err(broke_off).and_then(|list| list));
        }
        let coming = || {
            Err(Failure::new(
                FailureKind::Timeout,
                "the store's list of buckets is still coming",
            ))
        };
        Some(self.last.clone().unwrap_or_else(coming))
    }
}

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
/// `askers`, `calls`: one for each store.
pub(super) async fn ask(
    stores: &[FollowedStore],
    askers: &[Arc<Asker>],
    calls: &mut [ListCall],
    before: &Remembered,
    patience: Patience,
) -> StoreAnswers {
    for ((store, asker), call) in stores.iter().zip(askers).zip(&mut *calls) {
        if store.all {
            call.begin(asker);
        }
    }
    let until = after(patience.list);
    let mut lists = Vec::new();
    for call in calls {
        lists.push(call.end(until).await);
    }
    let now = Moment::now();
    let mut answers = StoreAnswers::new(stores, lists, before);
    let mut owners = answers.owners.of.clone();
    while !owners.is_empty() {
        let mut of_stores = JoinSet::new();
        for (index, asker) in askers.iter().enumerate() {
            let names = owners.iter().filter(|(_, owner)| **owner == index);
            let mut names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
            // What is not told in time comes first in the next round.
            names.sort_by_cached_key(|name| {
                let known = before.buckets.get(name);
                Reverse(known.map_or(u64::MAX, |known| known.read.age(now)))
            });
            of_stores.spawn(ask_one(asker.clone(), names, patience.rules));
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

async fn ask_one(asker: Arc<Asker>, names: Vec<String>, patience: Duration) -> Vec<(String, BucketAnswer)> {
    let until = after(patience);
    let mut untold: BTreeSet<String> = names.iter().cloned().collect();
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
        match timeout_at(until, calls.join_next()).await {
            Ok(Some(Ok((name, answer)))) => {
                untold.remove(&name);
                told.push((name, answer));
            }
            // What is not told is not known.
            Ok(Some(Err(_))) => {}
            Ok(None) => return told,
            Err(_) => {
                let failure = Failure::new(
                    FailureKind::Timeout,
                    format!("the store did not tell the rules of all its buckets in {patience:?}"),
                );
                let untold = untold.into_iter();
                told.extend(untold.map(|name| (name, BucketAnswer::Unknown(failure.clone()))));
                return told;
            }
        }
    }
}

fn after(patience: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(patience).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::super::store::scripted::{Act, Store, good, wait};
    use super::*;

    #[test]
    fn rules_that_are_not_told_in_time_are_not_waited_for() {
        let is_rules = |answer: &BucketAnswer| matches!(answer, BucketAnswer::Rules(_));
        // On a machine under load, the good answer may be late as well.
        let told = [1, 5, 25].into_iter().find_map(|patience| {
            let store = Store::start(vec![good(), Act::Sleeps(Duration::from_secs(30))]);
            let names = vec!["a".to_owned(), "b".to_owned()];
            let begun = Instant::now();
            let told = wait(ask_one(
                Arc::new(store.asker()),
                names,
                Duration::from_secs(patience),
            ));
            // The call itself goes on for 60 s.
            assert!(begun.elapsed() < Duration::from_secs(50), "{:?}", begun.elapsed());
            told.iter().any(|(_, answer)| is_rules(answer)).then_some(told)
        });
        let told = told.unwrap();
        let is_late = |answer: &BucketAnswer| matches!(answer, BucketAnswer::Unknown(failure) if failure.kind == FailureKind::Timeout);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.iter().any(|(_, answer)| is_late(answer)), "{told:?}");
    }
}
