//! The types of resources that have rules, and how they spell them.

use bucket_cors::profile::{FETCH, OSS, Profile, S3};

use crate::import::sources::r2;

/// A type of resource, and how it spells the rules.
pub(super) struct ResourceType {
    pub(super) name: &'static str,
    pub(super) profile: &'static Profile,
    pub(super) bucket: &'static str,
    pub(super) rules: &'static str,
    /// How it spells the fields of a rule.
    pub(super) fields: &'static [(&'static str, &'static str)],
    /// Terraform keeps the rules as a set, whose order is its own.
    pub(super) is_set: bool,
}

const fn kind(
    name: &'static str,
    profile: &'static Profile,
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

pub(super) static TYPES: [ResourceType; 6] = [
    kind(
        "aws_s3_bucket_cors_configuration",
        &S3,
        ["bucket", "cors_rule"],
        true,
    ),
    kind("aws_s3_bucket", &S3, ["bucket", "cors_rule"], false),
    kind("alicloud_oss_bucket_cors", &OSS, ["bucket", "cors_rule"], true),
    kind("alicloud_oss_bucket", &OSS, ["bucket", "cors_rule"], false),
    kind("google_storage_bucket", &FETCH, ["name", "cors"], false),
    ResourceType {
        fields: &r2::IN_TERRAFORM,
        ..kind("cloudflare_r2_bucket_cors", &S3, ["bucket_name", "rules"], false)
    },
];

/// Other providers' buckets, which have S3's rules in AWS's shape: by the field of the rules and that of the name.
pub(super) static KIN: [ResourceType; 4] = [
    kind("", &S3, ["bucket", "cors_rule"], false),
    kind("", &S3, ["name", "cors_rule"], false),
    kind("", &S3, ["bucket", "cors_rules"], false),
    kind("", &S3, ["name", "cors_rules"], false),
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
