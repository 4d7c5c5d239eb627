//! A store's CORS document.

use super::code;
use super::file::{File, FileContent};
use super::imported_document::{ImportedCors, ImportedRule};
use super::node::Node;
use super::remarks::Remarks;
use super::rule_fields::{self, add, response_vary};
use super::xml;
use crate::source::Trouble;

/// Whose words a document is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub(crate) enum Dialect {
    Oss,
    S3,
}

/// What only S3 and its kin write into their XML. A rule of OSS has no ID.
const OF_S3: [&str; 4] = ["s3.amazonaws.com", "x-amz-", "<ID>", "xmlns=\"http://obs."];

/// What only OSS writes.
const OF_OSS: [&str; 2] = ["<ResponseVary>", "x-oss-"];

pub(crate) const ASSUMED: &str = "nothing in it says whose it is, and it is read as OSS's: say --from oss if it is, and --from s3 if it is \
                                  of Amazon S3 or of another store that follows it, such as COS or OBS";

/// Whether nothing in a document says whose it is.
pub(crate) fn is_assumed(file: &File<'_>) -> bool {
    file.is_xml()
        && dialect(file) == Some(Dialect::Oss)
        && !OF_OSS.iter().any(|mark| file.text.contains(mark))
}

/// Whose words a file's document is in, if it is one. What both would write alike is OSS's, whose answers are the
/// edge's default.
pub(crate) fn dialect(file: &File<'_>) -> Option<Dialect> {
    if file.is_xml() {
        if !file.text.contains("CORSConfiguration") {
            return None;
        }
        let is_s3 = OF_S3.iter().any(|mark| file.text.contains(mark));
        return Some(if is_s3 { Dialect::S3 } else { Dialect::Oss });
    }
    let values = file.values();
    let first = values.first()?;
    let document = first.get("CORSConfiguration");
    let document = document.as_ref().unwrap_or(first);
    let is_oss = document.has_any(&["CORSRule", "ResponseVary"]);
    // Azure's rules begin alike.
    let is_rule = document.has_any(&["AllowedOrigins", "AllowedOrigin"])
        && document.has_any(&["AllowedMethods", "AllowedMethod"])
        && document.get("MaxAgeInSeconds").is_none();
    if is_oss {
        Some(Dialect::Oss)
    } else if is_rule || document.get("CORSRules").is_some() {
        Some(Dialect::S3)
    } else {
        None
    }
}

/// Reads the document of a bucket.
///
/// # Errors
/// Why it is none, for a person.
pub(crate) fn document(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let cors = if file.is_xml() {
        xml::read(file.name, file.text, remarks)?
    } else {
        json(&file.documents()?.root()?, remarks)?
    };
    file.of_one_bucket(cors)
}

/// Where the document of a bucket may stand in another one.
const WRAPPED: &str = "CORSConfiguration";

/// What the rules may stand in.
const RULES: [&str; 3] = [WRAPPED, "CORSRules", "CORSRule"];

/// The bucket that `aws s3api put-bucket-cors --cli-input-json` takes beside its document.
pub(crate) fn bucket_in(file: &File<'_>) -> Option<String> {
    let values = file.values();
    let request = values.first().filter(|value| value.get(WRAPPED).is_some())?;
    request.text_of("Bucket").filter(|name| !name.is_empty())
}

/// What stands beside the document in such a request.
const OF_REQUEST: [&str; 4] = ["Bucket", "ExpectedBucketOwner", "ChecksumAlgorithm", "ContentMD5"];

/// The JSON shapes: an object with a list of rules, the same in a `CORSConfiguration`, or the bare list.
///
/// # Errors
/// That it is none of them.
pub(crate) fn json(node: &Node<'_>, remarks: &mut Remarks) -> Result<ImportedCors, Trouble> {
    const SHAPES: &str =
        "no CORS document: an object with CORSRules (S3) or CORSRule (OSS), or a list of rules, is one";
    let mut cors = ImportedCors::default();
    let fields = node.fields();
    let rules = if fields.is_empty() {
        let rules = node.items();
        let is_list = rules.iter().all(|rule| {
            rule.has_any(&[
                "AllowedOrigins",
                "AllowedOrigin",
                "AllowedMethods",
                "AllowedMethod",
            ])
        });
        // A single value counts as a list of one, but text is no rule.
        if !is_list || node.text().is_some() {
            return Err(Trouble::new(SHAPES));
        }
        rules
    } else {
        let mut lists = fields
            .iter()
            .filter(|(key, value)| RULES.contains(key) && !value.is_null());
        let Some((first, rules)) = lists.next() else {
            return Err(Trouble::new(SHAPES));
        };
        for (_, second) in lists {
            let said = format!("a second list of rules: {first} stands");
            remarks.say(code::SECOND_VALUE, &second.place, said);
        }
        let is_wrapped = *first == WRAPPED;
        for (key, value) in &fields {
            match *key {
                list if RULES.contains(&list) => {}
                other if is_wrapped && OF_REQUEST.contains(&other) => {}
                "ResponseVary" if !is_wrapped => {
                    let text = value.text().unwrap_or_default();
                    cors.response_vary = response_vary(&text, &value.place, remarks);
                }
                // What tools add around an answer.
                "ResponseMetadata" | "RequestId" | "xmlns" | "@xmlns" => {}
                _ => remarks.say(
                    code::UNKNOWN_FIELD,
                    &value.place,
                    format!(
                        "{key} is no field of a CORS document that is known: see whether it changes answers"
                    ),
                ),
            }
        }
        if is_wrapped {
            return json(rules, remarks);
        }
        rules.items()
    };
    for node in rules {
        let mut rule = ImportedRule {
            place: node.place.clone(),
            ..ImportedRule::default()
        };
        let mut taken: Vec<&str> = Vec::new();
        for (key, field) in node.fields() {
            // A list has two names.
            let name = key.strip_suffix('s').unwrap_or(key);
            if taken.contains(&name) {
                rule_fields::say_second(key, &field.place, remarks);
                continue;
            }
            taken.extend(Some(name).filter(|name| xml::LISTS.contains(name)));
            for value in field.items() {
                match value.text() {
                    Some(text) => add(&mut rule, key, &text, &value.place, remarks),
                    None => remarks.say(
                        code::OTHER_TYPE,
                        &value.place,
                        format!("the value of {key} is no string"),
                    ),
                }
            }
        }
        cors.rules.push(rule);
    }
    rule_fields::join_vary(&mut cors, remarks);
    Ok(cors)
}
