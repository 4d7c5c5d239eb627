//! Which store each bucket is followed in: the first one that has it, in the order in which the stores are named.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::remembered::Remembered;
use super::store::Failure;
use super::stores::FollowedStore;

/// Which buckets a store says that it has. `None`: nobody asks, since its buckets are named.
pub(super) type ListAnswer = Option<Result<Vec<String>, Failure>>;

/// The store of each bucket, by its index.
#[derive(Debug, Default)]
pub(super) struct BucketOwners {
    pub(super) of: BTreeMap<String, usize>,
    /// Buckets that this store may have, which comes before those that say so, and does not say which it has. The rules
    /// of another store's bucket would be in force until it does, if they were taken.
    pub(super) undecided: BTreeMap<String, usize>,
    /// Buckets that this store has too, and which are not followed there.
    pub(super) doubled: BTreeSet<(String, usize)>,
    /// Buckets that go to a later store, since this one has said that it has them no more.
    pub(super) freed: BTreeMap<String, usize>,
}

/// Buckets that a store neither lists nor has, by its own word.
pub(super) type GoneBuckets = BTreeSet<(String, usize)>;

impl BucketOwners {
    /// `lists`: one for each store.
    pub(super) fn new(
        stores: &[FollowedStore],
        lists: &[ListAnswer],
        before: &Remembered,
        gone: &GoneBuckets,
    ) -> Self {
        let claims = stores
            .iter()
            .zip(lists)
            .enumerate()
            .map(|(index, (store, list))| {
                let listed = list.as_ref().and_then(|list| list.as_ref().ok());
                let named = store.buckets.iter().map(String::as_str);
                StoreClaims {
                    store,
                    named: named.collect(),
                    listed: listed.into_iter().flatten().map(String::as_str).collect(),
                    gone: gone
                        .iter()
                        .filter(|(_, store)| *store == index)
                        .map(|(name, _)| name.as_str())
                        .collect(),
                    is_silent: matches!(list, Some(Err(_))),
                }
            });
        let claims: Vec<StoreClaims<'_>> = claims.collect();
        let of_memory = before.buckets.iter().filter(|(_, known)| !known.store.is_empty());
        let names = claims
            .iter()
            .flat_map(|claim| claim.named.union(&claim.listed).copied());
        let names: BTreeSet<&str> = names.chain(of_memory.map(|(name, _)| name.as_str())).collect();
        let mut owners = Self::default();
        for name in names {
            owners.decide(name, &claims, before);
        }
        owners
    }

    fn decide(&mut self, name: &str, claims: &[StoreClaims<'_>], before: &Remembered) {
        let known = before.buckets.get(name).map(|known| known.store.as_str());
        // A store that is followed at another address than before may list less there. The next one does not inherit.
        let barred = known.and_then(|known| before.behind.get(known));
        let mut gone = None;
        for (index, claim) in claims.iter().enumerate() {
            let is_barred = barred.is_some_and(|barred| barred.contains(&claim.store.label));
            if is_barred && !claim.named.contains(name) {
                continue;
            }
            // A key that may list less than before looks like a bucket that is gone: it is asked for all the same.
            let was_its_own = claim.store.all && known == Some(claim.store.label.as_str());
            if was_its_own && claim.gone.contains(name) {
                gone = Some(index);
                continue;
            }
            if claim.has(name) || was_its_own {
                self.of.insert(name.to_owned(), index);
                let others = claims.iter().enumerate().skip(index.saturating_add(1));
                let others = others.filter(|(_, other)| other.has(name));
                self.doubled
                    .extend(others.map(|(other, _)| (name.to_owned(), other)));
                self.freed.extend(gone.map(|gone| (name.to_owned(), gone)));
                return;
            }
            // A bucket that went to a later store when this one was asked last was not in its list.
            let mut later = claims.iter().skip(index.saturating_add(1));
            let went_later = before.listed.contains(&claim.store.label)
                && later.any(|other| known == Some(other.store.label.as_str()));
            if claim.is_silent && !went_later {
                self.undecided.insert(name.to_owned(), index);
                return;
            }
        }
        // No other store has it, and its last rules stay.
        self.of.extend(gone.map(|gone| (name.to_owned(), gone)));
    }
}

/// What a store has.
struct StoreClaims<'a> {
    store: &'a FollowedStore,
    named: HashSet<&'a str>,
    listed: HashSet<&'a str>,
    gone: HashSet<&'a str>,
    /// Whether it was asked which buckets it has, and did not say.
    is_silent: bool,
}

impl StoreClaims<'_> {
    fn has(&self, name: &str) -> bool {
        self.named.contains(name) || self.listed.contains(name)
    }
}
