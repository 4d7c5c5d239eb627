//! Mistakes in a manifest, which its resource refuses, and in the rules of one, which the filter refuses.

use serde_json::{Value, json};

use super::{RESOURCES, handed_over, load, resource};

/// A change to a manifest that its resource refuses: the file, the kind, where, the new value, and what is said.
type Mistake = (&'static str, &'static str, &'static str, Value, &'static str);

fn mistakes() -> Vec<Mistake> {
    let traffic = ("istio-traffic-extension.yaml", "TrafficExtension");
    let wasm = ("istio-wasm-plugin.yaml", "WasmPlugin");
    let policy = ("envoy-gateway.yaml", "EnvoyExtensionPolicy");
    let proxy = ("envoy-gateway.yaml", "EnvoyProxy");
    let higress = ("higress.yaml", "WasmPlugin");
    let made = |(file, kind), at, value, said| (file, kind, at, value, said);
    let host_with_value = json!({ "env": [{ "name": "A", "valueFrom": "HOST", "value": "b" }] });
    let reference = json!([{ "kind": "Gateway", "group": "gateway.networking.k8s.io", "name": "edge" }]);
    vec![
        made(
            traffic,
            "/spec/reloadConfig",
            json!({}),
            "/spec/reloadConfig is no field",
        ),
        made(
            traffic,
            "/spec/wasm/vmId",
            json!("a"),
            "/spec/wasm/vmId is no field",
        ),
        // WasmPlugin's word for it.
        made(
            traffic,
            "/spec/phase",
            json!("UNSPECIFIED_PHASE"),
            r#"/spec/phase "UNSPECIFIED_PHASE" is none of"#,
        ),
        made(
            traffic,
            "/spec/wasm/sha256",
            json!("sha256:00"),
            "/spec/wasm/sha256",
        ),
        made(
            traffic,
            "/spec/wasm/failStrategy",
            json!("FAIL_CLOSED"),
            "/spec/wasm/failStrategy",
        ),
        made(
            traffic,
            "/spec/wasm/url",
            json!("ftp://a.example/b"),
            "/spec/wasm/url",
        ),
        made(
            traffic,
            "/spec/wasm/vmConfig",
            host_with_value,
            "/spec/wasm/vmConfig/env/0 is what it must not be",
        ),
        made(
            traffic,
            "/spec/targetRefs",
            reference.clone(),
            "/spec is what it must not be",
        ),
        made(
            traffic,
            "/spec/lua",
            json!({ "inlineCode": "x" }),
            "/spec is 2 of",
        ),
        made(
            traffic,
            "/spec/wasm/pluginConfig",
            json!("{}"),
            "/spec/wasm/pluginConfig is no",
        ),
        made(wasm, "/spec/phase", json!("UNSPECIFIED"), "/spec/phase"),
        made(wasm, "/spec/failOpen", json!(true), "/spec/failOpen is no field"),
        made(wasm, "/spec/sha256", json!("AB".repeat(32)), "/spec/sha256"),
        made(
            wasm,
            "/spec/targetRefs",
            reference,
            "/spec is what it must not be",
        ),
        made(wasm, "/spec/priority", json!("1000"), "/spec/priority is no"),
        made(policy, "/spec/phase", json!("AUTHN"), "/spec/phase is no field"),
        made(
            policy,
            "/spec/wasm/0/failurePolicy",
            json!("FAIL_RELOAD"),
            "/spec/wasm/0/failurePolicy is no field",
        ),
        made(
            policy,
            "/spec/wasm/0/code/type",
            json!("HTTP"),
            "/spec/wasm/0/code is 0 of",
        ),
        made(
            policy,
            "/spec/wasm/0/code/image/url",
            json!("https://a.example/b"),
            "/spec/wasm/0/code/image/url",
        ),
        made(
            policy,
            "/spec/wasm/0/code/image/sha256",
            json!("sha256:00"),
            "/spec/wasm/0/code/image/sha256",
        ),
        made(
            policy,
            "/spec/targetRefs/0/kind",
            json!("Service"),
            "/spec/targetRefs/0/kind",
        ),
        made(
            proxy,
            "/spec/filterOrder/0/before",
            json!("envoy.filters.http.jwt"),
            "/spec/filterOrder/0/before",
        ),
        made(
            proxy,
            "/spec/filterOrder/0/after",
            json!("envoy.filters.http.cors"),
            "/spec/filterOrder/0 is 2 of",
        ),
        made(
            higress,
            "/spec/failStrategy",
            json!("FAIL_RELOAD"),
            "/spec/failStrategy",
        ),
        made(
            higress,
            "/spec/matchRules",
            json!([{ "domain": ["a.example"], "config": {} }]),
            "/spec/matchRules has more than 0",
        ),
        made(higress, "/kind", json!("EnvoyFilter"), "/kind is not"),
    ]
}

#[test]
fn a_mistake_in_a_manifest_is_refused() {
    for (file, kind, pointer, value, said) in mistakes() {
        let resource = resource(file, kind);
        let mut document = resource.rendered();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap();
        parent[name] = value;
        let violations = resource.violations(&document);
        assert!(
            violations.iter().any(|violation| violation.starts_with(said)),
            "{file} {pointer}: {violations:?}"
        );
    }
}

#[test]
fn no_resource_sees_a_mistake_in_the_rules_but_the_filter_does() {
    for resource in &RESOURCES {
        let Some((pointer, handover)) = resource.rules else {
            continue;
        };
        let mut document = resource.rendered();
        let rules = document.pointer_mut(pointer).unwrap();
        let rule = rules.pointer_mut("/buckets/0/cors/CORSRules/1").unwrap();
        rule["AllowedOrgins"] = rule["AllowedOrigins"].take();
        let (errors, _) = load(&handed_over(rules, handover));
        assert!(
            errors[0].contains("[unknown-field]") && errors[0].contains("AllowedOrgins"),
            "{errors:?}"
        );
        assert_eq!(resource.violations(&document), [""; 0]);
    }
}
