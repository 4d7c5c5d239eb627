//! The filter stands before those that may refuse a request.

use serde_json::{Value, json};

use super::resource;

#[test]
fn istio_and_higress_put_it_before_authentication_and_istio_reloads_it() {
    let traffic = resource("istio-traffic-extension.yaml", "TrafficExtension").rendered();
    let wasm = resource("istio-wasm-plugin.yaml", "WasmPlugin").rendered();
    let higress = resource("higress.yaml", "WasmPlugin").rendered();
    for document in [&traffic, &wasm, &higress] {
        assert_eq!(document["spec"]["phase"], "AUTHN");
    }
    assert_eq!(traffic["spec"]["wasm"]["failStrategy"], "FAIL_RELOAD");
    assert_eq!(wasm["spec"]["failStrategy"], "FAIL_RELOAD");
    assert_eq!(higress["spec"]["failStrategy"], "FAIL_CLOSE");
}

/// Envoy Gateway's order for those filters of a chain that may refuse a request, or that ours stands behind by default.
const GATEWAY_ORDER: [&str; 14] = [
    "cors",
    "csrf",
    "ext_authz",
    "api_key_auth",
    "basic_auth",
    "oauth2",
    "jwt_authn",
    "lua",
    "ext_proc",
    "wasm",
    "dynamic_modules",
    "rbac",
    "local_ratelimit",
    "router",
];

/// What Envoy Gateway makes of a chain: each line moves all filters of its name, if the chain has its other filter.
fn gateway_sorts(mut chain: Vec<&str>, lines: &Value) -> Vec<String> {
    for line in lines.as_array().unwrap() {
        let short = |field: &str| {
            line[field]
                .as_str()
                .unwrap()
                .strip_prefix("envoy.filters.http.")
                .unwrap()
        };
        let (name, other) = (short("name"), short("before"));
        if chain.contains(&other) {
            let (moved, mut rest): (Vec<&str>, Vec<&str>) = chain.iter().partition(|filter| **filter == name);
            let at = rest.iter().position(|filter| *filter == other).unwrap();
            rest.splice(at..at, moved);
            chain = rest;
        }
    }
    chain.into_iter().map(str::to_owned).collect()
}

#[test]
fn envoy_gateway_puts_it_first_of_those_that_may_refuse_in_every_chain() {
    for (file, ours) in [
        ("envoy-gateway.yaml", "wasm"),
        ("envoy-gateway-native.yaml", "dynamic_modules"),
    ] {
        let document = resource(file, "EnvoyProxy").rendered();
        let lines = &document["spec"]["filterOrder"];
        for subset in 0..1_u32 << GATEWAY_ORDER.len() {
            let chain: Vec<&str> = GATEWAY_ORDER
                .iter()
                .enumerate()
                .filter(|(index, name)| **name == ours || subset >> index & 1 == 1)
                .map(|(_, name)| *name)
                .collect();
            assert_eq!(gateway_sorts(chain.clone(), lines)[0], ours, "{chain:?}");
        }
    }
    // The one line that suggests itself is not enough: without an external authorizer it does nothing.
    let suggested = json!([{ "name": "envoy.filters.http.wasm", "before": "envoy.filters.http.ext_authz" }]);
    assert_eq!(
        gateway_sorts(vec!["jwt_authn", "wasm"], &suggested)[0],
        "jwt_authn"
    );
}
