//! An entry of Cloud Storage's CORS, as its API and Terraform spell it.

use super::code;
use super::imported_document::{ImportedRule, Sourced};
use super::node::Node;
use super::policy::{self, EVERY_METHOD, ListUse};
use super::remarks::Remarks;
use super::rule_fields;

/// An entry, with the names of its fields: Terraform spells them otherwise.
pub(crate) fn rule(entry: &Node<'_>, names: [&str; 4], remarks: &mut Remarks) -> ImportedRule {
    entry.say_unknown(&names, "an entry", remarks);
    let [origin, method, header, max_age] = names;
    let mut rule = ImportedRule {
        place: entry.place.clone(),
        ..ImportedRule::default()
    };
    let texts = |key: &str, remarks: &mut Remarks| -> Vec<Sourced<String>> {
        let mut texts = Vec::new();
        for value in entry.list(key) {
            match value.text() {
                Some(text) => texts.push(Sourced::new(text.trim().to_owned(), &value.place)),
                None => remarks.say(
                    code::OTHER_TYPE,
                    &value.place,
                    format!("the value of {key} is no string"),
                ),
            }
        }
        texts
    };
    for value in texts(origin, remarks) {
        if value.value != "*" && value.value.contains('*') {
            remarks.say(code::LITERAL_STAR, &value.place,
                format!(
                    "{:?}: to Cloud Storage this * is a character that no origin holds, so it matches nothing, and to \
                     the edge it is a wildcard: write it into AllowedOrigins if that is what you mean",
                    value.value
                ),
            );
        } else {
            rule.allowed_origins.push(value);
        }
    }
    for value in texts(method, remarks) {
        if value.value == "*" {
            remarks.say_once(code::EVERY_METHOD, &value.place,
                "every method is written as those that Cloud Storage answers: GET, HEAD, PUT, POST, DELETE, PATCH and \
                 OPTIONS; add others to AllowedMethods if what is behind the edge has them",
            );
            let all = EVERY_METHOD
                .iter()
                .map(|name| Sourced::new((*name).to_owned(), &value.place));
            rule.allowed_methods.extend(all);
        } else {
            rule.allowed_methods.push(value);
        }
    }
    // Two that are spelled out beside `*`.
    let mut seen = std::collections::HashSet::new();
    rule.allowed_methods
        .retain(|method| seen.insert(method.value.clone()));
    let headers = policy::allowed_headers(texts(header, remarks), ListUse::Printed, false, remarks);
    if let Some(first) = headers.first() {
        remarks.say_once(code::ONE_HEADER_LIST, &first.place,
            "Cloud Storage has one list for the request headers that may be sent and the response headers that may be \
             read; it is written as both: take out of AllowedHeaders and of ExposeHeaders what is not meant there",
        );
    }
    for value in headers {
        if value.value == "*" {
            remarks.say(code::ALL_EXPOSED, &value.place,
                "* exposes every response header: list in ExposeHeaders those that scripts read (AllowedHeaders has it)",
            );
        } else {
            rule.expose_headers.push(value.clone());
        }
        rule.allowed_headers.push(value);
    }
    rule.max_age_seconds = entry
        .get(max_age)
        .and_then(|value| policy::text(&value, remarks))
        .and_then(|text| rule_fields::seconds(&text.value, &text.place, remarks));
    rule
}
