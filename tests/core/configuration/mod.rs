//! The configuration as an operator meets it: what is refused, what is warned about, and which shapes are one document.

mod errors;
mod limits;
mod properties;
mod shapes;
mod warnings;

use crate::mistakes::{with_cors, with_rule};

use bucket_cors::config::{Configuration, Findings, Report, parse};

/// `pointer: code`, in the order of reading.
fn places(findings: &Findings) -> Vec<String> {
    findings
        .kept()
        .iter()
        .map(|finding| format!("{}: {}", finding.pointer, finding.code))
        .collect()
}

fn report(text: impl AsRef<[u8]>) -> Report {
    let (configuration, report) = parse(text.as_ref());
    assert_eq!(configuration.is_some(), report.errors.is_empty());
    report
}

/// The model of a valid document.
fn model(text: &str) -> Configuration<'_> {
    let (configuration, report) = parse(text.as_bytes());
    configuration.unwrap_or_else(|| panic!("{text}: {:?}", report.errors))
}
