//! What pages in a real browser make of the answers of the edge, of the playground and of `bucket-cors explain`.
//!
//! `cargo test --features cli --test browser -- demo` runs one suite; any other filter is one of tests.

// A test may fail by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[path = "../support/browser.rs"]
mod browser;
mod demo;
mod explained;
mod playground;
#[path = "../support/sample.rs"]
mod sample;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/trials.rs"]
mod trials;
mod unsent;

use std::process::ExitCode;

use trials::Suite;

const SUITES: [Suite; 4] = [
    ("demo", demo::run),
    ("playground", playground::run),
    ("explained", explained::run),
    ("unsent", unsent::run),
];

fn main() -> ExitCode {
    trials::run_suites(&SUITES)
}
