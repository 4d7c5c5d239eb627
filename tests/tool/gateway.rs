//! What `check` says of a folder of manifests for Envoy Gateway: the project's own are good, and each mistake is told
//! where it stands.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::tool::Folder;

const POLICY: &str = include_str!("../../envoy/envoy-gateway.yaml");
const NATIVE: &str = include_str!("../../envoy/envoy-gateway-native.yaml");
const STORE: &str = include_str!("../../envoy/envoy-gateway-store.yaml");

fn with_rules(template: &str) -> String {
    template.replace("\"@envoy/cors.json@\"", "{buckets: [{name: photos, cors: null}]}")
}

fn folder(files: &[(&str, &str)]) -> Folder {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let folder = Folder::new(&format!("gateway-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    std::fs::create_dir_all(folder.path().join("manifests")).unwrap();
    for (file, text) in files {
        folder.write(&format!("manifests/{file}"), text);
    }
    folder
}

/// Each warning of what was named, `file pointer: code`.
fn told_of(folder: &Folder, arguments: &[&str]) -> Vec<String> {
    let output = folder.run(&[&["check", "--format", "json"], arguments].concat());
    let found: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(found["errors"], 0, "{output:?}");
    let mut told = Vec::new();
    for file in found["files"].as_array().unwrap() {
        assert_eq!(file["problem"], Value::Null, "{output:?}");
        let configurations = file["configurations"].as_array().unwrap().iter();
        for finding in configurations.flat_map(|it| it["findings"].as_array().unwrap()) {
            let file = finding["file"].as_str().or(file["file"].as_str()).unwrap();
            let text = |name: &str| finding[name].as_str().unwrap();
            told.push(format!(
                "{} {}: {}",
                file.replace("manifests/", ""),
                text("pointer"),
                text("code")
            ));
        }
    }
    told
}

/// The same of a policy's file and what stands beside it in the folder.
fn told(policy: &str, store: &str) -> Vec<String> {
    let folder = folder(&[("policy.yaml", &with_rules(policy)), ("store.yaml", store)]);
    told_of(&folder, &["manifests"])
}

/// A text with another in the place of one that it has.
fn changed(text: &str, old: &str, new: &str) -> String {
    assert_eq!(text.matches(old).count(), 1, "{old}");
    text.replace(old, new)
}

#[test]
fn the_samples_have_all_that_a_gateway_before_a_store_needs() {
    assert_eq!(told(POLICY, STORE), [""; 0]);
    assert_eq!(told(NATIVE, STORE), [""; 0]);
    // Named one by one, they stand beside each other too.
    let folder = folder(&[("policy.yaml", &with_rules(POLICY)), ("store.yaml", STORE)]);
    assert_eq!(
        told_of(&folder, &["manifests/policy.yaml", "manifests/store.yaml"]),
        [""; 0]
    );
    // Alone, a policy may have the rest elsewhere.
    assert_eq!(told_of(&folder, &["manifests/policy.yaml"]), [""; 0]);
}

#[test]
fn each_field_that_is_missing_or_wrong_is_told_where_it_stands() {
    for (old, new, told_there) in [
        (
            "    escapedSlashesAction: KeepUnchanged\n",
            "",
            "store.yaml /spec: changed-keys",
        ),
        (
            "escapedSlashesAction: KeepUnchanged",
            "escapedSlashesAction: UnescapeAndForward",
            "store.yaml /spec/path/escapedSlashesAction: changed-keys",
        ),
        (
            "    disableMergeSlashes: true\n",
            "",
            "store.yaml /spec: changed-keys",
        ),
        (
            "disableMergeSlashes: true",
            "disableMergeSlashes: false",
            "store.yaml /spec/path/disableMergeSlashes: changed-keys",
        ),
        (
            "withUnderscoresAction: Allow",
            "withUnderscoresAction: DropHeader",
            "store.yaml /spec/headers/withUnderscoresAction: refused-headers",
        ),
        (
            "      timeouts: { request: 0s }\n",
            "",
            "store.yaml /spec/rules/0: cuts-downloads",
        ),
        (
            "request: 0s",
            "request: 30s",
            "store.yaml /spec/rules/0/timeouts/request: cuts-downloads",
        ),
    ] {
        let told = told(POLICY, &changed(STORE, old, new));
        assert_eq!(
            told.first().map(String::as_str),
            Some(told_there),
            "{new}: {told:?}"
        );
    }
}

#[test]
fn a_route_that_takes_no_preflight_is_told() {
    const EVERY_METHOD: &str = "- path: { type: PathPrefix, value: / }\n";
    let matches = |one: &str, other: &str| {
        let path = "path: { type: PathPrefix, value: / }";
        let both = format!("- {{ {path}, {one} }}\n        - {{ {path}, {other} }}\n");
        told(POLICY, &changed(STORE, EVERY_METHOD, &both))
    };
    for one in ["method: GET", "headers: [{ name: x-tenant, value: a }]"] {
        assert_eq!(matches(one, "method: OPTIONS"), [""; 0], "{one}");
        assert_eq!(
            matches(one, "method: HEAD"),
            [0, 1].map(|at| format!("store.yaml /spec/rules/0/matches/{at}: no-options-route")),
            "{one}"
        );
    }
}

#[test]
fn a_line_of_the_filter_order_that_is_missing_is_told() {
    for (template, filter) in [(POLICY, "wasm"), (NATIVE, "dynamic_modules")] {
        for other in [
            "jwt_authn",
            "oauth2",
            "basic_auth",
            "api_key_auth",
            "ext_authz",
            "cors",
        ] {
            let line = format!(
                "    - {{ name: envoy.filters.http.{filter}, before: envoy.filters.http.{other} }}\n"
            );
            let code = if other == "cors" {
                "another-cors"
            } else {
                "behind-authentication"
            };
            let without = changed(template, &line, "");
            let at = format!("policy.yaml /spec/filterOrder: {code}");
            assert_eq!(told(&without, STORE), [at], "{other}");
        }
    }
    // Of no use but to the other form.
    let other_form = POLICY.replace(
        "name: envoy.filters.http.wasm",
        "name: envoy.filters.http.dynamic_modules",
    );
    assert_eq!(told(&other_form, STORE).len(), 2);
    let alone = POLICY.split("---\n").next().unwrap();
    assert_eq!(
        told(alone, STORE),
        [
            "policy.yaml /spec: behind-authentication",
            "policy.yaml /spec: another-cors"
        ]
    );
}

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
fn the_time_that_the_gateway_takes_is_told_where_it_stands() {
    let times = |times: &str, policy: &str| {
        let store = changed(STORE, "      timeouts: { request: 0s }\n", times);
        let policy = if policy.is_empty() {
            String::new()
        } else {
            format!(
                "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: BackendTrafficPolicy\nmetadata: {{name: b, namespace: \
                 default}}\nspec:\n  targetRefs: [{{kind: HTTPRoute, name: store}}]\n  timeout: {{http: {policy}}}\n"
            )
        };
        told(POLICY, &format!("{store}{policy}"))
    };
    let long = "{requestTimeout: 0s}";
    for (fields, policy, there) in [
        (
            "request: 0s, backendRequest: 20s",
            "",
            "/rules/0/timeouts/backendRequest",
        ),
        ("backendRequest: 20s", long, "/rules/0/timeouts/backendRequest"),
        ("request: 30s", long, "/rules/0/timeouts/request"),
        ("", "{requestTimeout: 10s}", "/timeout/http/requestTimeout"),
        ("", "{}", "/rules/0"),
    ] {
        let fields = format!("      timeouts: {{ {fields} }}\n");
        assert_eq!(
            times(&fields, policy),
            [format!("store.yaml /spec{there}: cuts-downloads")],
            "{fields}{policy}"
        );
    }
    for fields in [
        "backendRequest: 0s",
        "request: 20s, backendRequest: 0s",
        "request: 0s",
    ] {
        let fields = format!("      timeouts: {{ {fields} }}\n");
        assert_eq!(times(&fields, "{requestTimeout: 10s}"), [""; 0], "{fields}");
    }
    assert_eq!(times("", long), [""; 0]);
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

#[test]
fn a_folder_is_told_of_by_the_files_in_it() {
    let one = folder(&[
        ("policy.yaml", &with_rules(POLICY)),
        ("store.yaml", STORE),
        ("package.json", r#"{"name": "something else"}"#),
        ("values.yaml", "image: {tag: a}\n"),
    ]);
    let output = one.run(&["check", "--deny-warnings", "manifests/"]);
    let said = format!(
        "manifests/policy.yaml:{}: EnvoyExtensionPolicy bucket-cors: good: 0 errors, 0 warnings\n",
        line_of_rules()
    );
    assert_eq!((output.code, output.stdout), (0, said));
    let none = folder(&[("package.json", "{}")]);
    let output = none.run(&["check", "manifests"]);
    assert_eq!(
        (output.code, output.stdout.as_str()),
        (
            2,
            "manifests: error: there is no configuration of bucket-cors in any file of it\n"
        )
    );
}

/// The line that the rules stand in.
fn line_of_rules() -> usize {
    let mut lines = POLICY.lines();
    lines.position(|line| line.contains("@envoy/cors.json@")).unwrap() + 1
}
