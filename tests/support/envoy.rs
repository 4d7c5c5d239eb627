//! A real Envoy with the built module: as many listeners as a test wants, each with the filter first in its chain.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::http;
use super::started::Started;

/// An Envoy with hundreds of listeners starts in seconds; a machine under load takes longer.
const START: Duration = Duration::from_secs(60);

const TYPES: &str = "type.googleapis.com";

/// One listener on a port that the kernel chooses.
#[derive(Clone)]
pub(crate) struct Listener {
    name: String,
    /// What stands before the router.
    filters: Vec<Value>,
    routes: Value,
    /// More fields of the connection manager.
    manager: Value,
}

impl Listener {
    /// A listener that has these filters, and sends everything to the upstream.
    pub(crate) fn new(name: &str, filters: Vec<Value>) -> Self {
        // Shorter than Envoy's 15 s, so that a case can show what a time-out looks like.
        let routes =
            json!([{ "match": { "prefix": "/" }, "route": { "cluster": "upstream", "timeout": "1s" } }]);
        Self {
            name: name.to_owned(),
            filters,
            routes,
            manager: json!({}),
        }
    }

    /// The same with other routes.
    pub(crate) fn with_routes(mut self, routes: Value) -> Self {
        self.routes = routes;
        self
    }

    /// The same with more fields of the connection manager.
    pub(crate) fn with_manager(mut self, fields: Value) -> Self {
        self.manager = fields;
        self
    }

    fn to_json(&self) -> Value {
        let mut filters = self.filters.clone();
        filters.push(http_filter(
            "envoy.filters.http.router",
            "router.v3.Router",
            json!({}),
        ));
        let mut manager = json!({
            "@type": format!(
                "{TYPES}/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
            ),
            "stat_prefix": "edge",
            // So that a test can compare it with the one in an error body.
            "always_set_request_id_in_response": true,
            "upgrade_configs": [{ "upgrade_type": "websocket" }],
            "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": self.routes }] },
            "http_filters": filters,
        });
        for (name, value) in self.manager.as_object().into_iter().flatten() {
            manager[name] = value.clone();
        }
        json!({
            "name": self.name,
            "address": address(SocketAddr::from(([127, 0, 0, 1], 0))),
            "filter_chains": [{ "filters": [{
                "name": "envoy.filters.network.http_connection_manager", "typed_config": manager,
            }] }],
        })
    }
}

/// A listener as a resource of a file.
pub(crate) fn listener_resource(listener: &Listener) -> Value {
    let mut resource = listener.to_json();
    resource["@type"] = format!("{TYPES}/envoy.config.listener.v3.Listener").into();
    resource
}

/// An HTTP filter of Envoy's own: `kind` is its type below `envoy.extensions.filters.http`.
pub(crate) fn http_filter(name: &str, kind: &str, mut fields: Value) -> Value {
    fields["@type"] = format!("{TYPES}/envoy.extensions.filters.http.{kind}").into();
    json!({ "name": name, "typed_config": fields })
}

/// Our filter with a configuration text, as the sample has it.
pub(crate) fn bucket_cors(configuration: &str) -> Value {
    bucket_cors_named("", configuration.as_bytes())
}

/// The same with a configuration that need not be text, and a root id that stands in each line it logs.
pub(crate) fn bucket_cors_named(root_id: &str, configuration: &[u8]) -> Value {
    let configuration = match std::str::from_utf8(configuration) {
        Ok(text) => json!({ "@type": format!("{TYPES}/google.protobuf.StringValue"), "value": text }),
        // Only so can what is no text get to the filter.
        Err(_) => {
            json!({ "@type": format!("{TYPES}/google.protobuf.BytesValue"), "value": base64(configuration) })
        }
    };
    bucket_cors_given(root_id, configuration)
}

/// Our filter with a configuration that is a `google.protobuf.Struct`.
pub(crate) fn bucket_cors_with_struct(configuration: &Value) -> Value {
    let configuration = json!({ "@type": format!("{TYPES}/google.protobuf.Struct"), "value": configuration });
    bucket_cors_given("", configuration)
}

/// Whether the tests are to run the library instead of the WebAssembly module: both give the same answers.
pub(crate) fn is_native() -> bool {
    std::env::var_os("NATIVE").is_some()
}

/// The filter as a library that Envoy loads.
pub(crate) fn library_filter(library: &Path, name: &str, configuration: Value) -> Value {
    let fields = json!({
        "dynamic_module_config": { "module": { "local": { "filename": library } } },
        "filter_name": name,
        "filter_config": configuration,
    });
    http_filter("bucket-cors", "dynamic_modules.v3.DynamicModuleFilter", fields)
}

/// The type of our filter's configuration.
pub(crate) fn filter_type() -> String {
    let filter = bucket_cors("");
    filter["typed_config"]["@type"].as_str().unwrap().to_owned()
}

fn bucket_cors_given(root_id: &str, configuration: Value) -> Value {
    if is_native() {
        return library_filter(&library(), root_id, configuration);
    }
    let mut config = json!({
        "name": "bucket-cors",
        "root_id": root_id,
        "failure_policy": "FAIL_RELOAD",
        "reload_config": { "backoff": { "base_interval": "0.1s" } },
        "vm_config": {
            "runtime": "envoy.wasm.runtime.v8",
            "code": { "local": { "filename": module() } },
        },
        "configuration": configuration,
    });
    *allowed_capabilities(&mut config) = sample_capabilities();
    http_filter("bucket-cors", "wasm.v3.Wasm", json!({ "config": config }))
}

/// Where this Envoy wants the capabilities of a plugin; `make run` does the same to the sample.
pub(crate) fn allowed_capabilities(config: &mut Value) -> &mut Value {
    let holder = if version() < (1, 40) {
        config
    } else {
        &mut config["vm_config"]
    };
    &mut holder["capability_restriction_config"]["allowed_capabilities"]
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let bits =
            group.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte)) << (24 - 8 * group.len());
        (0..4)
            .map(|at| match at <= group.len() {
                true => char::from(DIGITS[bits >> (18 - 6 * at) & 63]),
                false => '=',
            })
            .collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

/// What the sample lets the filter do, so that every test shows that it is enough.
fn sample_capabilities() -> Value {
    let sample = fs::read_to_string(checkout().join("envoy/envoy.yaml")).unwrap();
    let lines = sample.lines().map(str::trim);
    let names = lines.filter_map(|line| line.split_once(": {}").map(|(name, _)| name));
    let allowed: BTreeMap<&str, Value> = names
        .filter(|name| name.starts_with("proxy_"))
        .map(|name| (name, json!({})))
        .collect();
    assert!(!allowed.is_empty(), "the sample restricts nothing");
    json!(allowed)
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The module that `make build` leaves.
pub(crate) fn module() -> PathBuf {
    built("bucket_cors.wasm", "make build")
}

/// The library that `make native` leaves.
pub(crate) fn library() -> PathBuf {
    built("libbucket_cors.so", "make native")
}

/// The same with panics where a test asks for them.
pub(crate) fn library_with_faults() -> PathBuf {
    built("libbucket_cors_with_faults.so", "make native-with-faults")
}

fn built(name: &str, by: &str) -> PathBuf {
    let path = checkout().join("target").join(name);
    assert!(path.exists(), "{} is missing: `{by}` makes it", path.display());
    path
}

/// The binary that `make envoy` leaves; `ENVOY` names another.
pub(crate) fn binary() -> PathBuf {
    let fetched = || {
        let versions = fs::read_dir(checkout().join("target/envoy"))
            .into_iter()
            .flatten();
        versions
            .map(|entry| entry.unwrap().path().join("envoy"))
            .filter(|path| path.exists())
            .max()
    };
    std::env::var_os("ENVOY")
        .map(|path| checkout().join(path))
        .or_else(fetched)
        .expect("no Envoy: `make envoy` gets one")
}

/// The major and the minor version of [`binary`].
pub(crate) fn version() -> (u32, u32) {
    static VERSION: OnceLock<(u32, u32)> = OnceLock::new();
    *VERSION.get_or_init(|| {
        let said = Command::new(binary()).arg("--version").output().unwrap().stdout;
        let said = String::from_utf8(said).unwrap();
        // Between the commit and how it was built.
        let version = said.split('/').find(|part| part.split('.').count() == 3);
        let mut numbers = version.unwrap().split('.').map(|number| number.parse().unwrap());
        (numbers.next().unwrap(), numbers.next().unwrap())
    })
}

/// Whether [`binary`] loads libraries.
pub(crate) fn has_dynamic_modules() -> bool {
    version() >= (1, 38)
}

/// Whether [`binary`] lets the filter tell of the configuration that was loaded: a library of 1.38 has no call for it.
pub(crate) fn has_gauges_of_configurations() -> bool {
    !is_native() || version() >= (1, 39)
}

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

    /// What the filter with a root id logged at a level, each text once: every worker and the main thread say the same.
    pub(crate) fn logged_by(log: &str, root_id: &str, level: &str) -> Vec<String> {
        let (start, text) = if is_native() {
            (format!("[{level}][dynamic_modules]"), format!("] {root_id}: "))
        } else {
            (format!("[{level}][wasm]"), format!("wasm log {root_id}: "))
        };
        let lines = log.lines().filter(|line| line.contains(&start));
        let texts = lines.filter_map(|line| line.split_once(&text));
        let mut texts: Vec<String> = texts.map(|(_, text)| text.to_owned()).collect();
        let mut seen = BTreeSet::new();
        texts.retain(|text| seen.insert(text.clone()));
        texts
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

/// What Envoy starts with.
pub(crate) fn bootstrap(listeners: &[Listener], clusters: &[Value]) -> Value {
    json!({
        // Who asks, which Envoy wants to know even where it asks a file.
        "node": { "id": "test", "cluster": "test" },
        "admin": { "address": address(SocketAddr::from(([127, 0, 0, 1], 0))) },
        "static_resources": {
            "listeners": listeners.iter().map(Listener::to_json).collect::<Vec<_>>(),
            "clusters": clusters,
        },
    })
}

/// A cluster of one host.
pub(crate) fn cluster(name: &str, host: SocketAddr) -> Value {
    json!({
        "name": name,
        "load_assignment": { "cluster_name": name, "endpoints": [{ "lb_endpoints": [
            { "endpoint": { "address": address(host) } },
        ] }] },
    })
}

/// A file of resources, as Envoy reads and watches it.
pub(crate) fn resources(resources: &[Value]) -> Value {
    json!({ "resources": resources })
}

/// Where Envoy finds a file of resources that was handed to [`Envoy::start_with`].
pub(crate) fn from_file(name: &str) -> Value {
    json!({ "path_config_source": { "path": format!("./{name}") }, "resource_api_version": "V3" })
}

fn address(address: SocketAddr) -> Value {
    json!({ "socket_address": { "address": address.ip().to_string(), "port_value": address.port() } })
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
