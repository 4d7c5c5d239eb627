//! The last good rules of each bucket, and whose they are.

use std::collections::{BTreeMap, BTreeSet};

use super::moment::Moment;
use super::rules::StoreRules;
use super::store::Failure;

/// Whose the base's own buckets are. No store is called so.
pub(super) const OWN: &str = "base";

/// What is known of a bucket.
#[derive(Debug, Clone)]
pub(super) struct KeptBucket {
    pub(super) rules: StoreRules,
    /// The store that they are of. Empty: nothing says so any more.
    pub(super) store: String,
    /// Of that store.
    pub(super) profile: String,
    /// When the store last said that these are the rules.
    pub(super) read: Moment,
    /// Why it has not said so since.
    pub(super) trouble: Option<Failure>,
}

/// The buckets by name.
pub(super) type KeptBuckets = BTreeMap<String, KeptBucket>;

/// Who wrote the output that is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum OutputHand {
    /// A process with the same stores, buckets and files as this one.
    #[default]
    Own,
    /// Another process, or a person.
    Another,
    /// Nothing is remembered beside it that could tell.
    Unknown,
    /// There is no output.
    Nobody,
}

/// What was in force, and how it came to be.
#[derive(Debug, Clone, Default)]
pub(super) struct Remembered {
    pub(super) buckets: KeptBuckets,
    /// The rules in force of the buckets that are the base's own.
    pub(super) own: BTreeMap<String, StoreRules>,
    /// The buckets in force that are to go.
    pub(super) forgotten: KeptBuckets,
    /// Buckets that had rules in the output that was written here last, and have none in the one that is there.
    pub(super) lost: BTreeSet<String>,
    pub(super) hand: OutputHand,
    /// The stores, of those that stand in this order now, that have said which buckets they have.
    pub(super) listed: BTreeSet<String>,
    /// Of a store that is not followed any more: those that came behind it. One at another address looks like it.
    pub(super) behind: BTreeMap<String, BTreeSet<String>>,
}

impl Remembered {
    /// The rules in force of a bucket, whosever it is.
    pub(super) fn rules<'a>(&'a self, name: &str) -> Option<&'a StoreRules> {
        let of = |buckets: &'a KeptBuckets| buckets.get(name).map(|known| &known.rules);
        let own = || self.own.get(name);
        of(&self.buckets).or_else(own).or_else(|| of(&self.forgotten))
    }

    /// A bucket in force that a store may have, whether it is to go or not.
    pub(super) fn known(&self, name: &str) -> Option<&KeptBucket> {
        self.buckets.get(name).or_else(|| self.to_go(name))
    }

    /// A store's bucket that is to go. Its rules go where no store claims it: one that may have it, and does not tell
    /// its rules, has not said that there are none.
    pub(super) fn to_go(&self, name: &str) -> Option<&KeptBucket> {
        self.forgotten.get(name).filter(|known| known.store != OWN)
    }

    /// Whether a bucket has rules in force.
    pub(super) fn has_rules(&self, name: &str) -> bool {
        self.rules(name).is_some_and(|rules| !rules.is_empty())
    }

    /// The buckets that are in force.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        let names = self.buckets.keys().chain(self.own.keys());
        names.chain(self.forgotten.keys()).map(String::as_str).collect()
    }

    /// Lets a bucket go. Returns whether there was one.
    pub(super) fn forget(&mut self, name: &str) -> bool {
        let own = self.own.remove(name).map(KeptBucket::of_base);
        let known = self.buckets.remove(name).or(own);
        let is_known = known.is_some();
        self.forgotten.extend(known.map(|known| (name.to_owned(), known)));
        self.lost.remove(name) || is_known
    }
}

impl KeptBucket {
    /// One of the base's own.
    fn of_base(rules: StoreRules) -> Self {
        Self {
            rules,
            store: OWN.to_owned(),
            profile: String::new(),
            read: Moment::now(),
            trouble: None,
        }
    }
}
