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

mod check;
#[path = "../support/choices.rs"]
#[allow(dead_code, unreachable_pub)] // Shared with other tests.
mod choices;
mod explain;
mod hostile;
mod import;
#[path = "../support/mistakes.rs"]
mod mistakes;
mod pages;
mod readme;
mod replayed;
#[path = "../support/schema.rs"]
mod schema;
#[path = "../support/mod.rs"]
mod support;
mod tool;
mod wrapped;
