//! The command-line tool, run as a person runs it.

// A test may fail by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects
)]

mod access_log;
mod advice;
mod around;
mod bare;
mod check;
#[path = "../support/choices.rs"]
#[allow(dead_code, unreachable_pub)] // Shared with other tests.
mod choices;
mod clients;
mod completions;
mod dumps;
mod explain;
mod gateway;
mod hostile;
mod import;
mod manual;
#[path = "../support/mistakes.rs"]
mod mistakes;
mod mounted;
mod output;
mod readme;
mod replayed;
#[path = "../support/schema.rs"]
mod schema;
#[path = "../support/mod.rs"]
mod support;
#[cfg(feature = "sync")]
mod sync;
mod terminal;
mod tool;
mod ways_out;
mod wrapped;
