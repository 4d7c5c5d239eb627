//! What `bucket-cors explain` and the playground say that a browser does not send, held against Chromium.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use crate::browser::Browser;
use crate::support::certificates::certify;
use crate::support::upstream::Upstream;
use crate::trials::{run_all, trials};
use libtest_mimic::Arguments;
use serde_json::{Value, json};

/// Whether all of it holds.
pub(crate) fn run(arguments: &Arguments) -> bool {
    run_all(
        arguments,
        trials![
            ports_of_other_protocols_get_nothing,
            a_secure_page_asks_for_nothing_insecure
        ],
        Vec::new(),
    )
}

/// Rules that let everything in.
fn rules() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unsent");
        fs::create_dir_all(&folder).unwrap();
        let any = json!([{ "AllowedOrigins": ["*"], "AllowedMethods": ["GET"] }]);
        let file = folder.join("any.json");
        fs::write(
            &file,
            json!({ "buckets": [{ "name": "b", "cors": any }] }).to_string(),
        )
        .unwrap();
        file
    })
}

/// Why the tool says that a browser does not ask, or nothing.
fn explained(origin: &str, url: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_bucket-cors"))
        .args(["explain", "--format", "json", "--origin", origin, "--url", url])
        .arg(rules())
        .output()
        .unwrap();
    let said: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    said["verdict"]["check"].as_str().unwrap_or_default().to_owned()
}

/// What Chromium's console says of a request.
fn console(browser: &Browser, url: &str) -> String {
    browser.console();
    let script = "await fetch(arguments[0], { cache: 'no-store' }).catch(() => {});";
    browser.run(script, &[json!(url)]).unwrap();
    browser.console().join("\n")
}

/// Ports that Fetch and Firefox block.
const LAX: [u16; 2] = [4190, 6679];

fn ports_of_other_protocols_get_nothing() {
    let pages = Upstream::start();
    let browser = Browser::start();
    let origin = format!("http://app.example:{}", pages.address().port());
    browser.open(&format!("{origin}/page"));
    // The playground's own list, which has to be the tool's too.
    let source = include_str!("../../envoy/playground/unsent.js");
    let list = source
        .split_once("const BAD_PORTS = [")
        .unwrap()
        .1
        .split_once(']')
        .unwrap()
        .0;
    let bad: Vec<u16> = list
        .split(',')
        .filter_map(|port| port.trim().parse().ok())
        .collect();
    assert_eq!(bad.len(), 83);
    let good = [
        2, 8, 24, 81, 444, 1024, 3000, 5000, 6001, 8000, 8080, 8443, 10081, 65535,
    ];
    let mut sent = Vec::new();
    for port in bad.iter().copied().chain(good) {
        let url = format!("http://store.example:{port}/b/a");
        let expected = if bad.contains(&port) { "blocked-port" } else { "" };
        assert_eq!(explained(&origin, &url), expected, "{port}");
        if !console(&browser, &url).contains("ERR_UNSAFE_PORT") {
            sent.push(port);
        }
    }
    // Of the standard's ports, Chromium does not block these so far (156).
    let lax = LAX.iter().copied();
    assert_eq!(sent, lax.chain(good).collect::<Vec<u16>>());
}

/// A page over TLS, with a certificate of this test's own.
struct SecurePage {
    server: Child,
    port: u16,
}

impl SecurePage {
    fn start() -> Self {
        const SERVER: &str = "
import http.server, ssl, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('content-type', 'text/html')
        self.end_headers()
        self.wfile.write(b'<title>page</title>')
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Page)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
";
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("secure-page");
        fs::create_dir_all(&folder).unwrap();
        certify(&folder, "secure.example", &[]);
        let mut server = Command::new("python3")
            .args(["-c", SERVER])
            .args(["secure.example.pem", "secure.example.key"])
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            server,
            port: line.trim().parse().unwrap(),
        }
    }
}

impl Drop for SecurePage {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

fn a_secure_page_asks_for_nothing_insecure() {
    let page = SecurePage::start();
    let store = Upstream::start();
    let port = store.address().port();
    let browser = Browser::start();
    let origin = format!("https://secure.example:{}", page.port);
    browser.open(&format!("{origin}/"));
    for (url, is_mixed) in [
        (format!("http://store.example:{port}/b/a"), true),
        (format!("http://192.0.2.1:{port}/b/a"), true),
        (format!("http://0.0.0.0:{port}/b/a"), true),
        (format!("http://localhost:{port}/b/a"), false),
        (format!("http://a.localhost:{port}/b/a"), false),
        (format!("http://127.0.0.1:{port}/b/a"), false),
        (format!("http://127.1.2.3:{port}/b/a"), false),
        (format!("http://[::1]:{port}/b/a"), false),
    ] {
        let said = console(&browser, &url);
        assert_eq!(said.contains("Mixed Content"), is_mixed, "{url}: {said}");
        let expected = if is_mixed { "mixed-content" } else { "" };
        assert_eq!(explained(&origin, &url), expected, "{url}");
    }
}
