//! What filters of ours have said in Envoy's log.

use std::collections::BTreeMap;

use super::is_native;

/// What each filter logged, by its root id and its level. Every worker and the main thread say the same: each text
/// once.
pub(crate) struct FilterLog<'l>(BTreeMap<(&'l str, &'l str), Vec<&'l str>>);

impl<'l> FilterLog<'l> {
    /// Reads all of Envoy's log.
    pub(crate) fn of(log: &'l str) -> Self {
        // `[time][thread][LEVEL][wasm] [source] wasm log ROOT ID: TEXT`, without `wasm log` from the library.
        let (component, before_root_id) = if is_native() {
            ("][dynamic_modules] ", "] ")
        } else {
            ("][wasm] ", "wasm log ")
        };
        let mut texts: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for line in log.lines() {
            let Some((before, said)) = line.split_once(component) else {
                continue;
            };
            let level = before.rsplit('[').next().unwrap_or_default();
            let named = said.split_once(before_root_id);
            if let Some((root_id, text)) = named.and_then(|(_, said)| said.split_once(": ")) {
                let known = texts.entry((root_id, level)).or_default();
                if !known.contains(&text) {
                    known.push(text);
                }
            }
        }
        Self(texts)
    }

    /// What the filter with a root id logged at a level, in order.
    pub(crate) fn said_by(&self, root_id: &str, level: &str) -> Vec<String> {
        let texts = self.0.get(&(root_id, level));
        texts
            .into_iter()
            .flatten()
            .map(|text| (*text).to_owned())
            .collect()
    }
}
