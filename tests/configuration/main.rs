//! The configuration as an operator meets it: what is refused, what is warned about, and which shapes are one document.

// A test that panics has failed, which is what it is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used
)]

#[path = "../support/choices.rs"]
#[allow(dead_code, unreachable_pub)] // Shared with other tests.
mod choices;
mod errors;
mod limits;
#[path = "../support/mistakes.rs"]
mod mistakes;
mod properties;
mod shapes;
mod warnings;

use mistakes::{with_cors, with_rule};

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
