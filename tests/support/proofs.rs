//! What the proofs of the core share: the naive oracle, the same request through the compiled core, and a generator of
//! configurations and requests that aims at the edges between the two.
#![allow(dead_code, unreachable_pub)] // Every test uses a part.
// A test that panics has failed, which is what it is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable
)]

pub mod choices;
pub mod compiled_edge;
pub mod generate;
pub mod oracle;
pub mod requests;
pub mod shrink;
