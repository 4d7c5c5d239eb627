//! The identity of a pod, for which AWS's token service gives a role's credentials.

use std::cell::Cell;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::stand_in::{StandInStore, rules_for};
use super::{asking, finished, of_three, text};
use crate::support::certificates::certify;
use crate::tool::Folder;

#[test]
fn a_pod_s_identity_becomes_a_role_s_credentials() {
    let folder = Folder::new("sync-web-identity").with("token", "the-pod-s-own");
    let of_sts = ["-addext", "subjectAltName=DNS:sts.amazonaws.com"];
    let no_issuer = ["-addext", "basicConstraints=critical,CA:FALSE"];
    certify(folder.path(), "sts", &[of_sts, no_issuer].concat());
    let mut sts = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "python3"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tool/sync/sts.py"))
        .args(["sts.pem", "sts.key"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(sts.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    let proxy = format!("http://127.0.0.1:{}", next());
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let tries = Cell::new(0);
    let ask = || {
        tries.set(tries.get() + 1);
        let mut command = asking(&folder, &store);
        command.args(["--all", "--output", "cors.json", "--once"]);
        command
            .env_clear()
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ROLE_ARN", "arn:aws:iam::1:role/reader")
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", "token")
            .env("https_proxy", &proxy)
            .env("SSL_CERT_FILE", "sts.pem");
        finished(&mut command)
    };
    let output = of_three(ask, |output| output.code == 0);
    let said = output.stderr;
    assert_eq!(output.code, 0, "{said}");
    assert!(text(&folder, "cors.json").contains("https://a.example"));
    let asked = next();
    assert!(asked.starts_with("CONNECT sts.amazonaws.com:443 "), "{asked}");
    for part in [
        " POST / ",
        "Action=AssumeRoleWithWebIdentity",
        "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Freader",
        "WebIdentityToken=the-pod-s-own",
    ] {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    for secret in ["the-pod-s-own", "role-secret", "role-token"] {
        assert!(!said.contains(secret), "{said}");
    }
    sts.kill().unwrap();
    sts.wait().unwrap();
    // It was asked once in each try.
    assert!(lines.count() < tries.get());
}
