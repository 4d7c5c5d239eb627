//! The manifests for Istio, Envoy Gateway and Higress: each field is one that its resource has, the rules are the
//! sample rules and the filter takes them as the control plane hands them over, and the filter stands before
//! authentication.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use bucket_cors::config;
use serde::Deserialize as _;
use serde_json::{Value, json};

const REPOSITORY: &str = "registry.example.com:5000/edge/bucket-cors";
const LIBRARY: &str = "libbucket_cors-x86_64-unknown-linux-gnu-0123456789ab.so";

/// Each resource: its template, where its rules are, and how the control plane hands them to the filter.
const RESOURCES: [Resource; 7] = [
    Resource {
        schema: include_str!("../schemas/istio-traffic-extension.json"),
        file: "istio-traffic-extension.yaml",
        kind: "TrafficExtension",
        rules: Some(("/spec/wasm/pluginConfig", Handover::Struct)),
    },
    Resource {
        schema: include_str!("../schemas/istio-wasm-plugin.json"),
        file: "istio-wasm-plugin.yaml",
        kind: "WasmPlugin",
        rules: Some(("/spec/pluginConfig", Handover::Struct)),
    },
    Resource {
        schema: include_str!("../schemas/envoy-gateway-extension-policy.json"),
        file: "envoy-gateway.yaml",
        kind: "EnvoyExtensionPolicy",
        rules: Some(("/spec/wasm/0/config", Handover::Json)),
    },
    Resource {
        schema: include_str!("../schemas/envoy-gateway-proxy.json"),
        file: "envoy-gateway.yaml",
        kind: "EnvoyProxy",
        rules: None,
    },
    Resource {
        schema: include_str!("../schemas/envoy-gateway-extension-policy.json"),
        file: "envoy-gateway-native.yaml",
        kind: "EnvoyExtensionPolicy",
        rules: Some(("/spec/dynamicModule/0/config", Handover::Json)),
    },
    Resource {
        schema: include_str!("../schemas/envoy-gateway-proxy.json"),
        file: "envoy-gateway-native.yaml",
        kind: "EnvoyProxy",
        rules: None,
    },
    Resource {
        schema: include_str!("../schemas/higress-wasm-plugin.json"),
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
        crate::schema::violations(&serde_json::from_str(self.schema).unwrap(), document)
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
pub(crate) fn rendered() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("manifests");
        let run = |script: &str, argument: &str, more: &[&str]| {
            let output = Command::new(checkout().join(script))
                .args([argument, folder.to_str().unwrap()])
                .args(more)
                .current_dir(checkout())
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
        };
        run("envoy/release/write-image", "target/bucket_cors.wasm", &[]);
        run("envoy/release/render-manifests", REPOSITORY, &[LIBRARY]);
        folder
    })
}

fn digest() -> String {
    let index = fs::read(rendered().join("image/index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    index["manifests"][0]["digest"].as_str().unwrap().to_owned()
}

fn sample_rules() -> Value {
    serde_json::from_str(include_str!("../../envoy/cors.json")).unwrap()
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
        let mut expected = sample_rules();
        // A refusal shows nowhere but in a proxy's log.
        expected["on_refused_rules"] = "last_good".into();
        assert_eq!(*rules, expected, "{}", resource.file);
        let text = handed_over(rules, handover);
        assert_eq!(text.contains("600.0"), handover == Handover::Struct);
        assert_eq!(load(&text), (vec![], warnings.clone()), "{}", resource.file);
    }
}

#[test]
fn other_rules_stand_there_as_the_filter_takes_them() {
    let Some((_, tool)) = crate::sample::built_tool() else {
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("other-manifests");
    fs::create_dir_all(&folder).unwrap();
    let image = rendered().join("image");
    let copied = Command::new("cp")
        .args(["-r", image.to_str().unwrap(), folder.to_str().unwrap()])
        .status();
    assert!(copied.unwrap().success());
    let render = |text: &str| {
        let file = folder.join("rules.json");
        fs::write(&file, text).unwrap();
        let output = Command::new(checkout().join("envoy/release/render-manifests"))
            .args([
                "--rules",
                file.to_str().unwrap(),
                "--tool",
                tool,
                REPOSITORY,
                folder.to_str().unwrap(),
                LIBRARY,
            ])
            .current_dir(checkout())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    // Surrogates, which YAML does not know, a tab as a margin, a mark, and a word on what is refused.
    let escaped = "\u{feff}{\"on_refused_rules\": \"reject\",\n\t\"buckets\": [{\"name\": \"a\", \"cors\": [{\"ID\": \"\\ud83d\\ude00\", \
        \"AllowedOrigins\": [\"*\"], \"AllowedMethods\": [\"GET\", \"HEAD\"]}]}]}";
    for text in [escaped, include_str!("../../envoy/production/rules.json")] {
        assert_eq!(render(text).0, Some(0), "{:?}", render(text));
        let mut expected: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
        let fields = expected.as_object_mut().unwrap();
        fields
            .entry("on_refused_rules")
            .or_insert_with(|| "last_good".into());
        for resource in &RESOURCES {
            if let Some((pointer, _)) = resource.rules {
                let document = resource.of(&folder.join("manifests").join(resource.file));
                assert_eq!(document.pointer(pointer).unwrap(), &expected, "{}", resource.file);
                assert_eq!(resource.violations(&document), [""; 0], "{}", resource.file);
            }
        }
    }
    let (status, said) = render(r#"{"bukets": []}"#);
    assert_eq!(status, Some(1));
    assert!(said.contains(": error: /bukets: "), "{said}");
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
    let proxy = resource("envoy-gateway-native.yaml", "EnvoyProxy").rendered();
    let path = &proxy["spec"]["dynamicModules"][0]["source"]["local"]["path"];
    assert_eq!(*path, format!("/usr/lib/{LIBRARY}"));
}

#[test]
fn a_template_that_was_not_rendered_is_refused() {
    for resource in RESOURCES.iter().filter(|resource| resource.rules.is_some()) {
        let document = resource.of(&checkout().join("envoy").join(resource.file));
        let violations = resource.violations(&document).join("\n");
        // Where there is no digest, the rules are missing.
        assert!(
            violations.contains(r#""@sha256@" does not match"#) || violations.contains("config"),
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

/// The routes to a store in the samples, each as it stands.
fn store_routes(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(fields) => {
            found.extend(
                fields
                    .get("route")
                    .filter(|route| route["cluster"].is_string())
                    .cloned(),
            );
            for field in fields.values() {
                store_routes(field, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                store_routes(item, found);
            }
        }
        _ => {}
    }
}

#[test]
fn no_sample_cuts_a_slow_download() {
    // Envoy counts the whole response in a route's timeout, and 15 s is its default.
    for (sample, routes) in [
        ("envoy.yaml", 1),
        ("envoy-ecds.yaml", 1),
        ("envoy-native.yaml", 1),
        ("envoy-origin-only.yaml", 3),
        ("envoy-sync.yaml", 1),
    ] {
        let text = fs::read_to_string(checkout().join("envoy").join(sample)).unwrap();
        let mut found = Vec::new();
        store_routes(&serde_norway::from_str(&text).unwrap(), &mut found);
        assert_eq!(found.len(), routes, "{sample}");
        for route in found {
            assert_eq!(route["timeout"], "0s", "{sample}: {route}");
            assert_eq!(route["idle_timeout"], "300s", "{sample}: {route}");
        }
    }
}

#[test]
fn a_gateways_route_takes_every_method_and_cuts_no_slow_download() {
    let text = fs::read_to_string(checkout().join("envoy/envoy-gateway-store.yaml")).unwrap();
    let documents: Vec<Value> = serde_norway::Deserializer::from_str(&text)
        .map(|document| Value::deserialize(document).unwrap())
        .collect();
    let [policy, route] = &documents[..] else {
        panic!("{documents:?}");
    };
    let of_proxy = RESOURCES
        .iter()
        .find(|resource| resource.kind == "EnvoyExtensionPolicy");
    let gateway = &of_proxy.unwrap().rendered()["spec"]["targetRefs"];
    assert_eq!(&policy["spec"]["targetRefs"], gateway);
    assert_eq!(route["spec"]["parentRefs"][0]["name"], gateway[0]["name"]);
    for rule in route["spec"]["rules"].as_array().unwrap() {
        assert_eq!(rule["timeouts"]["request"], "0s");
        let matches = rule["matches"].as_array().unwrap();
        for method in ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"] {
            let takes_it = |found: &Value| {
                found["path"]["value"] == "/"
                    && found["headers"].is_null()
                    && (found["method"].is_null() || found["method"] == method)
            };
            assert!(matches.iter().any(takes_it), "{method}: {rule}");
        }
    }
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
