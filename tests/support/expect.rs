//! What an answer should be, and in what it differs.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::answer::ClientAnswer;
use super::conformance::{Hostile, RecordedAnswer};

/// What a case asks of its answer.
pub(crate) enum Expectation {
    /// The whole of the CORS headers.
    Exact(Exact),
    /// What a store's documentation, or a recording of it, fixes.
    Recorded(Box<RecordedAnswer>),
    /// What a hostile request may and may not achieve.
    Hostile(Box<Hostile>),
}

impl Expectation {
    /// In what the answer is wrong: a sentence each, none where it is right.
    pub(crate) fn problems(&self, answer: &ClientAnswer) -> Vec<String> {
        match self {
            Self::Exact(exact) => exact.problems(answer),
            Self::Recorded(recorded) => recorded.problems(answer),
            Self::Hostile(hostile) => hostile.problems(answer),
        }
    }

    /// Whether it says if an origin is allowed.
    pub(crate) fn fixes_the_verdict(&self) -> bool {
        match self {
            Self::Exact(_) | Self::Recorded(_) => true,
            Self::Hostile(hostile) => hostile.fixes_the_verdict(),
        }
    }
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AnsweredBy {
    /// The filter, in place of the store.
    Edge,
    /// The store.
    Upstream,
    /// Envoy itself, before the request got to the filter: only the ring with a real Envoy can tell.
    Envoy,
}

/// The exact set of CORS headers: one too many, a line given twice, or another value is wrong.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exact {
    pub(crate) by: AnsweredBy,
    pub(crate) status: u16,
    /// Every `access-control-*`, `vary`, `x-bucket-cors`, `cross-origin-resource-policy` and `timing-allow-origin`
    /// header of the answer, names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// The XML error in the body. Without one, an answer of the edge has no body.
    pub(crate) error: Option<ErrorBody>,
}

/// An XML error body.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorBody {
    pub(crate) code: String,
    pub(crate) message: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) resource_type: Option<String>,
}

impl Exact {
    fn problems(&self, answer: &ClientAnswer) -> Vec<String> {
        let mut problems = Vec::new();
        if answer.reached_upstream != (self.by == AnsweredBy::Upstream) {
            let saw = if answer.reached_upstream {
                "saw"
            } else {
                "did not see"
            };
            problems.push(format!(
                "the upstream {saw} a request that is for {:?} to answer",
                self.by
            ));
        }
        if answer.status != self.status {
            problems.push(format!("status {} instead of {}", answer.status, self.status));
        }
        let mut missing = self.headers.clone();
        for (name, value) in answer.headers.iter().filter(|(name, _)| is_asserted(name)) {
            let value = String::from_utf8_lossy(value);
            match missing.remove(name) {
                Some(expected) if expected == value => {}
                Some(expected) => problems.push(format!("{name}: {value} instead of {expected}")),
                None => problems.push(format!("{name}: {value} is one too many")),
            }
        }
        problems.extend(
            missing
                .iter()
                .map(|(name, value)| format!("{name}: {value} is missing")),
        );
        match &self.error {
            Some(error) => problems.extend(error.problems(answer)),
            None if self.by == AnsweredBy::Edge && !answer.body.is_empty() => {
                problems.push(format!("a body: {}", String::from_utf8_lossy(&answer.body)));
            }
            None => {}
        }
        problems
    }
}

fn is_asserted(name: &str) -> bool {
    name.starts_with("access-control-")
        || [
            "vary",
            "x-bucket-cors",
            "cross-origin-resource-policy",
            "timing-allow-origin",
        ]
        .contains(&name)
}

impl ErrorBody {
    /// In what the answer's body is another error than this.
    pub(crate) fn problems(&self, answer: &ClientAnswer) -> Vec<String> {
        let elements = [
            ("Code", Some(&self.code)),
            ("Message", self.message.as_ref()),
            ("Method", self.method.as_ref()),
            ("ResourceType", self.resource_type.as_ref()),
        ];
        let mut problems = Vec::new();
        for (element, expected) in elements {
            let given = answer.error_element(element);
            if expected.is_some() && given.as_ref() != expected {
                problems.push(format!(
                    "{element} of the error is {given:?} instead of {expected:?}"
                ));
            }
        }
        // The proxy tells the client which id it gave the request.
        let id = answer.error_element("RequestId").unwrap_or_default();
        if id.is_empty() || answer.values("x-request-id").iter().any(|given| *given != id) {
            problems.push(format!(
                "RequestId of the error is {id:?}, not {:?}",
                answer.values("x-request-id")
            ));
        }
        if answer.values("content-type") != ["application/xml"] {
            problems.push(format!(
                "content-type of the error is {:?}",
                answer.values("content-type")
            ));
        }
        problems
    }
}
