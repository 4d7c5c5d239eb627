//! What is in force by the output: the rules in it are the memory of them, over restarts of the process and of the
//! machine. What is remembered beside it says whose they are, and whether another hand wrote it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bucket_cors::config::Settings;
use serde_json::Value;

use super::memory::MemoryFile;
use super::moment::{self, Moment};
use super::remembered::{KeptBucket, KeptBuckets, OWN, OutputHand, Remembered};
use super::rules::StoreRules;

/// The output as it stands.
#[derive(Debug)]
pub(super) struct WrittenOutput {
    /// When it was written, in seconds since 1970.
    pub(super) at: u64,
    pub(super) digest: String,
}

/// The last good rules in a configuration that was in force, and what to say of how they are remembered.
///
/// `memory`: `None` where there is no output to remember anything of. `written`: `None` where the output is gone, or
/// was never there.
///
/// # Errors
/// That it holds rules that were never in force, for a person: the filter does not take them.
pub(super) fn of_configuration(
    configuration: &Value,
    memory: Option<&MemoryFile>,
    written: Option<&WrittenOutput>,
) -> Result<(Remembered, Vec<String>), String> {
    let now = Moment::now();
    let (read, mut remarks) = match memory.map(MemoryFile::read).transpose() {
        Ok(read) => (read.flatten(), Vec::new()),
        Err(why) => {
            let lost = "whose the rules are, and since when they are known, is not remembered";
            (None, vec![format!("{why}: {lost}")])
        }
    };
    let hand = match (written, &read) {
        _ if memory.is_none() => OutputHand::Own,
        (None, _) => OutputHand::Nobody,
        (Some(_), None) => OutputHand::Unknown,
        (Some(written), Some(read)) if read.has_written(&written.digest) => OutputHand::Own,
        (Some(_), Some(_)) => OutputHand::Another,
    };
    let memory = read.unwrap_or_default();
    let written = written.map_or_else(|| moment::seconds(SystemTime::now()), |written| written.at);
    let mut settings = configuration.as_object().cloned().unwrap_or_default();
    let buckets = settings.remove("buckets").unwrap_or_default();
    let default = settings.get("profile").and_then(Value::as_str);
    let default = default.unwrap_or(default_profile());
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
        // Another hand, and a memory that could not be written, leave what is said of other rules.
        let whose = memory.whose(name, &rules);
        if whose.is_some_and(|(store, _)| store == OWN) {
            own.insert(name.to_owned(), rules);
            continue;
        }
        let (store, read) = whose.unwrap_or(("", written));
        let known = KeptBucket {
            rules,
            store: store.to_owned(),
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
    let mut remembered = Remembered {
        buckets: kept,
        own,
        hand,
        ..Remembered::default()
    };
    // A process of its own that was killed before it wrote the output had not yet put in force what it remembered.
    if hand != OutputHand::Own {
        let lost = memory.with_rules().filter(|name| !remembered.has_rules(name));
        remembered.lost = lost.map(str::to_owned).collect();
    }
    remembered.listed = memory.listed;
    remembered.behind = memory.behind;
    Ok((remembered, remarks))
}

/// Whose answers the edge gives where a configuration does not say so.
pub(super) fn default_profile() -> &'static str {
    Settings::default().profile.name
}
