//! The rules of a bucket as `recipe` prints them.

use serde_json::{Map, Value, json};

use super::rule::PrintedRule;

/// The rules of a bucket.
pub(super) struct PrintedBucket {
    pub(super) bucket: String,
    pub(super) hosts: Vec<String>,
    pub(super) with_credentials: bool,
    pub(super) rules: Vec<PrintedRule>,
}

impl PrintedBucket {
    pub(super) fn rules(&self, as_s3: bool) -> Value {
        let rules: Vec<Value> = self.rules.iter().map(|rule| rule.json(as_s3)).collect();
        json!({ if as_s3 { "CORSRules" } else { "CORSRule" }: rules })
    }

    pub(super) fn xml(&self) -> String {
        let rules: String = self.rules.iter().map(PrintedRule::xml).collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CORSConfiguration>\n{rules}</CORSConfiguration>\n"
        )
    }

    /// As the configuration of the filter lists it.
    pub(super) fn listed(&self) -> Value {
        let mut bucket = Map::new();
        bucket.insert("name".to_owned(), json!(self.bucket));
        if !self.hosts.is_empty() {
            bucket.insert("hosts".to_owned(), json!(self.hosts));
        }
        if self.with_credentials {
            bucket.insert("allow_credentials".to_owned(), json!(true));
        }
        bucket.insert("cors".to_owned(), self.rules(true));
        Value::Object(bucket)
    }
}
