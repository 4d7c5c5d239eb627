//! JSON Schema, as far as the project's own schemas use it; a keyword that is not known here is an error, not a check
//! less.

use regex_lite::Regex;
use serde_json::{Map, Value};

/// Each violation: where, and what.
pub(crate) fn violations(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema.as_object().unwrap(), value, "", &mut found);
    found
}

fn holds(schema: &Value, value: &Value) -> bool {
    violations(schema, value).is_empty()
}

fn check(schema: &Map<String, Value>, value: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, rule) in schema {
        let complaint = match keyword.as_str() {
            "title" | "$comment" => None,
            "type" => (!is_of_type(value, rule.as_str().unwrap())).then(|| format!("is no {rule}")),
            "const" => (value != rule).then(|| format!("is not {rule}")),
            "enum" => {
                (!rule.as_array().unwrap().contains(value)).then(|| format!("{value} is none of {rule}"))
            }
            "pattern" => value
                .as_str()
                .filter(|text| !Regex::new(rule.as_str().unwrap()).unwrap().is_match(text))
                .map(|text| format!("{text:?} does not match {rule}")),
            "minLength" | "minItems" => length(value, keyword)
                .filter(|length| *length < number(rule))
                .map(|_| format!("has less than {rule}")),
            "maxLength" | "maxItems" => length(value, keyword)
                .filter(|length| *length > number(rule))
                .map(|_| format!("has more than {rule}")),
            "minimum" => (value.as_i64() < rule.as_i64()).then(|| format!("is less than {rule}")),
            "maximum" => (value.as_i64() > rule.as_i64()).then(|| format!("is more than {rule}")),
            "required" => {
                let missing = |name: &&Value| value.get(name.as_str().unwrap()).is_none();
                let missing: Vec<_> = rule.as_array().unwrap().iter().filter(missing).collect();
                (!missing.is_empty()).then(|| format!("lacks {missing:?}"))
            }
            "not" => holds(rule, value).then(|| format!("is what it must not be: {rule}")),
            "oneOf" => {
                let count = rule
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|one| holds(one, value))
                    .count();
                (count != 1).then(|| format!("is {count} of {rule} instead of one"))
            }
            "allOf" => {
                for one in rule.as_array().unwrap() {
                    check(one.as_object().unwrap(), value, at, found);
                }
                None
            }
            "properties" => {
                for (name, schema) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        check(schema.as_object().unwrap(), value, &format!("{at}/{name}"), found);
                    }
                }
                None
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                for (name, value) in value.as_object().into_iter().flatten() {
                    if known.is_some_and(|known| known.contains_key(name)) {
                        continue;
                    }
                    match rule {
                        Value::Object(schema) => check(schema, value, &format!("{at}/{name}"), found),
                        _ => found.push(format!("{at}/{name} is no field")),
                    }
                }
                None
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    check(rule.as_object().unwrap(), value, &format!("{at}/{index}"), found);
                }
                None
            }
            _ => panic!("{keyword} is not known"),
        };
        found.extend(complaint.map(|complaint| format!("{at} {complaint}")));
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        _ => panic!("{name} is no known type"),
    }
}

/// In characters or in items, for values that have them.
fn length(value: &Value, keyword: &str) -> Option<usize> {
    if keyword.ends_with("Items") {
        value.as_array().map(Vec::len)
    } else {
        value.as_str().map(|text| text.chars().count())
    }
}

fn number(rule: &Value) -> usize {
    usize::try_from(rule.as_u64().unwrap()).unwrap()
}
