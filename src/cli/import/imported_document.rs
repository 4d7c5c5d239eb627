//! The plugin configuration on its way: buckets and rules in the contract's own words, each value with its place in the
//! source.

use bucket_cors::wildcard::Pattern;
use serde::{Serialize, Serializer};

/// A value and the place that it came from.
#[derive(Debug, Clone)]
pub(crate) struct Sourced<T> {
    pub(crate) value: T,
    pub(crate) place: String,
}

impl<T> Sourced<T> {
    pub(crate) fn new(value: T, place: &str) -> Self {
        Self {
            value,
            place: place.to_owned(),
        }
    }
}

// Where a value came from is no part of the rules.
impl<T: PartialEq> PartialEq for Sourced<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Serialize> Serialize for Sourced<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Document {
    pub(crate) profile: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) endpoints: Vec<String>,
    pub(crate) buckets: Vec<ImportedBucket>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct ImportedBucket {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) hosts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<&'static str>,
    #[serde(skip_serializing_if = "is_not_set")]
    pub(crate) allow_credentials: Sourced<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) allow_private_network: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<&'static str>,
    pub(crate) cors: ImportedCors,
    #[serde(skip)]
    pub(crate) place: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct ImportedCors {
    #[serde(rename = "CORSRules")]
    pub(crate) rules: Vec<ImportedRule>,
    #[serde(rename = "ResponseVary", skip_serializing_if = "Option::is_none")]
    pub(crate) response_vary: Option<bool>,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImportedRule {
    #[serde(rename = "ID", skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<Sourced<String>>,
    pub(crate) allowed_origins: Vec<Sourced<String>>,
    pub(crate) allowed_methods: Vec<Sourced<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) allowed_headers: Vec<Sourced<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) expose_headers: Vec<Sourced<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_age_seconds: Option<Sourced<i64>>,
    /// Volcengine TOS has it in each rule, and the contract in the document.
    #[serde(skip)]
    pub(crate) response_vary: Option<Sourced<bool>>,
    #[serde(skip)]
    pub(crate) place: String,
}

impl PartialEq for ImportedRule {
    fn eq(&self, other: &Self) -> bool {
        self.allowed_origins == other.allowed_origins
            && self.allowed_methods == other.allowed_methods
            && self.allowed_headers == other.allowed_headers
            && self.expose_headers == other.expose_headers
            && self.max_age_seconds == other.max_age_seconds
    }
}

impl Default for Sourced<bool> {
    fn default() -> Self {
        Self::new(false, "")
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature.
fn is_not_set(flag: &Sourced<bool>) -> bool {
    !flag.value
}

impl ImportedBucket {
    /// Whether it has the same rules and answers them alike.
    pub(crate) fn answers_like(&self, other: &Self) -> bool {
        self.cors == other.cors
            && self.allow_credentials == other.allow_credentials
            && self.allow_private_network == other.allow_private_network
            && self.mode == other.mode
    }

    /// Whether two policies answer alike, each of which may be none.
    pub(crate) fn are_alike(some: Option<&Self>, other: Option<&Self>) -> bool {
        match (some, other) {
            (Some(some), Some(other)) => some.answers_like(other),
            (some, other) => some.is_none() && other.is_none(),
        }
    }
}

impl ImportedRule {
    /// Whether some request matches both rules and gets another answer from the one than from the other. A preflight
    /// without requested headers is enough, so that the allowed headers do not count.
    pub(crate) fn order_matters(&self, other: &Self) -> bool {
        let origins = |rule: &Self| -> Vec<Pattern<'static>> {
            rule.allowed_origins
                .iter()
                .filter_map(|origin| Pattern::new(origin.value.clone().into()).ok())
                .collect()
        };
        let (own, others) = (origins(self), origins(other));
        let meet = own.iter().any(|a| others.iter().any(|b| a.intersects(b)));
        let share_method = self
            .allowed_methods
            .iter()
            .any(|method| other.allowed_methods.contains(method));
        let any = |patterns: &[Pattern<'_>]| patterns.iter().any(Pattern::is_any);
        meet && share_method
            && (any(&own) != any(&others)
                || self.allowed_methods != other.allowed_methods
                || self.expose_headers != other.expose_headers
                || self.max_age_seconds != other.max_age_seconds)
    }
}
