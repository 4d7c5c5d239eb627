//! `bucket-cors sync`.

mod arguments;
mod ask;
mod base;
mod change_words;
mod check;
mod difference;
mod edge_document;
mod edge_files;
mod fit;
mod follow;
mod follower;
mod in_force;
mod inputs;
mod memory;
mod moment;
mod owners;
#[cfg(test)]
mod owners_tests;
mod remembered;
mod risk;
mod round;
mod round_end;
mod round_report;
mod rules;
mod serve;
mod standing;
pub(crate) mod store;
mod stores;

use std::process::ExitCode;

use tokio::runtime;

pub(crate) use self::arguments::SyncArguments;
use self::round_report::say;

/// `is_quiet`: only what is wrong is said.
pub(crate) fn run(arguments: &SyncArguments, is_quiet: bool) -> ExitCode {
    round_report::begin(is_quiet);
    let ended = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| vec![error.to_string()])
        .and_then(|runtime| runtime.block_on(follow::follow(arguments)));
    ended.unwrap_or_else(|lines| {
        say(lines.iter().map(|line| format!("error: {line}")));
        ExitCode::from(2)
    })
}
