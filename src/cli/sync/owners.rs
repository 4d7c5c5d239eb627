//! Which store each bucket is followed in: the first one that has it, in the order in which the stores are named.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::kept::Remembered;
use super::store::Failure;
use super::stores::FollowedStore;

/// Which buckets a store says that it has. `None`: nobody asks, since its buckets are named.
pub(super) type ListAnswer = Option<Result<Vec<String>, Failure>>;

/// The store of each bucket, by its index.
#[derive(Debug, Default)]
pub(super) struct BucketOwners {
    pub(super) of: BTreeMap<String, usize>,
    /// Buckets that this store may have, which comes before those that say so, and does not say which it has. The rules of
    /// another store's bucket would be in force until it does, if they were taken.
    pub(super) undecided: BTreeMap<String, usize>,
    /// Buckets that this store has too, and which are not followed there.
    pub(super) doubled: BTreeSet<(String, usize)>,
}

impl BucketOwners {
    /// `lists`: one for each store.
    pub(super) fn new(stores: &[FollowedStore], lists: &[ListAnswer], before: &Remembered) -> Self {
        let claims = stores.iter().zip(lists).map(|(store, list)| {
            let listed = list.as_ref().and_then(|list| list.as_ref().ok());
            StoreClaims {
                store,
                names: store
                    .buckets
                    .iter()
                    .chain(listed.into_iter().flatten())
                    .map(String::as_str)
                    .collect(),
                is_silent: matches!(list, Some(Err(_))),
            }
        });
        let claims: Vec<StoreClaims<'_>> = claims.collect();
        let of_memory = before.buckets.iter().filter(|(_, known)| !known.store.is_empty());
        let names = claims.iter().flat_map(|claim| claim.names.iter().copied());
        let names: BTreeSet<&str> = names.chain(of_memory.map(|(name, _)| name.as_str())).collect();
        let mut owners = Self::default();
        for name in names {
            owners.decide(name, &claims, before);
        }
        owners
    }

    fn decide(&mut self, name: &str, claims: &[StoreClaims<'_>], before: &Remembered) {
        let known = before.buckets.get(name).map(|known| known.store.as_str());
        for (index, claim) in claims.iter().enumerate() {
            // A key that may list less than before looks like a bucket that is gone.
            let was_its_own = claim.store.all && known == Some(claim.store.label.as_str());
            if claim.names.contains(name) || was_its_own {
                self.of.insert(name.to_owned(), index);
                let others = claims.iter().enumerate().skip(index.saturating_add(1));
                let others = others.filter(|(_, other)| other.names.contains(name));
                self.doubled
                    .extend(others.map(|(other, _)| (name.to_owned(), other)));
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
    }
}

/// What a store has.
struct StoreClaims<'a> {
    store: &'a FollowedStore,
    names: HashSet<&'a str>,
    /// Whether it was asked which buckets it has, and did not say.
    is_silent: bool,
}
