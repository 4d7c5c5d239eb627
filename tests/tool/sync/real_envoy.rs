//! A real Envoy with the sample that asks `sync` for its filter.

use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::process::{Syncing, wait_for};
use super::stand_in::{StandInStore, rules_for};
use crate::support::envoy::{self, Envoy};
use crate::support::upstream::Upstream;
use crate::support::{http, ports};
use crate::tool::Folder;

/// The sample before this store, with ports of its own, and polls that a test can wait for.
fn sample(sync: u16, upstream: &Upstream) -> Value {
    let text = include_str!("../../../envoy/envoy-sync.yaml")
        .replace("port_value: 9901", "port_value: 0")
        .replace("port_value: 10000", "port_value: 0")
        .replace("port_value: 8910", &format!("port_value: {sync}"))
        .replace(
            "port_value: 10001",
            &format!("port_value: {}", upstream.address().port()),
        );
    let polls = text.replace("refresh_delay: 5s", "refresh_delay: 0.2s");
    assert_ne!(polls, text);
    serde_norway::from_str(&polls).unwrap()
}

/// The cluster `sync` of the sample with the lines that add a token, which are comments there.
fn cluster_with_token(sync: u16, token: &Path) -> Value {
    let text = include_str!("../../../envoy/envoy-sync.yaml");
    let text = text.split("\n    - name: sync\n").nth(1).unwrap();
    let text = text.split("\n    - name: origin\n").next().unwrap();
    // What says when they are wanted stands before them.
    let key = "      # typed_extension_protocol_options:";
    let (own, _) = text.split_once(key).unwrap();
    let own = own.lines().filter(|line| !line.starts_with("      # "));
    let added = text.lines().skip_while(|line| !line.starts_with(key));
    let added = added.map(|line| line.replacen("      # ", "      ", 1));
    let lines: Vec<String> = own.map(str::to_owned).chain(added).collect();
    let text = format!(
        "name: sync\n{}",
        lines.join("\n").replace("\n      ", "\n").trim_start()
    )
    .replace("port_value: 8910", &format!("port_value: {sync}"))
    .replace("/etc/envoy/sync-token.yaml", token.to_str().unwrap());
    serde_norway::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Whether the edge lets a page of an origin read.
fn admits(edge: u16, origin: &str) -> bool {
    let request = format!(
        "OPTIONS /photos/o HTTP/1.1\r\nhost: edge\r\norigin: {origin}\r\naccess-control-request-method: GET\r\nconnection: close\r\n\r\n"
    );
    let response = http::exchange(edge, request.as_bytes()).unwrap();
    response.status == 200
}

/// The file of resources that the sample's listener asks for.
fn write_resource(folder: &Folder) {
    let mut resource = envoy::bucket_cors("");
    resource["@type"] = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig".into();
    let resources = json!({ "version_info": "", "resources": [resource] });
    folder.write("into.json", resources.to_string());
}

#[test]
fn an_envoy_follows_the_store_and_keeps_its_rules_while_sync_is_away() {
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let folder = Folder::new("sync-real-envoy");
    write_resource(&folder);
    let following = || super::following(&folder, &store);
    let port = ports::free_port();
    let address = format!("127.0.0.1:{port}");
    let syncing = Syncing::start(following(), &address);
    let upstream = Upstream::start();
    let envoy =
        Envoy::start_with(&sample(port, &upstream), &[]).unwrap_or_else(|refused| panic!("{}", refused.log));
    let edge = envoy.port("edge");
    let statistic = |name: &str| {
        let name = format!("extension_config_discovery.http_filter.bucket-cors.{name}: ");
        let lines = envoy.admin("/stats?filter=extension_config_discovery");
        let value = lines
            .lines()
            .find_map(|line| line.strip_prefix(&name).map(str::to_owned));
        value.unwrap_or_else(|| panic!("{name}{lines}"))
    };
    wait_for("the first rules", || admits(edge, "https://a.example"));
    assert!(!admits(edge, "https://b.example"));

    store.say("photos", rules_for(&["https://b.example"]));
    wait_for("a change in the store", || admits(edge, "https://b.example"));
    assert!(!admits(edge, "https://a.example"));

    // Nothing is loaded again where nothing changed.
    let number = |name: &str| statistic(name).parse::<u64>().unwrap();
    let loaded = number("config_reload");
    let polls = number("update_attempt");
    wait_for("more polls", || number("update_attempt") > polls + 3);
    assert_eq!(number("config_reload"), loaded);

    let version = statistic("version_text");
    syncing.kill();
    for _ in 0..10 {
        assert!(admits(edge, "https://b.example"));
        thread::sleep(Duration::from_millis(100));
    }
    let syncing = Syncing::start(following(), &address);
    let polls = number("update_attempt");
    wait_for("polls of the new process", || {
        number("update_attempt") > polls + 3
    });
    assert_eq!(
        (statistic("version_text"), number("config_reload")),
        (version, loaded)
    );
    store.say("photos", rules_for(&["https://c.example"]));
    wait_for("a change after a restart", || admits(edge, "https://c.example"));
    assert_eq!(syncing.terminate(), Some(0));
    assert_eq!(envoy.failures(), [""; 0]);
}

#[test]
fn an_envoy_sends_the_token_that_the_sample_has() {
    let store = StandInStore::start(&[("photos", rules_for(&["https://a.example"]))]);
    let secret = "resources:\n- \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret\n  name: sync-token\n  generic_secret: { secret: { inline_string: Bearer a-secret } }\n";
    let folder = Folder::new("sync-real-token")
        .with("token", "a-secret")
        .with("secret.yaml", secret);
    write_resource(&folder);
    let mut command = super::following(&folder, &store);
    command.args(["--token-file", "token"]);
    let syncing = Syncing::start(command, "127.0.0.1:0");
    let upstream = Upstream::start();
    let mut bootstrap = sample(syncing.port, &upstream);
    let clusters = bootstrap["static_resources"]["clusters"].as_array_mut().unwrap();
    clusters[0] = cluster_with_token(syncing.port, &folder.path().join("secret.yaml"));
    let envoy = Envoy::start_with(&bootstrap, &[]).unwrap_or_else(|refused| panic!("{}", refused.log));
    wait_for("the rules", || admits(envoy.port("edge"), "https://a.example"));
}
