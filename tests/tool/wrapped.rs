//! The plugin configuration inside of what proxies and control planes read.

mod found;
mod places;

use serde_json::Value;

use crate::check::{json, of_the_core, of_the_tool};
use crate::tool::Folder;

const RULES: &str = include_str!("../../envoy/cors.json");

/// A file, and what its filter is called.
type Wrapped = (&'static str, String);

/// A template with the rules in the place of their name.
fn rendered(template: &str, rules: &str) -> String {
    assert_eq!(template.matches("\"@envoy/cors.json@\"").count(), 1);
    template.replace("\"@envoy/cors.json@\"", rules)
}

fn indented(text: &str, margin: usize) -> String {
    text.replace('\n', &format!("\n{}", " ".repeat(margin)))
}

/// For which a JSON string is a string.
fn of_envoy(string: &str) -> Vec<Wrapped> {
    vec![
        (
            "envoy.yaml",
            rendered(include_str!("../../envoy/envoy.yaml"), string),
        ),
        (
            "filter-ecds.yaml",
            rendered(include_str!("../../envoy/filter-ecds.yaml"), string),
        ),
    ]
}

const OF_KUBERNETES: [(&str, &str, &str); 4] = [
    (
        "istio-wasm-plugin.yaml",
        include_str!("../../envoy/istio-wasm-plugin.yaml"),
        "WasmPlugin bucket-cors",
    ),
    (
        "istio-traffic-extension.yaml",
        include_str!("../../envoy/istio-traffic-extension.yaml"),
        "TrafficExtension bucket-cors",
    ),
    (
        "envoy-gateway.yaml",
        include_str!("../../envoy/envoy-gateway.yaml"),
        "EnvoyExtensionPolicy bucket-cors",
    ),
    (
        "higress.yaml",
        include_str!("../../envoy/higress.yaml"),
        "WasmPlugin bucket-cors",
    ),
];

fn checked(folder: &Folder, file: &str, text: &str) -> Value {
    folder.write(file, text);
    json(&folder.run(&["check", "--format", "json", file]))["files"][0].clone()
}

fn only_configuration(file: &Value) -> &Value {
    let configurations = file["configurations"].as_array().unwrap();
    assert_eq!(configurations.len(), 1, "{file}");
    &configurations[0]
}

#[test]
fn the_sample_rules_are_found_in_every_sample() {
    let folder = Folder::new("samples");
    let string = Value::from(RULES).to_string();
    let mut files = of_envoy(&string);
    files.extend(
        OF_KUBERNETES.map(|(file, template, _)| (file, rendered(template, &indented(RULES.trim(), 20)))),
    );
    let expected = of_the_core(RULES.as_bytes());
    for (file, text) in files {
        let said = checked(&folder, file, &text);
        let configuration = only_configuration(&said);
        assert_eq!(of_the_tool(configuration), expected, "{file}");
        let label = OF_KUBERNETES.iter().find(|(name, ..)| *name == file);
        // In Envoy's own documents, its place tells it from others.
        let label = label.map_or(
            match file {
                "envoy.yaml" => "Wasm filter bucket-cors, static listener edge",
                _ => "Wasm filter bucket-cors, by ECDS, version @version@",
            },
            |(.., label)| label,
        );
        assert_eq!(configuration["of"], label);
    }
}

#[test]
fn a_sample_that_nothing_has_filled_is_a_template() {
    let folder = Folder::new("templates");
    let envoy = [
        ("envoy.yaml", include_str!("../../envoy/envoy.yaml")),
        ("filter-ecds.yaml", include_str!("../../envoy/filter-ecds.yaml")),
    ];
    let manifests = OF_KUBERNETES.map(|(file, template, _)| (file, template));
    for (file, template) in envoy.into_iter().chain(manifests) {
        folder.write(file, template);
        let said = folder.run(&["check", file]);
        assert_eq!(said.code, 2, "{file}: {said:?}");
        let line = template
            .lines()
            .position(|line| line.contains("@envoy/cors.json@"))
            .unwrap()
            + 1;
        let (at, message) = said.stdout.split_once(": error: ").unwrap();
        assert!(at.starts_with(&format!("{file}:{line}:")), "{at}");
        assert!(
            message.starts_with("this is the template of `make run`, or of `make artifacts`"),
            "{message}"
        );
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn any_placeholder_in_the_place_of_the_rules_is_a_template() {
    let folder = Folder::new("placeholders");
    for placeholder in [
        "${RULES}",
        "{{ .Values.rules }}",
        "$(RULES)",
        "__RULES__",
        "<%= rules %>",
        "@RULES@",
        "%RULES%",
    ] {
        let mut files = of_envoy(&Value::from(placeholder).to_string());
        files.push(("cors.json", placeholder.to_owned()));
        for (file, text) in files {
            folder.write(file, text);
            let said = folder.run(&["check", file]);
            assert_eq!(said.code, 2, "{said:?}");
            let message = format!("error: this is a template: {placeholder} stands where the rules are.");
            assert!(said.stdout.contains(&message), "{said:?}");
        }
    }
    let (_, helm, _) = OF_KUBERNETES[0];
    folder.write("helm.yaml", rendered(helm, "{{ .Values.rules | toJson }}"));
    let said = folder.run(&["check", "helm.yaml"]);
    assert!(
        said.stdout.contains("looks like a template of Helm's"),
        "{said:?}"
    );
}

#[test]
fn yaml_is_read_as_the_control_planes_read_it() {
    let folder = Folder::new("yaml");
    let text = "\
defaults: &defaults
  AllowedMethods: [GET, HEAD]
  MaxAgeSeconds: 0600
explain: yes
buckets:
  - name: 'off'
    allow_credentials: off
    cors:
      - <<: *defaults
        AllowedOrigins: [&site https://a.example.com]
      - <<: *defaults
        AllowedOrigins: [*site]
        MaxAgeSeconds: 0.5
  - {name: b, name: c, cors: ~}
";
    let text = format!(
        "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: bucket-cors}}\nspec:\n  phase: AUTHN\n  \
         pluginConfig:\n    {}",
        indented(text, 4)
    );
    let said = checked(&folder, "a.yaml", &text);
    let mut found = of_the_tool(only_configuration(&said));
    found.retain(|[severity, ..]| severity == "error");
    // By way of Kubernetes, which sorts keys.
    assert_eq!(
        found,
        [
            ["error", "max-age", "/buckets/0/cors/1/MaxAgeSeconds"],
            ["error", "duplicate-field", "/buckets/1/name"],
            ["error", "unknown-field", "/defaults"],
        ]
    );
    assert_eq!(
        folder
            .run(&["check", "a.yaml"])
            .stdout
            .lines()
            .filter_map(|line| Some(line.split_once(": error: ")?.0))
            .collect::<Vec<_>>(),
        ["a.yaml:19:28", "a.yaml:20:19", "a.yaml:7:5"]
    );
}
