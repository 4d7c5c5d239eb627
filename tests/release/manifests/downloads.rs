//! No sample cuts a slow download.

use std::fs;

use serde::Deserialize as _;
use serde_json::Value;

use super::{RESOURCES, checkout};

/// The routes to a store in the samples, each as it stands.
fn store_routes(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(fields) => {
            found.extend(
                fields
                    .get("route")
                    .filter(|route| route["cluster"].is_string())
                    .cloned(),
            );
            for field in fields.values() {
                store_routes(field, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                store_routes(item, found);
            }
        }
        _ => {}
    }
}

#[test]
fn no_sample_cuts_a_slow_download() {
    // Envoy counts the whole response in a route's timeout, and 15 s is its default.
    for (sample, routes) in [
        ("envoy.yaml", 1),
        ("envoy-ecds.yaml", 1),
        ("envoy-native.yaml", 1),
        ("envoy-origin-only.yaml", 3),
        ("envoy-sync.yaml", 1),
    ] {
        let text = fs::read_to_string(checkout().join("envoy").join(sample)).unwrap();
        let mut found = Vec::new();
        store_routes(&serde_norway::from_str(&text).unwrap(), &mut found);
        assert_eq!(found.len(), routes, "{sample}");
        for route in found {
            assert_eq!(route["timeout"], "0s", "{sample}: {route}");
            assert_eq!(route["idle_timeout"], "300s", "{sample}: {route}");
        }
    }
}

#[test]
fn a_gateways_route_takes_every_method_and_cuts_no_slow_download() {
    let text = fs::read_to_string(checkout().join("envoy/envoy-gateway-store.yaml")).unwrap();
    let documents: Vec<Value> = serde_norway::Deserializer::from_str(&text)
        .map(|document| Value::deserialize(document).unwrap())
        .collect();
    let [policy, route] = &documents[..] else {
        panic!("{documents:?}");
    };
    let of_proxy = RESOURCES
        .iter()
        .find(|resource| resource.kind == "EnvoyExtensionPolicy");
    let gateway = &of_proxy.unwrap().rendered()["spec"]["targetRefs"];
    assert_eq!(&policy["spec"]["targetRefs"], gateway);
    assert_eq!(route["spec"]["parentRefs"][0]["name"], gateway[0]["name"]);
    for rule in route["spec"]["rules"].as_array().unwrap() {
        assert_eq!(rule["timeouts"]["request"], "0s");
        let matches = rule["matches"].as_array().unwrap();
        for method in ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"] {
            let takes_it = |found: &Value| {
                found["path"]["value"] == "/"
                    && found["headers"].is_null()
                    && (found["method"].is_null() || found["method"] == method)
            };
            assert!(matches.iter().any(takes_it), "{method}: {rule}");
        }
    }
}
