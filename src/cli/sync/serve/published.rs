//! What the server hands out: the configuration for Envoys, and how it stands for those who watch.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::source::NamedResource;
use crate::sync::moment::Moment;

/// The type of what Envoy's extension discovery carries.
const RESOURCE_TYPE: &str = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";

/// Shared between the rounds and the server.
#[derive(Debug, Default)]
pub(in crate::sync) struct Published {
    discovery: Mutex<Option<Arc<Discovery>>>,
    standing: Mutex<Standing>,
}

/// What Envoys get.
#[derive(Debug)]
pub(super) struct Discovery {
    pub(super) version: String,
    /// Each resource by name, as JSON.
    resources: BTreeMap<String, Bytes>,
    /// The answers to those who ask for one resource, which Envoy does.
    single: BTreeMap<String, Bytes>,
}

/// How it stands after a round.
#[derive(Debug, Default)]
pub(in crate::sync) struct Standing {
    /// How many buckets' rules are known, the base's own among them.
    pub(in crate::sync) known: usize,
    /// When each bucket's rules were read last that a store tells.
    pub(in crate::sync) read: BTreeMap<String, Moment>,
    /// Buckets whose rules are kept although the store did not say them again.
    pub(in crate::sync) kept: usize,
    /// Buckets that are followed, and of which nothing is known.
    pub(in crate::sync) unread: usize,
    /// Buckets whose rules in the stores are others than those in force.
    pub(in crate::sync) drift: usize,
    /// Whether the last round's rules were held back.
    pub(in crate::sync) is_withheld: bool,
    /// By kind, in all rounds.
    pub(in crate::sync) errors: BTreeMap<&'static str, u64>,
    pub(in crate::sync) rounds: u64,
    /// When a round ended, when one ended well, and when the document changed.
    pub(in crate::sync) last_round: Option<Moment>,
    pub(in crate::sync) last_success: Option<Moment>,
    pub(in crate::sync) last_write: Option<Moment>,
    pub(in crate::sync) round_milliseconds: u64,
    /// Of the configuration.
    pub(in crate::sync) bytes: usize,
    /// How many Envoys were answered, by status.
    pub(super) answered: BTreeMap<u16, u64>,
    /// Rounds begin so many seconds after one another.
    pub(in crate::sync) interval: u64,
}

impl Published {
    /// Puts what Envoys get in the place of what they got before.
    pub(in crate::sync) fn publish(&self, version: &str, resources: &[NamedResource]) {
        let discovery = Discovery::of(version, resources).map(Arc::new);
        *self.discovery.lock().unwrap_or_else(PoisonError::into_inner) = discovery;
    }

    /// Whether Envoys get anything.
    pub(in crate::sync) fn hands_out(&self) -> bool {
        self.discovery().is_some()
    }

    pub(super) fn discovery(&self) -> Option<Arc<Discovery>> {
        self.discovery
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes how it stands.
    pub(in crate::sync) fn note(&self, change: impl FnOnce(&mut Standing)) {
        change(&mut self.standing());
    }

    /// How it stands, which waits until it is looked at.
    pub(super) fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Discovery {
    /// `None`: the document has nothing that discovery could ask for.
    fn of(version: &str, resources: &[NamedResource]) -> Option<Self> {
        if resources.is_empty() {
            return None;
        }
        let resources = resources.iter();
        let resources: BTreeMap<String, Bytes> = resources
            .map(|resource| (resource.name.clone(), Bytes::from(resource.json.clone())))
            .collect();
        let single = resources.iter().map(|(name, json)| {
            let answer = answer(version, &[json]);
            (name.clone(), answer)
        });
        Some(Self {
            version: version.to_owned(),
            single: single.collect(),
            resources,
        })
    }

    /// The answer to who asks for these, or for all. `None`: none of them is there.
    ///
    /// `kind`: of resources. Empty: that which is asked for at this address.
    pub(super) fn answer(&self, kind: &str, names: &[String]) -> Option<Bytes> {
        if !kind.is_empty() && kind != RESOURCE_TYPE {
            return None;
        }
        match names {
            [name] => self.single.get(name).cloned(),
            [] => Some(answer(
                &self.version,
                &self.resources.values().collect::<Vec<_>>(),
            )),
            _ => {
                let named = self.resources.iter().filter(|(name, _)| names.contains(name));
                let named: Vec<&Bytes> = named.map(|(_, json)| json).collect();
                (!named.is_empty()).then(|| answer(&self.version, &named))
            }
        }
    }
}

/// A DiscoveryResponse.
fn answer(version: &str, resources: &[&Bytes]) -> Bytes {
    let head = json!({ "version_info": version, "type_url": RESOURCE_TYPE, "nonce": version });
    let Value::Object(head) = head else {
        return Bytes::new();
    };
    let mut text = Value::Object(head).to_string().into_bytes();
    text.pop();
    text.extend_from_slice(b",\"resources\":[");
    for (index, resource) in resources.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        text.extend_from_slice(resource);
    }
    text.extend_from_slice(b"]}");
    Bytes::from(text)
}
