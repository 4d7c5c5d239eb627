//! The samples of `envoy/production` over TLS, each with SeaweedFS in its store's place, and all that they may not
//! spoil: what boto3 signs, keys as they are, large objects and slow ones.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server;
use crate::support::certificates::certify;
use crate::support::envoy::{self, Envoy, Listener, bucket_cors, cluster, module};
use crate::support::http;
use crate::support::ports;

const SAMPLES: [&str; 3] = ["oss", "s3", "cluster"];

fn read(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/production");
    fs::read_to_string(folder.join(file)).unwrap()
}

/// The names of the edge, and below them those of the stores.
const NAMES: [&str; 7] = [
    "s3.example.com",
    "static.example.com",
    "video.example.com",
    "oss-cn-hangzhou.aliyuncs.com",
    "s3.eu-central-1.amazonaws.com",
    "s3.us-east-1.amazonaws.com",
    "localhost",
];

/// Those under which the store finds a bucket in a host.
const DOMAINS: [&str; 4] = [NAMES[0], NAMES[3], NAMES[4], NAMES[5]];

/// The most that an Envoy may grow by while objects of hundreds of megabytes go through it.
const MOST_KIB: u64 = 32 * 1024;

pub(crate) fn pass_on_everything() {
    let [store, dead] = ports::free();
    let weed = server::weed_of(store, &["photos", "videos"], &DOMAINS);
    let (certificate, key) = certificate(&weed.folder);
    let front = front(store, &certificate, &key);
    let edges = SAMPLES.map(|name| {
        let at = |listener| front.port(listener);
        // The nodes of a store in the cluster speak HTTP, and one of them is gone.
        let nodes = if name == "cluster" {
            [at("http"), at("http"), dead]
        } else {
            [at("https"); 3]
        };
        (name, edge(name, nodes, &certificate, &key))
    });
    let trusted = weed.folder.join("certificate.pem");
    let run = |name: &str, edge: &Envoy| client(name, edge.port("edge"), store, &trusted);
    let clients: Vec<(&str, &Envoy, Child)> = edges
        .iter()
        .map(|(name, edge)| (*name, edge, run(name, edge)))
        .collect();
    for (name, edge, client) in clients {
        let mut grown = grown_while_running(edge, client, name);
        // What a busy machine has put off, such as V8 its compiling, is caught up with once.
        for _ in 0..2 {
            if grown >= MOST_KIB {
                grown = grown_while_running(edge, run(name, edge), name);
            }
        }
        println!("{name}: {grown} KiB more at most");
        assert!(grown < MOST_KIB, "{name}: {grown} KiB");
        assert_eq!(edge.failures(), [""; 0], "{name}");
        let deadline = Instant::now() + http::PATIENCE;
        while !has_logged_a_match(edge) {
            assert!(Instant::now() < deadline, "{name}: {}", edge.output());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn has_logged_a_match(edge: &Envoy) -> bool {
    let log = edge.output();
    // The last line may be half written.
    let (whole, _) = log.rsplit_once('\n').unwrap_or_default();
    let mut lines = whole
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.any(|line| line["cors"] == "bucket=\"photos\"; match; rule=0; id=\"upload-from-the-app\"")
}

/// A certificate that is its own authority, and its key.
fn certificate(folder: &Path) -> (String, String) {
    let names = NAMES.map(|name| format!("DNS:{name},DNS:*.{name}")).join(",");
    certify(
        folder,
        "certificate",
        &["-addext", &format!("subjectAltName={names}")],
    );
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    (read("certificate.pem"), read("certificate.key"))
}

/// What a store shows to the outside: TLS, and an end to connections on which nothing moves.
fn front(store: u16, certificate: &str, key: &str) -> Envoy {
    let manager = json!({
        "proxy_100_continue": true,
        "request_timeout": "0s",
        "common_http_protocol_options": { "idle_timeout": "6s" },
        "server_header_transformation": "PASS_THROUGH",
    });
    let routes = json!([{ "match": { "prefix": "/" }, "route": { "cluster": "store", "timeout": "0s" } }]);
    let listener = |name: &str| {
        Listener::new(name, Vec::new())
            .with_routes(routes.clone())
            .with_manager(manager.clone())
    };
    let clusters = [cluster("store", SocketAddr::from(([127, 0, 0, 1], store)))];
    let mut bootstrap = envoy::bootstrap(&[listener("http"), listener("https")], &clusters);
    let tls = json!({
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": { "tls_certificates": [{
            "certificate_chain": { "inline_string": certificate }, "private_key": { "inline_string": key },
        }] },
    });
    bootstrap["static_resources"]["listeners"][1]["filter_chains"][0]["transport_socket"] =
        json!({ "name": "tls", "typed_config": tls });
    started(&bootstrap, &[])
}

fn started(bootstrap: &Value, files: &[(&str, Value)]) -> Envoy {
    Envoy::start_with(bootstrap, files)
        .unwrap_or_else(|refused| panic!("Envoy does not start, {}:\n{}", refused.status, refused.log))
}

/// A sample with files, ports and addresses of this machine's in the place of its own, and nothing else changed.
fn edge(sample: &str, nodes: [u16; 3], certificate: &str, key: &str) -> Envoy {
    let mut bootstrap: Value = serde_norway::from_str(&read(&format!("{sample}.yaml"))).unwrap();
    let files = [
        ("/etc/envoy/tls/tls.crt", json!({ "inline_string": certificate })),
        ("/etc/envoy/tls/tls.key", json!({ "inline_string": key })),
        (
            "/etc/ssl/certs/ca-certificates.crt",
            json!({ "inline_string": certificate }),
        ),
        (
            "/etc/envoy/modules/bucket_cors-0123456789ab.wasm",
            json!({ "filename": module() }),
        ),
    ];
    replace_files(&mut bootstrap, &files);
    let here = json!({ "socket_address": { "address": "127.0.0.1", "port_value": 0 } });
    bootstrap["admin"]["address"] = here.clone();
    bootstrap["static_resources"]["listeners"][0]["address"] = here;
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    let source = bootstrap.pointer_mut(&format!(
        "{manager}/http_filters/0/config_discovery/config_source"
    ));
    *source.unwrap() = envoy::from_file("filter.json");
    for cluster in bootstrap["static_resources"]["clusters"].as_array_mut().unwrap() {
        cluster["type"] = json!("STATIC");
        for field in ["cluster_type", "dns_lookup_family"] {
            cluster.as_object_mut().unwrap().remove(field);
        }
        let endpoints = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
            .as_array_mut()
            .unwrap();
        for (endpoint, port) in endpoints.iter_mut().zip(nodes) {
            endpoint["endpoint"]["address"]["socket_address"] =
                json!({ "address": "127.0.0.1", "port_value": port });
        }
    }
    let mut filter = bucket_cors(&read("rules.json"));
    filter["@type"] = json!("type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig");
    if envoy::is_native() {
        let types = bootstrap.pointer_mut(&format!("{manager}/http_filters/0/config_discovery"));
        let types = types.unwrap().as_object_mut().unwrap();
        types.insert("type_urls".to_owned(), json!([filter["typed_config"]["@type"]]));
        types.remove("default_config");
    }
    started(&bootstrap, &[("filter.json", envoy::resources(&[filter]))])
}

/// Puts other sources in the place of files.
fn replace_files(value: &mut Value, files: &[(&str, Value)]) {
    let named = files.iter().find(|(name, _)| value["filename"] == *name);
    if let Some((_, source)) = named {
        *value = source.clone();
    }
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|it| replace_files(it, files)),
        Value::Array(items) => items.iter_mut().for_each(|it| replace_files(it, files)),
        _ => {}
    }
}

/// Asks a sample for everything; see production.py.
fn client(sample: &str, edge: u16, store: u16, certificate: &Path) -> Child {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(checkout.join("target/venv/bin/python"))
        .args([
            "tests/store/production.py",
            sample,
            &edge.to_string(),
            &store.to_string(),
        ])
        .arg(certificate)
        .current_dir(checkout)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// By how many KiB an Envoy grew, at most, until its client is through.
fn grown_while_running(edge: &Envoy, mut client: Child, name: &str) -> u64 {
    let (before, mut most) = (edge.resident_kib(), 0);
    while client.try_wait().unwrap().is_none() {
        most = most.max(edge.resident_kib());
        thread::sleep(Duration::from_millis(50));
    }
    let output = client.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{name}: {}\n{}\n{}",
        text(&output.stdout),
        text(&output.stderr),
        edge.log()
    );
    print!("{name}: {}", text(&output.stdout));
    most.saturating_sub(before)
}
