//! The CORS rules of object-storage buckets, applied at the edge.
//!
//! Data goes one way: configuration text → validated rules ([`config`]) → compiled matcher ([`matcher`]) → decision
//! ([`decision`]) → host calls: `filter` speaks proxy-wasm, `dynamic_module` with Envoy as a library in its process.
//! Everything else is plain Rust that knows no host.

pub mod addressing;
pub mod answer;
mod chunks;
pub mod config;
pub mod decision;
#[cfg(all(feature = "dynamic-module", not(target_arch = "wasm32")))]
mod dynamic_module;
pub mod edge;
#[cfg(feature = "proxy-wasm")]
mod filter;
pub mod http;
mod index;
#[cfg(any(feature = "proxy-wasm", feature = "dynamic-module"))]
mod kept;
#[cfg(any(feature = "proxy-wasm", feature = "dynamic-module"))]
mod loading;
pub mod matcher;
#[cfg(feature = "metrics")]
mod metric_names;
pub mod profile;
pub mod stats;
pub mod vary;
pub mod verdict;
pub mod wildcard;
