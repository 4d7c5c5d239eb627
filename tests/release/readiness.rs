//! The readiness probe of the samples for production, in real Envoys.

use std::process::Command;

use crate::support::envoy;

#[test]
fn an_edge_without_good_rules_is_not_ready() {
    let output = Command::new("python3")
        .args(["tests/release/readiness.py".as_ref(), envoy::binary().as_os_str()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
