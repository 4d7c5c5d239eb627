//! A real Envoy that takes its rules from what sync writes.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::process::SyncPlace;
use super::{KEY, from_s3, rule};
use crate::chain::{self, Target};
use crate::choices::Random;
use crate::server;
use crate::support::envoy::{self, Envoy, Listener, cluster};
use crate::support::ports;

/// More than any change takes, on a machine under load.
const PATIENCE: Duration = Duration::from_secs(60);

/// Allowed by a rule that stays.
const STAYS: &str = "https://stays.example";

const KILLS: u64 = 200;

fn follower(place: &SyncPlace, store: u16) -> (Envoy, Vec<String>) {
    let mut resource = envoy::bucket_cors(r#"{"profile":"s3","buckets":[]}"#);
    resource["@type"] = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig".into();
    let document = json!({ "version_info": "0", "resources": [resource] }).to_string();
    let into = place.write("into.json", &document);
    // An Envoy opens its listener once it has rules.
    std::fs::write(place.file(), &document).unwrap();
    let filter = json!({
        "name": "bucket-cors",
        "config_discovery": {
            "config_source": {
                "resource_api_version": "V3",
                "path_config_source": { "path": place.file(), "watched_directory": { "path": place.watched() } },
            },
            "type_urls": [envoy::filter_type()],
        },
    });
    let route = json!([{ "match": { "prefix": "/" }, "route": { "cluster": "store" } }]);
    let listener = Listener::new("edge", vec![filter]).with_routes(route);
    let envoy = chain::start(
        &[listener],
        &[cluster("store", SocketAddr::from(([127, 0, 0, 1], store)))],
    );
    let buckets = ["--bucket", "photos", "--bucket", "videos"];
    let into = ["--into", into.to_str().unwrap()];
    (envoy, from_s3(store, &[&buckets[..], &into].concat()))
}

/// Whether a preflight for an object of a bucket lets pages of this origin go on.
fn allows(port: u16, bucket: &str, origin: &str) -> bool {
    let target = Target {
        authority: "edge.example".to_owned(),
        path: format!("/{bucket}/o"),
    };
    let answer = chain::ask(port, "OPTIONS", &target, origin, "sync").unwrap();
    answer.values("access-control-allow-origin") == [origin]
}

pub(super) fn wait_until(what: &str, holds: impl Fn() -> bool) -> Duration {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
    start.elapsed()
}

fn rules(origin: &str) -> Value {
    json!([rule(origin), rule(STAYS)])
}

pub(crate) fn an_edge_follows() {
    let [port] = ports::free();
    let mut store = server::weed(port, &["photos", "videos"]);
    for bucket in ["photos", "videos"] {
        store.tell(&json!({ "bucket": bucket, "rules": rules("https://a.example") }));
    }
    let place = SyncPlace::new(&KEY);
    let (envoy, arguments) = follower(&place, port);
    let edge = envoy.port("edge");
    let has = |bucket: &str, origin: &str| allows(edge, bucket, origin);

    let following = place.follow(&arguments);
    wait_until("the first rules", || has("photos", "https://a.example"));
    let mut times = Vec::new();
    for origin in ["c", "d", "e", "f", "g", "h", "i", "b"].map(|name| format!("https://{name}.example")) {
        store.tell(&json!({ "bucket": "photos", "rules": rules(&origin) }));
        times.push(wait_until("other rules", || has("photos", &origin)));
        // So that the next one falls anywhere between two calls.
        thread::sleep(Duration::from_millis(370));
    }
    println!("changes in the store were in force at the edge after {times:?}, with --interval 1s");
    assert!(!has("photos", "https://a.example") && has("videos", "https://a.example"));

    // The store is gone, and comes back with what it had and other rules.
    store.tell(&json!({ "runs": false }));
    let gone = Instant::now();
    while gone.elapsed() < Duration::from_secs(4) {
        assert!(
            has("photos", "https://b.example") && has("photos", STAYS) && has("videos", "https://a.example")
        );
        thread::sleep(Duration::from_millis(50));
    }
    store.tell(&json!({ "runs": true }));
    store.tell(&json!({ "bucket": "videos", "rules": rules("https://b.example") }));
    wait_until("rules after the outage", || has("videos", "https://b.example"));
    drop(following);

    // Killed at any moment, while the rules change all the time.
    let mut random = Random(15);
    for kill in 0..KILLS {
        let origin = format!("https://{}.example", kill % 7);
        store.tell(&json!({ "bucket": "photos", "rules": rules(&origin) }));
        let following = place.follow(&arguments);
        // Anything from before its first call to behind its first write.
        let moment = random.next() % 400;
        let until = Instant::now() + Duration::from_millis(moment);
        while Instant::now() < until {
            assert!(has("photos", STAYS) && has("videos", STAYS), "after {kill} kills");
            assert!(!has("photos", "https://evil.example"), "after {kill} kills");
        }
        drop(following);
    }
    let following = place.follow(&arguments);
    store.tell(&json!({ "bucket": "photos", "rules": rules("https://last.example") }));
    wait_until("the last rules", || has("photos", "https://last.example"));
    assert!(
        !has("photos", "https://a.example") && has("photos", STAYS) && has("videos", "https://b.example")
    );
    drop(following);
}
