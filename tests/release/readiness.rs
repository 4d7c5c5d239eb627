//! The readiness probe of the samples for production, in real Envoys.

use crate::monitoring::succeeds;
use crate::support::envoy;

#[test]
fn an_edge_without_good_rules_is_not_ready() {
    succeeds("tests/release/readiness.py", &[envoy::binary()]);
}
