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
