//! What changed between two versions of a bucket's rules, for a person.

use std::fmt::Write as _;

use super::rules::{StoreRule, StoreRules};

/// What changed, one thing an element. Empty: nothing.
pub(super) fn differences(old: &StoreRules, new: &StoreRules) -> Vec<String> {
    let mut said = Vec::new();
    let matches = matched(&old.of, &new.of);
    let mut taken: Vec<usize> = matches.iter().flatten().copied().collect();
    let is_in_order = taken.is_sorted();
    taken.sort_unstable();
    for (index, rule) in old.of.iter().enumerate() {
        if taken.binary_search(&index).is_err() {
            said.push(format!("{} removed: {}", title(index, rule), whole(rule)));
        }
    }
    for (index, (rule, from)) in new.of.iter().zip(&matches).enumerate() {
        match from.and_then(|from| old.of.get(from)) {
            None => said.push(format!("{} added: {}", title(index, rule), whole(rule))),
            Some(before) => {
                let changes = rule_differences(before, rule);
                if !changes.is_empty() {
                    said.push(format!("{}: {}", title(index, rule), changes.join(", ")));
                }
            }
        }
    }
    if !is_in_order {
        said.push("the rules are in another order".to_owned());
    }
    if old.response_vary != new.response_vary {
        said.push(format!(
            "ResponseVary {} -> {}",
            flag(old.response_vary),
            flag(new.response_vary)
        ));
    }
    said
}

/// For each new rule the old one that it comes from: the same one, else one of the same `ID`, else the next that is
/// left.
fn matched(old: &[StoreRule], new: &[StoreRule]) -> Vec<Option<usize>> {
    let mut matches: Vec<Option<usize>> = vec![None; new.len()];
    let mut is_free = vec![true; old.len()];
    let mut pair = |is_pair: &dyn Fn(&StoreRule, &StoreRule) -> bool| {
        for (rule, slot) in new.iter().zip(&mut matches).filter(|(_, slot)| slot.is_none()) {
            let mut free = old.iter().zip(&mut is_free).enumerate();
            if let Some((index, (_, flag))) = free.find(|(_, (before, flag))| **flag && is_pair(before, rule))
            {
                *flag = false;
                *slot = Some(index);
            }
        }
    };
    pair(&|before, rule| before == rule);
    pair(&|before, rule| rule.id.is_some() && before.id == rule.id);
    pair(&|before, rule| before.origins == rule.origins);
    // A rule that has a name of its own is no other one.
    pair(&|before, rule| {
        before.methods == rule.methods && (before.id.is_none() || rule.id.is_none() || before.id == rule.id)
    });
    pair(&|before, rule| before.id.is_none() && rule.id.is_none());
    matches
}

fn rule_differences(old: &StoreRule, new: &StoreRule) -> Vec<String> {
    let mut said = Vec::new();
    if old.id != new.id {
        said.push(format!("ID {} -> {}", name(&old.id), name(&new.id)));
    }
    for (what, before, after) in [
        ("origins", &old.origins, &new.origins),
        ("methods", &old.methods, &new.methods),
        ("allowed headers", &old.headers, &new.headers),
        ("exposed headers", &old.exposed, &new.exposed),
    ] {
        let gone = before.iter().filter(|value| !after.contains(value));
        let come = after.iter().filter(|value| !before.contains(value));
        let parts: Vec<String> = come
            .map(|value| format!("+{}", printable(value)))
            .chain(gone.map(|value| format!("-{}", printable(value))))
            .collect();
        if !parts.is_empty() {
            said.push(format!("{what} {}", parts.join(" ")));
        } else if before != after {
            said.push(format!("{what} in another order"));
        }
    }
    if old.max_age != new.max_age {
        said.push(format!("max age {} -> {}", age(old.max_age), age(new.max_age)));
    }
    said
}

fn title(index: usize, rule: &StoreRule) -> String {
    match &rule.id {
        Some(id) => format!("rule {index} {id:?}"),
        None => format!("rule {index}"),
    }
}

/// A rule in a few words.
fn whole(rule: &StoreRule) -> String {
    let list = |values: &[String]| {
        values
            .iter()
            .map(|value| printable(value))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let mut said = format!("{} from {}", list(&rule.methods), list(&rule.origins));
    // Writing to a String cannot fail.
    if !rule.headers.is_empty() {
        let _ = write!(said, ", allowed headers {}", list(&rule.headers));
    }
    if !rule.exposed.is_empty() {
        let _ = write!(said, ", exposed headers {}", list(&rule.exposed));
    }
    if rule.max_age.is_some() {
        let _ = write!(said, ", max age {}", age(rule.max_age));
    }
    said
}

/// A value of a store's, with nothing in it that a terminal would obey.
pub(super) fn printable(value: &str) -> String {
    let is_plain = |character: char| !character.is_control() && !character.is_whitespace();
    if !value.is_empty() && value.chars().all(is_plain) {
        value.to_owned()
    } else {
        format!("{value:?}")
    }
}

fn name(id: &Option<String>) -> String {
    id.as_ref()
        .map_or_else(|| "none".to_owned(), |id| format!("{id:?}"))
}

fn age(seconds: Option<u32>) -> String {
    seconds.map_or_else(|| "none".to_owned(), |seconds| format!("{seconds} s"))
}

fn flag(flag: Option<bool>) -> &'static str {
    match flag {
        None => "unset",
        Some(true) => "true",
        Some(false) => "false",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str, origins: &[&str], methods: &[&str]) -> StoreRule {
        let owned = |values: &[&str]| values.iter().map(ToString::to_string).collect();
        StoreRule {
            id: Some(id.to_owned()).filter(|id| !id.is_empty()),
            origins: owned(origins),
            methods: owned(methods),
            ..StoreRule::default()
        }
    }

    fn said(old: &[StoreRule], new: &[StoreRule]) -> Vec<String> {
        let rules = |of: &[StoreRule]| StoreRules {
            of: of.to_vec(),
            response_vary: None,
        };
        differences(&rules(old), &rules(new))
    }

    #[test]
    fn each_kind_of_change_is_said_in_the_words_of_rules() {
        let read = rule("read", &["https://a.example"], &["GET"]);
        let write = rule("", &["https://b.example"], &["PUT"]);
        let mut more = rule(
            "read",
            &["https://a.example", "https://c.example"],
            &["GET", "HEAD"],
        );
        more.max_age = Some(60);
        let both = [read.clone(), write.clone()];
        for (old, new, expected) in [
            (&both[..], &both[..], &[][..]),
            (
                &both[..1],
                &both[..],
                &["rule 1 added: PUT from https://b.example"],
            ),
            (
                &both[..],
                &both[1..],
                &["rule 0 \"read\" removed: GET from https://a.example"],
            ),
            (
                &both[..],
                &[write.clone(), read.clone()],
                &["the rules are in another order"],
            ),
            (
                &both[..],
                &[more, write.clone()],
                &["rule 0 \"read\": origins +https://c.example, methods +HEAD, max age none -> 60 s"],
            ),
            (
                &[write.clone()][..],
                &[rule("", &["https://z.example"], &["PUT"])],
                &["rule 0: origins +https://z.example -https://b.example"],
            ),
            (
                &[rule("", &["https://a.example", "https://b.example"], &["PUT"])][..],
                &[rule("", &["https://b.example", "https://a.example"], &["PUT"])],
                &["rule 0: origins in another order"],
            ),
        ] {
            assert_eq!(said(old, new), expected);
        }
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_printed() {
        let bad = rule("\u{1b}[2J", &["https://a.example\u{7}"], &["GET"]);
        let said = said(&[], &[bad]).join("");
        assert!(!said.contains(char::is_control), "{said:?}");
    }
}
