//! `bucket-cors check`.

use std::process::ExitCode;

/// Says what the edge would say of a configuration
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: &Arguments) -> ExitCode {
    ExitCode::from(2)
}
