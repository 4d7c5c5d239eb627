//! What is remembered beside the output: whose the rules in it are, since when they are known, and of which output that
//! is said.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::moment::Moment;
use super::remembered::{OWN, Remembered};
use super::rules::StoreRules;
use crate::{input, output};

/// The file that it stands in.
#[derive(Debug)]
pub(super) struct MemoryFile {
    output: PathBuf,
    /// The stores that are followed. Who comes first has the bucket, so that in another order nothing is known of that.
    order: Vec<String>,
    /// What decides which buckets there are: a process with another one writes other buckets.
    setup: String,
}

/// What stands in that file.
#[derive(Debug, Default)]
pub(super) struct OutputMemory {
    /// Of the rules that were about to be in force.
    of: MemoryEntries,
    /// Of those that were in force until then, where they differ: a process that ends between two writes leaves them.
    going: MemoryEntries,
    /// The digests of the outputs that a process of this setup had there and put there last.
    outputs: BTreeSet<String>,
    pub(super) listed: BTreeSet<String>,
    pub(super) behind: BTreeMap<String, BTreeSet<String>>,
}

/// Of buckets by name.
type MemoryEntries = BTreeMap<String, MemoryEntry>;

/// Of a bucket.
#[derive(Debug)]
struct MemoryEntry {
    store: String,
    /// When it was last read, in seconds since 1970.
    read: u64,
    /// Of the rules that this is said of.
    digest: String,
}

impl MemoryFile {
    pub(super) fn new(output: &Path, order: Vec<String>, setup: String) -> Self {
        Self {
            output: output.to_owned(),
            order,
            setup,
        }
    }

    /// Beside what is written, in a folder of its own: Envoy reads its file again whenever anything is renamed beside
    /// it.
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
    pub(super) fn read(&self) -> Result<Option<OutputMemory>, String> {
        let path = self.path().map_err(|error| error.to_string())?;
        // A file in its folder's place is told when it is written.
        if !path.exists() {
            return Ok(None);
        }
        let name = path.display().to_string();
        let bytes = input::bytes(&name).map_err(|why| format!("{name}: {why}"))?;
        let saved = serde_json::from_slice(&bytes).ok();
        let memory = saved.and_then(|saved| self.memory(&saved));
        memory
            .map(Some)
            .ok_or_else(|| format!("{name}: it is not what was written there"))
    }

    fn memory(&self, saved: &Value) -> Option<OutputMemory> {
        let at = saved.get("at")?.as_u64()?;
        let mut memory = OutputMemory {
            of: entries(saved.get("stores")?, at)?,
            ..OutputMemory::default()
        };
        // Versions before had neither of these.
        if let Some(going) = saved.get("going") {
            memory.going = entries(going, at)?;
        }
        if saved.get("setup").and_then(Value::as_str) == Some(self.setup.as_str()) {
            memory.outputs = strings(saved.get("outputs")?)?.into_iter().collect();
        }
        let order = strings(saved.get("order")?)?;
        if order == self.order {
            memory.listed = strings(saved.get("listed")?)?.into_iter().collect();
        }
        let behind = saved.get("behind").and_then(Value::as_object);
        for (store, others) in behind.into_iter().flatten() {
            let others = strings(others)?.into_iter().collect();
            memory.behind.insert(store.clone(), others);
        }
        for (index, store) in order.iter().enumerate() {
            let others = order.iter().skip(index.saturating_add(1)).cloned();
            memory.behind.insert(store.clone(), others.collect());
        }
        memory.behind.retain(|store, _| !self.order.contains(store));
        Some(memory)
    }

    /// Removes what a process that was killed left of writing.
    pub(super) fn clean(&self) {
        let _ = self.path().map(|path| output::remove_parts(&path));
    }

    /// `at`: when most of what is about to be in force was read. `outputs`: the digests of this process's own output
    /// that is there, and of the one that is about to be.
    ///
    /// # Errors
    /// That it cannot be written, for a person.
    pub(super) fn write(
        &self,
        at: Moment,
        before: &Remembered,
        now: &Remembered,
        outputs: &BTreeSet<&str>,
    ) -> Result<(), String> {
        let going = |name: &str, rules: &StoreRules| now.rules(name) != Some(rules);
        let text = json!({
            "at": at.on_clock(Moment::now()),
            "stores": saved(now, at, |_, _| true),
            "going": saved(before, at, going),
            "outputs": outputs,
            "setup": self.setup,
            "order": self.order,
            "listed": now.listed,
            "behind": now.behind,
        });
        let text = text.to_string();
        let said = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
        let path = self.path().map_err(|error| said(&self.output, error))?;
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))
            .and_then(|()| output::write_whole(&path, text.as_bytes()))
            .map_err(|error| said(&path, error))
    }
}

impl OutputMemory {
    /// Whose a bucket is that has these rules, and when they were read, in seconds since 1970.
    pub(super) fn whose(&self, name: &str, rules: &StoreRules) -> Option<(&str, u64)> {
        let digest = rules.digest();
        let (of, going) = (self.of.get(name), self.going.get(name));
        let mut entries = of.into_iter().chain(going);
        let said = entries.find(|entry| entry.digest == digest)?;
        // By the time that its rules were about to go, it may have been found to be another store's.
        Some((&of.unwrap_or(said).store, said.read))
    }

    /// Whether a process of this setup wrote an output, or was about to.
    pub(super) fn has_written(&self, output: &str) -> bool {
        self.outputs.contains(output)
    }

    /// Buckets that had rules.
    pub(super) fn with_rules(&self) -> impl Iterator<Item = &str> {
        let none = StoreRules::digests_of_none();
        let entries = self.of.iter();
        let entries = entries.filter(move |(_, entry)| !none.contains(&entry.digest));
        entries.map(|(name, _)| name.as_str())
    }
}

/// The entries of those buckets that are meant, by store.
fn saved<'a>(
    of: &'a Remembered,
    at: Moment,
    is_meant: impl Fn(&str, &StoreRules) -> bool,
) -> BTreeMap<&'a str, Map<String, Value>> {
    let now = Moment::now();
    let mut stores: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut save = |store: &'a str, name: &str, rules: &StoreRules, read: Option<Moment>| {
        if is_meant(name, rules) {
            let read = read.filter(|read| *read != at).map(|read| read.on_clock(now));
            let entry = match read {
                Some(read) => json!([rules.digest(), read]),
                None => json!([rules.digest()]),
            };
            stores.entry(store).or_default().insert(name.to_owned(), entry);
        }
    };
    for (name, known) in of.buckets.iter().chain(&of.forgotten) {
        save(&known.store, name, &known.rules, Some(known.read));
    }
    for (name, rules) in &of.own {
        save(OWN, name, rules, None);
    }
    stores
}

/// `at`: when those were read of which nothing else is said.
fn entries(stores: &Value, at: u64) -> Option<MemoryEntries> {
    let mut entries = MemoryEntries::new();
    for (store, buckets) in stores.as_object()? {
        for (bucket, saved) in buckets.as_object()? {
            let entry = MemoryEntry {
                store: store.clone(),
                read: saved.get(1).and_then(Value::as_u64).unwrap_or(at),
                digest: saved.get(0)?.as_str()?.to_owned(),
            };
            entries.insert(bucket.clone(), entry);
        }
    }
    Some(entries)
}

fn strings(list: &Value) -> Option<Vec<String>> {
    let strings = list.as_array()?.iter();
    strings
        .map(|text| text.as_str().map(str::to_owned))
        .collect::<Option<_>>()
}
