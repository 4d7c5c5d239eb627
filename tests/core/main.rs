//! The decision core alone, without a host: what a configuration is read as, and what becomes of requests under it.

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
mod bounded_work;
mod cases;
mod circles;
mod configuration;
mod corpus;
#[path = "../support/mistakes.rs"]
mod mistakes;
mod oracle;
#[path = "../support/mod.rs"]
mod support;
