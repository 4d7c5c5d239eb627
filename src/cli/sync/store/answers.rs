//! What a store's answers mean.

use reqwest::StatusCode;
use roxmltree::Node;
use serde_json::Value;

use super::address;
use super::call::Reply;
use super::failure::{Failure, FailureKind};
use crate::import::code::Weight;
use crate::import::remarks::Remarks;
use crate::import::xml;

/// What a store said.
#[derive(Debug)]
pub(super) enum Told {
    /// What was asked for.
    Document(String),
    /// That the bucket has no rules.
    NoRules,
    /// That the bucket is in another region.
    Elsewhere(String),
    /// That the key is none that it takes.
    BadKey(Failure),
}

/// How messages name what a store answers.
const DOCUMENT: &str = "the store's document";

/// The store's word that a bucket has no rules: nothing else is taken for it.
const NO_RULES: &str = "NoSuchCORSConfiguration";

/// Codes that a new key may mend.
const BAD_KEY: [&str; 8] = [
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidSecurityToken",
    "InvalidToken",
    "SecurityTokenExpired",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "InvalidClientTokenId",
];

/// Other codes that S3, OSS and their kin are known to answer. No other is repeated: where a proxy answers for the
/// store, it could be anything that was sent.
const CODES: [&str; 31] = [
    "AccessDenied",
    "AccessForbidden",
    "AccountProblem",
    "AllAccessDisabled",
    "AuthorizationHeaderMalformed",
    "BadRequest",
    "EntityTooLarge",
    "InternalError",
    "InvalidArgument",
    "InvalidBucketName",
    "InvalidRequest",
    "InvalidURI",
    "MethodNotAllowed",
    "MissingSecurityHeader",
    "NoSuchBucket",
    NO_RULES,
    "NoSuchKey",
    "NotImplemented",
    "OperationAborted",
    "PermanentRedirect",
    "Redirect",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "SecondLevelDomainForbidden",
    "ServiceUnavailable",
    "SlowDown",
    "TemporaryRedirect",
    "Throttling",
    "TooManyRequests",
    "UserDisable",
];

/// Takes an answer apart.
///
/// # Errors
/// Why the store's word is not known.
pub(super) fn told(reply: Reply, asked_region: &str) -> Result<Told, Failure> {
    let Reply { status, region, body } = reply;
    // Some stores begin an answer before they know that they fail.
    if status == StatusCode::OK && !has_error(&body) {
        return Ok(Told::Document(body));
    }
    let error = StoreError::read(&body);
    let code = error.code.as_deref();
    if status == StatusCode::NOT_FOUND && code == Some(NO_RULES) {
        return Ok(Told::NoRules);
    }
    // Amazon names the bucket's region with a redirect, with a signature for another region, and with some refusals.
    let region = region
        .or(error.region)
        .filter(|region| address::is_region(region));
    if !status.is_server_error()
        && let Some(region) = region.filter(|region| region != asked_region)
    {
        return Ok(Told::Elsewhere(region));
    }
    let said = match code {
        Some(code) if CODES.contains(&code) || BAD_KEY.contains(&code) => {
            format!("the store answered {} {code}", status.as_u16())
        }
        Some(_) => format!("the store answered {} and an unknown code", status.as_u16()),
        None => format!("the store answered {}", status.as_u16()),
    };
    let (kind, meaning) = match (status.as_u16(), code) {
        (404, Some("NoSuchBucket")) => (FailureKind::NoBucket, "there is no such bucket"),
        (501 | 405, _) | (_, Some("NotImplemented")) => (
            FailureKind::NotImplemented,
            "it keeps no CORS rules of a bucket, or does not show them",
        ),
        (408, _) => (FailureKind::Timeout, ""),
        (429 | 500.., _) => (FailureKind::Unavailable, ""),
        (_, Some(code)) if BAD_KEY.contains(&code) => (FailureKind::Denied, "it does not take this key"),
        (401 | 403, Some("RequestTimeTooSkewed")) => (FailureKind::Denied, "set this machine's clock"),
        (401 | 403, _) => (
            FailureKind::Denied,
            "it does not let this key read the CORS rules: grant s3:GetBucketCORS or oss:GetBucketCors, and \
             s3:ListAllMyBuckets or oss:ListBuckets for --all",
        ),
        (300..=399, _) => (FailureKind::Elsewhere, "the bucket is behind another endpoint"),
        _ => (FailureKind::Unreadable, "which is no answer to what was asked"),
    };
    let message = if meaning.is_empty() {
        said
    } else {
        format!("{said}: {meaning}")
    };
    let failure = Failure::new(kind, message);
    if code.is_some_and(|code| BAD_KEY.contains(&code)) {
        return Ok(Told::BadKey(failure));
    }
    Err(failure)
}

/// Whether a document is an error, or ends with one. Whatever cannot be read is told by who reads it.
fn has_error(body: &str) -> bool {
    let is_error = |node: Node<'_, '_>| node.is_element() && node.tag_name().name() == "Error";
    xml::parse(body).is_ok_and(|xml| xml.root_element().descendants().any(is_error))
}

/// What is read of an error that a store prints.
#[derive(Debug, Default)]
struct StoreError {
    code: Option<String>,
    region: Option<String>,
}

impl StoreError {
    fn read(body: &str) -> Self {
        let Ok(xml) = xml::parse(body) else {
            return Self::default();
        };
        let root = xml.root_element();
        if root.tag_name().name() != "Error" {
            return Self::default();
        }
        Self {
            code: text(root, "Code"),
            region: text(root, "Region").or_else(|| address::region_of_oss(&text(root, "Endpoint")?)),
        }
    }
}

/// A page of a list of buckets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) buckets: Vec<Listed>,
    /// Where the next page begins.
    pub(super) next: Option<String>,
}

/// A bucket in a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) region: Option<String>,
}

/// Reads a page of a list of buckets.
///
/// # Errors
/// Why it is none.
pub(super) fn page(body: &str) -> Result<Page, Failure> {
    let unreadable = |problem: &str| {
        Failure::new(
            FailureKind::Unreadable,
            format!("the store's list of buckets cannot be read: {problem}"),
        )
    };
    let xml = xml::parse(body).map_err(|problem| unreadable(&problem.to_string()))?;
    let root = xml.root_element();
    if root.tag_name().name() != "ListAllMyBucketsResult" {
        return Err(unreadable("it is no ListAllMyBucketsResult"));
    }
    let list = child(root, "Buckets").ok_or_else(|| unreadable("it has no Buckets"))?;
    let mut buckets = Vec::new();
    for bucket in list
        .children()
        .filter(|child| child.tag_name().name() == "Bucket")
    {
        let region = text(bucket, "BucketRegion")
            .or_else(|| text(bucket, "Region"))
            .or_else(|| text(bucket, "Location")?.strip_prefix("oss-").map(str::to_owned));
        buckets.push(Listed {
            name: text(bucket, "Name").ok_or_else(|| unreadable("a bucket has no name"))?,
            region: region.filter(|region| address::is_region(region)),
        });
    }
    let next = ["ContinuationToken", "NextContinuationToken", "NextMarker"]
        .into_iter()
        .find_map(|name| text(root, name));
    if next.is_none() && text(root, "IsTruncated").as_deref() == Some("true") {
        return Err(unreadable("it goes on, and does not say where"));
    }
    Ok(Page { buckets, next })
}

/// Reads the rules of a bucket, in the shape that the plugin configuration has them in.
///
/// # Errors
/// Why they are none, or that something in them cannot be carried over.
pub(super) fn rules(body: &str) -> Result<Value, Failure> {
    let mut remarks = Remarks::default();
    let cors = xml::read(DOCUMENT, body, &mut remarks)
        .map_err(|problem| Failure::new(FailureKind::Unreadable, format!("{DOCUMENT}: {problem}")))?;
    // Half of a document is another document.
    if remarks.count(Weight::NotCarriedOver) > 0 {
        let first = remarks
            .sorted()
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        // A place is for an editor where it is one in a file.
        let what = first
            .strip_prefix(DOCUMENT)
            .and_then(|rest| rest.strip_prefix(':'));
        let said = what.map_or(first.clone(), |what| format!("{DOCUMENT}: {what}"));
        return Err(Failure::new(FailureKind::RefusedDocument, said));
    }
    if cors.rules.is_empty() {
        return Err(Failure::new(
            FailureKind::Unreadable,
            format!("{DOCUMENT} has no rule, where a store says {NO_RULES}"),
        ));
    }
    // The filter would take it, and warn: in the place of an origin that worked, it would take all of them away.
    if cors
        .rules
        .iter()
        .flat_map(|rule| &rule.allowed_origins)
        .any(|origin| origin.value.trim().is_empty())
    {
        return Err(Failure::new(
            FailureKind::RefusedDocument,
            format!("{DOCUMENT} has an empty AllowedOrigin, which matches nothing: take it out there"),
        ));
    }
    serde_json::to_value(cors)
        .map_err(|error| Failure::new(FailureKind::Unreadable, format!("{DOCUMENT}: {error}")))
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.tag_name().name() == name)
}

/// The text of an element, where it has some.
fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    let text = child(node, name)?.text()?.trim();
    Some(text.to_owned()).filter(|text| !text.is_empty())
}
