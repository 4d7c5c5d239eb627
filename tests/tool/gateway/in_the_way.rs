//! What stands in the way of the filter is told: policies, routes and scripts that answer or write headers themselves.

use super::{NATIVE, POLICY, STORE, changed, told};

#[test]
fn a_policy_or_route_that_answers_before_the_filter_is_told() {
    const CORS: &str = "    - { name: envoy.filters.http.wasm, before: envoy.filters.http.cors }\n";
    let for_gateway = "targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: eg}]";
    let security = |target: &str, field: &str| {
        format!(
            "{STORE}---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata: {{name: s, namespace: \
             default}}\nspec:\n  {target}\n  {field}: {{}}\n"
        )
    };
    let without = changed(POLICY, CORS, "");
    for target in [
        for_gateway,
        "targetRef: {kind: HTTPRoute, name: store}",
        "targetSelectors: [{kind: Gateway}]",
    ] {
        assert_eq!(told(POLICY, &security(target, "cors")), [""; 0], "{target}");
        assert_eq!(
            told(&without, &security(target, "cors")),
            ["store.yaml /spec/cors: another-cors"]
        );
    }
    let jwt = "    - { name: envoy.filters.http.wasm, before: envoy.filters.http.jwt_authn }\n";
    assert_eq!(
        told(&changed(POLICY, jwt, ""), &security(for_gateway, "jwt")),
        ["store.yaml /spec/jwt: behind-authentication"]
    );
    // What is for another gateway is nobody's business; the line is missing all the same.
    assert_eq!(
        told(
            &without,
            &security("targetRefs: [{kind: Gateway, name: other}]", "cors")
        ),
        ["policy.yaml /spec/filterOrder: another-cors"]
    );
    let filter = "      timeouts: { request: 0s }\n      filters: [{ type: CORS, cors: {} }]\n";
    let store = changed(STORE, "      timeouts: { request: 0s }\n", filter);
    assert_eq!(told(POLICY, &store), [""; 0]);
    assert_eq!(
        told(&without, &store),
        ["store.yaml /spec/rules/0/filters/0: another-cors"]
    );
}

#[test]
fn a_script_of_the_policy_that_names_headers_of_cors_is_told() {
    let script = |text: &str| {
        changed(
            POLICY,
            "  wasm:\n",
            &format!("  lua: [{{type: Inline, inline: '{text}'}}]\n  wasm:\n"),
        )
    };
    let names =
        script("function envoy_on_response(h) h:headers():add(\"access-control-allow-origin\", \"*\") end");
    assert_eq!(told(&names, STORE), [""; 0]);
    let line = "    - { name: envoy.filters.http.wasm, before: envoy.filters.http.lua }\n";
    assert_eq!(
        told(&changed(&names, line, ""), STORE),
        ["policy.yaml /spec/lua/0/inline: another-cors"]
    );
    let other = script("function envoy_on_response(h) end");
    assert_eq!(told(&changed(&other, line, ""), STORE), [""; 0]);
}

#[test]
fn a_policy_of_a_route_that_stands_in_the_gateway_s_place_is_told() {
    let beside = |target: &str, fields: &str| {
        let policy = "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyExtensionPolicy\nmetadata: {name: other, namespace: \
                      default}";
        format!("{STORE}---\n{policy}\nspec:\n  targetRefs: [{target}]\n  {fields}\n")
    };
    let route = "{group: gateway.networking.k8s.io, kind: HTTPRoute, name: store}";
    let script = "lua: [{type: Inline, inline: 'function envoy_on_request(h) end'}]";
    for policy in [POLICY, NATIVE] {
        assert_eq!(
            told(policy, &beside(route, script)),
            ["store.yaml /spec: switched-off"]
        );
    }
    // One for a route without the filter, and one that is merged.
    let elsewhere = "{group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop}";
    assert_eq!(told(POLICY, &beside(elsewhere, script)), [""; 0]);
    let merged = format!("mergeType: StrategicMerge\n  {script}");
    assert_eq!(told(POLICY, &beside(route, &merged)), [""; 0]);
    let of_a_route = changed(
        POLICY,
        "kind: Gateway\n      name: eg",
        "kind: HTTPRoute\n      name: store",
    );
    assert_eq!(told(&of_a_route, STORE), [""; 0]);
}
