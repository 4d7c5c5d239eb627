//! The plugin configuration inside of what proxies and control planes read.

use serde_json::{Value, json};

use crate::check::{at, json, of_the_core, of_the_tool};
use crate::mistakes;
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

/// Documents with mistakes that are JSON all the same.
fn documents() -> Vec<String> {
    let texts = mistakes::errors().into_iter().map(|(text, _)| text);
    let texts = texts.chain(mistakes::warnings().into_iter().map(|(text, _)| text));
    // A pretty form has more lines to be wrong about.
    let documents = texts.filter_map(|text| serde_json::from_str::<Value>(&text).ok());
    documents
        .filter(|document| document.get("buckets").is_some() && document.to_string().len() < 20_000)
        .map(|document| format!("{document:#}"))
        .collect()
}

/// Every finding that has a value points at it in the file.
fn assert_places(text: &str, configuration: &Value, inner: impl Fn(&str) -> String) -> usize {
    let mut count = 0;
    for finding in configuration["findings"].as_array().unwrap() {
        let Some(value) = finding["value"].as_str() else {
            continue;
        };
        let there = inner(at(text, finding));
        let code = finding["code"].as_str().unwrap();
        if matches!(code, "unknown-field" | "duplicate-field" | "higress-rules") {
            let key = finding["pointer"].as_str().unwrap().rsplit('/').next().unwrap();
            assert_eq!(there.trim_matches('"').replace('~', "~0").replace('/', "~1"), key);
        } else {
            let read: Value =
                serde_json::from_str(&there).unwrap_or_else(|error| panic!("{error}: {there}: {finding}"));
            assert_eq!(
                read.as_str().map_or_else(|| read.to_string(), str::to_owned),
                value
            );
        }
        count += 1;
    }
    count
}

#[test]
fn a_string_of_envoy_is_handed_over_as_it_is_and_each_place_in_it_is_found() {
    let folder = Folder::new("strings");
    let mut places = [0, 0];
    for document in documents() {
        let expected = of_the_core(document.as_bytes());
        let block = format!("|-\n{}{}", " ".repeat(30), indented(&document, 30));
        let quoted = Value::from(document.as_str()).to_string();
        for (kind, string) in [block, quoted].iter().enumerate() {
            let (file, text) = of_envoy(string).remove(1);
            let said = checked(&folder, file, &text);
            let configuration = only_configuration(&said);
            assert_eq!(of_the_tool(configuration), expected, "{text}");
            places[kind] += assert_places(&text, configuration, |there| match kind {
                0 => there.to_owned(),
                _ => serde_json::from_str(&format!("\"{there}\"")).unwrap(),
            });
        }
    }
    assert!(places[0] > 60 && places[0] == places[1], "{places:?}");
}

#[test]
fn a_literal_block_is_pointed_into_whatever_its_header_and_its_first_lines() {
    let folder = Folder::new("blocks");
    let margin = " ".repeat(30);
    for (header, lines) in [
        ("|", 0),
        ("&rules |", 0),
        ("| # rules", 0),
        ("|", 1),
        ("|  ", 2),
        ("&rules |-", 2),
    ] {
        let blank = "\n".repeat(lines);
        let block = format!("{header}\n{blank}{margin}{{\"buckets\":\n{margin} 7}}\n");
        let (file, text) = of_envoy(&block).remove(1);
        let said = checked(&folder, file, &text);
        let finding = &only_configuration(&said)["findings"][0];
        let line = text.lines().position(|line| line.ends_with(" 7}")).unwrap() + 1;
        assert_eq!(
            (&finding["line"], &finding["column"]),
            (&json!(line), &json!(margin.len() + 2)),
            "{text}: {finding}"
        );
    }
}

#[test]
fn what_goes_by_way_of_kubernetes_is_sorted_and_each_place_in_it_is_found() {
    let folder = Folder::new("resources");
    let mut places = 0;
    for document in documents() {
        let mut sorted: Value = serde_json::from_str(&document).unwrap();
        // For the order in which `sync` writes, serde_json keeps that of keys. Otherwise its maps are sorted.
        #[cfg(feature = "sync")]
        sorted.sort_all_objects();
        #[cfg(not(feature = "sync"))]
        let _ = &mut sorted;
        let expected = of_the_core(sorted.to_string().as_bytes());
        for (file, template, _) in OF_KUBERNETES {
            let text = rendered(template, &indented(&document, 20));
            let said = checked(&folder, file, &text);
            let configuration = only_configuration(&said);
            assert_eq!(of_the_tool(configuration), expected, "{file}: {text}");
            places += assert_places(&text, configuration, str::to_owned);
        }
    }
    assert!(places > 240, "{places}");
}

#[test]
fn a_struct_makes_doubles_of_numbers_and_a_json_value_does_not() {
    let folder = Folder::new("doubles");
    let rules = r#"{"buckets": [{"name": "b", "cors": [{"AllowedOrigins": "*", "AllowedMethods": "PUT",
                    "MaxAgeSeconds": 9007199254740993}]}]}"#;
    for (file, template, _) in OF_KUBERNETES {
        let said = checked(&folder, file, &rendered(template, rules));
        let message = only_configuration(&said)["findings"][0]["message"]
            .as_str()
            .unwrap();
        let shown = if file == "envoy-gateway.yaml" {
            "9007199254740993 "
        } else {
            "9007199254740992 "
        };
        assert!(message.starts_with(shown), "{file}: {message}");
    }
}

#[test]
fn a_struct_reaches_the_filter_of_envoy_as_protobuf() {
    let folder = Folder::new("struct");
    let string = "google.protobuf.StringValue";
    let (file, text) = of_envoy(&indented(RULES.trim(), 30)).remove(0);
    let text = text.replace(string, "google.protobuf.Struct");
    let said = checked(&folder, file, &text);
    let configuration = only_configuration(&said);
    assert_eq!(of_the_tool(configuration), [["error", "raw-protobuf", ""]]);
    assert_eq!(
        configuration["at"],
        "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0/typed_config/config/configuration/value"
    );
}

#[test]
fn every_configuration_of_every_document_in_a_file_is_checked() {
    let plugin = |kind: &str, group: &str, mut spec: Value| {
        spec["phase"] = json!("AUTHN");
        json!({ "apiVersion": group, "kind": kind, "metadata": { "name": "cors" }, "spec": spec })
    };
    let good = json!({ "buckets": [] });
    let bad = json!({ "buckets": {} });
    let higress = plugin(
        "WasmPlugin",
        "extensions.higress.io/v1alpha1",
        json!({
            "defaultConfig": good,
            "matchRules": [{ "domain": ["a.example"], "config": bad }, { "config": bad, "configDisable": true }],
        }),
    );
    let typed = json!({
        "@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
        "type_url": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "value": { "config": {
            "vm_config": { "code": { "local": { "filename": "/etc/bucket_cors.wasm" } } },
            "configuration": { "@type": "type.googleapis.com/google.protobuf.StringValue", "value": bad.to_string() },
        } },
    });
    let documents = [
        plugin("Service", "v1", json!({ "ports": [] })),
        plugin(
            "WasmPlugin",
            "extensions.istio.io/v1alpha1",
            json!({ "url": "oci://a/basic-auth", "pluginConfig": {} }),
        ),
        plugin(
            "WasmPlugin",
            "extensions.istio.io/v1alpha1",
            json!({ "url": "oci://a/bucket-cors" }),
        ),
        plugin(
            "WasmPlugin",
            "extensions.istio.io/v1alpha1",
            json!({ "url": "oci://a/b", "pluginConfig": bad }),
        ),
        higress,
        plugin(
            "EnvoyExtensionPolicy",
            "gateway.envoyproxy.io/v1alpha1",
            json!({ "wasm": [{ "name": "a", "config": good }, { "name": "other" }, { "name": "b", "config": bad }] }),
        ),
        plugin(
            "EnvoyFilter",
            "networking.istio.io/v1alpha3",
            json!({ "configPatches": [{ "patch": { "value": typed } }] }),
        ),
        json!({ "kind": "List", "apiVersion": "v1", "items": [
            plugin("TrafficExtension", "extensions.istio.io/v1alpha1", json!({ "wasm": { "pluginConfig": bad } })),
        ] }),
        good.clone(),
    ];
    let yaml = documents.map(|document| format!("---\n{document:#}\n")).concat();
    let folder = Folder::new("several");
    let said = checked(&folder, "all.yaml", &yaml);
    let configurations = said["configurations"].as_array().unwrap().iter();
    let found: Vec<_> = configurations
        .map(|it| {
            let codes: Vec<_> = of_the_tool(it)
                .into_iter()
                .map(|[_, code, at]| format!("{at}: {code}"))
                .collect();
            (
                it["of"].as_str().unwrap(),
                it["at"].as_str().unwrap(),
                codes.join(", "),
            )
        })
        .collect();
    let wrong = "/buckets: wrong-type".to_owned();
    assert_eq!(
        found,
        [
            ("WasmPlugin cors", "/spec", ": empty-configuration".to_owned()),
            ("WasmPlugin cors", "/spec/pluginConfig", wrong.clone()),
            (
                "WasmPlugin cors",
                "/spec/defaultConfig",
                "/_rules_: higress-rules".to_owned()
            ),
            ("EnvoyExtensionPolicy cors", "/spec/wasm/0/config", String::new()),
            ("EnvoyExtensionPolicy cors", "/spec/wasm/2/config", wrong.clone()),
            (
                "Wasm filter ",
                "/spec/configPatches/0/patch/value/value/config/configuration/value",
                wrong.clone()
            ),
            ("TrafficExtension cors", "/items/0/spec/wasm/pluginConfig", wrong),
            // The filter would get the file as it stands.
            ("", "", ": not-json".to_owned()),
        ]
    );
    let others = said["left_out"].as_array().unwrap();
    assert_eq!(others.len(), 2, "{others:?}");
    // The matchRules are what is wrong with the Higress plugin.
    let higress = said["configurations"][2]["findings"][0]["line"].as_u64().unwrap();
    let line = yaml.lines().nth(usize::try_from(higress).unwrap() - 1).unwrap();
    assert!(line.contains("\"matchRules\""), "{line}");
}

#[test]
fn the_rules_of_a_dynamic_module_are_found_however_they_are_given() {
    let types = "type.googleapis.com";
    let bad = json!({ "buckets": [{ "name": "b", "cors": [{
        "AllowedOrigins": ["https://a.example"], "AllowedMethods": ["GET", "HEAD"], "MaxAgeSeconds": 0.5,
    }] }] });
    let filter = |name: &str, module: &Value, configuration: Value| {
        json!({ "name": name, "typed_config": {
            "@type": format!("{types}/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter"),
            "dynamic_module_config": module,
            "filter_config": configuration,
        } })
    };
    let text = json!({ "@type": format!("{types}/google.protobuf.StringValue"), "value": bad.to_string() });
    let given = json!({ "@type": format!("{types}/google.protobuf.Struct"), "value": bad });
    let (ours, other) = (
        json!({ "module": { "local": { "filename": "/usr/lib/libbucket_cors.so" } } }),
        json!({ "name": "coraza" }),
    );
    let empty = json!({ "@type": format!("{types}/google.protobuf.StringValue"), "value": "" });
    let bootstrap = json!({ "static_resources": { "filters": [
        filter("a", &ours, text.clone()), filter("b", &ours, given), filter("c", &ours, empty.clone()), filter("d", &other, empty),
        // As an API server or a dump writes it.
        { "name": "e", "typedConfig": {
            "@type": format!("{types}/udpa.type.v1.TypedStruct"),
            "typeUrl": format!("{types}/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter"),
            "value": { "dynamicModuleConfig": { "name": "bucket_cors" }, "filterConfig": text },
        } },
    ] } });
    let policy = json!({
        "apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "EnvoyExtensionPolicy", "metadata": { "name": "cors" },
        "spec": { "dynamicModule": [{ "name": "bucket-cors", "config": bad }, { "name": "other" }] },
    });
    let folder = Folder::new("dynamic");
    let said = checked(&folder, "a.yaml", &format!("{bootstrap:#}\n---\n{policy:#}\n"));
    let configurations = said["configurations"].as_array().unwrap().iter();
    let found: Vec<_> = configurations
        .map(|it| {
            let finding = of_the_tool(it).swap_remove(0).join(" ");
            (it["of"].as_str().unwrap(), finding)
        })
        .collect();
    let age = || "error max-age /buckets/0/cors/0/MaxAgeSeconds".to_owned();
    assert_eq!(
        found,
        [
            ("Dynamic module a", age()),
            ("Dynamic module b", age()),
            ("Dynamic module c", "error empty-configuration ".to_owned()),
            ("Dynamic module e", age()),
            ("EnvoyExtensionPolicy cors", age()),
        ]
    );
    assert_eq!(said["left_out"].as_array().unwrap().len(), 2);
}

#[test]
fn a_resource_in_json_is_found_as_well() {
    let folder = Folder::new("json");
    let resource = json!({
        "apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin", "metadata": { "name": "a" },
        "spec": { "pluginConfig": { "buckets": [{ "name": "b", "corz": 7 }] } },
    });
    let text = format!("{resource:#}").replace("  ", "\t");
    let said = checked(&folder, "a.json", &text);
    let configuration = only_configuration(&said);
    assert_eq!(
        of_the_tool(configuration)[0],
        ["error", "unknown-field", "/buckets/0/corz"]
    );
    assert_eq!(assert_places(&text, configuration, str::to_owned), 1);
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
