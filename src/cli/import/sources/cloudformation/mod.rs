//! `--from cloudformation`: the buckets of a template, as it is written or as SAM, CDK and serverless make it.

mod template;

use bucket_cors::profile;

use self::template::{LOOP, StackResource};
use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::documents::Documents;
use crate::import::file::{File, FileContent};
use crate::import::imported_document::{ImportedBucket, ImportedCors};
use crate::import::kube;
use crate::import::node::Node;
use crate::import::policy;
use crate::import::remarks::Remarks;
use crate::import::rule_fields;
use crate::source::Trouble;

pub(super) static SOURCE: Source = Source {
    name: "cloudformation",
    holds: "a template of CloudFormation, SAM or serverless, or what CDK prints",
    about: "\
CorsConfiguration of AWS::S3::Bucket in a template, as JSON or YAML, with its tags: one of SAM or serverless, or what `cdk synth` prints, is one too, and so is what `aws cloudformation get-template` prints. What serverless has in provider.s3, and what its extensions put over a bucket, are read. What a function (!Ref, !Sub, Fn::…) stands for is known only when the stack is made, so that a rule's value of that kind is not carried over; a bucket whose name is one needs --bucket. A bucket with a Condition may not be made at all, and is not carried over. The CORS of an API is no bucket's.",
    profile: &profile::S3,
    names: BucketNames::Inside,
    kinds: &[],
    recognises: template::is_one,
    read,
};

/// The fields of a rule, in CloudFormation's spelling and in S3's.
const FIELDS: [(&str, &str); 6] = [
    ("Id", "ID"),
    ("AllowedOrigins", "AllowedOrigins"),
    ("AllowedMethods", "AllowedMethods"),
    ("AllowedHeaders", "AllowedHeaders"),
    ("ExposedHeaders", "ExposeHeaders"),
    ("MaxAge", "MaxAgeSeconds"),
];

/// The parts of a template of SAM or serverless that say something of an API.
const OF_APIS: [&str; 3] = ["Globals", "provider", "functions"];

/// Reads the buckets that have rules.
///
/// # Errors
/// That it is no template, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let text = template::text_within(file);
    let within = match &text {
        Some((name, text)) => {
            let read = Documents::read(name, text);
            Some(read.map_err(|problem| Trouble::new(format!("the template in {name}: {problem}")))?)
        }
        None => None,
    };
    let documents = match &within {
        Some(documents) => documents,
        None => file.documents()?,
    };
    let root = documents.root()?;
    if !template::is_template(&root) {
        return Err(Trouble::new(
            "no template of CloudFormation: it has no Resources of AWS",
        ));
    }
    let root = template::body(&root);
    for part in root.list("resources") {
        if let Some(file) = part.text() {
            remarks.say(
                code::TEMPLATE,
                &part.place,
                format!("{file} stands for resources of another file: import that, or what `serverless package` makes"),
            );
        }
    }
    let mut buckets = Vec::new();
    for resource in template::resources(&root) {
        let name = resource
            .path(&["Type"])
            .and_then(|name| name.text())
            .unwrap_or_default();
        let rules = resource.path(&["Properties", "CorsConfiguration"]);
        match rules {
            Some(rules) if name == BUCKET => {
                let name = resource.path(&["Properties", "BucketName"]);
                let made = Made {
                    id: resource.id,
                    name,
                    condition: resource.path(&["Condition"]),
                };
                buckets.extend(bucket(&made, &rules, file, remarks));
            }
            _ => say_other(&resource, &name, remarks),
        }
    }
    for (id, node) in template::of_provider(&root) {
        if let Some(rules) = node.get("corsConfiguration") {
            let name = node.get("name");
            let condition = None;
            let made = Made { id, name, condition };
            buckets.extend(bucket(&made, &rules, file, remarks));
        } else if let Some(place) = kube::cors_in(&node) {
            let said =
                format!("the CORS of the bucket {id} in provider.s3: its rules stand in corsConfiguration");
            remarks.say(code::NOT_READ, &place, said);
        }
    }
    say_beside(&root, remarks);
    Ok(FileContent::Buckets(buckets))
}

/// CORS in a resource that is no bucket with rules.
fn say_other(resource: &StackResource<'_>, name: &str, remarks: &mut Remarks) {
    let Some(place) = resource.nodes().find_map(kube::cors_in) else {
        return;
    };
    let id = resource.id;
    if id.starts_with(LOOP) {
        remarks.say(
            code::KNOWN_LATER,
            &place,
            format!(
                "the CORS in {id}: a loop makes its resources when the stack is made: import what `aws cloudformation \
                 get-template --template-stage Processed` prints"
            ),
        );
        return;
    }
    if resource.own.is_none() {
        remarks.say(
            code::NO_TARGET,
            &place,
            format!(
                "the CORS that an extension gives to {id}, a resource that is not in this file: import what `serverless \
                 package` makes, .serverless/cloudformation-template-update-stack.json"
            ),
        );
        return;
    }
    let why = if name == BUCKET {
        "its rules stand in CorsConfiguration, and CloudFormation refuses or ignores other names"
    } else if name.starts_with("AWS::ApiGateway") || name.starts_with("AWS::Serverless::") {
        OF_AN_API
    } else {
        "it is no bucket, and its rules are not read"
    };
    remarks.say(
        code::NOT_READ,
        &place,
        format!("the CORS of {id}, which is an {name}: {why}"),
    );
}

/// CORS beside the resources: of APIs, and of serverless's plugins.
fn say_beside(root: &Node<'_>, remarks: &mut Remarks) {
    for (name, part) in root.fields().iter().filter(|(name, _)| OF_APIS.contains(name)) {
        // The buckets of the provider are no API.
        let parts = part.fields().into_iter().filter(|(key, _)| *key != "s3");
        let place = match *name {
            "provider" => parts.into_iter().find_map(|(_, part)| kube::cors_in(&part)),
            _ => kube::cors_in(part),
        };
        if let Some(place) = place {
            remarks.say(code::NOT_READ, &place, format!("the CORS in {name}: {OF_AN_API}"));
        }
    }
    let custom = root.get("custom").filter(|_| root.get("service").is_some());
    if let Some(place) = custom.as_ref().and_then(rules_in) {
        remarks.say(
            code::NOT_READ,
            &place,
            "the CORS in custom: it is of a plugin of serverless's, which is not read: ask the store for the bucket's rules \
             (`aws s3api get-bucket-cors`), and import those with --from s3",
        );
    }
}

/// Where rules of somebody's own form stand. A single value is none: others refer to it.
fn rules_in(node: &Node<'_>) -> Option<String> {
    let is_rules = |(key, value): &(&str, Node<'_>)| {
        key.to_ascii_lowercase().contains("cors") && value.text().is_none() && !value.is_empty()
    };
    let fields = node.fields();
    let own = fields.iter().find(|field| is_rules(field));
    own.map(|(_, value)| value.place.clone())
        .or_else(|| node.children().iter().find_map(rules_in))
}

/// What makes a bucket.
struct Made<'t> {
    id: &'t str,
    name: Option<Node<'t>>,
    /// The stack has it only where this holds.
    condition: Option<Node<'t>>,
}

const BUCKET: &str = "AWS::S3::Bucket";
const OF_AN_API: &str = "it is of an API Gateway, whose requests go to an API and to no bucket";

/// What makes a value when the stack is made: a function, or a variable of SAM's or serverless's.
fn maker(node: &Node<'_>) -> Option<String> {
    let variable = node.text().filter(|text| text.contains("${"));
    policy::function(node).map(str::to_owned).or(variable)
}

/// Says of rules, or of a part of them, that they are known later, if they are.
fn are_known_later(node: &Node<'_>, what: &str, remarks: &mut Remarks) -> bool {
    let maker = maker(node);
    if let Some(maker) = &maker {
        remarks.say(
            code::KNOWN_LATER,
            &node.place,
            format!("{what}: {maker} makes them when the stack is made, so they are left out: write them in its place"),
        );
    }
    maker.is_some()
}

fn bucket(
    made: &Made<'_>,
    rules: &Node<'_>,
    file: &File<'_>,
    remarks: &mut Remarks,
) -> Option<ImportedBucket> {
    let id = made.id;
    let said = made.name.as_ref().and_then(|name| name.text());
    // serverless's and SAM's variables.
    let said = said.filter(|name| !name.contains("${"));
    let Some(name) = said.or_else(|| file.only_wanted()) else {
        remarks.say(code::KNOWN_LATER, &rules.place,
            format!("the rules of {id}: the bucket's name is known only when the stack is made: name it with --bucket"),
        );
        return None;
    };
    if !file.wants(&name) {
        return None;
    }
    if let Some(condition) = &made.condition {
        remarks.say(
            code::KNOWN_LATER,
            &condition.place,
            format!(
                "the rules of {id}: the stack has this bucket only where the condition {:?} holds, so they are left out: ask \
                 the store for its rules (`aws s3api get-bucket-cors`), and import those with --from s3",
                condition.text().unwrap_or_default()
            ),
        );
        return None;
    }
    let all = format!("the rules of {id}");
    let list = rules.get("CorsRules").unwrap_or_else(|| rules.nothing());
    if are_known_later(rules, &all, remarks) || are_known_later(&list, &all, remarks) {
        return None;
    }
    rules.say_unknown(&["CorsRules"], "a CorsConfiguration", remarks);
    let nodes = list.items();
    let mut cors = ImportedCors::default();
    for node in &nodes {
        // A rule is nothing without these.
        let needed = ["AllowedOrigins", "AllowedMethods"].map(|field| node.list(field));
        let made = needed.iter().find_map(|values| {
            let made = values.iter().all(|value| maker(value).is_some());
            values.first().filter(|_| made)
        });
        let made = made.unwrap_or(node);
        if !are_known_later(made, &format!("a rule of {id}"), remarks) {
            cors.rules.push(rule_fields::renamed_rule(node, &FIELDS, remarks));
        }
    }
    // Without any rule the edge would refuse every preflight.
    if cors.rules.is_empty() && !nodes.is_empty() {
        return None;
    }
    Some(ImportedBucket {
        name,
        cors,
        place: rules.place.clone(),
        ..ImportedBucket::default()
    })
}
