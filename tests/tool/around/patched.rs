//! What `check` says of scripts before the filter, and of Istio's patches beside a plugin.

use serde_json::{Value, json};

use super::{MANAGER, bootstrap, codes, everywhere, filter, wasm};

const SCRIPT: &str =
    "function envoy_on_response(handle)\n  handle:headers():add('Access-Control-Allow-Origin', '*')\nend";
/// A script that names the header in a comment alone.
const OTHER_SCRIPT: &str = "-- no access-control-allow-origin here\nfunction envoy_on_request(handle) end";
const LUA: &str = "envoy.filters.http.lua";

fn lua(script: &str) -> Value {
    let mut lua = filter(LUA);
    lua["typed_config"]["default_source_code"] = json!({ "inline_string": script });
    lua
}

#[test]
fn a_script_before_the_filter_that_names_headers_of_cors_is_told() {
    let told = |filters: &[Value], routes| codes("envoy.json", &bootstrap(filters, routes));
    let at = format!("{MANAGER}/http_filters/0: another-cors");
    assert_eq!(told(&[lua(SCRIPT), wasm()], everywhere()), [at.as_str()]);
    assert_eq!(told(&[wasm(), lua(SCRIPT)], everywhere()), [""; 0]);
    assert_eq!(told(&[lua(OTHER_SCRIPT), wasm()], everywhere()), [""; 0]);
    let mut of_a_route = everywhere();
    of_a_route[0]["typed_per_filter_config"] = json!({ LUA: { "source_code": { "inline_string": SCRIPT } } });
    assert_eq!(told(&[filter(LUA), wasm()], of_a_route), [at]);
}

/// What is told of an EnvoyFilter with this patch beside a plugin of Istio.
fn told_of_patch(patch: &Value, metadata: &Value, workload: &Value) -> Vec<String> {
    let plugin = json!({
        "apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin",
        "metadata": { "name": "photos-rules", "namespace": "istio-ingress" },
        "spec": {
            "selector": { "matchLabels": { "istio": "ingressgateway" } },
            "phase": "AUTHN", "url": "oci://r/bucket-cors",
            "pluginConfig": { "buckets": [{ "name": "photos", "cors": null }] },
        },
    });
    let envoy_filter = json!({
        "apiVersion": "networking.istio.io/v1alpha3", "kind": "EnvoyFilter", "metadata": metadata,
        "spec": { "workloadSelector": { "labels": workload }, "configPatches": [patch] },
    });
    codes("istio.yaml", &format!("{plugin}\n---\n{envoy_filter}\n"))
}

#[test]
fn a_patch_of_istio_that_takes_the_filter_out_or_puts_another_before_it_is_told() {
    let here = json!({ "name": "p", "namespace": "istio-ingress" });
    let everyone = json!({});
    let at = |name: &str| {
        json!({ "context": "GATEWAY", "listener": { "filterChain": { "filter": {
            "name": "envoy.filters.network.http_connection_manager", "subFilter": { "name": name },
        } } } })
    };
    let patch = |place: &Value, operation: &str, value: &Value| json!({ "applyTo": "HTTP_FILTER", "match": place, "patch": { "operation": operation, "value": value } });
    let (ours, other) = (
        at("extensions.istio.io/wasmplugin/istio-ingress.photos-rules"),
        at("envoy.filters.http.router"),
    );
    let gateway = json!({ "context": "GATEWAY" });
    let cors = filter("envoy.filters.http.cors");
    for (place, operation, value, told) in [
        (&ours, "REMOVE", Value::Null, Some("not-switched-on")),
        (&other, "REMOVE", Value::Null, None),
        (&other, "INSERT_FIRST", cors.clone(), Some("another-cors")),
        (&ours, "INSERT_BEFORE", cors.clone(), Some("another-cors")),
        (&gateway, "INSERT_BEFORE", cors.clone(), Some("another-cors")),
        (&other, "INSERT_BEFORE", cors.clone(), None),
        (&ours, "INSERT_AFTER", cors.clone(), None),
        (&other, "INSERT_FIRST", lua(SCRIPT), Some("another-cors")),
        (&other, "INSERT_FIRST", lua(OTHER_SCRIPT), None),
        (
            &other,
            "INSERT_FIRST",
            filter("envoy.filters.http.ext_authz"),
            Some("behind-authentication"),
        ),
        (
            &other,
            "INSERT_FIRST",
            filter("envoy.filters.http.compressor"),
            None,
        ),
    ] {
        let told: Vec<String> = told
            .map(|code| format!("/spec/configPatches/0: {code}"))
            .into_iter()
            .collect();
        let found = told_of_patch(&patch(place, operation, &value), &here, &everyone);
        assert_eq!(found, told, "{operation} {value} at {place}");
    }
    // For other proxies, it is nobody's business.
    let first = patch(&other, "INSERT_FIRST", &cors);
    for (metadata, workload, is_told) in [
        (
            json!({ "namespace": "istio-system" }),
            json!({ "istio": "ingressgateway" }),
            true,
        ),
        (here.clone(), json!({ "istio": "egressgateway" }), false),
        (json!({ "namespace": "shop" }), json!({}), false),
    ] {
        let found = told_of_patch(&first, &metadata, &workload);
        assert_eq!(!found.is_empty(), is_told, "{metadata} {workload}");
    }
}
