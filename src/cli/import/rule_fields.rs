//! The fields of a store's rule, which its XML, its JSON and the languages of deployment tools share.

use super::code;
use super::document::{Cors, Rule, Sourced};
use super::node::Node;
use super::policy;
use super::remarks::Remarks;

/// Takes a field's value into a rule.
pub(crate) fn add(
    cors: &mut Cors,
    rule: &mut Rule,
    field: &str,
    value: &str,
    place: &str,
    remarks: &mut Remarks,
) {
    // OSS's own sample has a blank before a value.
    let value = value.trim();
    let list = match field {
        "AllowedOrigin" | "AllowedOrigins" => &mut rule.allowed_origins,
        "AllowedMethod" | "AllowedMethods" => &mut rule.allowed_methods,
        "AllowedHeader" | "AllowedHeaders" => &mut rule.allowed_headers,
        "ExposeHeader" | "ExposeHeaders" => &mut rule.expose_headers,
        "ID" => {
            if !value.is_empty() {
                rule.id = Some(Sourced::new(value.to_owned(), place));
            }
            return;
        }
        "MaxAgeSeconds" => {
            if rule.max_age_seconds.is_some() {
                remarks.say(
                    code::SECOND_VALUE,
                    place,
                    "a second MaxAgeSeconds: stores take one in a rule; the first stands",
                );
            } else if !value.is_empty() {
                rule.max_age_seconds = seconds(value, place, remarks);
            }
            return;
        }
        "ResponseVary" => {
            // Volcengine TOS has it in each rule, and one that is true is enough.
            if let Some(flag) = response_vary(value, place, remarks) {
                cors.response_vary = Some(flag || cors.response_vary == Some(true));
            }
            return;
        }
        _ => {
            remarks.say(
                code::UNKNOWN_FIELD,
                place,
                format!("{field} is no field of a rule that is known: see whether it changes answers"),
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

/// A rule in another spelling: each of its names with the store's, and with none where the fields below belong to the rule.
pub(crate) fn renamed_rule(
    node: &Node<'_>,
    names: &[(&str, &str)],
    cors: &mut Cors,
    remarks: &mut Remarks,
) -> Rule {
    fn take(
        node: &Node<'_>,
        names: &[(&str, &str)],
        rule: &mut Rule,
        cors: &mut Cors,
        remarks: &mut Remarks,
    ) {
        for (key, field) in node.fields() {
            let name = names
                .iter()
                .find(|(own, _)| *own == key)
                .map_or(key, |(_, name)| name);
            if name.is_empty() {
                // A block of Terraform's is a list of one.
                for below in field.items() {
                    take(&below, names, rule, cors, remarks);
                }
                continue;
            }
            for value in field.items() {
                if let Some(text) = policy::text(&value, remarks) {
                    add(cors, rule, name, &text.value, &text.place, remarks);
                }
            }
        }
    }
    let mut rule = Rule {
        place: node.place.clone(),
        ..Rule::default()
    };
    take(node, names, &mut rule, cors, remarks);
    rule
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
