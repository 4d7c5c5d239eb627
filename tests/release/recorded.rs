//! In what the manifests differ from those that real control planes were given: what they made of those is recorded,
//! and stands beside the checkout; where it does not, nothing is compared.
//!
//! tests/envoy/control_planes.rs runs the recordings. Each difference is one that they do not show, so each has its
//! reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::manifests::rendered;

const IMAGE: &str = "it is rendered: the image that was built";
const RULES: &str = "they are rendered: the sample's, and the walk-through's in the recording";
const LOG: &str = "newer than the recording; tests/envoy/live/reasons.rs holds what it does";
const KEPT: &str = "newer than the recording; tests/envoy/live/refused.rs holds what it does";

/// What differs, and why that may be.
const DIFFERENCES: [(&str, &str); 30] = [
    (
        "ClientTrafficPolicy /metadata/name",
        "two names for the same thing",
    ),
    ("EnvoyExtensionPolicy /spec/wasm/0/code/image/sha256", IMAGE),
    ("EnvoyExtensionPolicy /spec/wasm/0/code/image/url", IMAGE),
    ("EnvoyExtensionPolicy /spec/wasm/0/config/access_log", LOG),
    ("EnvoyExtensionPolicy /spec/wasm/0/config/buckets", RULES),
    ("EnvoyExtensionPolicy /spec/wasm/0/config/endpoints", RULES),
    ("EnvoyExtensionPolicy /spec/wasm/0/config/on_refused_rules", KEPT),
    ("EnvoyExtensionPolicy /spec/wasm/0/config/profile", RULES),
    (
        "EnvoyProxy /spec/filterOrder/8",
        "before a `cors` of Envoy Gateway's own: seen in cors-policy-and-order.json",
    ),
    (
        "HTTPRoute /spec/rules/0/backendRefs",
        "the store: a Service, and a Backend in the recording",
    ),
    (
        "HTTPRoute /spec/rules/0/timeouts",
        "a slow download is whole with it: tried, in no recording",
    ),
    (
        "dynamic-module.json /name",
        "what each line of the log begins with",
    ),
    (
        "dynamic-module.json /library",
        "the digest in the name is newer than the recording",
    ),
    ("dynamic-module.json /rules/access_log", LOG),
    ("dynamic-module.json /rules/buckets", RULES),
    ("dynamic-module.json /rules/endpoints", RULES),
    ("dynamic-module.json /rules/on_refused_rules", KEPT),
    ("dynamic-module.json /rules/profile", RULES),
    ("traffic-extension.json /rules/access_log", LOG),
    ("traffic-extension.json /rules/buckets", RULES),
    ("traffic-extension.json /rules/endpoints", RULES),
    ("traffic-extension.json /rules/on_refused_rules", KEPT),
    ("traffic-extension.json /rules/profile", RULES),
    ("traffic-extension.json /sha256", IMAGE),
    ("wasm-plugin.json /rules/access_log", LOG),
    ("wasm-plugin.json /rules/buckets", RULES),
    ("wasm-plugin.json /rules/endpoints", RULES),
    ("wasm-plugin.json /rules/on_refused_rules", KEPT),
    ("wasm-plugin.json /rules/profile", RULES),
    ("wasm-plugin.json /sha256", IMAGE),
];

/// What is compared as a whole.
const WHOLE: [&str; 2] = ["buckets", "backendRefs"];

#[test]
fn each_difference_from_what_was_recorded_has_its_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/control-planes");
    if !folder.is_dir() {
        return;
    }
    let manifests = rendered().join("manifests");
    let mut found = Vec::new();

    // The objects themselves.
    let recorded = objects(&folder.join("envoy-gateway/objects.yaml"));
    let files = ["envoy-gateway.yaml", "envoy-gateway-store.yaml"];
    for today in files.iter().flat_map(|file| objects(&manifests.join(file))) {
        let kind = today["kind"].as_str().unwrap();
        let recorded = recorded.iter().find(|object| object["kind"] == kind).unwrap();
        differences(kind, "", recorded, &today, &mut found);
    }
    // The filter that they became.
    let recorded = |file: &str| filter(&read(&folder.join(file))).unwrap();
    let of_library = recorded("envoy-gateway/dynamic-module.json");
    let [policy, proxy] = &objects(&manifests.join("envoy-gateway-native.yaml"))[..] else {
        panic!("two objects");
    };
    let module = &policy["spec"]["dynamicModule"][0];
    let today = json!({
        "name": module["filterName"],
        "library": proxy["spec"]["dynamicModules"][0]["source"]["local"]["path"],
        "rules": module["config"],
    });
    differences("dynamic-module.json", "", &of_library, &today, &mut found);
    for (file, manifest, at) in [
        ("traffic-extension", "istio-traffic-extension.yaml", "/spec/wasm"),
        ("wasm-plugin", "istio-wasm-plugin.yaml", "/spec"),
    ] {
        let object = objects(&manifests.join(manifest)).remove(0);
        let spec = object.pointer(at).unwrap();
        let metadata = &object["metadata"];
        let name = [&metadata["namespace"], &metadata["name"]].map(|part| part.as_str().unwrap());
        let today = json!({
            "name": name.join("."), "sha256": spec["sha256"], "failure": spec["failStrategy"], "rules": spec["pluginConfig"],
        });
        let sent = recorded(&format!("istio/{file}.sent.json"));
        differences(&format!("{file}.json"), "", &sent, &today, &mut found);
    }

    let known: BTreeMap<&str, &str> = DIFFERENCES.into();
    let new: Vec<_> = found
        .iter()
        .filter(|it| !known.contains_key(it.as_str()))
        .collect();
    let gone: Vec<_> = known
        .keys()
        .filter(|it| !found.iter().any(|found| found == *it))
        .collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "differences without a reason: {new:#?}\nreasons without a difference: {gone:#?}"
    );
}

fn objects(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    serde_norway::Deserializer::from_str(&text)
        .map(|document| Value::deserialize(document).unwrap())
        .collect()
}

fn read(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// The first filter of ours in a recording, with what a manifest says of one.
fn filter(recording: &Value) -> Option<Value> {
    let kind = recording["@type"].as_str().unwrap_or_default();
    let rules = |value: &Value| -> Value { serde_json::from_str(value["value"].as_str().unwrap()).unwrap() };
    if kind.ends_with(".DynamicModuleFilter") {
        return Some(json!({
            "name": recording["filter_name"],
            "library": recording["dynamic_module_config"]["module"]["local"]["filename"],
            "rules": rules(&recording["filter_config"]),
        }));
    }
    if kind.ends_with(".wasm.v3.Wasm") {
        let config = &recording["config"];
        let name = config["name"].as_str().unwrap();
        return Some(json!({
            // What Istio puts behind it says which kind of object it was.
            "name": name.split('~').next().unwrap(),
            "sha256": config["vmConfig"]["code"]["remote"]["sha256"],
            "failure": config["failurePolicy"],
            "rules": rules(&config["configuration"]),
        }));
    }
    match recording {
        Value::Object(fields) => fields.values().find_map(filter),
        Value::Array(items) => items.iter().find_map(filter),
        _ => None,
    }
}

/// The places in which two values differ; a missing field is null.
fn differences(of: &str, pointer: &str, recorded: &Value, today: &Value, found: &mut Vec<String>) {
    if recorded == today {
        return;
    }
    let name = pointer.rsplit('/').next().unwrap_or_default();
    match (recorded, today) {
        (Value::Object(old), Value::Object(new)) => {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for name in names {
                let of_both = [old, new].map(|fields| fields.get(name).unwrap_or(&Value::Null));
                differences(of, &format!("{pointer}/{name}"), of_both[0], of_both[1], found);
            }
        }
        (Value::Array(old), Value::Array(new)) if !WHOLE.contains(&name) => {
            for at in 0..old.len().max(new.len()) {
                let of_both = [old, new].map(|items| items.get(at).unwrap_or(&Value::Null));
                differences(of, &format!("{pointer}/{at}"), of_both[0], of_both[1], found);
            }
        }
        _ => found.push(format!("{of} {pointer}")),
    }
}
