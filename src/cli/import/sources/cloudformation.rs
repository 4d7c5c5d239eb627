//! `--from cloudformation`: the buckets of a template, as it is written or as SAM, CDK and serverless make it.

use bucket_cors::profile;

use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::document::{ImportedBucket, ImportedCors};
use crate::import::file::{File, FileContent};
use crate::import::kubernetes;
use crate::import::node::Node;
use crate::import::policy;
use crate::import::remarks::Remarks;
use crate::import::rule_fields;
use crate::source::Trouble;

pub(super) static SOURCE: Source = Source {
    name: "cloudformation",
    holds: "a template of CloudFormation, SAM or serverless, or what CDK prints",
    about: "\
CorsConfiguration of AWS::S3::Bucket in a template, as JSON or YAML, with its tags: one of SAM or serverless, or what `cdk synth` prints, is one too. What a function (!Ref, !Sub, Fn::…) stands for is known only when the stack is made, so that a rule's value of that kind is not carried over; a bucket whose name is one needs --bucket. The CORS of an API is no bucket's.",
    profile: &profile::S3,
    names: BucketNames::Inside,
    kinds: &[],
    recognises: |file| file.values().iter().any(|value| resources(value).is_some()),
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

/// The resources of a template: serverless has them one level deeper, and as a list where they come from several files.
fn resources<'t>(root: &Node<'t>) -> Option<Vec<(&'t str, Node<'t>)>> {
    let parts = root.list("resources").into_iter();
    let parts = root
        .get("Resources")
        .into_iter()
        .chain(parts.filter_map(|part| part.get("Resources")));
    let resources: Vec<_> = parts.flat_map(|part| part.fields()).collect();
    let is_aws = |resource: &Node<'_>| {
        resource
            .text_of("Type")
            .is_some_and(|name| name.starts_with("AWS::"))
    };
    let is_known = resources.iter().any(|(id, resource)| {
        is_aws(resource)
            || id.starts_with(LOOP) && looped(resource).iter().any(|(_, resource)| is_aws(resource))
    });
    is_known.then_some(resources)
}

/// How the name of a loop begins, which makes resources.
const LOOP: &str = "Fn::ForEach::";

/// What a loop makes: its name for one, the values, and then the resources.
fn looped<'t>(parts: &Node<'t>) -> Vec<(&'t str, Node<'t>)> {
    parts.items().last().map(Node::fields).unwrap_or_default()
}

/// Reads the buckets that have rules.
///
/// # Errors
/// That it is no template, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let root = file.documents()?.root()?;
    let Some(resources) = resources(&root) else {
        return Err(Trouble::new(
            "no template of CloudFormation: it has no Resources of AWS",
        ));
    };
    let mut buckets = Vec::new();
    for part in root.list("resources") {
        if let Some(file) = part.text() {
            remarks.say(
                code::TEMPLATE,
                &part.place,
                format!("{file} stands for resources of another file: import that, or what `serverless package` makes"),
            );
        }
    }
    for (id, resource) in resources {
        if id.starts_with(LOOP) {
            if let Some(place) = kubernetes::cors_in(&resource) {
                remarks.say(
                    code::KNOWN_LATER,
                    &place,
                    format!(
                        "the CORS in {id}: a loop makes its resources when the stack is made: import what `aws cloudformation \
                         get-template --template-stage Processed` prints"
                    ),
                );
            }
            continue;
        }
        let name = resource.text_of("Type").unwrap_or_default();
        let rules = resource.path(&["Properties", "CorsConfiguration"]);
        match rules {
            Some(rules) if name == BUCKET => {
                buckets.extend(bucket(id, &resource, &rules, file, remarks));
            }
            _ => {
                if let Some(place) = kubernetes::cors_in(&resource) {
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
            }
        }
    }
    for (name, part) in root.fields().iter().filter(|(name, _)| OF_APIS.contains(name)) {
        if let Some(place) = kubernetes::cors_in(part) {
            remarks.say(code::NOT_READ, &place, format!("the CORS in {name}: {OF_AN_API}"));
        }
    }
    Ok(FileContent::Buckets(buckets))
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
    id: &str,
    resource: &Node<'_>,
    rules: &Node<'_>,
    file: &File<'_>,
    remarks: &mut Remarks,
) -> Option<ImportedBucket> {
    let said = resource
        .path(&["Properties", "BucketName"])
        .and_then(|name| name.text());
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
