//! Why a store's word on a bucket is not known.

use std::error::Error;
use std::fmt;
use std::iter;

/// What went wrong, in words that metrics count by. They never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum FailureKind {
    /// No credentials were found, or they have expired.
    Credentials,
    /// Half of an answer came.
    CutShort,
    /// The store refused, or does not know the key.
    Denied,
    /// The bucket is in another region, or behind another endpoint.
    Elsewhere,
    /// There is no such bucket.
    NoBucket,
    /// The store has no CORS rules to ask for.
    NotImplemented,
    /// The store's document is one that the filter would refuse.
    RefusedDocument,
    /// No answer in time.
    Timeout,
    /// The store cannot be reached, or says that it cannot answer now.
    Unavailable,
    /// The answer is none that a store gives.
    Unreadable,
}

impl FailureKind {
    /// Every kind, for metrics that count from zero.
    pub(crate) const ALL: [Self; 10] = [
        Self::Credentials,
        Self::CutShort,
        Self::Denied,
        Self::Elsewhere,
        Self::NoBucket,
        Self::NotImplemented,
        Self::RefusedDocument,
        Self::Timeout,
        Self::Unavailable,
        Self::Unreadable,
    ];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::CutShort => "cut-short",
            Self::Denied => "denied",
            Self::Elsewhere => "elsewhere",
            Self::NoBucket => "no-bucket",
            Self::NotImplemented => "not-implemented",
            Self::RefusedDocument => "refused-document",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether the same question may be answered a moment later.
    pub(super) fn passes(self) -> bool {
        matches!(self, Self::CutShort | Self::Timeout | Self::Unavailable)
    }
}

/// Why a store's word is not known. Nothing in it is secret: of what a store said, it has the code alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// What is so and, where that helps, what to do, for a person.
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// Of a call that came to no answer, or to half of one.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let kind = if error.is_timeout() {
            FailureKind::Timeout
        } else if error.is_body() || error.is_decode() {
            FailureKind::CutShort
        } else {
            FailureKind::Unavailable
        };
        // Those around it name the address.
        let cause = cause_of(error);
        let what = match kind {
            FailureKind::Timeout => "the store did not answer in time".to_owned(),
            FailureKind::CutShort => "the store's answer broke off".to_owned(),
            _ => "the store cannot be reached".to_owned(),
        };
        let message = match cause {
            Some(cause) => format!("{what}: {cause}"),
            None => what,
        };
        Self { kind, message }
    }
}

/// The last cause of an error, which says what happened.
pub(super) fn cause_of(error: &reqwest::Error) -> Option<&dyn Error> {
    iter::successors(error.source(), |&error| error.source()).last()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.message, self.kind.name())
    }
}
