//! What is published: the README's figures and commands, the manifests, a release's files, and the samples as they run.

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

mod artifacts;
mod containers;
mod given_rules;
mod kustomize;
mod manifests;
mod monitoring;
mod pauses;
mod readiness;
mod readme;
mod recorded;
mod run;
#[path = "../support/sample.rs"]
mod sample;
#[path = "../support/schema.rs"]
mod schema;
#[path = "../support/mod.rs"]
mod support;
