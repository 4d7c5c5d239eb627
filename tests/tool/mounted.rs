//! `check` of a configuration in a ConfigMap or a Secret, and of several documents in one file.

use crate::check::json;
use crate::tool::Folder;

const BAD: &str = r#"{"profile": "s3", "buckets": [{"name": "photos", "cors": {"CORSRules": [
  {"AllowedOrigins": ["https://*.*.example"], "AllowedMethods": ["GET"]}]}}]}"#;

/// A text in a resource, as a block scalar.
fn resource(kind: &str, field: &str, key: &str, text: &str) -> String {
    let text = text.replace('\n', "\n    ");
    format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: e}}\n{field}:\n  {key}: |\n    {text}\n")
}

/// An Envoy whose filter has that configuration.
fn envoy(configuration: &str) -> String {
    let configuration = configuration.replace('\n', " ");
    format!(
        "static_resources:\n  listeners:\n  - name: l\n    filter_chains:\n    - filters:\n      - name: hcm\n        typed_config:\n          \
         \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager\n          \
         http_filters:\n          - name: bucket-cors\n            typed_config:\n              \
         \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n              config:\n                \
         name: bucket-cors\n                fail_open: true\n                configuration:\n                  \
         \"@type\": type.googleapis.com/google.protobuf.StringValue\n                  value: '{configuration}'\n"
    )
}

#[test]
fn a_configuration_in_a_config_map_or_a_secret_is_checked_in_its_place() {
    for (text, label, place) in [
        (
            resource("ConfigMap", "data", "cors.json", BAD),
            "ConfigMap e, cors.json",
            ":7:",
        ),
        (
            resource("Secret", "stringData", "cors.json", BAD),
            "Secret e, cors.json",
            ":7:",
        ),
        (
            resource("ConfigMap", "data", "envoy.yaml", &envoy(BAD)),
            "ConfigMap e, envoy.yaml: Wasm filter bucket-cors",
            ":23:",
        ),
    ] {
        let list = format!(
            "kind: List\nitems:\n- {}\n",
            text.trim_end().replace('\n', "\n  ")
        );
        for (file, in_list) in [(text, false), (list, true)] {
            let folder = Folder::new("mounted").with("manifests/cm.yaml", &file);
            for path in ["manifests", "manifests/cm.yaml"] {
                let output = folder.run(&["check", path]);
                assert_eq!(output.code, 1, "{output:?}");
                assert!(output.stdout.contains(label), "{label}: {output:?}");
                let found = output
                    .stdout
                    .lines()
                    .find(|line| line.contains("error: /buckets/0/cors/CORSRules/0"));
                assert!(
                    found.is_some_and(|line| in_list || line.contains(place)),
                    "{place} {output:?}"
                );
            }
        }
    }
}

#[test]
fn what_surrounds_a_filter_in_a_config_map_is_checked_too() {
    let good = BAD.replace("*.*", "*");
    let text = resource("ConfigMap", "data", "envoy.yaml", &envoy(&good));
    let folder = Folder::new("mounted-around").with("cm.yaml", &text);
    let output = folder.run(&["check", "cm.yaml"]);
    assert_eq!(output.code, 0, "{output:?}");
    let warning = output.stdout.lines().find(|line| line.contains("fail_open"));
    assert!(
        warning.is_some_and(|line| line.starts_with("cm.yaml:20:")),
        "{output:?}"
    );
}

#[test]
fn a_broken_text_that_speaks_of_the_filter_is_no_good_file() {
    let text = resource(
        "ConfigMap",
        "data",
        "envoy.yaml",
        "a: [\n\"@type\": Wasm\nname: bucket-cors",
    );
    let other = resource("ConfigMap", "data", "other.yaml", "a: [\n\"buckets\"")
        + "---\n"
        + &resource("ConfigMap", "data", "run.sh", "if [ bucket-cors ]; then a: [");
    let folder = Folder::new("mounted-broken")
        .with("broken/cm.yaml", &text)
        .with("broken/cors.json", BAD.replace("*.*", "*"))
        .with("other/cm.yaml", &other)
        .with("other/cors.json", BAD.replace("*.*", "*"));
    let output = folder.run(&["check", "broken"]);
    assert!(
        output.code == 2 && output.stdout.contains("ConfigMap e, envoy.yaml: "),
        "{output:?}"
    );
    let output = folder.run(&["check", "other"]);
    assert_eq!(output.code, 0, "{output:?}");
}

#[test]
fn the_same_warning_stands_for_each_document_of_a_file() {
    let plugin = |namespace: &str| {
        format!(
            "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: bucket-cors, namespace: {namespace}}}\n\
             spec:\n  url: oci://example/bucket-cors\n  pluginName: bucket-cors\n  failStrategy: FAIL_OPEN\n  pluginConfig:\n    \
             profile: s3\n    buckets: [{{name: photos, cors: {{CORSRules: [{{AllowedOrigins: ['*'], AllowedMethods: [GET, HEAD]}}]}}}}]\n"
        )
    };
    let text = format!("{}---\n{}", plugin("one"), plugin("other"));
    let folder = Folder::new("mounted-several").with("plugins.yaml", &text);
    let found = json(&folder.run(&["check", "--format", "json", "plugins.yaml"]));
    let configurations = found["files"][0]["configurations"].as_array().unwrap();
    let codes = |at: usize| -> Vec<String> {
        let findings = configurations[at]["findings"].as_array().unwrap();
        findings.iter().map(|it| it["code"].to_string()).collect()
    };
    assert_eq!(configurations.len(), 2);
    assert!(codes(0).contains(&"\"fails-open\"".to_owned()), "{found:#}");
    assert_eq!(codes(0), codes(1));
}
