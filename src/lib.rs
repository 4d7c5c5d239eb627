//! The CORS rules of object-storage buckets, applied at the edge.
//!
//! Data goes one way: configuration text → validated rules ([`config`]) → compiled matcher ([`matcher`]) → decision
//! ([`decision`]) → host calls (`filter`, the only module that speaks proxy-wasm). Everything but `filter` is plain
//! Rust that knows no host.

pub mod addressing;
pub mod answer;
pub mod config;
pub mod decision;
pub mod edge;
mod filter;
#[cfg(any(test, target_arch = "wasm32"))]
mod heap;
pub mod http;
pub mod matcher;
pub mod profile;
pub mod stats;
pub mod wildcard;
