//! The rules of buckets, with ready-made header values.

use std::borrow::Cow;

use super::compiled::{CompiledRule, ValueId};
use super::interner::Interner;
use crate::chunks::Chunks;
use crate::config::Rule;
use crate::index::{Index, hash_of_numbers};

/// The rules of buckets, each distinct list of them once.
#[derive(Debug, Default)]
pub(super) struct RuleRuns {
    pub(super) rules: Chunks<CompiledRule>,
    /// By the number of a list: where it begins.
    runs: Chunks<u32>,
    known: Index,
    pub(super) values: HeaderValues,
}

impl RuleRuns {
    /// Where the rules of a bucket begin.
    pub(super) fn add(&mut self, rules: &[Rule<'_>]) -> u32 {
        let Self {
            rules: compiled,
            runs,
            known,
            values,
        } = self;
        let first = compiled.end();
        let mut hash = 0;
        for rule in rules {
            let rule = values.rule(rule);
            let numbers = [
                rule.allow_methods.0,
                rule.expose_headers.0,
                rule.max_age.0,
                rule.id.0,
            ];
            hash = hash_of_numbers(hash, numbers);
            compiled.push(rule);
        }
        let (number, is_new) = known.number(hash, &|number| {
            let known = runs.get(number as usize).copied().unwrap_or(first);
            let is_all_known = (known as usize).saturating_add(rules.len()) <= first as usize;
            let mut pairs = compiled
                .iter_from(first as usize)
                .zip(compiled.iter_from(known as usize));
            is_all_known && pairs.all(|(new, known)| new == known)
        });
        if is_new {
            runs.push(first);
            return first;
        }
        compiled.truncate(first as usize);
        runs.get(number as usize).copied().unwrap_or_default()
    }
}

/// Ready-made header values, each distinct one once.
#[derive(Debug, Default)]
pub(super) struct HeaderValues {
    pub(super) known: Interner,
    scratch: Vec<u8>,
}

impl HeaderValues {
    fn rule(&mut self, rule: &Rule<'_>) -> CompiledRule {
        let max_age = rule
            .max_age_seconds
            .map(|seconds| seconds.to_string())
            .unwrap_or_default();
        CompiledRule {
            any_origin: rule.allows_any_origin(),
            allow_methods: self.list(&rule.allowed_methods),
            expose_headers: self.list(&rule.expose_headers),
            max_age: self.intern(max_age.as_bytes()),
            id: self.intern(rule.id.as_deref().map(quoted).unwrap_or_default().as_bytes()),
        }
    }

    fn list(&mut self, names: &[Cow<'_, str>]) -> ValueId {
        let mut list = std::mem::take(&mut self.scratch);
        list.clear();
        for name in names {
            if !list.is_empty() {
                list.extend_from_slice(b", ");
            }
            list.extend_from_slice(name.as_bytes());
        }
        let value = self.intern(&list);
        self.scratch = list;
        value
    }

    pub(super) fn intern(&mut self, value: &[u8]) -> ValueId {
        ValueId(self.known.intern(value).0)
    }
}

/// An `ID` as a quoted string that is fit for a header: what is not visible ASCII becomes `?`.
fn quoted(id: &str) -> String {
    let mut text = String::with_capacity(id.len());
    for character in id.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            ' '..='~' => text.push(character),
            _ => text.push('?'),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn lists_of_one_hash_are_told_apart_and_equal_ones_stand_once() {
        // Of so many, some have the same 32 bits of hash.
        const RUNS: u32 = 200_000;
        let rule = |number| Rule {
            max_age_seconds: Some(number),
            ..Rule::default()
        };
        let mut runs = RuleRuns::default();
        let starts: Vec<u32> = (0..RUNS).map(|number| runs.add(&[rule(number)])).collect();
        let distinct: HashSet<u32> = starts.iter().copied().collect();
        assert_eq!(distinct.len(), RUNS as usize);
        for (number, start) in (0..).zip(starts) {
            assert_eq!(runs.add(&[rule(number)]), start);
        }
        assert_eq!(runs.rules.len(), RUNS as usize);
    }
}
