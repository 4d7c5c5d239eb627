//! `--from terraform`: what `terraform show -json` prints of a state or a plan, or the state file itself.

mod references;

use std::collections::HashMap;

use bucket_cors::profile::{self, MAX_RULES};

use super::r2;
use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::document::{Bucket, Cors, Rule, Sourced};
use crate::import::file::{File, FileContent};
use crate::import::node::Node;
use crate::import::remarks::Remarks;
use crate::import::{foreign, gcs_entry, kubernetes, rule_fields};
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

/// A resource that has rules.
struct Resource<'t> {
    address: String,
    kind: &'static ResourceType,
    values: Node<'t>,
}

/// A type of resource, and how it spells the rules.
struct ResourceType {
    name: &'static str,
    profile: &'static str,
    bucket: &'static str,
    rules: &'static str,
    /// How it spells the fields of a rule.
    fields: &'static [(&'static str, &'static str)],
    /// Terraform keeps the rules as a set, whose order is its own.
    is_set: bool,
}

const fn kind(
    name: &'static str,
    profile: &'static str,
    fields: [&'static str; 2],
    is_set: bool,
) -> ResourceType {
    let [bucket, rules] = fields;
    ResourceType {
        name,
        profile,
        bucket,
        rules,
        fields: &FIELDS,
        is_set,
    }
}

static TYPES: [ResourceType; 6] = [
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
    ResourceType {
        fields: &r2::IN_TERRAFORM,
        ..kind("cloudflare_r2_bucket_cors", "s3", ["bucket_name", "rules"], false)
    },
];

/// Other providers' buckets, which have S3's rules in AWS's shape: by the field of the rules and that of the name.
static KIN: [ResourceType; 4] = [
    kind("", "s3", ["bucket", "cors_rule"], false),
    kind("", "s3", ["name", "cors_rule"], false),
    kind("", "s3", ["bucket", "cors_rules"], false),
    kind("", "s3", ["name", "cors_rules"], false),
];

/// The fields of a rule, in Terraform's spelling and in the store's.
const FIELDS: [(&str, &str); 8] = [
    ("id", "ID"),
    ("allowed_origins", "AllowedOrigins"),
    ("allowed_methods", "AllowedMethods"),
    ("allowed_headers", "AllowedHeaders"),
    ("expose_headers", "ExposeHeaders"),
    // Of alicloud_oss_bucket_cors.
    ("expose_header", "ExposeHeaders"),
    ("exposed_headers", "ExposeHeaders"),
    ("max_age_seconds", "MaxAgeSeconds"),
];

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
    let mut buckets: Vec<(bool, Bucket)> = Vec::new();
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

/// The values of a state or a plan, as `terraform show -json` prints them.
fn shown<'t>(root: &Node<'t>) -> Option<Node<'t>> {
    let values = root.get("values").or_else(|| root.get("planned_values"));
    values.filter(|values| values.get("root_module").is_some() || root.get("terraform_version").is_some())
}

/// The file in which Terraform keeps its state, of the fourth version.
fn is_raw_state(root: &Node<'_>) -> bool {
    root.get("resources").is_some() && root.get("version").is_some() && root.get("planned_values").is_none()
}

fn collect<'t>(module: &Node<'t>, resources: &mut Vec<Resource<'t>>, remarks: &mut Remarks) {
    for node in module.list("resources") {
        if let (Some(name), Some(values)) = (node.text_of("type"), node.get("values")) {
            let address = node.text_of("address").unwrap_or_default();
            if node.get("deposed_key").is_some() {
                say_deposed(&address, &values, remarks);
                continue;
            }
            resources.extend(resource(address, &name, values, remarks));
        }
    }
    for child in module.list("child_modules") {
        collect(&child, resources, remarks);
    }
}

fn collect_raw<'t>(root: &Node<'t>, resources: &mut Vec<Resource<'t>>, remarks: &mut Remarks) {
    for node in root.list("resources") {
        let text = |field| node.text_of(field).unwrap_or_default();
        let (module, name) = (text("module"), text("type"));
        let dot = if module.is_empty() { "" } else { "." };
        for instance in node.list("instances") {
            let index = match instance.get("index_key").and_then(|index| index.text()) {
                Some(index) if index.bytes().all(|byte| byte.is_ascii_digit()) => format!("[{index}]"),
                Some(index) => format!("[{index:?}]"),
                None => String::new(),
            };
            if let Some(values) = instance.get("attributes") {
                let address = format!("{module}{dot}{name}.{}{index}", text("name"));
                if instance.get("deposed").is_some() {
                    say_deposed(&address, &values, remarks);
                    continue;
                }
                resources.extend(resource(address, &name, values, remarks));
            }
        }
    }
}

/// What was replaced, and is still to be destroyed.
fn say_deposed(address: &str, values: &Node<'_>, remarks: &mut Remarks) {
    let of_cors = address.contains("cors").then(|| values.place.clone());
    if let Some(place) = kubernetes::cors_in(values).or(of_cors) {
        remarks.say(
            code::NOT_READ,
            &place,
            format!(
                "the CORS of {address}, which is deposed: Terraform has replaced it, and destroys it with the next apply"
            ),
        );
    }
}

/// A resource that may have rules. Another that has CORS in it is named.
fn resource<'t>(
    address: String,
    name: &str,
    values: Node<'t>,
    remarks: &mut Remarks,
) -> Option<Resource<'t>> {
    let is_kin =
        |kind: &&ResourceType| values.get(kind.bucket).is_some() && !values.list(kind.rules).is_empty();
    let known = TYPES.iter().find(|kind| kind.name == name);
    if let Some(kind) = known.or_else(|| KIN.iter().find(is_kin)) {
        return Some(Resource {
            address,
            kind,
            values,
        });
    }
    if let Some(place) = kubernetes::cors_in(&values) {
        remarks.say(
            code::NOT_READ,
            &place,
            format!(
                "the CORS of {address}: {name} is no bucket whose rules are read: {}",
                foreign::resource(name).unwrap_or("see what it says")
            ),
        );
    }
    None
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

    /// Whether a plan lists what it does not know of a resource, and a field is not among that.
    fn is_known(&self, address: &str, field: &str) -> bool {
        self.after.contains_key(address) && !self.holds(address, field)
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
}

fn bucket(
    resource: &Resource<'_>,
    unknown: &Unknown<'_>,
    resources: &[Resource<'_>],
    file: &File<'_>,
    remarks: &mut Remarks,
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
"{address}: the bucket's name is not known before the plan is applied, and is made of {other}'s: {name:?} \
                     is taken, which is right where nothing else is in it: see the configuration"
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
    let mut cors = Cors {
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
    Some(Bucket {
        name,
        profile: Some(kind.profile),
        cors,
        place: values.place.clone(),
        ..Bucket::default()
    })
}

fn same_rules(some: &[Rule], others: &[Rule]) -> bool {
    // More are refused anyway.
    some.len() <= MAX_RULES && some.len() == others.len() && some.iter().all(|rule| others.contains(rule))
}

/// The order of rules is meaning, and a set has none.
fn say_lost_order(bucket: &Bucket, remarks: &mut Remarks) {
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
                    bucket.profile.unwrap_or("s3"),
                ),
            );
            return;
        }
    }
}
