//! What a store does not know: the configuration around the rules, and of each bucket all but its rules.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::remembered::{KeptBucket, KeptBuckets};
use super::rules::{self, StoreRules};

/// A configuration whose buckets are still to get their rules.
#[derive(Debug, Default)]
pub(super) struct BaseConfiguration {
    /// All but the buckets.
    settings: Map<String, Value>,
    buckets: Vec<Map<String, Value>>,
    by_name: HashMap<String, usize>,
    /// The profile of buckets that come from a store with another profile has to be said.
    has_own_profile: bool,
}

impl BaseConfiguration {
    /// `profile`: of the stores, where the configuration says none.
    ///
    /// # Errors
    /// Why it is none, for a person.
    pub(super) fn new(configuration: Value, profile: &str) -> Result<Self, String> {
        let Value::Object(mut fields) = configuration else {
            return Err("it is no configuration, which is an object with buckets".to_owned());
        };
        let buckets = match fields.remove("buckets") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(buckets)) => buckets,
            Some(_) => return Err("/buckets: it is no list".to_owned()),
        };
        let objects = buckets
            .into_iter()
            .enumerate()
            .map(|(index, bucket)| match bucket {
                Value::Object(bucket) => Ok(bucket),
                _ => Err(format!("/buckets/{index}: it is no object")),
            });
        let buckets: Vec<_> = objects.collect::<Result<_, _>>()?;
        let mut by_name = HashMap::new();
        for (index, bucket) in buckets.iter().enumerate() {
            let Some(name) = bucket.get("name").and_then(Value::as_str) else {
                return Err(format!("/buckets/{index}: it has no name"));
            };
            if by_name.insert(name.to_owned(), index).is_some() {
                return Err(format!("/buckets/{index}: the bucket {name:?} is there twice"));
            }
        }
        let has_own_profile = fields.contains_key("profile");
        let mut settings = Map::new();
        if !has_own_profile {
            settings.insert("profile".to_owned(), profile.into());
        }
        settings.extend(fields);
        Ok(Self {
            settings,
            buckets,
            by_name,
            has_own_profile,
        })
    }

    /// Whether the filter takes it, whatever rules its buckets get.
    ///
    /// # Errors
    /// Why not, for a person.
    pub(super) fn taken(self) -> Result<Self, String> {
        let mut buckets = self.buckets.clone();
        for bucket in &mut buckets {
            bucket.remove("cors");
        }
        rules::take(&self.settings, buckets).map_err(|why| format!("the filter does not take it: {why}"))?;
        Ok(self)
    }

    pub(super) fn settings(&self) -> &Map<String, Value> {
        &self.settings
    }

    fn bucket(&self, name: &str) -> Option<&Map<String, Value>> {
        self.by_name.get(name).and_then(|index| self.buckets.get(*index))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Whether it says itself what the rules of a bucket are.
    pub(super) fn has_rules(&self, name: &str) -> bool {
        self.bucket(name)
            .is_some_and(|bucket| bucket.contains_key("cors"))
    }

    /// The rules that it says. `None`: none that the filter takes.
    pub(super) fn rules(&self, name: &str) -> Option<StoreRules> {
        StoreRules::read(&self.settings, self.bucket(name)?).ok()
    }

    /// The rules of each bucket that `filled` leaves as it stands. `None`: none that the filter takes.
    pub(super) fn own_rules(
        &self,
        kept: &KeptBuckets,
        is_followed: impl Fn(&str) -> bool,
    ) -> Vec<(String, Option<StoreRules>)> {
        let names = self.buckets.iter().filter_map(|bucket| {
            let name = bucket.get("name").and_then(Value::as_str)?;
            let is_own = !kept.contains_key(name) && stays(bucket, is_followed(name));
            is_own.then_some(name)
        });
        names.map(|name| (name.to_owned(), self.rules(name))).collect()
    }

    /// A bucket with rules of a store that has this profile.
    pub(super) fn filled_bucket(&self, name: &str, profile: &str, cors: &Value) -> Map<String, Value> {
        let mut bucket = self.bucket(name).cloned().unwrap_or_default();
        let mut filled = Map::new();
        filled.insert("name".to_owned(), name.into());
        if !self.has_own_profile && self.settings.get("profile").and_then(Value::as_str) != Some(profile) {
            bucket.entry("profile").or_insert_with(|| profile.into());
        }
        bucket.insert("cors".to_owned(), cors.clone());
        filled.extend(bucket);
        filled
    }

    /// The whole configuration: its own buckets first, then the others by name. One of its own without rules that
    /// anybody knows is left out, so that the store answers for it. `is_followed`: whether a store has the rules of a
    /// bucket.
    pub(super) fn filled(
        &self,
        kept: &BTreeMap<String, KeptBucket>,
        is_followed: impl Fn(&str) -> bool,
    ) -> Value {
        let mut buckets = Vec::new();
        for bucket in &self.buckets {
            let name = bucket.get("name").and_then(Value::as_str).unwrap_or_default();
            match kept.get(name) {
                Some(known) => {
                    let filled = self.filled_bucket(name, &known.profile, &known.rules.to_cors());
                    buckets.push(Value::Object(filled));
                }
                None if !stays(bucket, is_followed(name)) => {}
                None => buckets.push(Value::Object(bucket.clone())),
            }
        }
        let others = kept.iter().filter(|(name, _)| !self.by_name.contains_key(*name));
        buckets.extend(others.map(|(name, known)| {
            let filled = self.filled_bucket(name, &known.profile, &known.rules.to_cors());
            Value::Object(filled)
        }));
        let mut whole = self.settings.clone();
        whole.insert("buckets".to_owned(), Value::Array(buckets));
        Value::Object(whole)
    }
}

/// Whether a bucket whose rules no store has told is there all the same. One that has no rules of its own is left out,
/// so that the store answers for it.
fn stays(bucket: &Map<String, Value>, is_followed: bool) -> bool {
    !is_followed || bucket.contains_key("cors")
}
