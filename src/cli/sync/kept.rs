//! The last good rules of each bucket. What was written is the memory of them, over restarts of the process and of the
//! machine; a small file beside it says whose each are, and since when they are known.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::moment::{self, Moment};
use super::rules::StoreRules;
use super::store::Failure;
use crate::{input, output};

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

/// What was in force, and how it came to be.
#[derive(Debug, Clone, Default)]
pub(super) struct Remembered {
    pub(super) buckets: KeptBuckets,
    /// The rules in force of the buckets that are the base's own.
    pub(super) own: BTreeMap<String, StoreRules>,
    /// The rules in force of the buckets that are to go.
    pub(super) forgotten: BTreeMap<String, StoreRules>,
    /// Buckets that had rules in an output which is gone.
    pub(super) lost: BTreeSet<String>,
    /// The stores, of those that stand in this order now, that have said which buckets they have.
    pub(super) listed: BTreeSet<String>,
    /// Of a store that is not followed any more: those that came behind it. One at another address looks like it.
    pub(super) behind: BTreeMap<String, BTreeSet<String>>,
}

impl Remembered {
    /// The rules in force of a bucket, whosever it is.
    pub(super) fn rules(&self, name: &str) -> Option<&StoreRules> {
        let known = self.buckets.get(name).map(|known| &known.rules);
        let own = || self.own.get(name);
        known.or_else(own).or_else(|| self.forgotten.get(name))
    }

    /// The buckets that are in force.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        let names = self.buckets.keys().chain(self.own.keys());
        names.chain(self.forgotten.keys()).map(String::as_str).collect()
    }

    /// Lets a bucket go. Returns whether there was one.
    pub(super) fn forget(&mut self, name: &str) -> bool {
        let known = self.buckets.remove(name).map(|known| known.rules);
        let rules = known.or_else(|| self.own.remove(name));
        let is_known = rules.is_some();
        self.forgotten.extend(rules.map(|rules| (name.to_owned(), rules)));
        self.lost.remove(name) || is_known
    }
}

/// Under which name the base's own buckets are remembered, which no store has.
const OWN: &str = "base";

/// The file that says whose the rules are, and since when they are known.
#[derive(Debug)]
pub(super) struct AgeFile {
    output: PathBuf,
    /// The stores that are followed. Who comes first has the bucket, so that in another order nothing is known of that.
    order: Vec<String>,
}

/// What stands in that file.
#[derive(Debug, Default)]
struct SavedAges {
    of: BTreeMap<String, SavedAge>,
    listed: BTreeSet<String>,
    behind: BTreeMap<String, BTreeSet<String>>,
}

/// Of a bucket.
#[derive(Debug)]
struct SavedAge {
    store: String,
    /// When it was last read, in seconds since 1970.
    read: u64,
    /// Of the rules that this is said of.
    digest: String,
}

impl AgeFile {
    pub(super) fn new(output: &Path, order: Vec<String>) -> Self {
        Self {
            output: output.to_owned(),
            order,
        }
    }

    /// Beside what is written, in a folder of its own: Envoy reads its file again whenever anything is renamed beside it.
    fn path(&self) -> io::Result<PathBuf> {
        let output = output::behind_links(&self.output)?;
        let mut name = output.file_name().unwrap_or_default().to_owned();
        name.push(".json");
        Ok(output.with_file_name(".bucket-cors-sync").join(name))
    }

    /// `None`: there is no such file.
    ///
    /// # Errors
    /// That nothing can be told from it, for a person. Then the rules are as old as the file that they stand in.
    fn read(&self) -> Result<Option<SavedAges>, String> {
        let path = self.path().map_err(|error| error.to_string())?;
        // A file in its folder's place is told when it is written.
        if !path.exists() {
            return Ok(None);
        }
        let name = path.display().to_string();
        let bytes = input::bytes(&name).map_err(|why| format!("{name}: {why}"))?;
        let saved = serde_json::from_slice(&bytes).ok();
        let ages = saved.and_then(|saved| self.ages(&saved));
        ages.map(Some)
            .ok_or_else(|| format!("{name}: it is not what was written there"))
    }

    fn ages(&self, saved: &Value) -> Option<SavedAges> {
        let at = saved.get("at")?.as_u64()?;
        let mut ages = SavedAges::default();
        for (store, buckets) in saved.get("stores")?.as_object()? {
            for (bucket, saved) in buckets.as_object()? {
                let age = SavedAge {
                    store: store.clone(),
                    read: saved.get(1).and_then(Value::as_u64).unwrap_or(at),
                    digest: saved.get(0)?.as_str()?.to_owned(),
                };
                ages.of.insert(bucket.clone(), age);
            }
        }
        let order = strings(saved.get("order")?)?;
        if order == self.order {
            ages.listed = strings(saved.get("listed")?)?.into_iter().collect();
        }
        let behind = saved.get("behind").and_then(Value::as_object);
        for (store, others) in behind.into_iter().flatten() {
            ages.behind
                .insert(store.clone(), strings(others)?.into_iter().collect());
        }
        for (index, store) in order.iter().enumerate() {
            let others = order.iter().skip(index.saturating_add(1)).cloned();
            ages.behind.insert(store.clone(), others.collect());
        }
        ages.behind.retain(|store, _| !self.order.contains(store));
        Some(ages)
    }

    /// Removes what a process that was killed left of writing.
    pub(super) fn clean(&self) {
        let _ = self.path().map(|path| output::remove_parts(&path));
    }

    /// `at`: of most of them.
    ///
    /// # Errors
    /// That it cannot be written, for a person.
    pub(super) fn write(&self, at: Moment, kept: &Remembered) -> Result<(), String> {
        let now = Moment::now();
        let mut stores: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for (name, bucket) in &kept.buckets {
            let digest = bucket.rules.digest();
            let saved = if bucket.read == at {
                json!([digest])
            } else {
                json!([digest, bucket.read.on_clock(now)])
            };
            stores
                .entry(&bucket.store)
                .or_default()
                .insert(name.clone(), saved);
        }
        for (name, rules) in &kept.own {
            let own = stores.entry(OWN).or_default();
            own.insert(name.clone(), json!([rules.digest()]));
        }
        let text = json!({
            "at": at.on_clock(now),
            "stores": stores,
            "order": self.order,
            "listed": kept.listed,
            "behind": kept.behind,
        });
        let text = text.to_string();
        let said = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
        let path = self.path().map_err(|error| said(&self.output, error))?;
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))
            .and_then(|()| output::write_whole(&path, text.as_bytes()))
            .map_err(|error| said(&path, error))
    }
}

fn strings(list: &Value) -> Option<Vec<String>> {
    let strings = list.as_array()?.iter();
    strings
        .map(|text| text.as_str().map(str::to_owned))
        .collect::<Option<_>>()
}

/// The last good rules in a configuration that was in force, and what to say of how they are remembered.
///
/// `written`: when the file that it stands in was written, in seconds since 1970. `None`: it is gone, or was never there.
///
/// # Errors
/// That it holds rules that were never in force, for a person: the filter does not take them.
pub(super) fn from_configuration(
    configuration: &Value,
    ages: Option<&AgeFile>,
    written: Option<u64>,
) -> Result<(Remembered, Vec<String>), String> {
    let now = Moment::now();
    let clock = moment::seconds(SystemTime::now());
    let (ages, mut remarks) = match ages.map(AgeFile::read).transpose() {
        Ok(ages) => (ages.flatten(), Vec::new()),
        Err(why) => {
            let lost = "whose the rules are, and since when they are known, is not remembered";
            (None, vec![format!("{why}: {lost}")])
        }
    };
    let mut ages = ages.unwrap_or_default();
    let mut settings = configuration.as_object().cloned().unwrap_or_default();
    let buckets = settings.remove("buckets").unwrap_or_default();
    let default = settings.get("profile").and_then(Value::as_str).unwrap_or("oss");
    let (mut kept, mut own) = (KeptBuckets::new(), BTreeMap::new());
    for bucket in buckets
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
    {
        let Some(name) = bucket.get("name").and_then(Value::as_str) else {
            continue;
        };
        let rules = StoreRules::read(&settings, bucket)
            .map_err(|why| format!("the rules of {name:?} in it are none that the filter takes: {why}"))?;
        let profile = bucket.get("profile").and_then(Value::as_str).unwrap_or(default);
        let age = ages.of.remove(name);
        // A process that ends between two writes, and a file that cannot be written, leave what is said of other rules.
        let age = age.filter(|age| age.digest == rules.digest());
        if age.as_ref().is_some_and(|age| age.store == OWN) {
            own.insert(name.to_owned(), rules);
            continue;
        }
        let (store, read) = age.map_or((String::new(), written.unwrap_or(clock)), |age| {
            (age.store, age.read)
        });
        let known = KeptBucket {
            rules,
            store,
            profile: profile.to_owned(),
            read: Moment::of_file(read, now),
            trouble: None,
        };
        kept.insert(name.to_owned(), known);
    }
    if kept.values().any(|known| now.is_before(known.read)) {
        remarks.push(
            "this machine's clock is behind the time at which rules were told: how old they are is not known, and their age \
             is counted from now on"
                .to_owned(),
        );
    }
    let none = StoreRules::default().digest();
    let lost = ages.of.into_iter().filter(|(_, age)| {
        let is_gone = written.is_none() && age.store != OWN;
        is_gone && age.digest != none
    });
    let remembered = Remembered {
        buckets: kept,
        own,
        forgotten: BTreeMap::new(),
        lost: lost.map(|(name, _)| name).collect(),
        listed: ages.listed,
        behind: ages.behind,
    };
    Ok((remembered, remarks))
}
