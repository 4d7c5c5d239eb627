//! The built module as it is shipped: what it asks of a host, that nothing in it can trap, what memory it
//! takes, and that no rules slow it.

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

mod collisions;
mod imports;
mod memory;
mod no_trap;
mod wasm_vm;
