//! The last good rules of each bucket. What was written is the memory of them, over restarts of the process and of the
//! machine; a small file beside it says since when each is known.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

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
    /// When the store last said that these are the rules, in seconds since 1970.
    pub(super) read: u64,
    /// Why it has not said so since.
    pub(super) trouble: Option<Failure>,
}

/// The buckets by name.
pub(super) type KeptBuckets = BTreeMap<String, KeptBucket>;

/// What was in force, and how it came to be.
#[derive(Debug, Clone, Default)]
pub(super) struct Remembered {
    pub(super) buckets: KeptBuckets,
    /// The stores, of those that stand in this order now, that have said which buckets they have.
    pub(super) listed: BTreeSet<String>,
}

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
}

/// Of a bucket.
#[derive(Debug)]
struct SavedAge {
    store: String,
    /// When it was last read.
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

    /// Nothing where there is no such file, or none that can be read: then the rules are as old as the file that they stand in.
    fn read(&self) -> SavedAges {
        let read = || -> Option<_> {
            let bytes = input::bytes(self.path().ok()?.to_str()?).ok()?;
            let saved: Value = serde_json::from_slice(&bytes).ok()?;
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
            if saved.get("order") == Some(&json!(self.order)) {
                let listed = saved.get("listed")?.as_array()?.iter();
                ages.listed = listed.filter_map(Value::as_str).map(str::to_owned).collect();
            }
            Some(ages)
        };
        read().unwrap_or_default()
    }

    /// Removes what a process that was killed left of writing.
    pub(super) fn clean(&self) {
        let _ = self.path().map(|path| output::remove_parts(&path));
    }

    /// `at`: of most of them.
    ///
    /// # Errors
    /// That it cannot be written, for a person.
    pub(super) fn write(&self, at: u64, kept: &Remembered) -> Result<(), String> {
        let mut stores: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for (name, bucket) in &kept.buckets {
            let digest = bucket.rules.digest();
            let saved = if bucket.read == at {
                json!([digest])
            } else {
                json!([digest, bucket.read])
            };
            stores
                .entry(&bucket.store)
                .or_default()
                .insert(name.clone(), saved);
        }
        let text = json!({ "at": at, "stores": stores, "order": self.order, "listed": kept.listed });
        let text = text.to_string();
        let said = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
        let path = self.path().map_err(|error| said(&self.output, error))?;
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))
            .and_then(|()| output::write_whole(&path, text.as_bytes()))
            .map_err(|error| said(&path, error))
    }
}

/// The last good rules in a configuration that was in force.
///
/// `written`: when the file that it stands in was written.
///
/// # Errors
/// That it holds rules that were never in force, for a person: the filter does not take them.
pub(super) fn from_configuration(
    configuration: &Value,
    ages: Option<&AgeFile>,
    written: u64,
) -> Result<Remembered, String> {
    let mut ages = ages.map(AgeFile::read).unwrap_or_default();
    let mut settings = configuration.as_object().cloned().unwrap_or_default();
    let buckets = settings.remove("buckets").unwrap_or_default();
    let default = settings.get("profile").and_then(Value::as_str).unwrap_or("oss");
    let mut kept = KeptBuckets::new();
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
        // A process that ends between two writes, and a file that cannot be written, leave what is said of other rules.
        let age = ages.of.remove(name).filter(|age| age.digest == rules.digest());
        let (store, read) = age.map_or((String::new(), written), |age| (age.store, age.read));
        let known = KeptBucket {
            rules,
            store,
            profile: profile.to_owned(),
            read,
            trouble: None,
        };
        kept.insert(name.to_owned(), known);
    }
    Ok(Remembered {
        buckets: kept,
        listed: ages.listed,
    })
}

/// Seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map(|since| since.as_secs())
        .unwrap_or_default()
}
