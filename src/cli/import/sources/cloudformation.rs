//! `--from cloudformation`: the buckets of a template, as it is written or as SAM, CDK and serverless make it.

use bucket_cors::profile;

use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::document::{Bucket, Cors};
use crate::import::file::{File, FileContent};
use crate::import::kubernetes;
use crate::import::node::Node;
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
const FIELDS: [(&str, &str); 3] = [
    ("Id", "ID"),
    ("ExposedHeaders", "ExposeHeaders"),
    ("MaxAge", "MaxAgeSeconds"),
];

/// The resources of a template: serverless has them one level deeper.
fn resources<'t>(root: &Node<'t>) -> Option<Node<'t>> {
    let resources = root
        .get("Resources")
        .or_else(|| root.path(&["resources", "Resources"]))?;
    let is_aws = |(_, resource): &(&str, Node<'_>)| {
        resource
            .text_of("Type")
            .is_some_and(|name| name.starts_with("AWS::"))
    };
    resources.fields().iter().any(is_aws).then_some(resources)
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
    for (id, resource) in resources.fields() {
        let name = resource.text_of("Type").unwrap_or_default();
        let rules = resource.path(&["Properties", "CorsConfiguration"]);
        match rules {
            Some(rules) if name == "AWS::S3::Bucket" => {
                buckets.extend(bucket(id, &resource, &rules, file, remarks));
            }
            _ => {
                if let Some(place) = kubernetes::cors_in(&resource) {
                    remarks.say(
                        code::NOT_READ,
                        &place,
                        format!("the CORS of {id}: {name} is no bucket, and its rules are not read"),
                    );
                }
            }
        }
    }
    Ok(FileContent::Buckets(buckets))
}

fn bucket(
    id: &str,
    resource: &Node<'_>,
    rules: &Node<'_>,
    file: &File<'_>,
    remarks: &mut Remarks,
) -> Option<Bucket> {
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
    let mut cors = Cors::default();
    for node in rules.list("CorsRules") {
        let rule = rule_fields::renamed_rule(&node, &FIELDS, &mut cors, remarks);
        cors.rules.push(rule);
    }
    rules.say_unknown(&["CorsRules"], "a CorsConfiguration", remarks);
    Some(Bucket {
        name,
        cors,
        place: rules.place.clone(),
        ..Bucket::default()
    })
}
