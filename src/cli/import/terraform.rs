//! `--from terraform`: what `terraform show -json` prints of a state or a plan.

use std::collections::HashMap;

use bucket_cors::profile::MAX_RULES;

use super::document::{Bucket, Cors, Rule, Sourced};
use super::node::{Documents, Node};
use super::report::Report;
use super::{Source, gcs, policy, store};

/// A resource that has rules.
struct Resource<'t> {
    address: String,
    kind: &'static Kind,
    values: Node<'t>,
}

/// A type of resource, and how it spells the rules.
struct Kind {
    name: &'static str,
    profile: &'static str,
    bucket: &'static str,
    rules: &'static str,
    /// Terraform keeps the rules as a set, whose order is its own.
    is_set: bool,
}

const fn kind(name: &'static str, profile: &'static str, fields: [&'static str; 2], is_set: bool) -> Kind {
    let [bucket, rules] = fields;
    Kind {
        name,
        profile,
        bucket,
        rules,
        is_set,
    }
}

static KINDS: [Kind; 5] = [
    kind(
        "aws_s3_bucket_cors_configuration",
        "s3",
        ["bucket", "cors_rule"],
        true,
    ),
    kind("aws_s3_bucket", "s3", ["bucket", "cors_rule"], false),
    kind("alicloud_oss_bucket_cors", "oss", ["bucket", "cors_rule"], true),
    kind("alicloud_oss_bucket", "oss", ["bucket", "cors_rule"], false),
    kind("google_storage_bucket", "fetch", ["name", "cors"], false),
];

/// The fields of a rule, in Terraform's spelling and in the store's.
const FIELDS: [(&str, &str); 7] = [
    ("id", "ID"),
    ("allowed_origins", "AllowedOrigins"),
    ("allowed_methods", "AllowedMethods"),
    ("allowed_headers", "AllowedHeaders"),
    ("expose_headers", "ExposeHeaders"),
    // Of alicloud_oss_bucket_cors.
    ("expose_header", "ExposeHeaders"),
    ("max_age_seconds", "MaxAgeSeconds"),
];

/// Reads the buckets that have rules.
///
/// # Errors
/// That it is no output of `terraform show -json`, for a person.
pub(crate) fn read(source: &Source<'_>, report: &mut Report) -> Result<Vec<Bucket>, String> {
    let documents = Documents::read(source.file, source.text)?;
    let root = documents.root()?;
    let Some(values) = root.get("values").or_else(|| root.get("planned_values")) else {
        if root.get("resources").is_some() && root.get("version").is_some() {
            return Err("it is Terraform's own state file: print it with `terraform show -json`".to_owned());
        }
        return Err(
            "it is not what `terraform show -json` prints: it has no values and no planned_values".to_owned(),
        );
    };
    let mut resources = Vec::new();
    if let Some(module) = values.get("root_module") {
        collect(&module, &mut resources);
    }
    let unknown = Unknown::new(&root);
    let mut buckets: Vec<(bool, Bucket)> = Vec::new();
    for resource in &resources {
        if let Some(bucket) = bucket(resource, &unknown, &resources, source, report) {
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
                    report.lost(
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
            say_lost_order(bucket, report);
        }
    }
    Ok(buckets.into_iter().map(|(_, bucket)| bucket).collect())
}

fn collect<'t>(module: &Node<'t>, resources: &mut Vec<Resource<'t>>) {
    for node in module.list("resources") {
        let (Some(name), Some(values)) = (node.text_of("type"), node.get("values")) else {
            continue;
        };
        if let Some(kind) = KINDS.iter().find(|kind| kind.name == name) {
            resources.push(Resource {
                address: node.text_of("address").unwrap_or_default(),
                kind,
                values,
            });
        }
    }
    for child in module.list("child_modules") {
        collect(&child, resources);
    }
}

/// What a plan does not know before it is applied.
struct Unknown<'t> {
    after: HashMap<String, Node<'t>>,
    root: Node<'t>,
}

impl<'t> Unknown<'t> {
    fn new(root: &Node<'t>) -> Self {
        let changes = root.list("resource_changes").into_iter().filter_map(|change| {
            Some((
                change.text_of("address")?,
                change.path(&["change", "after_unknown"])?,
            ))
        });
        Self {
            after: changes.collect(),
            root: root.clone(),
        }
    }

    /// Whether anything under a field of a resource is not known.
    fn holds(&self, address: &str, field: &str) -> bool {
        fn any(node: &Node<'_>) -> bool {
            node.flag() == Some(true)
                || node.fields().iter().any(|(_, value)| any(value))
                || (node.is_list() && node.items().iter().any(any))
        }
        self.after
            .get(address)
            .and_then(|unknown| unknown.get(field))
            .is_some_and(|field| any(&field))
    }

    /// The address of the resource whose name is to become this one's bucket, where the configuration says it plainly.
    fn refers_to(&self, address: &str) -> Option<String> {
        let module = self.root.path(&["configuration", "root_module"])?;
        let resource = module
            .list("resources")
            .into_iter()
            .find(|resource| resource.text_of("address").as_deref() == Some(address))?;
        let references = resource.path(&["expressions", "bucket", "references"])?;
        references.items().last()?.text()
    }
}

fn bucket(
    resource: &Resource<'_>,
    unknown: &Unknown<'_>,
    resources: &[Resource<'_>],
    source: &Source<'_>,
    report: &mut Report,
) -> Option<Bucket> {
    let Resource {
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
    let named = |resource: &Resource<'_>| {
        resource
            .values
            .text_of(resource.kind.bucket)
            .filter(|name| !name.is_empty())
    };
    let name = named(resource).or_else(|| {
        let other = unknown.refers_to(address)?;
        named(resources.iter().find(|resource| resource.address == other)?)
    });
    let Some(name) = name else {
        report.lost(
            &values.place,
            format!("{address}: the bucket's name is not known before the plan is applied: import the state after it"),
        );
        return None;
    };
    if !source.wants(&name) {
        return None;
    }
    let mut cors = Cors {
        rules: Vec::new(),
        response_vary: values.get("response_vary").and_then(|flag| flag.flag()),
    };
    if unknown_rules {
        report.lost(
            &values.place,
            format!("{address}: a part of its rules is not known before the plan is applied: import the state after it"),
        );
    }
    for node in rules.map(|rules| rules.items()).unwrap_or_default() {
        let rule = if kind.rules == "cors" {
            gcs::rule(
                &node,
                ["origin", "method", "response_header", "max_age_seconds"],
                report,
            )
        } else {
            store_rule(&node, &mut cors, report)
        };
        cors.rules.push(rule);
    }
    for rule in &cors.rules {
        if let Some(Sourced { value: 0, place }) = &rule.max_age_seconds {
            report.note_once(
                place,
                "Terraform shows 0 where no max_age_seconds is set too: take MaxAgeSeconds out if none is meant",
            );
        }
    }
    Some(Bucket {
        name,
        profile: Some(kind.profile),
        cors,
        place: values.place.clone(),
        ..Bucket::default()
    })
}

fn store_rule(node: &Node<'_>, cors: &mut Cors, report: &mut Report) -> Rule {
    let mut rule = Rule {
        place: node.place.clone(),
        ..Rule::default()
    };
    for (key, field) in node.fields() {
        let name = FIELDS
            .iter()
            .find(|(own, _)| *own == key)
            .map_or(key, |(_, name)| name);
        for value in field.items() {
            if let Some(text) = policy::text(&value, report) {
                store::add(cors, &mut rule, name, &text.value, &text.place, report);
            }
        }
    }
    rule
}

fn same_rules(some: &[Rule], others: &[Rule]) -> bool {
    // More are refused anyway.
    some.len() <= MAX_RULES && some.len() == others.len() && some.iter().all(|rule| others.contains(rule))
}

/// The order of rules is meaning, and a set has none.
fn say_lost_order(bucket: &Bucket, report: &mut Report) {
    let rules = &bucket.cors.rules;
    for (index, later) in rules.iter().enumerate().take(MAX_RULES) {
        if rules
            .iter()
            .take(index)
            .any(|earlier| earlier.order_matters(later))
        {
            report.lost(
                &later.place,
                format!(
                    "the order of the rules of {:?}: Terraform keeps them as a set, an earlier one of these matches the \
                     same requests, and the first that matches answers: order them as the store has them (import \
                     --from {} what its API prints)",
                    bucket.name,
                    bucket.profile.unwrap_or("s3"),
                ),
            );
            return;
        }
    }
}
