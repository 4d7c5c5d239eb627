//! Which stores are followed, and which of their buckets.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::arguments::{StoreKind, SyncArguments};
use super::in_force::default_profile;
use super::rules::digest;
use super::store::{self, StoreLocation};
use crate::input;
use crate::source;

/// A store, and which of its buckets are followed.
#[derive(Debug)]
pub(super) struct FollowedStore {
    /// How messages name it.
    pub(super) label: String,
    pub(super) location: StoreLocation,
    /// Whose answers its buckets have.
    pub(super) profile: &'static str,
    pub(super) buckets: Vec<String>,
    /// Whether every bucket that it lists is followed.
    pub(super) all: bool,
}

/// A store in the file that `--stores` names, in the words of the options.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreEntry {
    from: StoreKind,
    endpoint: Option<String>,
    region: Option<String>,
    #[serde(default)]
    path_style: bool,
    #[serde(default)]
    buckets: Vec<String>,
    #[serde(default)]
    all: bool,
}

/// The stores that the arguments name.
///
/// # Errors
/// What is wrong with them, for a person.
pub(super) fn named(arguments: &SyncArguments) -> Result<Vec<FollowedStore>, String> {
    let entries = match (&arguments.stores, arguments.from) {
        (Some(file), None) => from_file(file)?,
        (None, Some(from)) => vec![StoreEntry {
            from,
            endpoint: arguments.endpoint.clone(),
            region: arguments.region.clone(),
            path_style: arguments.path_style,
            buckets: arguments.bucket.clone(),
            all: arguments.all,
        }],
        _ => return Err("say which store to follow, with --from or with --stores".to_owned()),
    };
    let mut stores: Vec<FollowedStore> = Vec::new();
    for entry in entries {
        let store = FollowedStore::new(entry)?;
        for other in &stores {
            if other.label == store.label {
                return Err(format!(
                    "the store {} is named twice: name it once, with all its buckets",
                    store.label
                ));
            }
            if let Some(name) = store.buckets.iter().find(|name| other.buckets.contains(name)) {
                return Err(format!(
                    "the bucket {name:?} is to be followed in {} and in {}: the edge knows one of a name",
                    other.label, store.label
                ));
            }
        }
        stores.push(store);
    }
    if stores.is_empty() {
        return Err("there is no store to follow".to_owned());
    }
    Ok(stores)
}

/// Whose answers the edge gives where nothing else is said.
pub(super) fn profile(stores: &[FollowedStore]) -> &'static str {
    stores.first().map_or_else(default_profile, |store| store.profile)
}

/// What only a process with the same buckets to write has the same: those of these stores, and of these files.
pub(super) fn setup(stores: &[FollowedStore], files: [&Option<String>; 2]) -> String {
    let stores = stores.iter().map(|store| {
        let buckets: BTreeSet<&String> = store.buckets.iter().collect();
        json!([store.label, store.all, buckets])
    });
    digest(&json!([stores.collect::<Vec<_>>(), files]).to_string())
}

impl FollowedStore {
    fn new(entry: StoreEntry) -> Result<Self, String> {
        let mut label = entry.from.name().to_owned();
        let endpoint = entry.endpoint.as_deref().map(store::endpoint).transpose();
        let endpoint = endpoint.map_err(|why| format!("{label}: {why}"))?;
        let place = endpoint.as_ref().map(place).or(entry.region.clone());
        if let Some(place) = place {
            label = format!("{label} {place}");
        }
        if entry.buckets.is_empty() != entry.all {
            return Err(format!(
                "{label}: name its buckets, or say that all are followed, and not both"
            ));
        }
        let is_name = |name: &str| {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !name.is_empty() && name.bytes().all(is_part)
        };
        if let Some(name) = entry.buckets.iter().find(|name| !is_name(name)) {
            return Err(format!(
                "{label}: {name:?} is no name of a bucket, which has letters, digits, dots, hyphens and underscores"
            ));
        }
        let mut seen = std::collections::HashSet::new();
        if let Some(name) = entry.buckets.iter().find(|name| !seen.insert(*name)) {
            return Err(format!("{label}: the bucket {name:?} is named twice"));
        }
        Ok(Self {
            label,
            location: StoreLocation {
                from: entry.from.dialect(),
                endpoint,
                region: entry.region,
                path_style: entry.path_style,
            },
            profile: entry.from.profile(),
            buckets: entry.buckets,
            all: entry.all,
        })
    }
}

/// An endpoint without the slash at its end.
fn place(endpoint: &Url) -> String {
    let path = endpoint.path().trim_end_matches('/');
    let origin = endpoint.origin().ascii_serialization();
    format!("{origin}{path}")
}

/// A list of stores, in JSON or YAML.
fn from_file(file: &str) -> Result<Vec<StoreEntry>, String> {
    let input = input::read(file)?;
    let json = source::as_json(&input.text)
        .map_err(|trouble| format!("{}: {}", trouble.place(&input.name), trouble.message))?;
    serde_json::from_str(&json).map_err(|error| format!("{}: {error}", input.name))
}
