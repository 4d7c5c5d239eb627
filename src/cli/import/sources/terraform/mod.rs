//! `--from terraform`: what `terraform show -json` prints of a state or a plan, or the state file itself.

mod references;
mod resources;
mod types;
mod unknown;

use bucket_cors::profile::{self, MAX_RULES};

use self::resources::{TerraformResource, collect, collect_raw, is_raw_state, shown};
use self::unknown::Unknown;
use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::file::{File, FileContent};
use crate::import::imported_document::{ImportedBucket, ImportedCors, ImportedRule, Sourced};
use crate::import::remarks::Remarks;
use crate::import::{gcs_entry, rule_fields};
use crate::source::Trouble;

pub(super) static SOURCE: Source = Source {
    name: "terraform",
    holds: "`terraform show -json` of a state or a plan, or a state file",
    about: "\
What `terraform show -json` prints of a state or a plan, or a state file (terraform.tfstate), with all its modules: aws_s3_bucket_cors_configuration, aws_s3_bucket, alicloud_oss_bucket_cors, alicloud_oss_bucket, google_storage_bucket, cloudflare_r2_bucket_cors, and the buckets of other providers that have cors_rule in AWS's shape. The rules of aws_s3_bucket_cors_configuration and of alicloud_oss_bucket_cors are sets, whose order is lost: where it matters, it is said, and the store has it. What a plan does not know yet is not carried over. --bucket chooses among the buckets.",
    profile: &profile::FETCH,
    names: BucketNames::Inside,
    kinds: &[],
    recognises: |file| {
        let values = file.values();
        values
            .iter()
            .any(|value| shown(value).is_some() || is_raw_state(value))
    },
    read,
};

/// Reads the buckets that have rules.
///
/// # Errors
/// That it is no output of `terraform show -json`, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let documents = file.documents()?;
    let root = documents.root()?;
    let mut resources = Vec::new();
    if is_raw_state(&root) {
        collect_raw(&root, &mut resources, remarks);
    } else if let Some(values) = shown(&root) {
        if let Some(module) = values.get("root_module") {
            collect(&module, &mut resources, remarks);
        }
    } else {
        return Err(Trouble::new(
            "it is neither a state of Terraform nor what `terraform show -json` prints: it has no values, no \
             planned_values and no resources",
        ));
    }
    let unknown = Unknown::new(&root);
    let mut buckets: Vec<(bool, ImportedBucket)> = Vec::new();
    for resource in &resources {
        if let Some(bucket) = bucket(resource, &unknown, &resources, file, remarks) {
            let is_set = resource.kind.is_set;
            let known = buckets
                .iter_mut()
                .find(|(_, known)| known.name == bucket.name && known.profile == bucket.profile);
            match known {
                None => buckets.push((is_set, bucket)),
                // The provider reads a bucket's rules back into the bucket's own resource, in the store's order.
                Some((known_is_set, known)) if same_rules(&known.cors.rules, &bucket.cors.rules) => {
                    if *known_is_set && !is_set {
                        known.cors.rules = bucket.cors.rules;
                        *known_is_set = false;
                    }
                }
                // What is managed elsewhere and read back before the last change to it.
                Some(known) => {
                    let mut other = (is_set, bucket);
                    if is_set {
                        std::mem::swap(known, &mut other);
                    }
                    remarks.say(
                        code::SECOND_POLICY,
                        &other.1.place,
                        format!(
                            "these rules of {:?} are others than those of another resource, which stand",
                            other.1.name
                        ),
                    );
                }
            }
        }
    }
    for (is_set, bucket) in &buckets {
        if *is_set {
            say_lost_order(bucket, remarks);
        }
    }
    Ok(FileContent::Buckets(
        buckets.into_iter().map(|(_, bucket)| bucket).collect(),
    ))
}

fn bucket(
    resource: &TerraformResource<'_>,
    unknown: &Unknown<'_>,
    resources: &[TerraformResource<'_>],
    file: &File<'_>,
    remarks: &mut Remarks,
) -> Option<ImportedBucket> {
    let TerraformResource {
        address,
        kind,
        values,
    } = resource;
    let rules = values.get(kind.rules);
    let unknown_rules = unknown.holds(address, kind.rules);
    // A bucket's own resource shows the rules that are managed elsewhere too, and in a plan does not know them yet.
    if rules.as_ref().is_none_or(|rules| rules.items().is_empty()) && !(unknown_rules && kind.is_set) {
        return None;
    }
    let named = |resource: &TerraformResource<'_>| {
        resource
            .values
            .text_of(resource.kind.bucket)
            .filter(|name| !name.is_empty())
    };
    let mut name = named(resource);
    if name.is_none()
        && let Some(other) = references::of(&unknown.root, address, kind.bucket)
        && !unknown.is_known(address, kind.bucket)
    {
        name = resources
            .iter()
            .find(|resource| resource.address == other)
            .and_then(named);
        if let Some(name) = name.as_ref().filter(|name| file.wants(name)) {
            remarks.say(
                code::ASSUMED_BUCKET,
                &values.place,
                format!(
                    "{address}: the bucket's name is not known before the plan is applied, and is made of {other}'s, so that these \
                     are taken for the rules of {name:?}: where more stands in the name, as in \"${{…}}-logs\", they are another \
                     bucket's: see the configuration, or import the state after it"
                ),
            );
        }
    }
    let Some(name) = name else {
        remarks.say(code::KNOWN_LATER, &values.place,
            format!("{address}: the bucket's name is not known before the plan is applied: import the state after it"),
        );
        return None;
    };
    if !file.wants(&name) {
        return None;
    }
    let mut cors = ImportedCors {
        rules: Vec::new(),
        response_vary: values.get("response_vary").and_then(|flag| flag.flag()),
    };
    if unknown_rules {
        remarks.say(code::KNOWN_LATER, &values.place,
            format!("{address}: a part of its rules is not known before the plan is applied: import the state after it"),
        );
    }
    for node in rules.map(|rules| rules.items()).unwrap_or_default() {
        let rule = if kind.rules == "cors" {
            gcs_entry::rule(
                &node,
                ["origin", "method", "response_header", "max_age_seconds"],
                remarks,
            )
        } else {
            rule_fields::renamed_rule(&node, kind.fields, remarks)
        };
        cors.rules.push(rule);
    }
    for rule in &cors.rules {
        if let Some(Sourced { value: 0, place }) = &rule.max_age_seconds {
            remarks.say_once(code::ZERO_MAX_AGE, place,
                "Terraform shows 0 where no max_age_seconds is set too: take MaxAgeSeconds out if none is meant",
            );
        }
    }
    Some(ImportedBucket {
        name,
        profile: Some(kind.profile.name),
        cors,
        place: values.place.clone(),
        ..ImportedBucket::default()
    })
}

fn same_rules(some: &[ImportedRule], others: &[ImportedRule]) -> bool {
    // More are refused anyway.
    some.len() <= MAX_RULES && some.len() == others.len() && some.iter().all(|rule| others.contains(rule))
}

/// The order of rules is meaning, and a set has none.
fn say_lost_order(bucket: &ImportedBucket, remarks: &mut Remarks) {
    let rules = &bucket.cors.rules;
    for (index, later) in rules.iter().enumerate().take(MAX_RULES) {
        if rules
            .iter()
            .take(index)
            .any(|earlier| earlier.order_matters(later))
        {
            remarks.say(code::RULE_ORDER, &later.place,
                format!(
                    "the order of the rules of {:?}: Terraform keeps them as a set, an earlier one of these matches the \
                     same requests, and the first that matches answers: order them as the store has them (import \
                     --from {} what its API prints)",
                    bucket.name,
                    bucket.profile.unwrap_or(profile::S3.name),
                ),
            );
            return;
        }
    }
}
