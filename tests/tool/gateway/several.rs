//! Several Gateways, listeners and routes: each counts for what it names.

use super::{POLICY, STORE, changed, told};

#[test]
fn resources_count_for_the_gateway_that_they_name() {
    let other = "kind: Gateway\n      name: other";
    let store = changed(STORE, "kind: Gateway\n      name: eg", other);
    assert_eq!(
        told(POLICY, &store),
        [
            "policy.yaml /spec: changed-keys",
            "policy.yaml /spec: changed-keys",
            "policy.yaml /spec: refused-headers",
        ],
        "a ClientTrafficPolicy of another gateway"
    );
    let route = changed(STORE, "      timeouts: { request: 0s }\n", "");
    assert_eq!(
        told(POLICY, &changed(&route, "- name: eg", "- name: other")),
        [""; 0]
    );
    let backend = |target: &str| {
        format!(
            "{route}---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: BackendTrafficPolicy\nmetadata: {{name: b, namespace: \
             default}}\nspec:\n  targetRefs: [{{kind: {target}}}]\n  timeout: {{http: {{requestTimeout: 0s}}}}\n"
        )
    };
    assert_eq!(told(POLICY, &backend("HTTPRoute, name: store")), [""; 0]);
    assert_eq!(told(POLICY, &backend("Gateway, name: eg")), [""; 0]);
    assert_eq!(
        told(POLICY, &backend("HTTPRoute, name: other")),
        ["store.yaml /spec/rules/0: cuts-downloads"]
    );
    let gateway = |infrastructure: &str| {
        format!(
            "{STORE}---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: eg, namespace: \
             default}}\nspec:\n  gatewayClassName: eg\n{infrastructure}"
        )
    };
    let named = "  infrastructure: {parametersRef: {kind: EnvoyProxy, name: bucket-cors}}\n";
    assert_eq!(told(POLICY, &gateway(named)), [""; 0]);
    let class = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: eg}\nspec: {parametersRef: \
                 {kind: EnvoyProxy, name: bucket-cors}}\n";
    assert_eq!(told(POLICY, &gateway(class)), [""; 0]);
    assert_eq!(
        told(POLICY, &gateway("")),
        [
            "store.yaml /spec: behind-authentication",
            "store.yaml /spec: another-cors"
        ]
    );
}

#[test]
fn each_listener_of_the_gateway_needs_its_policy() {
    let gateway = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: eg, namespace: \
                   default}\nspec:\n  infrastructure: {parametersRef: {kind: EnvoyProxy, name: bucket-cors}}\n  listeners: \
                   [{name: http, port: 80, protocol: HTTP}, {name: https, port: 443, protocol: HTTPS}]\n";
    let policy_for = |section: &str| {
        let named = format!("      name: eg\n{section}");
        format!("{}{gateway}", changed(STORE, "      name: eg\n", &named))
    };
    assert_eq!(told(POLICY, &policy_for("")), [""; 0]);
    let missing = |listener: usize| {
        ["changed-keys", "changed-keys", "refused-headers"]
            .map(|code| format!("store.yaml /spec/listeners/{listener}: {code}"))
    };
    assert_eq!(told(POLICY, &policy_for("      sectionName: http\n")), missing(1));
    assert_eq!(told(POLICY, &policy_for("      sectionName: none\n")), missing(0));
    let for_http = policy_for("      sectionName: http\n");
    // A listener that the store is not behind, and one that the filter is not on.
    let by_http = changed(
        &for_http,
        "    - name: eg\n",
        "    - name: eg\n      sectionName: http\n",
    );
    assert_eq!(told(POLICY, &by_http), [""; 0]);
    let of_http = changed(
        POLICY,
        "      name: eg\n",
        "      name: eg\n      sectionName: http\n",
    );
    assert_eq!(told(&of_http, &for_http), [""; 0]);
}

#[test]
fn a_route_that_no_store_is_behind_is_left_alone() {
    let rules =
        "{endpoints: [s3.example.com], buckets: [{name: photos, hosts: [static.example.com], cors: null}]}";
    let policy = POLICY.replace("\"@envoy/cors.json@\"", rules);
    let route = |host: &str, to: &str| {
        format!(
            "{STORE}---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: api, namespace: \
             default}}\nspec:\n  parentRefs: [{{name: eg}}]\n  hostnames: ['{host}']\n  rules:\n  - matches: [{{path: {{type: \
             PathPrefix, value: /v1}}, method: POST}}]\n    {to}\n"
        )
    };
    let to_server = "backendRefs: [{name: api, port: 80}]";
    let both = [
        "store.yaml /spec/rules/0: cuts-downloads",
        "store.yaml /spec/rules/0/matches/0: no-options-route",
    ];
    for (host, is_ours) in [
        ("api.example.com", false),
        ("*.api.example.com", false),
        ("static.example.com", true),
        ("S3.example.com", true),
        ("photos.s3.example.com", true),
        ("*.s3.example.com", true),
        ("*.example.com", true),
    ] {
        let found = told(&policy, &route(host, to_server));
        let expected = if is_ours { &both[..] } else { &[] };
        assert_eq!(found, expected, "{host}");
    }
    let redirect = "filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]";
    assert_eq!(told(&policy, &route("static.example.com", redirect)), [""; 0]);
    // Without endpoints, a path names a bucket on every host.
    assert_eq!(told(POLICY, &route("api.example.com", to_server)), both);
}
