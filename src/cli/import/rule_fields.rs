//! The fields of a store's rule, which its XML, its JSON and the languages of deployment tools share.

use super::code;
use super::imported_document::{ImportedCors, ImportedRule, Sourced};
use super::node::{self, Node};
use super::policy;
use super::remarks::Remarks;

/// The names of a rule's fields in JSON, each with other words for it.
const WORDS: [(&str, &str); 10] = [
    ("AllowedOrigins", "AllowedOrigins"),
    ("AllowedMethods", "AllowedMethods"),
    ("AllowedHeaders", "AllowedHeaders"),
    ("ExposeHeaders", "ExposeHeaders"),
    ("ExposeHeaders", "ExposedHeaders"),
    ("MaxAgeSeconds", "MaxAgeSeconds"),
    ("MaxAgeSeconds", "MaxAge"),
    ("MaxAgeSeconds", "MaxAgeInSeconds"),
    ("ID", "ID"),
    ("ResponseVary", "ResponseVary"),
];

/// Takes a field's value into a rule.
pub(crate) fn add(rule: &mut ImportedRule, field: &str, value: &str, place: &str, remarks: &mut Remarks) {
    // OSS's own sample has a blank before a value.
    let value = value.trim();
    let list = match field {
        "AllowedOrigin" | "AllowedOrigins" => &mut rule.allowed_origins,
        "AllowedMethod" | "AllowedMethods" => &mut rule.allowed_methods,
        "AllowedHeader" | "AllowedHeaders" => &mut rule.allowed_headers,
        "ExposeHeader" | "ExposeHeaders" => &mut rule.expose_headers,
        "ID" if rule.id.is_some() => return say_second(field, place, remarks),
        "ID" => {
            if !value.is_empty() {
                rule.id = Some(Sourced::new(value.to_owned(), place));
            }
            return;
        }
        "MaxAgeSeconds" if rule.max_age_seconds.is_some() => return say_second(field, place, remarks),
        "MaxAgeSeconds" => {
            if !value.is_empty() {
                rule.max_age_seconds = seconds(value, place, remarks);
            }
            return;
        }
        "ResponseVary" if rule.response_vary.is_some() => return say_second(field, place, remarks),
        "ResponseVary" => {
            rule.response_vary = response_vary(value, place, remarks).map(|flag| Sourced::new(flag, place));
            return;
        }
        _ => {
            remarks.say(
                code::UNKNOWN_FIELD,
                place,
                format!(
                    "{field} is no field of a rule that is known: {}",
                    node::advice(field, WORDS)
                ),
            );
            return;
        }
    };
    // No value, where a list of values is printed as one element: not a pattern that matches nothing.
    if !(value.is_empty()
        && matches!(
            field,
            "AllowedHeader" | "AllowedHeaders" | "ExposeHeader" | "ExposeHeaders"
        ))
    {
        list.push(Sourced::new(value.to_owned(), place));
    }
}

/// A value where one stands already.
pub(crate) fn say_second(field: &str, place: &str, remarks: &mut Remarks) {
    let said = format!("a second {field}: stores take one; the first stands");
    remarks.say(code::SECOND_VALUE, place, said);
}

/// A rule in another spelling: each of its names, behind those of the fields around it and a dot, with the store's. A
/// field has these names alone: the store's own word for it is none of them.
pub(crate) fn renamed_rule(node: &Node<'_>, names: &[(&str, &str)], remarks: &mut Remarks) -> ImportedRule {
    let mut rule = ImportedRule {
        place: node.place.clone(),
        ..ImportedRule::default()
    };
    take(node, "", names, &mut rule, remarks);
    rule
}

fn take(
    node: &Node<'_>,
    around: &str,
    names: &[(&str, &str)],
    rule: &mut ImportedRule,
    remarks: &mut Remarks,
) {
    for (key, field) in node.fields() {
        let own = format!("{around}{key}");
        let below = format!("{own}.");
        if names.iter().any(|(name, _)| name.starts_with(&below)) {
            // A block of Terraform's is a list of one.
            for field in field.items() {
                take(&field, &below, names, rule, remarks);
            }
            continue;
        }
        let Some((_, name)) = names.iter().find(|(name, _)| *name == own) else {
            say_other_word(key, &field, names, remarks);
            continue;
        };
        for value in field.items() {
            if let Some(text) = policy::text(&value, remarks) {
                add(rule, name, &text.value, &text.place, remarks);
            }
        }
    }
}

/// A field that these names do not have, with the one that is meant where it is another word for it.
fn say_other_word(key: &str, field: &Node<'_>, names: &[(&str, &str)], remarks: &mut Remarks) {
    let words = names.iter().flat_map(|(own, name)| [(*own, *own), (*own, *name)]);
    remarks.say(
        code::UNKNOWN_FIELD,
        &field.place,
        format!(
            "{key} is no field of a rule that is known: {}",
            node::advice(key, words)
        ),
    );
}

/// The flag of a document whose rules may have one each, of which TOS takes one that is absent for false.
pub(crate) fn join_vary(cors: &mut ImportedCors, remarks: &mut Remarks) {
    let own = cors.response_vary;
    let flags = cors.rules.iter().filter_map(|rule| rule.response_vary.as_ref());
    // One that is true is enough: a Vary too many keeps caches right.
    let any = flags.map(|flag| flag.value).reduce(|one, other| one || other);
    let Some(joined) = own.or(any) else { return };
    cors.response_vary = Some(joined);
    for rule in &cors.rules {
        let (flag, place) = match &rule.response_vary {
            Some(flag) => (flag.value, &flag.place),
            None => (own == Some(true), &rule.place),
        };
        if flag != joined {
            remarks.say(
                code::ONE_VARY,
                place,
                format!("ResponseVary is {flag} for this rule, and the edge has one for a whole bucket: {joined} is written"),
            );
        }
    }
}

/// A number of seconds. The core says whether there can be so many.
pub(crate) fn seconds(value: &str, place: &str, remarks: &mut Remarks) -> Option<Sourced<i64>> {
    let whole = value.strip_suffix(".0").unwrap_or(value);
    let Ok(number) = whole.parse() else {
        remarks.say(
            code::OTHER_TYPE,
            place,
            format!("{value:?} is no whole number of seconds: write MaxAgeSeconds as one"),
        );
        return None;
    };
    Some(Sourced::new(number, place))
}

/// The flag of a document.
pub(crate) fn response_vary(value: &str, place: &str, remarks: &mut Remarks) -> Option<bool> {
    match value.trim() {
        "true" => Some(true),
        "false" => Some(false),
        "" => None,
        other => {
            remarks.say(
                code::OTHER_TYPE,
                place,
                format!("{other:?} is no ResponseVary: write true or false"),
            );
            None
        }
    }
}
