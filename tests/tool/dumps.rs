//! What `check` and `explain` say of trouble that a `config_dump` shows.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::tool::{Folder, Output};

const TYPES: &str = "type.googleapis.com/envoy";
const GOOD: &str = r#"{"buckets": [{"name": "b", "cors": null}]}"#;
const REFUSED: &str = r#"{"buckets": [{"name": "b", "cors": [{"AllowedOrigins": ["https://a*b*c"], "AllowedMethods": ["GET"]}]}]}"#;

const QUESTION: [&str; 5] = [
    "explain",
    "--url",
    "http://edge.example/b/o",
    "--origin",
    "https://a.example",
];

fn filter(rules: &str) -> Value {
    json!({
        "@type": format!("{TYPES}.extensions.filters.http.wasm.v3.Wasm"),
        "config": {
            "name": "bucket-cors",
            "configuration": { "@type": "type.googleapis.com/google.protobuf.StringValue", "value": rules },
        },
    })
}

/// A listener whose routes are those of a name.
fn listener(filters: Value, routes: &str) -> Value {
    json!({ "name": "edge", "filter_chains": [{ "filters": [{ "typed_config": {
        "rds": { "route_config_name": routes },
        "http_filters": filters,
    } }] }] })
}

fn routes(name: &str, switch: Value) -> Value {
    json!({ "route_config": { "name": name, "virtual_hosts": [{ "domains": ["*"], "routes": [{
        "match": { "prefix": "/" },
        "route": { "cluster": "store", "timeout": "0s" },
        "typed_per_filter_config": switch,
    }] }] } })
}

fn dump(listeners: Value, routes: Value) -> Value {
    json!({ "configs": [
        { "@type": format!("{TYPES}.admin.v3.ListenersConfigDump"), "dynamic_listeners": listeners },
        { "@type": format!("{TYPES}.admin.v3.RoutesConfigDump"), "dynamic_route_configs": routes },
    ] })
}

fn run(dump: &Value, command: &[&str]) -> Output {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let folder = Folder::new(&format!("dump-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    folder.write("dump.json", dump.to_string());
    folder.run(&[command, &["dump.json"]].concat())
}

/// The codes that `check` says of what surrounds, and all that `explain` says on its standard error.
fn said(dump: &Value) -> (Vec<String>, String) {
    let checked: Value = serde_json::from_str(&run(dump, &["check", "--format", "json"]).stdout).unwrap();
    let configurations = checked["files"][0]["configurations"].as_array().unwrap().iter();
    let findings = configurations.flat_map(|it| it["findings"].as_array().unwrap());
    let about = findings.filter(|it| it["pointer"].as_str().unwrap().starts_with("/configs"));
    let codes = about.map(|it| it["code"].as_str().unwrap().to_owned()).collect();
    (codes, run(dump, &QUESTION).stderr)
}

#[test]
fn a_filter_that_no_route_switches_on_is_told() {
    let name = "envoy.filters.http.wasm//default/bucket-cors/wasm/0";
    let chain = json!([{ "name": name, "typed_config": filter(GOOD), "disabled": true }]);
    let listeners = json!([{ "active_state": { "listener": listener(chain, "store") } }]);
    let on = json!({ name: { "@type": format!("{TYPES}.config.route.v3.FilterConfig"), "config": {} } });
    let off = json!({ name: { "@type": format!("{TYPES}.config.route.v3.FilterConfig"), "disabled": true } });
    let told = ["not-switched-on"];
    for (routes, expected) in [
        (json!([routes("store", on.clone())]), &[][..]),
        (json!([routes("store", off)]), &told[..]),
        (json!([routes("store", json!({}))]), &told[..]),
        (
            json!([routes("store", json!({})), routes("another", on.clone())]),
            &told[..],
        ),
        // The routes may be anywhere.
        (json!([routes("another", on)]), &[][..]),
    ] {
        let (codes, explained) = said(&dump(listeners.clone(), routes.clone()));
        assert_eq!(codes, expected, "{routes}");
        assert_eq!(
            explained.contains("[not-switched-on]"),
            !expected.is_empty(),
            "{explained}"
        );
    }
}

#[test]
fn an_update_that_envoy_refused_is_told_and_what_runs_is_explained() {
    let chain = |rules: &str| json!([{ "name": "bucket-cors", "typed_config": filter(rules) }]);
    let active = json!({ "listener": listener(chain(GOOD), "store") });
    let refused = json!({
        "failed_configuration": listener(chain(REFUSED), "store"),
        "last_update_attempt": "2026-11-29T10:55:35.533Z",
        "details": "Unable to create Wasm plugin bucket-cors",
    });
    let listeners = json!([{ "name": "edge", "active_state": active, "error_state": refused }]);
    let both = dump(listeners, json!([routes("store", json!({}))]));
    let (codes, explained) = said(&both);
    assert_eq!(codes, ["refused-update"]);
    assert!(
        explained.contains("It says: Unable to create Wasm plugin bucket-cors"),
        "{explained}"
    );
    assert!(explained.contains("at 2026-11-29T10:55:35.533Z"), "{explained}");
    let output = run(&both, &["check"]);
    assert_eq!(output.code, 1, "the refused rules are checked too: {output:?}");
    // An older listener that still drains answers nothing new.
    let draining = json!([{ "name": "edge", "active_state": active,
        "draining_state": { "listener": listener(chain(r#"{"buckets": []}"#), "store") } }]);
    let output = run(&dump(draining, json!([])), &QUESTION);
    assert!(output.stdout.contains("bucket: b, path-style"), "{output:?}");
    // Of another filter's refusal there is nothing to say.
    let other = json!([{ "active_state": active, "error_state": { "details": "no cluster" } }]);
    assert_eq!(said(&dump(other, json!([]))).0, [""; 0]);
}

#[test]
fn what_istio_puts_in_the_place_of_a_module_that_it_could_not_fetch_is_told() {
    let deny = |name: &str| {
        let config = json!({ "@type": format!("{TYPES}.extensions.filters.http.rbac.v3.RBAC"), "rules": {},
            "rulesStatPrefix": "wasm-default-deny" });
        json!({ "ecdsFilter": { "name": name, "typedConfig": config } })
    };
    let ecds = |filters: Value| json!({ "configs": [{ "ecdsFilters": filters }] });
    let ours = "extensions.istio.io/wasmplugin/istio-ingress.bucket-cors";
    for command in [&["check"][..], &["explain", "--url", "http://e.example/b/o"]] {
        let output = run(&ecds(json!([deny(ours)])), command);
        assert_eq!(output.code, 2);
        let text = output.stdout + &output.stderr;
        assert!(
            text.contains("dump.json:1:") && text.contains("could not fetch the module of"),
            "{text}"
        );
        let output = run(&ecds(json!([deny("istio-ingress.another")])), command);
        let text = output.stdout + &output.stderr;
        assert!(
            text.contains("there is no configuration of bucket-cors in it"),
            "{text}"
        );
    }
    let running = json!({ "ecdsFilter": { "name": "second-bucket-cors", "typedConfig": filter(GOOD) } });
    assert_eq!(said(&ecds(json!([deny(ours), running]))).0, ["image-not-fetched"]);
}

/// What each configuration is called.
fn labels(dump: &Value) -> Vec<String> {
    let checked: Value = serde_json::from_str(&run(dump, &["check", "--format", "json"]).stdout).unwrap();
    let configurations = checked["files"][0]["configurations"].as_array().unwrap().iter();
    configurations
        .map(|it| it["of"].as_str().unwrap().to_owned())
        .collect()
}

/// A chain whose filter comes by ECDS, with another until then.
fn chain_with_default(rules: &str) -> Value {
    json!([{ "name": "bucket-cors", "config_discovery": { "default_config": filter(rules) } }])
}

fn came(version: &str, rules: &str) -> Value {
    json!({ "version_info": version, "ecds_filter": {
        "@type": format!("{TYPES}.config.core.v3.TypedExtensionConfig"),
        "name": "bucket-cors", "typed_config": filter(rules),
    } })
}

/// As Envoy 1.40 writes it: what the bootstrap has stands among the listeners too.
fn dump_with_ecds(listener: &Value, filters: Value) -> Value {
    json!({ "configs": [
        { "@type": format!("{TYPES}.admin.v3.BootstrapConfigDump"),
          "bootstrap": { "static_resources": { "listeners": [listener] } } },
        { "@type": format!("{TYPES}.admin.v3.EcdsConfigDump"), "ecds_filters": filters },
        { "@type": format!("{TYPES}.admin.v3.ListenersConfigDump"),
          "static_listeners": [{ "listener": listener }] },
    ] })
}

#[test]
fn each_configuration_of_a_dump_is_called_by_its_place() {
    let inline = |rules: &str| json!([{ "name": "bucket-cors", "typed_config": filter(rules) }]);
    let mut tls = listener(inline(GOOD), "store");
    let mut second = tls["filter_chains"][0].clone();
    second["name"] = "by-name".into();
    tls["filter_chains"].as_array_mut().unwrap().push(second.clone());
    second.as_object_mut().unwrap().remove("name");
    tls["default_filter_chain"] = second;
    let mut all = dump_with_ecds(
        &listener(chain_with_default(GOOD), "store"),
        json!([came("7", GOOD), { "error_state": { "failed_configuration": came("", REFUSED)["ecds_filter"] } }]),
    );
    let edge = |of: &str| json!({ "listener": listener(inline(GOOD), of) });
    all["configs"][2]["dynamic_listeners"] = json!([{
        "active_state": { "version_info": "9", "listener": tls },
        "warming_state": edge("a"), "drainingState": edge("b"),
        "error_state": { "failed_configuration": listener(inline(REFUSED), "c") },
    }]);
    let mut said = labels(&all);
    said.sort();
    let mut expected = [
        ", by ECDS, version 7",
        ", by ECDS, refused",
        ", static listener edge, default_config",
        ", static listener edge, default_config, in the bootstrap",
        ", active listener edge, filter chain 1",
        ", active listener edge, filter chain by-name",
        ", active listener edge, filter chain by default",
        ", warming listener edge",
        ", draining listener edge",
        ", refused listener edge",
    ]
    .map(|place| format!("Wasm filter bucket-cors{place}"));
    expected.sort();
    assert_eq!(said, expected);
    // Two listeners with rules of their own are told apart where one has to be chosen.
    let mut other = listener(inline(r#"{"buckets": []}"#), "store");
    other["name"] = "inner".into();
    let two = json!([{ "active_state": edge("store") }, { "active_state": { "listener": other } }]);
    let output = run(
        &dump(two, json!([])),
        &["explain", "--url", "http://e.example/b/o"],
    );
    assert_eq!(output.code, 2);
    for line in [
        "1 Wasm filter bucket-cors, active listener edge,",
        "2 Wasm filter bucket-cors, active listener inner,",
    ] {
        assert!(output.stderr.contains(line), "{output:?}");
    }
}

#[test]
fn what_answers_is_explained_where_a_default_stands_beside_what_came_by_ecds() {
    const DEFAULT: &str = r#"{"buckets": [{"name": "*", "hosts": ["*"], "cors": null}]}"#;
    let kept = REFUSED.replacen('{', r#"{"on_refused_rules": "last_good", "#, 1);
    let (nothing, refused) = (
        "no rules have come by ECDS for bucket-cors: this default_config stands in",
        "rules that came by ECDS for bucket-cors are refused: this default_config stands in",
    );
    let refused_by_envoy = json!({ "error_state": {
        "failed_configuration": came("", GOOD)["ecds_filter"], "details": "no module of bucket-cors",
    } });
    for (filters, told, bucket) in [
        (Value::Null, Some(nothing), "*"),
        (json!([came("1", REFUSED)]), Some(refused), "*"),
        (json!([refused_by_envoy]), Some(refused), "*"),
        (json!([came("1", GOOD)]), None, "b"),
    ] {
        let dump = dump_with_ecds(&listener(chain_with_default(DEFAULT), "store"), filters);
        let codes = said(&dump).0;
        let count = codes.iter().filter(|code| *code == "default-stands-in").count();
        assert_eq!(count, usize::from(told.is_some()), "{codes:?}");
        let output = run(
            &dump,
            &[
                "explain",
                "--url",
                "http://e.example/b/o",
                "--origin",
                "https://a.example",
            ],
        );
        assert!(
            output.stdout.contains(&format!("\nbucket: {bucket}, ")),
            "{output:?}"
        );
        assert_eq!(
            output.stderr.contains("default_config"),
            told.is_some(),
            "{output:?}"
        );
        assert!(output.stderr.contains(told.unwrap_or_default()), "{output:?}");
    }
    // The filter itself goes on with older rules.
    let dump = dump_with_ecds(
        &listener(chain_with_default(DEFAULT), "store"),
        json!([came("1", &kept)]),
    );
    let output = run(&dump, &["explain", "--url", "http://e.example/b/o"]);
    assert!(
        output.stderr.contains("the last good rules stay in force"),
        "{output:?}"
    );
    // A bootstrap by itself does not say what has come.
    let bootstrap =
        json!({ "static_resources": { "listeners": [listener(chain_with_default(DEFAULT), "store")] } });
    let output = run(&bootstrap, &["check", "--deny-warnings"]);
    assert!(!output.stdout.contains("default-stands-in"), "{output:?}");
    assert_eq!(
        labels(&bootstrap),
        ["Wasm filter bucket-cors, static listener edge, default_config"]
    );
}

/// Recorded of real control planes, where that stands beside the checkout.
#[test]
fn what_real_control_planes_made_is_told() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/control-planes");
    if !folder.is_dir() {
        return;
    }
    let keys = [
        "changed-keys",
        "changed-keys",
        "refused-headers",
        "cuts-downloads",
    ];
    for (file, expected) in [
        ("envoy-gateway/basic-auth.json", &keys[..]),
        ("envoy-gateway/client-traffic-policy.json", &keys[3..]),
        ("envoy-gateway/dynamic-module.json", &keys[..]),
        ("envoy-gateway/get-and-options-route.json", &keys[..]),
        (
            "envoy-gateway/get-only-route.json",
            &[&keys[..3], &["no-options-route"], &keys[3..]].concat()[..],
        ),
        ("istio/envoy-filter-dynamic-module.json", &[]),
        ("istio/traffic-extension.json", &[]),
        ("istio/wasm-plugin.json", &[]),
        ("istio/wasm-plugin-behind-jwt.json", &[]),
        ("istio/wasm-plugin-refused-rules.json", &[]),
    ] {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!(said(&serde_json::from_str(&text).unwrap()).0, expected, "{file}");
    }
    let text = fs::read_to_string(folder.join("istio/wasm-plugin-image-missing.json")).unwrap();
    let output = run(&serde_json::from_str(&text).unwrap(), &["check"]);
    assert!(
        output.stdout.contains("could not fetch the module of"),
        "{output:?}"
    );
}
