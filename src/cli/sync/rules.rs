//! The rules of a bucket, as the filter reads them from any of the shapes that a CORS document has.

use bucket_cors::config::{self, Bucket, Rule};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// What of a CORS document an answer depends on, and the `ID` by which people know a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(super) struct StoreRules {
    #[serde(rename = "CORSRules")]
    pub(super) of: Vec<Rule<'static>>,
    #[serde(rename = "ResponseVary", skip_serializing_if = "Option::is_none")]
    pub(super) response_vary: Option<bool>,
}

/// What two texts share only where they are the same.
pub(super) fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The rules of the first of these buckets, in a configuration with them alone.
///
/// # Errors
/// Why the filter does not take it.
pub(super) fn take(
    settings: &Map<String, Value>,
    buckets: Vec<Map<String, Value>>,
) -> Result<StoreRules, String> {
    let mut alone = settings.clone();
    alone.insert("buckets".to_owned(), json!(buckets));
    let text = Value::Object(alone).to_string();
    let (configuration, report) = config::parse(text.as_bytes());
    let Some(configuration) = configuration else {
        let mut found = report.errors.kept().iter().map(ToString::to_string);
        let first = found.next().unwrap_or_default();
        let more = report.errors.total().saturating_sub(1);
        return Err(if more == 0 {
            first
        } else {
            format!("{first}, and {more} more")
        });
    };
    Ok(configuration
        .buckets
        .first()
        .map(StoreRules::of)
        .unwrap_or_default())
}

impl StoreRules {
    /// The rules of a bucket as it stands in a configuration.
    ///
    /// `settings`: the rest of that configuration, on which it depends what rules may say.
    ///
    /// # Errors
    /// Why the filter would not take them.
    pub(super) fn read(settings: &Map<String, Value>, bucket: &Map<String, Value>) -> Result<Self, String> {
        take(settings, vec![bucket.clone()])
    }

    /// The CORS document, written in one way whatever it was read from: a document that says the same is the same.
    pub(super) fn to_cors(&self) -> Value {
        // Nothing in it is a number that JSON lacks, or a key that is no text.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Whether no request is answered by them, whatever else they say.
    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// What `digest` gives where there are none.
    pub(super) fn digests_of_none() -> [String; 3] {
        [None, Some(false), Some(true)].map(|response_vary| {
            let none = Self {
                response_vary,
                ..Self::default()
            };
            none.digest()
        })
    }

    /// What only the same rules have.
    pub(super) fn digest(&self) -> String {
        digest(&self.to_cors().to_string())
    }

    fn of(bucket: &Bucket<'_>) -> Self {
        Self {
            of: bucket.rules.iter().cloned().map(Rule::into_owned).collect(),
            response_vary: bucket.response_vary,
        }
    }
}
