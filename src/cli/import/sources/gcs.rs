//! `--from gcs`: Google Cloud Storage's JSON, or gcloud's YAML.

use bucket_cors::profile;

use super::source::{BucketNames, Source};
use crate::import::file::{File, FileContent};
use crate::import::gcs_entry;
use crate::import::imported_document::{ImportedBucket, ImportedCors};
use crate::import::node::Node;
use crate::import::remarks::Remarks;
use crate::source::Trouble;

pub(super) static SOURCE: Source = Source {
    name: "gcs",
    holds: "Google Cloud Storage: JSON of `gcloud storage buckets describe`",
    about: "\
What `gcloud storage buckets describe gs://BUCKET` or `gcloud storage buckets list`, `gsutil cors get gs://BUCKET` or the JSON API prints. Its responseHeader is both the headers that may be sent and those that may be read, and is written as both. A * beside other characters is no wildcard there, and is not carried over. Every method (*) becomes seven.",
    profile: &profile::FETCH,
    names: BucketNames::Outside,
    kinds: &[KIND],
    recognises: |file| {
        let values = file.values();
        !values.is_empty()
            && values
                .iter()
                .all(|value| is_whole_entry(value) || is_whole_bucket(value))
    },
    read,
};

/// What the JSON API says a bucket is.
const KIND: &str = "storage#bucket";

/// Where a bucket says its rules: the JSON API, and gcloud's own view of it.
const FIELDS: [&str; 2] = ["cors", "cors_config"];

/// Reads a bucket's list of entries, a bucket, or a list of buckets.
///
/// # Errors
/// That it is none of them, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    // What gcloud prints where nobody asks for JSON is YAML.
    let nodes = file.documents()?.values();
    if !nodes.is_empty() && nodes.iter().all(is_bucket) {
        let mut buckets = Vec::new();
        for node in nodes {
            let name = match node.text_of("name") {
                Some(name) => name,
                None => file.bucket()?,
            };
            if !file.wants(&name) {
                continue;
            }
            let entries = FIELDS.iter().find_map(|field| node.get(field));
            let entries = entries.map(|entries| entries.items()).unwrap_or_default();
            buckets.push(bucket(name, &node.place, &entries, remarks));
        }
        return Ok(FileContent::Buckets(buckets));
    }
    if !nodes.iter().all(is_entry) {
        return Err(Trouble::new(
            "no CORS of Cloud Storage: a list of entries with origin and method, or a bucket with cors or \
                    cors_config, is read",
        ));
    }
    Ok(FileContent::Buckets(vec![bucket(
        file.bucket()?,
        file.name,
        &nodes,
        remarks,
    )]))
}

/// `gcloud storage buckets list` prints a document for each bucket.
fn is_bucket(node: &Node<'_>) -> bool {
    node.has_any(&FIELDS) || node.get("name").is_some() || node.get("kind").is_some()
}

/// Whether it is a bucket for sure. Much else has a field `cors`, and a bucket of a list may have none.
fn is_whole_bucket(node: &Node<'_>) -> bool {
    let rules = FIELDS.iter().find_map(|field| node.get(field));
    let is_named_one = node.text_of("kind").as_deref() == Some(KIND)
        || node
            .text_of("storage_url")
            .is_some_and(|url| url.starts_with("gs://"));
    rules.map_or(is_named_one, |rules| {
        rules.fields().is_empty() && rules.items().iter().all(is_whole_entry)
    })
}

fn is_whole_entry(node: &Node<'_>) -> bool {
    node.get("origin").is_some() && node.get("method").is_some()
}

fn is_entry(node: &Node<'_>) -> bool {
    node.has_any(&["origin", "method"])
}

fn bucket(name: String, place: &str, entries: &[Node<'_>], remarks: &mut Remarks) -> ImportedBucket {
    let mut cors = ImportedCors::default();
    for entry in entries {
        let rule = gcs_entry::rule(
            entry,
            ["origin", "method", "responseHeader", "maxAgeSeconds"],
            remarks,
        );
        cors.rules.push(rule);
    }
    ImportedBucket {
        name,
        cors,
        place: place.to_owned(),
        ..ImportedBucket::default()
    }
}
