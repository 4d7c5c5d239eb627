//! What is added to rules until everything passes, in words.

use std::collections::BTreeMap;

use bucket_cors::config::Rule;

use super::lack::{Lack, RuleList};

/// What was added to let everything pass.
#[derive(Debug, Default)]
pub(super) struct Additions {
    pub(super) of_rules: BTreeMap<usize, Vec<Lack>>,
    /// Methods that the rules of no store can list.
    pub(super) beyond_stores: Vec<String>,
}

impl Additions {
    pub(super) fn missing(&self) -> Vec<Lack> {
        let mut missing: Vec<Lack> = self.of_rules.values().flatten().cloned().collect();
        missing.sort();
        missing.dedup();
        missing
    }

    /// The change in words. `rules`: as they were before.
    pub(super) fn text(&self, rules: &[Rule<'_>]) -> Option<String> {
        if let Some(method) = self.beyond_stores.first() {
            return Some(format!(
                "nothing helps: the rules of a store cannot list {method}. It takes another server, and profile \"fetch\""
            ));
        }
        let of_rule = |(index, lacks): (&usize, &Vec<Lack>)| {
            let mut lists: BTreeMap<RuleList, Vec<String>> = BTreeMap::new();
            for lack in lacks {
                let names = lists.entry(lack.what).or_default();
                let name = lack.listed().map_or_else(
                    || format!("each {} that the page reads (by its name)", lack.name),
                    |name| format!("{name:?}"),
                );
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            let parts: Vec<String> = lists
                .iter()
                .map(|(what, names)| format!("{} to {}", names.join(", "), what.field()))
                .collect();
            let parts = parts.join(" and ");
            let Some(rule) = rules.get(*index) else {
                return format!("add a rule: {parts}");
            };
            let id = rule.id.as_ref().map(|id| format!(" {id:?}")).unwrap_or_default();
            format!("rule {index}{id}: add {parts}")
        };
        let texts: Vec<String> = self.of_rules.iter().map(of_rule).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }
}
