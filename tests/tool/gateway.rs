//! What `check` says of a folder of manifests for Envoy Gateway: the project's own are good, and each mistake is told
//! where it stands.

mod in_the_way;
mod several;

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
