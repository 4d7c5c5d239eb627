//! The filter and the stock SDK on a native host: what a host may do that no client can bring about, and what a request
//! costs.

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

mod allocations;
mod any_bytes;
mod filter;
mod generated;
mod host_says_no;
mod metrics;
#[path = "host/mod.rs"]
mod native_host;
#[path = "../support/proofs.rs"]
mod proofs;
mod refused;
#[path = "../support/render.rs"]
mod render;
mod replay;
mod ring;
#[path = "../support/mod.rs"]
mod support;
