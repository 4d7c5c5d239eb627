//! What a page in a real browser makes of the answers of the edge.

// A test may fail by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

#[path = "../support/browser.rs"]
#[allow(dead_code)]
mod browser;
mod driven;
#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They share a browser.
    arguments.test_threads = Some(1);
    let trials = vec![Trial::test("the browser does what a test asks of it", || {
        driven::does_what_it_is_asked();
        Ok(())
    })];
    libtest_mimic::run(&arguments, trials).exit_code()
}
