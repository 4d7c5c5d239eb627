//! What outlives a VM: the host's shared data, in the name of a plugin.

use super::host::{self, HostValue};
use crate::loading::{Shelf, Slot};

/// The shared data of the calling context's plugin. The host has it apart for each VM id.
pub(super) struct OfPlugin;

impl OfPlugin {
    /// Whether the host keeps anything.
    #[cold]
    pub(super) fn is_given() -> bool {
        Self.put(Slot::Trial, &[]) && Self.take(Slot::Trial).is_some()
    }
}

/// `None`: the host does not say whose this would be.
#[cold]
fn key(slot: Slot) -> Option<Vec<u8>> {
    let mut key = slot.name().as_bytes().to_vec();
    if slot != Slot::Refused {
        // Istio gives all plugins the same VM id.
        append(&mut key, "plugin_name")?;
        append(&mut key, "plugin_root_id")?;
    }
    Some(key)
}

#[inline(never)]
fn append(key: &mut Vec<u8>, property: &str) -> Option<()> {
    // What no name holds.
    key.push(0);
    key.extend_from_slice(&host::property(property).ok()?);
    Some(())
}

impl Shelf for OfPlugin {
    type Value = HostValue;

    fn put(&self, slot: Slot, value: &[u8]) -> bool {
        key(slot).is_some_and(|key| host::put_shared(&key, value).is_ok())
    }

    fn take(&self, slot: Slot) -> Option<HostValue> {
        host::shared(&key(slot)?).ok()
    }
}
