//! What changed between two versions of a bucket's rules, for a person.

use std::borrow::Cow;
use std::fmt::Write as _;

use bucket_cors::config::Rule;
use bucket_cors::wildcard::Pattern;

use super::rules::StoreRules;

/// What changed, one thing an element. Empty: nothing.
pub(super) fn of(old: &StoreRules, new: &StoreRules) -> Vec<String> {
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
fn matched(old: &[Rule<'_>], new: &[Rule<'_>]) -> Vec<Option<usize>> {
    let mut matches: Vec<Option<usize>> = vec![None; new.len()];
    let mut is_free = vec![true; old.len()];
    let mut pair = |is_pair: &dyn Fn(&Rule<'_>, &Rule<'_>) -> bool| {
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
    pair(&|before, rule| before.allowed_origins == rule.allowed_origins);
    // A rule that has a name of its own is no other one.
    pair(&|before, rule| {
        before.allowed_methods == rule.allowed_methods
            && (before.id.is_none() || rule.id.is_none() || before.id == rule.id)
    });
    pair(&|before, rule| before.id.is_none() && rule.id.is_none());
    matches
}

/// The lists of a rule, each with what people call it.
fn lists<'r>(rule: &'r Rule<'_>) -> [(&'static str, Vec<&'r str>); 4] {
    // Each by its name: a change of a field that is left out would not be told.
    let Rule {
        id: _,
        allowed_origins,
        allowed_methods,
        allowed_headers,
        expose_headers,
        max_age_seconds: _,
    } = rule;
    [
        ("origins", patterns(allowed_origins)),
        ("methods", texts(allowed_methods)),
        ("allowed headers", patterns(allowed_headers)),
        ("exposed headers", texts(expose_headers)),
    ]
}

fn rule_differences(old: &Rule<'_>, new: &Rule<'_>) -> Vec<String> {
    let mut said = Vec::new();
    if old.id != new.id {
        said.push(format!(
            "ID {} -> {}",
            name(old.id.as_deref()),
            name(new.id.as_deref())
        ));
    }
    for ((what, before), (_, after)) in lists(old).into_iter().zip(lists(new)) {
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
    let (before, after) = (old.max_age_seconds, new.max_age_seconds);
    if before != after {
        said.push(format!("max age {} -> {}", age(before), age(after)));
    }
    said
}

fn title(index: usize, rule: &Rule<'_>) -> String {
    match &rule.id {
        Some(id) => format!("rule {index} {id:?}"),
        None => format!("rule {index}"),
    }
}

/// A rule in a few words.
fn whole(rule: &Rule<'_>) -> String {
    let list = |values: Vec<&str>| values.into_iter().map(printable).collect::<Vec<_>>().join(" ");
    let [(_, origins), (_, methods), others @ ..] = lists(rule);
    let mut said = format!("{} from {}", list(methods), list(origins));
    for (what, values) in others {
        if !values.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(said, ", {what} {}", list(values));
        }
    }
    if rule.max_age_seconds.is_some() {
        let _ = write!(said, ", max age {}", age(rule.max_age_seconds));
    }
    said
}

fn patterns<'r>(list: &'r [Pattern<'_>]) -> Vec<&'r str> {
    list.iter().map(Pattern::as_str).collect()
}

fn texts<'r>(list: &'r [Cow<'_, str>]) -> Vec<&'r str> {
    list.iter().map(AsRef::as_ref).collect()
}

/// A value of a store's, with nothing in it that a terminal would obey, or that changes how the text around it is read.
pub(super) fn printable(value: &str) -> String {
    let is_plain = |character: char| {
        // Neither control characters nor those of format are left as they are, such as one that turns the line around.
        let is_shown = character.escape_debug().eq([character]);
        (is_shown || matches!(character, '"' | '\'')) && !character.is_whitespace()
    };
    if !value.is_empty() && value.chars().all(is_plain) {
        value.to_owned()
    } else {
        format!("{value:?}")
    }
}

/// So many buckets.
pub(super) fn buckets(count: usize) -> String {
    match count {
        1 => "1 bucket".to_owned(),
        _ => format!("{count} buckets"),
    }
}

fn name(id: Option<&str>) -> String {
    id.map_or_else(|| "none".to_owned(), |id| format!("{id:?}"))
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

    fn rule(id: &str, origins: &[&str], methods: &[&str]) -> Rule<'static> {
        let owned = |text: &&str| -> Cow<'static, str> { Cow::Owned((*text).to_owned()) };
        let origins = origins.iter().map(owned);
        Rule {
            id: Some(owned(&id)).filter(|id| !id.is_empty()),
            allowed_origins: origins.map(|origin| Pattern::new(origin).unwrap()).collect(),
            allowed_methods: methods.iter().map(owned).collect(),
            ..Rule::default()
        }
    }

    fn said(old: &[Rule<'static>], new: &[Rule<'static>]) -> Vec<String> {
        let rules = |of: &[Rule<'static>]| StoreRules {
            of: of.to_vec(),
            response_vary: None,
        };
        of(&rules(old), &rules(new))
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
        more.max_age_seconds = Some(60);
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
        for turned in [
            "photos\u{202e}gpj",
            "a\u{2066}b",
            "a\u{200b}b",
            "a\u{feff}",
            "\u{61c}a",
            "a\u{e0041}",
        ] {
            let said = printable(turned);
            assert!(said.is_ascii() && said.contains("\\u{"), "{said}");
        }
        for plain in ["photos", "bilder-ä", "写真", "\"a\""] {
            assert_eq!(printable(plain), plain);
        }
    }
}
