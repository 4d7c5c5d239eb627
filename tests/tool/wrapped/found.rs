//! Every configuration in a file is found.

use serde_json::{Value, json};

use super::places::assert_places;
use super::{checked, only_configuration};
use crate::check::of_the_tool;
use crate::tool::Folder;

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
