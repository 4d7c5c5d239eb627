//! What the rings of tests share: cases as data, what an answer should be, and a real Envoy to ask.
//!
//! The rings are the decision core, the filter on a native host, and the built module in an Envoy; each turns a
//! [`case::Case`] into an [`answer::ClientAnswer`], and [`expect::Expectation`] says whether that is right.

// Each test binary uses a part of this.
#![allow(dead_code)]

pub(crate) mod answer;
pub(crate) mod case;
pub(crate) mod certificates;
pub(crate) mod clients;
pub(crate) mod conformance;
pub(crate) mod envoy;
pub(crate) mod expect;
pub(crate) mod http;
pub(crate) mod ports;
pub(crate) mod stand;
pub(crate) mod started;
pub(crate) mod upstream;

use std::path::Path;

/// The top of the checkout.
pub(crate) fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
