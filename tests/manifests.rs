//! The manifests for Istio, Envoy Gateway and Higress: each field is one that its resource has, the rules are the sample
//! rules and the filter takes them as the control plane hands them over, and the filter stands before authentication.

// A test may fail by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

#[path = "support/schema.rs"]
mod schema;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use bucket_cors::config;
use serde::Deserialize as _;
use serde_json::{Value, json};

const REPOSITORY: &str = "registry.example.com:5000/edge/bucket-cors";

/// Each resource: its template, where its rules are, and how the control plane hands them to the filter.
const RESOURCES: [Resource; 5] = [
    Resource {
        schema: include_str!("schemas/istio-traffic-extension.json"),
        file: "istio-traffic-extension.yaml",
        kind: "TrafficExtension",
        rules: Some(("/spec/wasm/pluginConfig", Handover::Struct)),
    },
    Resource {
        schema: include_str!("schemas/istio-wasm-plugin.json"),
        file: "istio-wasm-plugin.yaml",
        kind: "WasmPlugin",
        rules: Some(("/spec/pluginConfig", Handover::Struct)),
    },
    Resource {
        schema: include_str!("schemas/envoy-gateway-extension-policy.json"),
        file: "envoy-gateway.yaml",
        kind: "EnvoyExtensionPolicy",
        rules: Some(("/spec/wasm/0/config", Handover::Json)),
    },
    Resource {
        schema: include_str!("schemas/envoy-gateway-proxy.json"),
        file: "envoy-gateway.yaml",
        kind: "EnvoyProxy",
        rules: None,
    },
    Resource {
        schema: include_str!("schemas/higress-wasm-plugin.json"),
        file: "higress.yaml",
        kind: "WasmPlugin",
        rules: Some(("/spec/defaultConfig", Handover::Struct)),
    },
];

struct Resource {
    schema: &'static str,
    file: &'static str,
    kind: &'static str,
    rules: Option<(&'static str, Handover)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Handover {
    /// The JSON as it is.
    Json,
    /// By way of a `google.protobuf.Struct`: keys lose their order, and each number becomes a double.
    Struct,
}

impl Resource {
    /// What a user would apply.
    fn rendered(&self) -> Value {
        self.of(&rendered().join("manifests").join(self.file))
    }

    /// The document of this kind in a file.
    fn of(&self, file: &Path) -> Value {
        let text = fs::read_to_string(file).unwrap();
        serde_norway::Deserializer::from_str(&text)
            .map(|document| Value::deserialize(document).unwrap())
            .find(|document| document["kind"] == self.kind)
            .unwrap()
    }

    fn violations(&self, document: &Value) -> Vec<String> {
        schema::violations(&serde_json::from_str(self.schema).unwrap(), document)
    }
}

fn resource(file: &str, kind: &str) -> &'static Resource {
    RESOURCES
        .iter()
        .find(|resource| resource.file == file && resource.kind == kind)
        .unwrap()
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder with the image and the manifests for it.
fn rendered() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("manifests");
        let run = |script: &str, argument: &str| {
            let output = Command::new(checkout().join(script))
                .args([argument, folder.to_str().unwrap()])
                .current_dir(checkout())
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
        };
        run(".ci/write-image", "target/bucket_cors.wasm");
        run(".ci/render-manifests", REPOSITORY);
        folder
    })
}

fn digest() -> String {
    let index = fs::read(rendered().join("image/index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    index["manifests"][0]["digest"].as_str().unwrap().to_owned()
}

fn sample_rules() -> Value {
    serde_json::from_str(include_str!("../envoy/cors.json")).unwrap()
}

/// The text that the filter gets.
fn handed_over(rules: &Value, handover: Handover) -> String {
    // serde_json's maps are sorted already.
    match handover {
        Handover::Json => rules.to_string(),
        Handover::Struct => with_doubles(rules).to_string(),
    }
}

fn with_doubles(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64().unwrap()),
        Value::Array(items) => items.iter().map(with_doubles).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), with_doubles(value)))
            .collect(),
        other => other.clone(),
    }
}

/// The codes of the errors and of the warnings.
fn load(text: &str) -> (Vec<String>, Vec<String>) {
    let (configuration, report) = config::parse(text.as_bytes());
    let codes = |messages: &[config::Finding]| messages.iter().map(ToString::to_string).collect::<Vec<_>>();
    let errors = codes(report.errors.kept());
    assert_eq!(configuration.is_some(), errors.is_empty());
    (errors, codes(report.warnings.kept()))
}

#[test]
fn every_manifest_is_what_its_resource_takes() {
    for resource in &RESOURCES {
        let document = resource.rendered();
        assert_eq!(resource.violations(&document), [""; 0], "{}", resource.file);
    }
}

#[test]
fn the_rules_in_each_are_the_sample_rules_and_the_filter_takes_them() {
    let (_, warnings) = load(&sample_rules().to_string());
    for resource in &RESOURCES {
        let Some((pointer, handover)) = resource.rules else {
            continue;
        };
        let document = resource.rendered();
        let rules = document.pointer(pointer).unwrap();
        assert_eq!(*rules, sample_rules(), "{}", resource.file);
        let text = handed_over(rules, handover);
        assert_eq!(text.contains("600.0"), handover == Handover::Struct);
        assert_eq!(load(&text), (vec![], warnings.clone()), "{}", resource.file);
    }
}

#[test]
fn the_image_in_each_is_pinned_to_the_digest_of_the_image() {
    let pinned = format!("{REPOSITORY}@{}", digest());
    let sha256 = digest()["sha256:".len()..].to_owned();
    for (file, kind, at, scheme) in [
        (
            "istio-traffic-extension.yaml",
            "TrafficExtension",
            "/spec/wasm",
            "oci://",
        ),
        ("istio-wasm-plugin.yaml", "WasmPlugin", "/spec", "oci://"),
        (
            "envoy-gateway.yaml",
            "EnvoyExtensionPolicy",
            "/spec/wasm/0/code/image",
            "",
        ),
        ("higress.yaml", "WasmPlugin", "/spec", "oci://"),
    ] {
        let document = resource(file, kind).rendered();
        let source = document.pointer(at).unwrap();
        assert_eq!(source["url"], format!("{scheme}{pinned}"), "{file}");
        assert_eq!(source["sha256"], sha256, "{file}");
    }
}

#[test]
fn a_template_that_was_not_rendered_is_refused() {
    for resource in RESOURCES.iter().filter(|resource| resource.rules.is_some()) {
        let document = resource.of(&checkout().join("envoy").join(resource.file));
        let violations = resource.violations(&document).join("\n");
        assert!(
            violations.contains(r#""@sha256@" does not match"#),
            "{violations}"
        );
    }
}

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
const GATEWAY_ORDER: [&str; 12] = [
    "csrf",
    "ext_authz",
    "api_key_auth",
    "basic_auth",
    "oauth2",
    "jwt_authn",
    "lua",
    "ext_proc",
    "wasm",
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
    let document = resource("envoy-gateway.yaml", "EnvoyProxy").rendered();
    let lines = &document["spec"]["filterOrder"];
    for subset in 0..1_u32 << GATEWAY_ORDER.len() {
        let chain: Vec<&str> = GATEWAY_ORDER
            .iter()
            .enumerate()
            .filter(|(index, name)| **name == "wasm" || subset >> index & 1 == 1)
            .map(|(_, name)| *name)
            .collect();
        assert_eq!(gateway_sorts(chain.clone(), lines)[0], "wasm", "{chain:?}");
    }
    // The one line that suggests itself is not enough: without an external authorizer it does nothing.
    let suggested = json!([{ "name": "envoy.filters.http.wasm", "before": "envoy.filters.http.ext_authz" }]);
    assert_eq!(
        gateway_sorts(vec!["jwt_authn", "wasm"], &suggested)[0],
        "jwt_authn"
    );
}

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

#[test]
fn what_higress_makes_of_match_rules_is_refused_with_its_name() {
    let mut rules = sample_rules();
    rules["_rules_"] = json!([{ "_match_domain_": ["a.example"], "buckets": [] }]);
    let (errors, _) = load(&handed_over(&rules, Handover::Struct));
    assert!(
        errors.iter().any(|error| error.contains("[higress-rules]")),
        "{errors:?}"
    );
}
