//! A real Envoy with the built module: as many listeners as a test wants, each with the filter first in its chain.

mod built;
mod configuration;
mod filter_log;
mod filters;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::http;
use super::started::Started;

#[allow(unused_imports)] // Each test binary uses a part.
pub(crate) use self::{
    built::{
        binary, has_dynamic_modules, has_gauges_of_configurations, is_native, library, library_with_faults,
        module, version,
    },
    configuration::{Listener, bootstrap, cluster, from_file, listener_resource, resources},
    filter_log::FilterLog,
    filters::{
        allowed_capabilities, bucket_cors, bucket_cors_named, bucket_cors_with_struct, filter_type,
        http_filter, library_filter,
    },
};

/// An Envoy with hundreds of listeners starts in seconds; a machine under load takes longer.
const START: Duration = Duration::from_secs(60);

/// A running Envoy. Dropping it stops it.
pub(crate) struct Envoy {
    process: Process,
    admin: u16,
    ports: BTreeMap<String, u16>,
}

/// An Envoy that did not start, and what it said.
#[derive(Debug)]
pub(crate) struct NotStarted {
    pub(crate) status: ExitStatus,
    pub(crate) log: String,
}

impl Envoy {
    /// Starts an Envoy and waits until it serves.
    ///
    /// Envoy is stopped with the thread that started it, so that nothing is left even of a test that is killed: start
    /// it from the thread that outlives its use.
    pub(crate) fn start(listeners: &[Listener], upstream: SocketAddr) -> Result<Self, NotStarted> {
        Self::start_with(&bootstrap(listeners, &[cluster("upstream", upstream)]), &[])
    }

    /// The same with a bootstrap of the test's own, and files that it names as `./name`.
    pub(crate) fn start_with(bootstrap: &Value, files: &[(&str, Value)]) -> Result<Self, NotStarted> {
        // One worker: a VM that fails is then the VM of the next request too.
        Self::start_as(bootstrap, files, &["--disable-hot-restart", "--concurrency", "1"])
    }

    /// The same with arguments of the test's own.
    pub(crate) fn start_as(
        bootstrap: &Value,
        files: &[(&str, Value)],
        arguments: &[&str],
    ) -> Result<Self, NotStarted> {
        let mut process = Process::spawn(bootstrap, files, arguments);
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if let Some(status) = process.0.child.try_wait().unwrap() {
                return Err(NotStarted {
                    status,
                    log: process.log(),
                });
            }
            if let Some(admin) = process.admin().filter(|&admin| is_ready(admin)) {
                return Ok(Self {
                    ports: ports(admin),
                    process,
                    admin,
                });
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("Envoy was not ready in {START:?}:\n{}", process.log());
    }

    /// The port of a listener, if it was taken.
    pub(crate) fn find_port(&self, listener: &str) -> Option<u16> {
        self.ports.get(listener).copied()
    }

    /// The port of a listener.
    pub(crate) fn port(&self, listener: &str) -> u16 {
        self.find_port(listener)
            .unwrap_or_else(|| panic!("no listener is named {listener:?}"))
    }

    /// Puts another file in the place of one, at once, as Envoy wants to see it.
    pub(crate) fn replace(&self, file: &str, value: &Value) {
        // Two tests may replace two files at once.
        let new = self.process.file(&format!("{file}.new"));
        let file = self.process.file(file);
        fs::write(&new, value.to_string()).unwrap();
        fs::rename(new, file).unwrap();
    }

    /// The resident memory, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.0.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// The linear memory of the largest VM, where this Envoy counts it.
    pub(crate) fn wasm_bytes(&self) -> Option<u64> {
        let lines = self.admin("/stats?filter=^wasm.*memory_size$");
        let sizes = lines
            .lines()
            .filter_map(|line| line.split_once(": ")?.1.parse().ok());
        sizes.max()
    }

    /// What the admin interface says under a path.
    pub(crate) fn admin(&self, path: &str) -> String {
        String::from_utf8(http::get(self.admin, path).unwrap().body).unwrap()
    }

    /// What it wrote to its standard output so far.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.process.file("output")).unwrap()).into_owned()
    }

    /// Everything that Envoy logged so far.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// The lines of the log which say that a filter failed, or Envoy itself did.
    pub(crate) fn failures(&self) -> Vec<String> {
        let is_failure = |line: &&str| {
            let is_of_filter = ["][error][wasm]", "][warning][wasm]", "][error][dynamic_modules]"]
                .iter()
                .any(|start| line.contains(start));
            line.contains("][critical]")
                || line.contains("Function: ")
                || line.contains("panicked at ")
                || is_of_filter
                    && ["trap", "Uncaught", "failed", "panicked", "was caught in"]
                        .iter()
                        .any(|word| line.contains(word))
        };
        // So Envoy puts it when a filter refuses its configuration, which is no failure.
        let is_refusal = |line: &&str| {
            line.contains("Failed to configure base Wasm plugin")
                || line.contains("Failed to initialize dynamic module")
                || line.contains("Plugin") && line.contains("failed to load")
        };
        let log = self.log();
        let failures = log.lines().filter(is_failure).filter(|line| !is_refusal(line));
        failures.map(str::to_owned).collect()
    }
}

fn is_ready(admin: u16) -> bool {
    http::get(admin, "/ready").is_ok_and(|response| response.status == 200)
}

fn ports(admin: u16) -> BTreeMap<String, u16> {
    let listeners: Value =
        serde_json::from_slice(&http::get(admin, "/listeners?format=json").unwrap().body).unwrap();
    let statuses = listeners["listener_statuses"].as_array().unwrap();
    let port = |status: &Value| {
        let port = status["local_address"]["socket_address"]["port_value"]
            .as_u64()
            .unwrap();
        (
            status["name"].as_str().unwrap().to_owned(),
            u16::try_from(port).unwrap(),
        )
    };
    statuses.iter().map(port).collect()
}

/// The operating system's side of an Envoy.
struct Process(Started);

impl Process {
    fn spawn(bootstrap: &Value, files: &[(&str, Value)], arguments: &[&str]) -> Self {
        Self(Started::new("envoy-tests", |folder| {
            fs::write(folder.join("envoy.json"), bootstrap.to_string()).unwrap();
            for (name, value) in files {
                fs::write(folder.join(name), value.to_string()).unwrap();
            }
            Command::new("setpriv")
                .args(["--pdeathsig", "KILL"])
                .arg(binary())
                .args(["--config-path", "envoy.json", "--admin-address-path", "admin"])
                .args(arguments)
                .args(["--log-level", "warning", "--component-log-level", "wasm:info"])
                // A test need not wait ten seconds for the access log.
                .args(["--file-flush-interval-msec", "100"])
                .current_dir(folder)
                .stdin(Stdio::null())
                .stdout(File::create(folder.join("output")).unwrap())
                .stderr(File::create(folder.join("log")).unwrap())
                .spawn()
                .expect("setpriv (util-linux) starts Envoy")
        }))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.folder.join(name)
    }

    fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.file("log")).unwrap()).into_owned()
    }

    /// The port of the admin interface, once it is known.
    fn admin(&self) -> Option<u16> {
        let address = fs::read_to_string(self.file("admin")).ok()?;
        address
            .trim()
            .parse::<SocketAddr>()
            .ok()
            .map(|address| address.port())
    }
}
