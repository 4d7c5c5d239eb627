//! `--from gcs`: Google Cloud Storage's JSON, or gcloud's YAML.

use super::document::{Bucket, Cors, Rule, Sourced};
use super::node::{Documents, Node};
use super::policy::{self, Lists};
use super::report::Report;
use super::{Source, store};

/// What Cloud Storage's own APIs answer to.
pub(crate) const METHODS: [&str; 7] = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"];

/// Where a bucket says its rules: the JSON API, and gcloud's own view of it.
const FIELDS: [&str; 2] = ["cors", "cors_config"];

/// Reads a bucket's list of entries, a bucket, or a list of buckets.
///
/// # Errors
/// That it is none of them, for a person.
pub(crate) fn read(source: &Source<'_>, report: &mut Report) -> Result<Vec<Bucket>, String> {
    // What gcloud prints where nobody asks for JSON is YAML.
    let documents = Documents::read(source.file, source.text)?;
    // `gcloud storage buckets list` prints a document for each bucket.
    let nodes: Vec<_> = documents
        .roots()
        .flat_map(|root| root.get("items").unwrap_or(root).items())
        .collect();
    let is_bucket =
        |node: &Node<'_>| node.has_any(&FIELDS) || node.get("name").is_some() || node.get("kind").is_some();
    if !nodes.is_empty() && nodes.iter().all(is_bucket) {
        let mut buckets = Vec::new();
        for node in nodes {
            let name = match node.text_of("name") {
                Some(name) => name,
                None => source.bucket()?,
            };
            if !source.wants(&name) {
                continue;
            }
            let entries = FIELDS.iter().find_map(|field| node.get(field));
            let entries = entries.map(|entries| entries.items()).unwrap_or_default();
            buckets.push(bucket(name, &node.place, &entries, report));
        }
        return Ok(buckets);
    }
    if !nodes.iter().all(|node| node.has_any(&["origin", "method"])) {
        return Err(
            "no CORS of Cloud Storage: a list of entries with origin and method, or a bucket with cors or \
                    cors_config, is read"
                .to_owned(),
        );
    }
    Ok(vec![bucket(source.bucket()?, source.file, &nodes, report)])
}

fn bucket(name: String, place: &str, entries: &[Node<'_>], report: &mut Report) -> Bucket {
    let mut cors = Cors::default();
    for entry in entries {
        let rule = rule(
            entry,
            ["origin", "method", "responseHeader", "maxAgeSeconds"],
            report,
        );
        cors.rules.push(rule);
    }
    Bucket {
        name,
        cors,
        place: place.to_owned(),
        ..Bucket::default()
    }
}

/// An entry, with the names of its fields: Terraform spells them otherwise.
pub(crate) fn rule(entry: &Node<'_>, names: [&str; 4], report: &mut Report) -> Rule {
    entry.say_unknown(&names, "an entry", report);
    let [origin, method, header, max_age] = names;
    let mut rule = Rule {
        place: entry.place.clone(),
        ..Rule::default()
    };
    let texts = |key: &str, report: &mut Report| -> Vec<Sourced<String>> {
        let mut texts = Vec::new();
        for value in entry.list(key) {
            match value.text() {
                Some(text) => texts.push(Sourced::new(text.trim().to_owned(), &value.place)),
                None => report.lost(&value.place, format!("the value of {key} is no string")),
            }
        }
        texts
    };
    for value in texts(origin, report) {
        if value.value != "*" && value.value.contains('*') {
            report.lost(
                &value.place,
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
    for value in texts(method, report) {
        if value.value == "*" {
            report.note_once(
                &value.place,
                "every method is written as those that Cloud Storage answers: GET, HEAD, PUT, POST, DELETE, PATCH and \
                 OPTIONS; add others to AllowedMethods if what is behind the edge has them",
            );
            let all = METHODS
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
    let headers = policy::allowed_headers(texts(header, report), Lists::Printed, false, report);
    if let Some(first) = headers.first() {
        report.note_once(
            &first.place,
            "Cloud Storage has one list for the request headers that may be sent and the response headers that may be \
             read; it is written as both: take out of AllowedHeaders and of ExposeHeaders what is not meant there",
        );
    }
    for value in headers {
        if value.value == "*" {
            report.lost(
                &value.place,
                "* exposes every response header: list in ExposeHeaders those that scripts read (AllowedHeaders has it)",
            );
        } else {
            rule.expose_headers.push(value.clone());
        }
        rule.allowed_headers.push(value);
    }
    rule.max_age_seconds = entry
        .get(max_age)
        .and_then(|value| policy::text(&value, report))
        .and_then(|text| store::seconds(&text.value, &text.place, report));
    rule
}
