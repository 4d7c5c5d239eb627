//! `bucket-cors import`.

use std::process::ExitCode;

/// Turns a store's or a proxy's CORS rules into a plugin configuration
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: &Arguments) -> ExitCode {
    ExitCode::from(2)
}
