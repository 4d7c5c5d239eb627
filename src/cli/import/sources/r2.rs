//! `--from r2`: the rules of a bucket of Cloudflare R2, as its API and wrangler spell them.

use bucket_cors::profile;

use super::source::{BucketNames, Source};
use crate::import::file::{File, FileContent};
use crate::import::imported_document::ImportedCors;
use crate::import::node::Node;
use crate::import::remarks::Remarks;
use crate::import::rule_fields;
use crate::source::Trouble;

pub(super) static SOURCE: Source = Source {
    name: "r2",
    holds: "Cloudflare R2: JSON of its API, or the file that wrangler takes",
    about: "\
What R2's API answers (`/accounts/ID/r2/buckets/NAME/cors`), and the file that `wrangler r2 bucket cors set --file` takes. It does not name the bucket: say --bucket, or the file's name is taken. What its dashboard and its S3 API show is --from s3.",
    profile: &profile::S3,
    names: BucketNames::Outside,
    kinds: &[],
    recognises: |file| {
        let values = file.values();
        values
            .iter()
            .flat_map(rules)
            .any(|rule| rule.get("allowed").is_some())
    },
    read,
};

/// The fields of a rule, in R2's spelling and in S3's.
const FIELDS: [(&str, &str); 6] = [
    ("id", "ID"),
    ("allowed.origins", "AllowedOrigins"),
    ("allowed.methods", "AllowedMethods"),
    ("allowed.headers", "AllowedHeaders"),
    ("exposeHeaders", "ExposeHeaders"),
    ("maxAgeSeconds", "MaxAgeSeconds"),
];

/// The same in Terraform's spelling.
pub(super) const IN_TERRAFORM: [(&str, &str); 6] = [
    ("id", "ID"),
    ("allowed.origins", "AllowedOrigins"),
    ("allowed.methods", "AllowedMethods"),
    ("allowed.headers", "AllowedHeaders"),
    ("expose_headers", "ExposeHeaders"),
    ("max_age_seconds", "MaxAgeSeconds"),
];

fn rules<'t>(value: &Node<'t>) -> Vec<Node<'t>> {
    let value = value.get("result").unwrap_or_else(|| value.clone());
    value.list("rules")
}

/// Reads the rules of a bucket.
///
/// # Errors
/// Why they are none, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let root = file.documents()?.root()?;
    let rules = rules(&root);
    if root.get("rules").or_else(|| root.get("result")).is_none() {
        return Err(Trouble::new(
            "no rules of R2: an object with rules, each with what is allowed, is read",
        ));
    }
    let mut cors = ImportedCors::default();
    for node in rules {
        let rule = rule_fields::renamed_rule(&node, &FIELDS, remarks);
        cors.rules.push(rule);
    }
    file.of_one_bucket(cors)
}
