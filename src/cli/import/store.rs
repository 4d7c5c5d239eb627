//! The fields of a store's rule, which its XML and its JSON share.

use super::document::{Cors, Rule, Sourced};
use super::node::Node;
use super::report::Report;

/// Takes a field's value into a rule.
pub(crate) fn add(
    cors: &mut Cors,
    rule: &mut Rule,
    field: &str,
    value: &str,
    place: &str,
    report: &mut Report,
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
                report.lost(
                    place,
                    "a second MaxAgeSeconds: stores take one in a rule; the first stands",
                );
            } else if !value.is_empty() {
                rule.max_age_seconds = seconds(value, place, report);
            }
            return;
        }
        "ResponseVary" => {
            // Volcengine TOS has it in each rule, and one that is true is enough.
            if let Some(flag) = response_vary(value, place, report) {
                cors.response_vary = Some(flag || cors.response_vary == Some(true));
            }
            return;
        }
        _ => {
            report.lost(
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

/// A number of seconds. The core says whether there can be so many.
pub(crate) fn seconds(value: &str, place: &str, report: &mut Report) -> Option<Sourced<i64>> {
    let whole = value.strip_suffix(".0").unwrap_or(value);
    let Ok(number) = whole.parse() else {
        report.lost(
            place,
            format!("{value:?} is no whole number of seconds: write MaxAgeSeconds as one"),
        );
        return None;
    };
    Some(Sourced::new(number, place))
}

/// The flag of a document.
pub(crate) fn response_vary(value: &str, place: &str, report: &mut Report) -> Option<bool> {
    match value.trim() {
        "true" => Some(true),
        "false" => Some(false),
        "" => None,
        other => {
            report.lost(
                place,
                format!("{other:?} is no ResponseVary: write true or false"),
            );
            None
        }
    }
}

/// The JSON shapes: an object with a list of rules, the same in a `CORSConfiguration`, or the bare list.
///
/// # Errors
/// That it is none of them.
pub(crate) fn json(node: &Node<'_>, report: &mut Report) -> Result<Cors, String> {
    const SHAPES: &str =
        "no CORS document: an object with CORSRules (S3) or CORSRule (OSS), or a list of rules, is one";
    if let Some(inner) = node.get("CORSConfiguration") {
        return json(&inner, report);
    }
    let mut cors = Cors::default();
    let fields = node.fields();
    let rules = if fields.is_empty() {
        let rules = node.items();
        let is_list = rules.iter().all(|rule| {
            rule.has_any(&[
                "AllowedOrigins",
                "AllowedOrigin",
                "AllowedMethods",
                "AllowedMethod",
            ])
        });
        // A single value counts as a list of one, but text is no rule.
        if !is_list || node.text().is_some() {
            return Err(SHAPES.to_owned());
        }
        rules
    } else {
        let mut lists = ["CORSRules", "CORSRule"]
            .into_iter()
            .filter_map(|key| node.get(key));
        let Some(rules) = lists.next() else {
            return Err(SHAPES.to_owned());
        };
        if let Some(second) = lists.next() {
            report.lost(&second.place, "a second list of rules: CORSRules stands");
        }
        for (key, value) in fields {
            match key {
                "CORSRules" | "CORSRule" => {}
                "ResponseVary" => {
                    let text = value.text().unwrap_or_default();
                    cors.response_vary = response_vary(&text, &value.place, report);
                }
                // What tools add around an answer.
                "ResponseMetadata" | "RequestId" | "xmlns" | "@xmlns" => {}
                _ => report.lost(
                    &value.place,
                    format!(
                        "{key} is no field of a CORS document that is known: see whether it changes answers"
                    ),
                ),
            }
        }
        rules.items()
    };
    let own = cors.response_vary;
    for node in rules {
        let mut rule = Rule {
            place: node.place.clone(),
            ..Rule::default()
        };
        for (key, field) in node.fields() {
            for value in field.items() {
                match value.text() {
                    Some(text) => add(&mut cors, &mut rule, key, &text, &value.place, report),
                    None => report.lost(&value.place, format!("the value of {key} is no string")),
                }
            }
        }
        cors.rules.push(rule);
    }
    cors.response_vary = own.or(cors.response_vary);
    Ok(cors)
}
