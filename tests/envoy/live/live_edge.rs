//! An Envoy with two workers that takes its rules from a file while it runs.

use std::fs;
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::envoy::{self, Envoy, Listener};
use crate::support::http::{self, Response};

/// Longer than any change takes, on a machine under load too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The statistics of the filter's configuration.
const DISCOVERY: &str = "extension_config_discovery.http_filter.bucket-cors";

pub(crate) const TWO_WORKERS: [&str; 3] = ["--disable-hot-restart", "--concurrency", "2"];

/// The file that an Envoy takes its rules from, in a folder of its own.
pub(crate) struct RulesFile {
    folder: PathBuf,
}

impl RulesFile {
    pub(crate) fn new(version: &str, configuration: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/envoy-tests");
        let rules = Self {
            folder: target.join(format!("rules-{}-{number}", std::process::id())),
        };
        fs::create_dir_all(rules.folder.join("watched")).unwrap();
        rules.replace(version, configuration);
        rules
    }

    /// Puts a configuration in the place of the one that is there, at once.
    pub(crate) fn replace(&self, version: &str, configuration: &str) {
        let mut resource = envoy::bucket_cors(configuration);
        resource["@type"] = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig".into();
        self.replace_text(&json!({ "version_info": version, "resources": [resource] }).to_string());
    }

    /// The same with a text that need not be what Envoy expects.
    pub(crate) fn replace_text(&self, text: &str) {
        let new = self.folder.join("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.file()).unwrap();
    }

    pub(crate) fn watched(&self) -> PathBuf {
        self.folder.join("watched")
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.watched().join("filter.json")
    }

    /// The place in a chain for what the file holds, as envoy-ecds.yaml has it.
    pub(crate) fn filter(&self) -> Value {
        json!({
            "name": "bucket-cors",
            "config_discovery": {
                "config_source": {
                    "resource_api_version": "V3",
                    "path_config_source": {
                        "path": self.file(),
                        "watched_directory": { "path": self.watched() },
                    },
                },
                "type_urls": [envoy::filter_type()],
            },
        })
    }
}

impl Drop for RulesFile {
    fn drop(&mut self) {
        if !thread::panicking() {
            fs::remove_dir_all(&self.folder).ok();
        }
    }
}

/// An Envoy and its rules.
pub(crate) struct LiveEdge {
    pub(crate) envoy: Envoy,
    pub(crate) rules: RulesFile,
    pub(crate) port: u16,
}

/// The name of the listener.
pub(crate) const LISTENER: &str = "edge";

impl LiveEdge {
    /// Starts an Envoy with a listener that `adjust` may change, in front of some clusters.
    pub(crate) fn start(
        rules: RulesFile,
        clusters: &[Value],
        adjust: impl FnOnce(Listener) -> Listener,
    ) -> Self {
        Self::of(
            adjust(Listener::new(LISTENER, vec![rules.filter()])),
            clusters,
            rules,
        )
    }

    /// The same with a listener that has the rules in its chain already.
    pub(crate) fn of(listener: Listener, clusters: &[Value], rules: RulesFile) -> Self {
        let bootstrap = envoy::bootstrap(&[listener], clusters);
        let envoy = Envoy::start_as(&bootstrap, &[], &TWO_WORKERS)
            .unwrap_or_else(|refused| panic!("Envoy does not start, {}:\n{}", refused.status, refused.log));
        let port = envoy.port(LISTENER);
        Self { envoy, rules, port }
    }

    /// Changes the rules and waits until every worker has the new ones.
    pub(crate) fn change(&self, version: &str, configuration: &str) {
        self.rules.replace(version, configuration);
        self.wait_for(version);
    }

    /// The same with a text of this version.
    pub(crate) fn change_text(&self, version: &str, text: &str) {
        self.rules.replace_text(text);
        self.wait_for(version);
    }

    fn wait_for(&self, version: &str) {
        wait_for(version, || version_in_force(&self.envoy) == version);
        // The main thread has them then, and has told the workers.
        thread::sleep(Duration::from_millis(100));
    }

    /// A number of the filter's configuration.
    pub(crate) fn discovery(&self, name: &str) -> u64 {
        statistic(&self.envoy, &format!("{DISCOVERY}.{name}"))
    }

    /// A number of the listener's connections and requests.
    pub(crate) fn http(&self, name: &str) -> u64 {
        statistic(&self.envoy, &format!("http.edge.{name}"))
    }

    pub(crate) fn assert_no_failure(&self) {
        let failures = self.envoy.failures();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}

/// The `version_info` of the rules that the main thread has.
pub(crate) fn version_in_force(envoy: &Envoy) -> String {
    let text = value(envoy, &format!("{DISCOVERY}.version_text"));
    text.trim_matches('"').to_owned()
}

/// A number of Envoy's statistics.
pub(crate) fn statistic(envoy: &Envoy, name: &str) -> u64 {
    value(envoy, name)
        .parse()
        .unwrap_or_else(|_| panic!("{name} is no number"))
}

fn value(envoy: &Envoy, name: &str) -> String {
    let lines = envoy.admin(&format!("/stats?filter=^{name}$"));
    lines
        .trim()
        .split_once(": ")
        .unwrap_or_else(|| panic!("Envoy has no statistic {name}: {lines:?}"))
        .1
        .to_owned()
}

/// Waits until something holds.
pub(crate) fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not come in {PATIENCE:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A connection that is kept alive, and opened again where Envoy says that it closes it, as it does after each 400.
pub(crate) struct LiveConnection {
    port: u16,
    stream: TcpStream,
}

impl LiveConnection {
    pub(crate) fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(http::PATIENCE))?;
        Ok(Self { port, stream })
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    pub(crate) fn receive(&mut self, is_head: bool) -> io::Result<Response> {
        let response = http::read_response(&mut self.stream, is_head)?;
        if header(&response, "connection") == "close" {
            *self = Self::open(self.port)?;
        }
        Ok(response)
    }

    /// A request with these header lines, and its response.
    pub(crate) fn exchange(
        &mut self,
        method: &str,
        path: &str,
        lines: &[(&str, &str)],
    ) -> io::Result<Response> {
        self.send(&request(method, path, lines))?;
        self.receive(method == "HEAD")
    }
}

/// The bytes of a request.
pub(crate) fn request(method: &str, path: &str, lines: &[(&str, &str)]) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: versioned.example\r\n");
    for (name, value) in lines {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    (text + "\r\n").into_bytes()
}

/// A header of a response; empty where there is none.
pub(crate) fn header(response: &Response, name: &str) -> String {
    let values: Vec<_> = response
        .headers
        .iter()
        .filter(|(line, _)| line == name)
        .map(|(_, value)| String::from_utf8_lossy(value))
        .collect();
    values.join(" | ")
}
