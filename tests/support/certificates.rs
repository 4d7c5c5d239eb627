//! Certificates for servers and clients of tests.

use std::path::Path;
use std::process::Command;

/// A certificate in the folder, NAME.pem with NAME.key: its own issuer, unless more arguments of `openssl req` name
/// another.
pub(crate) fn certify(folder: &Path, name: &str, more: &[&str]) {
    let (key, cert) = (format!("{name}.key"), format!("{name}.pem"));
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ])
        .args(["-nodes", "-days", "2", "-subj", &format!("/CN={name}")])
        .args(["-keyout", &key, "-out", &cert])
        .args(more)
        .current_dir(folder)
        .output()
        .expect("openssl makes a certificate");
    assert!(output.status.success(), "{output:?}");
}
