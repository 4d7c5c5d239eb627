//! What `check` says of what surrounds a configuration.

mod beside;
mod patched;
mod switched;

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::tool::Folder;

const RULES: &str = r#"{"buckets": [{"name": "photos", "cors": null}]}"#;

/// Each warning about the surroundings, `pointer: code`, and the exit status with --deny-warnings.
fn said(file: &str, document: &str) -> (Vec<String>, i32) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = Folder::new(&format!("around-{count}")).with(file, document);
    let output = folder.run(&["check", "--format", "json", "--deny-warnings", file]);
    let found: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let configurations = found["files"][0]["configurations"].as_array().unwrap();
    let findings = configurations
        .iter()
        .flat_map(|it| it["findings"].as_array().unwrap());
    let text = |finding: &Value| {
        let part = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        assert!(finding["line"].as_u64().unwrap() > 0);
        format!("{}: {}", part("pointer"), part("code"))
    };
    (findings.map(text).collect(), output.code)
}

fn codes(file: &str, document: &str) -> Vec<String> {
    said(file, document).0
}

fn wasm() -> Value {
    json!({
        "name": "bucket-cors",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "vm_config": { "code": { "local": { "filename": "bucket_cors.wasm" } } },
                "configuration": { "@type": "type.googleapis.com/google.protobuf.StringValue", "value": RULES },
            },
        },
    })
}

/// The filter as a library.
fn library() -> Value {
    json!({
        "name": "bucket-cors",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter",
            "dynamic_module_config": { "module": { "local": { "filename": "libbucket_cors.so" } } },
            "filter_config": { "@type": "type.googleapis.com/google.protobuf.StringValue", "value": RULES },
        },
    })
}

fn filter(name: &str) -> Value {
    let kind = name.rsplit('.').next().unwrap();
    json!({
        "name": name,
        "typed_config": { "@type": format!("type.googleapis.com/envoy.extensions.filters.http.{kind}.v3.Any") },
    })
}

fn bootstrap(filters: &[Value], routes: Value) -> String {
    json!({ "static_resources": { "listeners": [{ "filter_chains": [{ "filters": [{
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": routes }] },
            "http_filters": filters,
        },
    }] }] }] } })
    .to_string()
}

fn everywhere() -> Value {
    json!([{ "match": { "prefix": "/" }, "route": { "cluster": "store", "timeout": "0s" } }])
}

const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

#[test]
fn a_filter_that_is_alone_and_first_has_good_surroundings() {
    for ours in [wasm(), library()] {
        let good = bootstrap(&[ours, filter("envoy.filters.http.router")], everywhere());
        assert_eq!(said("envoy.json", &good), (Vec::new(), 0));
    }
    // What stands behind it hears of no preflight.
    let behind = bootstrap(&[wasm(), filter("envoy.filters.http.ext_authz")], everywhere());
    assert_eq!(codes("envoy.json", &behind), [""; 0]);
}

#[test]
fn a_filter_that_fails_open_is_told_in_every_spelling() {
    let at = format!("{MANAGER}/http_filters/0/typed_config/config");
    // Envoy takes the number of the enum as well.
    for policy in [json!("FAIL_OPEN"), json!(3)] {
        let mut open = wasm();
        open["typed_config"]["config"]["failure_policy"] = policy;
        let (found, code) = said("envoy.json", &bootstrap(&[open], everywhere()));
        assert_eq!(
            (found, code),
            (vec![format!("{at}/failure_policy: fails-open")], 1)
        );
    }
    let mut open = wasm();
    open["typed_config"]["config"]["failOpen"] = json!(true);
    let found = codes("envoy.json", &bootstrap(&[open], everywhere()));
    assert_eq!(found, [format!("{at}/failOpen: fails-open")]);
    for (group, kind, document, pointer) in [
        (
            "extensions.istio.io/v1alpha1",
            "WasmPlugin",
            json!({ "phase": "AUTHN", "failStrategy": "FAIL_OPEN", "url": "bucket-cors", "pluginConfig": {} }),
            "/spec/failStrategy",
        ),
        (
            "extensions.istio.io/v1alpha1",
            "TrafficExtension",
            json!({ "phase": "AUTHN", "wasm": { "failStrategy": "FAIL_OPEN", "url": "bucket-cors", "pluginConfig": {} } }),
            "/spec/wasm/failStrategy",
        ),
        (
            "extensions.higress.io/v1alpha1",
            "WasmPlugin",
            json!({ "phase": "AUTHN", "failStrategy": "FAIL_OPEN", "url": "bucket-cors", "defaultConfig": {} }),
            "/spec/failStrategy",
        ),
        (
            "gateway.envoyproxy.io/v1alpha1",
            "EnvoyExtensionPolicy",
            json!({ "wasm": [{ "name": "bucket-cors", "failOpen": true, "config": {} }] }),
            "/spec/wasm/0/failOpen",
        ),
    ] {
        let resource =
            json!({ "apiVersion": group, "kind": kind, "metadata": { "name": "x" }, "spec": document });
        let found = codes("resource.json", &resource.to_string());
        assert!(
            found.contains(&format!("{pointer}: fails-open")),
            "{kind}: {found:?}"
        );
    }
}

#[test]
fn a_list_of_capabilities_has_all_that_this_configuration_needs() {
    let sample = include_str!("../../envoy/envoy.yaml");
    let lines = sample.lines().map(str::trim);
    let listed: Vec<&str> = lines
        .filter_map(|line| Some(line.split_once(": {}")?.0))
        .filter(|name| name.starts_with("proxy_"))
        .collect();
    let missing = |rules: &str, left_out: &[&str]| {
        let allowed = listed.iter().filter(|name| !left_out.contains(name));
        let allowed: serde_json::Map<_, _> = allowed.map(|name| (name.to_string(), json!({}))).collect();
        let mut it = wasm();
        let config = &mut it["typed_config"]["config"];
        config["configuration"]["value"] = json!(rules);
        config["vm_config"]["capability_restriction_config"]["allowed_capabilities"] = json!(allowed);
        codes("envoy.json", &bootstrap(&[it], everywhere()))
    };
    let at = format!(
        "{MANAGER}/http_filters/0/typed_config/config/vm_config/capability_restriction_config/allowed_capabilities: \
         missing-capability"
    );
    assert_eq!(missing(RULES, &[]), [""; 0]);
    // Either of two calls that read headers is enough, and this one is the other.
    let needed = listed
        .iter()
        .filter(|name| **name != "proxy_get_header_map_value");
    for name in needed {
        let all = r#"{"access_log": true, "on_refused_rules": "last_good", "buckets": [{"name": "photos", "cors": null}]}"#;
        assert_eq!(missing(all, &[name]), [at.as_str()], "{name}");
    }
    let quiet = r#"{"metrics": "off", "buckets": [{"name": "photos", "cors": null}]}"#;
    let of_others = [
        "proxy_on_tick",
        "proxy_define_metric",
        "proxy_set_property",
        "proxy_get_shared_data",
    ];
    assert_eq!(missing(quiet, &of_others), [""; 0]);
}

#[test]
fn a_place_behind_authentication_is_told() {
    for name in [
        "envoy.filters.http.ext_authz",
        "envoy.filters.http.jwt_authn",
        "envoy.filters.http.basic_auth",
        "envoy.filters.http.api_key_auth",
        "envoy.filters.http.oauth2",
        "envoy.filters.http.rbac",
    ] {
        for ours in [wasm(), library()] {
            let found = codes("envoy.json", &bootstrap(&[filter(name), ours], everywhere()));
            assert_eq!(
                found,
                [format!("{MANAGER}/http_filters/0: behind-authentication")],
                "{name}"
            );
        }
    }
    let plugin = |spec: &str| {
        format!(
            "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: bucket-cors}}\nspec:\n  url: \
             oci://r/bucket-cors\n{spec}  pluginConfig:\n    buckets:\n    - {{name: photos, cors: null}}\n"
        )
    };
    for (spec, found) in [
        ("  phase: AUTHN\n", &[][..]),
        ("  phase: AUTHZ\n", &["/spec/phase: behind-authentication"]),
        ("  phase: STATS\n", &["/spec/phase: behind-authentication"]),
        ("", &["/spec: behind-authentication"]),
        (
            "  phase: AUTHN\n  match:\n  - mode: SERVER\n",
            &["/spec/match/0: not-on-gateways"],
        ),
        ("  phase: AUTHN\n  match:\n  - mode: CLIENT\n", &[]),
    ] {
        assert_eq!(codes("plugin.yaml", &plugin(spec)), found, "{spec}");
    }
}

#[test]
fn a_filter_before_that_changes_cors_headers_is_told() {
    let mutation = |mutation: Value| json!({ "response_mutations": [mutation] });
    let added = |key: &str| mutation(json!({ "append": { "header": { "key": key, "value": "*" } } }));
    let name = "envoy.filters.http.header_mutation";
    let of = |mutations: Value| {
        let mut it = filter(name);
        it["typed_config"]["mutations"] = mutations;
        it
    };
    let at = format!("{MANAGER}/http_filters/0: another-cors");
    let removed = mutation(json!({ "remove": "access-control-expose-headers" }));
    for mutations in [added("Access-Control-Allow-Origin"), removed] {
        let before = [of(mutations.clone()), wasm()];
        assert_eq!(
            codes("envoy.json", &bootstrap(&before, everywhere())),
            [at.as_str()]
        );
        let behind = [wasm(), of(mutations.clone())];
        assert_eq!(codes("envoy.json", &bootstrap(&behind, everywhere())), [""; 0]);
        let mut of_a_route = everywhere();
        of_a_route[0]["typed_per_filter_config"] = json!({ name: { "mutations": mutations } });
        let before = [filter(name), wasm()];
        assert_eq!(
            codes("envoy.json", &bootstrap(&before, of_a_route)),
            [at.as_str()]
        );
    }
    let other = [of(added("x-frame-options")), wasm()];
    assert_eq!(codes("envoy.json", &bootstrap(&other, everywhere())), [""; 0]);
}

#[test]
fn another_cors_filter_in_the_chain_is_told() {
    let cors = filter("envoy.filters.http.cors");
    let found = codes("envoy.json", &bootstrap(&[wasm(), cors.clone()], everywhere()));
    assert_eq!(found, [format!("{MANAGER}/http_filters/1: another-cors")]);
    // Istio's chains all have one, which without a policy does nothing.
    let istio = [wasm(), filter("istio.alpn"), cors];
    assert_eq!(codes("envoy.json", &bootstrap(&istio, everywhere())), [""; 0]);
    let mut policy = everywhere();
    policy[0]["typed_per_filter_config"] = json!({ "envoy.filters.http.cors": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
    } });
    let found = codes("envoy.json", &bootstrap(&istio, policy));
    assert_eq!(found, [format!("{MANAGER}/http_filters/2: another-cors")]);
}

#[test]
fn what_a_manager_makes_of_keys_and_headers_and_a_limit_on_responses_are_told() {
    let with = |fields: Value, timeout: Value| {
        let mut file: Value = serde_json::from_str(&bootstrap(&[wasm()], everywhere())).unwrap();
        let manager = file.pointer_mut(MANAGER).unwrap();
        let route = manager.pointer_mut("/route_config/virtual_hosts/0/routes/0/route");
        route.unwrap()["timeout"] = timeout;
        manager
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        codes("envoy.json", &file.to_string())
    };
    let slashes = "path_with_escaped_slashes_action";
    for (fields, told) in [
        (json!({}), None),
        (json!({ slashes: "KEEP_UNCHANGED" }), None),
        (
            json!({ slashes: "UNESCAPE_AND_REDIRECT" }),
            Some(format!("{slashes}: changed-keys")),
        ),
        (
            json!({ slashes: "REJECT_REQUEST" }),
            Some(format!("{slashes}: changed-keys")),
        ),
        (
            json!({ "mergeSlashes": true }),
            Some("mergeSlashes: changed-keys".to_owned()),
        ),
        (
            json!({ "common_http_protocol_options": { "headers_with_underscores_action": "DROP_HEADER" } }),
            Some("common_http_protocol_options/headers_with_underscores_action: refused-headers".to_owned()),
        ),
    ] {
        let told: Vec<String> = told.into_iter().map(|told| format!("{MANAGER}/{told}")).collect();
        assert_eq!(with(fields.clone(), json!("0s")), told, "{fields}");
    }
    let at = format!("{MANAGER}/route_config/virtual_hosts/0/routes/0/route: cuts-downloads");
    for (timeout, is_told) in [
        ("0s", false),
        ("600s", false),
        ("3600s", false),
        ("15s", true),
        ("0.5s", true),
    ] {
        assert_eq!(
            with(json!({}), json!(timeout)).contains(&at),
            is_told,
            "{timeout}"
        );
    }
    assert_eq!(with(json!({}), Value::Null), [at]);
}

#[test]
fn the_production_samples_have_good_surroundings() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/envoy/production");
    let output = Folder::new("production").run(&["check", "--deny-warnings", folder]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(
        output.stdout.matches(": good: 0 errors, 0 warnings\n").count(),
        4,
        "{output:?}"
    );
}
