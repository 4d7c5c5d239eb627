//! The manifests for Istio, Envoy Gateway and Higress: each field is one that its resource has, the rules are the
//! sample rules and the filter takes them as the control plane hands them over.

mod downloads;
mod mistakes;
mod order;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use bucket_cors::config;
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::support::checkout;

const REPOSITORY: &str = "registry.example.com:5000/edge/bucket-cors";
const LIBRARY: &str = "libbucket_cors-x86_64-unknown-linux-gnu-0123456789ab.so";

/// Each resource: its template, where its rules are, and how the control plane hands them to the filter.
const RESOURCES: [RenderedManifest; 7] = [
    RenderedManifest {
        schema: include_str!("../schemas/istio-traffic-extension.json"),
        file: "istio-traffic-extension.yaml",
        kind: "TrafficExtension",
        rules: Some(("/spec/wasm/pluginConfig", Handover::Struct)),
    },
    RenderedManifest {
        schema: include_str!("../schemas/istio-wasm-plugin.json"),
        file: "istio-wasm-plugin.yaml",
        kind: "WasmPlugin",
        rules: Some(("/spec/pluginConfig", Handover::Struct)),
    },
    RenderedManifest {
        schema: include_str!("../schemas/envoy-gateway-extension-policy.json"),
        file: "envoy-gateway.yaml",
        kind: "EnvoyExtensionPolicy",
        rules: Some(("/spec/wasm/0/config", Handover::Json)),
    },
    RenderedManifest {
        schema: include_str!("../schemas/envoy-gateway-proxy.json"),
        file: "envoy-gateway.yaml",
        kind: "EnvoyProxy",
        rules: None,
    },
    RenderedManifest {
        schema: include_str!("../schemas/envoy-gateway-extension-policy.json"),
        file: "envoy-gateway-native.yaml",
        kind: "EnvoyExtensionPolicy",
        rules: Some(("/spec/dynamicModule/0/config", Handover::Json)),
    },
    RenderedManifest {
        schema: include_str!("../schemas/envoy-gateway-proxy.json"),
        file: "envoy-gateway-native.yaml",
        kind: "EnvoyProxy",
        rules: None,
    },
    RenderedManifest {
        schema: include_str!("../schemas/higress-wasm-plugin.json"),
        file: "higress.yaml",
        kind: "WasmPlugin",
        rules: Some(("/spec/defaultConfig", Handover::Struct)),
    },
];

struct RenderedManifest {
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

impl RenderedManifest {
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

fn resource(file: &str, kind: &str) -> &'static RenderedManifest {
    RESOURCES
        .iter()
        .find(|resource| resource.file == file && resource.kind == kind)
        .unwrap()
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
fn what_higress_makes_of_match_rules_is_refused_with_its_name() {
    let mut rules = sample_rules();
    rules["_rules_"] = json!([{ "_match_domain_": ["a.example"], "buckets": [] }]);
    let (errors, _) = load(&handed_over(&rules, Handover::Struct));
    assert!(
        errors.iter().any(|error| error.contains("[higress-rules]")),
        "{errors:?}"
    );
}
