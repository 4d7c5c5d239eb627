//! HTTP filters of a listener: Envoy's own, and ours as the sample has it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::built::{is_native, library, module, version};
use crate::support::checkout;

pub(super) const TYPES: &str = "type.googleapis.com";

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
