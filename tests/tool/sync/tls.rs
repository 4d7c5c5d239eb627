//! `--listen` over TLS.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::process::{Syncing, wait_for};
use super::stand_in::{StandInStore, rules_for};
use crate::support::certificates::certify;
use crate::tool::Folder;

const TLS: [&str; 6] = [
    "--tls-cert",
    "server.pem",
    "--tls-key",
    "server.key",
    "--client-ca",
    "clients.pem",
];

/// A server with certificates of authorities that are in its folder too.
struct TlsServer {
    folder: Folder,
    syncing: Syncing,
}

/// A certificate of an authority, for this machine.
fn issue(folder: &Folder, authority: &str, name: &str) {
    let (cert, key) = (format!("{authority}.pem"), format!("{authority}.key"));
    let mut arguments = vec!["-CA", &cert, "-CAkey", &key];
    arguments.extend(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
    arguments.extend(["-addext", "basicConstraints=critical,CA:FALSE"]);
    certify(folder.path(), name, &arguments);
}

impl TlsServer {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
        let folder = Folder::new(name).with("token", "a-secret");
        for authority in ["servers", "clients", "others"] {
            certify(folder.path(), authority, &[]);
        }
        issue(&folder, "servers", "server");
        issue(&folder, "clients", "client");
        issue(&folder, "others", "other");
        let mut command = super::listen::following(&folder, &store, &TLS);
        command.args(arguments);
        let syncing = Syncing::start(command, "127.0.0.1:0");
        Self { folder, syncing }
    }

    /// The status of an answer. `None`: there is none, since the connection was not to be had.
    fn status(&self, path: &str, authority: &str, more: &[&str]) -> Option<u16> {
        let url = format!("https://127.0.0.1:{}{path}", self.syncing.port);
        let authority = format!("{authority}.pem");
        let output = Command::new("curl")
            .args(["--silent", "--output", "answer", "--write-out", "%{http_code}"])
            .args(["--cacert", &authority, &url])
            .args(more)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let status = String::from_utf8(output.stdout).unwrap();
        output.status.success().then(|| status.parse().unwrap())
    }

    fn copy(&self, from: &str, to: &str) {
        let folder = self.folder.path();
        fs::copy(folder.join(from), folder.join(to)).unwrap();
    }
}

const CLIENT: [&str; 4] = ["--cert", "client.pem", "--key", "client.key"];
const OTHER: [&str; 4] = ["--cert", "other.pem", "--key", "other.key"];
const DISCOVERY: &str = "/v3/discovery:extension_configs";
const POST: [&str; 2] = ["--data", "{}"];

#[test]
fn a_client_certificate_may_be_demanded_of_all_but_probes() {
    let server = TlsServer::start("sync-certificates", &[]);
    let status = |path: &str, more: &[&str]| server.status(path, "servers", more);
    assert_eq!(status("/metrics", &CLIENT), Some(200));
    wait_for("rules", || {
        status(DISCOVERY, &[&CLIENT[..], &POST].concat()) == Some(200)
    });
    assert_eq!(status("/healthz", &[]), Some(200));
    assert_eq!(status("/healthz", &CLIENT), Some(200));
    for path in ["/metrics", "/other", "/healthz/", "//healthz", DISCOVERY] {
        assert_eq!(status(path, &[]), Some(403), "{path}");
    }
    assert_eq!(status(DISCOVERY, &POST), Some(403));
    // One of another authority is not taken for one, not even by a probe.
    for path in ["/healthz", "/metrics"] {
        assert_eq!(status(path, &OTHER), None, "{path}");
    }
}

#[test]
fn a_certificate_does_not_stand_for_a_token() {
    let server = TlsServer::start("sync-certificates-token", &["--token-file", "token"]);
    let status = |more: &[&str]| server.status("/metrics", "servers", more);
    let token = ["--header", "authorization: Bearer a-secret"];
    assert_eq!(status(&CLIENT), Some(401));
    assert_eq!(status(&token), Some(403));
    assert_eq!(status(&[&CLIENT[..], &token].concat()), Some(200));
}

#[test]
fn renewed_certificates_are_taken_without_a_restart() {
    let server = TlsServer::start("sync-certificates-renewed", &[]);
    let status = |authority: &str, more: &[&str]| server.status("/metrics", authority, more);
    assert_eq!(status("servers", &CLIENT), Some(200));
    assert_eq!(status("servers", &OTHER), None);
    server.copy("clients.pem", "clients.pem.first");
    server.copy("others.pem", "clients.pem");
    wait_for("another authority", || status("servers", &OTHER) == Some(200));
    assert_eq!(status("servers", &CLIENT), None);
    server.folder.write("clients.pem", "");
    wait_for("a word on the empty file", || {
        let said = server.syncing.said();
        said.contains("--client-ca: there is no certificate in the file")
    });
    server.copy("others.pem", "clients.pem");
    // A certificate without its key is half of a renewal.
    server.copy("other.pem", "server.pem");
    wait_for("a word on it", || server.syncing.said().contains("--tls-cert: "));
    assert_eq!(status("servers", &OTHER), Some(200));
    // Whose authority is taken out meanwhile is not let in any more.
    server.copy("clients.pem.first", "clients.pem");
    wait_for("the first authority", || status("servers", &CLIENT) == Some(200));
    assert_eq!(status("servers", &OTHER), None);
    fs::rename(
        server.folder.path().join("server.key"),
        server.folder.path().join("gone.key"),
    )
    .unwrap();
    server.copy("others.pem", "clients.pem");
    wait_for("the other authority", || status("servers", &OTHER) == Some(200));
    assert_eq!(status("servers", &CLIENT), None);
    let said = server.syncing.said();
    assert!(
        said.contains("; the certificate of --tls-cert that was there before goes on, with its key"),
        "{said}"
    );
    server.copy("other.key", "server.key");
    wait_for("another certificate", || status("others", &OTHER) == Some(200));
    assert_eq!(status("servers", &OTHER), None);
}

/// Asks twice on one connection, and says each status: the second time when it is told to.
const TWICE: &str = r#"
import http.client, ssl, sys
context = ssl.create_default_context(cafile="servers.pem")
context.load_cert_chain("client.pem", "client.key")
connection = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[1]), context=context)
for _ in range(2):
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    answer.read()
    print(answer.status, answer.headers.get("connection"), flush=True)
    sys.stdin.readline()
"#;

#[test]
fn an_open_connection_is_no_way_around_other_authorities() {
    let server = TlsServer::start("sync-certificates-open", &[]);
    let mut client = Command::new("python3")
        .args(["-c", TWICE, &server.syncing.port.to_string()])
        .current_dir(server.folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(client.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert_eq!(next(), "200 None");
    server.copy("others.pem", "clients.pem");
    wait_for("another authority", || {
        server.status("/metrics", "servers", &OTHER) == Some(200)
    });
    client.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert_eq!(next(), "403 close");
    assert!(client.wait().unwrap().success());
}
