//! What loading a configuration found: errors, warnings, and where each of them is.

pub(crate) mod code;
mod message;
mod number;
pub(crate) mod place;

use std::fmt;

use code::{FindingKind, Severity};
pub(crate) use message::MessagePart;
pub(crate) use number::Number;
pub(crate) use place::Place;

/// How many findings of a kind are kept with their text; the rest are only counted.
///
/// A document of some megabytes can hold a mistake per line, each worker reports its own copy, and a VM never gives
/// memory back: a bound keeps a bad document from being the expensive one.
pub const KEPT_FINDINGS: usize = 1_000;

/// One thing that is wrong, or likely to be, with its place and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// JSON pointer (RFC 6901) to the value. Empty: the whole document.
    pub pointer: String,
    /// A stable, machine-readable name of the kind of finding, in kebab case: `two-wildcards`.
    pub code: &'static str,
    /// The value, the trouble and the way out, in one sentence.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() {
            "(document)"
        } else {
            &self.pointer
        };
        write!(f, "{place}: {} [{}]", self.message, self.code)
    }
}

/// Findings of one severity: the first [`KEPT_FINDINGS`] whole, the others as a count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    kept: Vec<Finding>,
    total: usize,
}

impl Findings {
    /// The findings that were kept, in the order of reading.
    pub fn kept(&self) -> &[Finding] {
        &self.kept
    }

    /// How many were not kept.
    pub fn left_out(&self) -> usize {
        self.total.saturating_sub(self.kept.len())
    }

    /// How many there were, kept or not.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }
}

/// Everything that loading found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What makes the configuration invalid.
    pub errors: Findings,
    /// What is accepted but unlikely to be meant.
    pub warnings: Findings,
}

impl Report {
    /// Adds a finding. `message` has a `{}` for each of `parts`. It and the pointer are put together only while there
    /// is room to keep them.
    #[cold]
    pub(crate) fn add(
        &mut self,
        code: &'static FindingKind,
        place: &Place<'_>,
        message: &'static str,
        parts: &[MessagePart<'_>],
    ) {
        let findings = match code.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        findings.total = findings.total.saturating_add(1);
        if findings.kept.len() >= KEPT_FINDINGS {
            return;
        }
        let mut pointer = String::new();
        place.write(&mut pointer);
        findings.kept.push(Finding {
            pointer,
            code: code.name,
            message: message::filled(message, parts),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_the_bound_findings_are_only_counted() {
        let mut report = Report::default();
        for _ in 0..=KEPT_FINDINGS {
            report.add(&code::TRIMMED, &Place::Document, "", &[]);
        }
        assert_eq!(report.warnings.kept().len(), KEPT_FINDINGS);
        assert_eq!(report.warnings.total(), KEPT_FINDINGS + 1);
        assert!(report.errors.is_empty());
    }
}
