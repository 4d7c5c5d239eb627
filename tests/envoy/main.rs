//! The filter in a real Envoy: every case, what was gathered elsewhere, the corpus, and what only an Envoy can show.
//!
//! Suites run one after the other. `cargo test --test envoy -- live` runs one of them; any other filter is one of
//! tests.

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

#[path = "../fuzz/bodies.rs"]
mod bodies;
mod cases;
mod conformance;
mod control_planes;
mod corpus;
mod library;
#[allow(dead_code)] // The soak test uses the rest.
mod live;
#[path = "../native/host/mod.rs"]
mod native_host;
#[path = "../support/render.rs"]
mod render;
#[path = "../native/ring.rs"]
mod ring;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/trials.rs"]
mod trials;
mod world;

use std::process::ExitCode;

use trials::Suite;

const SUITES: [Suite; 7] = [
    ("cases", cases::run),
    ("world", world::run),
    ("conformance", conformance::run),
    ("corpus", corpus::run),
    ("live", live::run),
    ("library", library::run),
    ("control-planes", control_planes::run),
];

fn main() -> ExitCode {
    if conformance::is_table_only() {
        return conformance::print_table();
    }
    trials::run_suites(&SUITES)
}
