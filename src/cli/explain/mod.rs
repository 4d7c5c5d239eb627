//! `bucket-cors explain`.

use std::process::ExitCode;

/// Says what the edge does with a request, and why
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: &Arguments) -> ExitCode {
    ExitCode::from(2)
}
