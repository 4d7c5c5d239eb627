//! What rules lack.

use std::borrow::Cow;

use bucket_cors::config::Rule;
use bucket_cors::wildcard::Pattern;
use serde::Serialize;

use super::minimal;

/// What a list of a rule lacks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Lack {
    pub(crate) what: RuleList,
    pub(crate) name: String,
}

/// The list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RuleList {
    Origin,
    Method,
    Header,
    Expose,
}

impl Lack {
    /// Adds it to its list.
    pub(super) fn mend(&self, rule: &mut Rule<'_>) {
        let text = || Cow::Owned(self.name.clone());
        match self.what {
            RuleList::Origin => rule.allowed_origins.extend(Pattern::new(text())),
            RuleList::Header => rule.allowed_headers.extend(Pattern::new(text())),
            RuleList::Method => rule.allowed_methods.push(text()),
            RuleList::Expose => rule.expose_headers.push(text()),
        }
    }

    /// What to write into the list; None: only the page knows its name.
    pub(super) fn listed(&self) -> Option<String> {
        match self.what {
            RuleList::Expose if self.name.contains('*') => None,
            RuleList::Header => Some(minimal::listed(&self.name)),
            _ => Some(self.name.clone()),
        }
    }
}

impl RuleList {
    /// The list's name in a CORS document.
    pub(super) fn field(self) -> &'static str {
        match self {
            RuleList::Origin => "AllowedOrigins",
            RuleList::Method => "AllowedMethods",
            RuleList::Header => "AllowedHeaders",
            RuleList::Expose => "ExposeHeaders",
        }
    }
}
