//! What `check` says of a filter that is off, skipped or left out, and of routes that do a part of its work.

use serde_json::{Value, json};

use super::{MANAGER, RULES, bootstrap, codes, everywhere, filter, library, wasm};

/// Of the samples.
const ORIGIN_ONLY: &str = include_str!("../../../envoy/envoy-origin-only.yaml");

/// What a route says of a filter.
fn switch(is_off: bool) -> Value {
    json!({ "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": is_off })
}

/// A bootstrap with another value at a pointer below its connection manager.
fn with(filters: &[Value], routes: Value, below: &str, key: &str, value: Value) -> String {
    let mut file: Value = serde_json::from_str(&bootstrap(filters, routes)).unwrap();
    file.pointer_mut(&format!("{MANAGER}{below}")).unwrap()[key] = value;
    file.to_string()
}

#[test]
fn a_filter_that_a_matcher_wraps_is_told() {
    let wrapped = |mut filter: Value, action: &str| {
        let inner = json!({ "name": "inner", "typed_config": filter["typed_config"].take() });
        filter["name"] = json!("outer");
        filter["typed_config"] = json!({
            "@type": "type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher",
            "extension_config": inner,
            "xds_matcher": { "on_no_match": { "action": { "name": "a", "typed_config": {
                "@type": format!("type.googleapis.com/envoy.extensions.filters.common.matcher.action.v3.{action}"),
            } } } },
        });
        filter
    };
    for ours in [wasm(), library()] {
        let at = format!("{MANAGER}/http_filters/0/typed_config/xds_matcher: switched-off");
        let skips = wrapped(ours.clone(), "SkipFilter");
        assert_eq!(codes("envoy.json", &bootstrap(&[skips], everywhere())), [at]);
        let other = wrapped(ours.clone(), "Another");
        assert_eq!(codes("envoy.json", &bootstrap(&[other], everywhere())), [""; 0]);
        let before = wrapped(filter("envoy.filters.http.ext_authz"), "SkipFilter");
        let at = format!("{MANAGER}/http_filters/0: behind-authentication");
        assert_eq!(
            codes("envoy.json", &bootstrap(&[before, ours], everywhere())),
            [at]
        );
    }
}

#[test]
fn a_filter_that_is_off_for_a_part_of_the_requests_is_told() {
    let off = || json!({ "bucket-cors": switch(true) });
    let key = "typed_per_filter_config";
    for below in ["", "/virtual_hosts/0", "/virtual_hosts/0/routes/0"] {
        for ours in [wasm(), library()] {
            let below = format!("/route_config{below}");
            let at = format!("{MANAGER}{below}/{key}: not-switched-on");
            let file = with(std::slice::from_ref(&ours), everywhere(), &below, key, off());
            assert_eq!(codes("envoy.json", &file), [at], "{below}");
            let on = json!({ "bucket-cors": switch(false) });
            let file = with(&[ours], everywhere(), &below, key, on);
            assert_eq!(codes("envoy.json", &file), [""; 0], "{below}");
        }
    }
    let several = json!([{ "match": { "prefix": "/" }, "route": { "timeout": "0s", "weighted_clusters": { "clusters": [
        { "name": "one", "weight": 1 },
        { "name": "two", "weight": 1, key: off() },
    ] } } }]);
    let routes = format!("{MANAGER}/route_config/virtual_hosts/0/routes");
    assert_eq!(
        codes("envoy.json", &bootstrap(&[wasm()], several)),
        [format!(
            "{routes}/0/route/weighted_clusters/clusters/1/{key}: switched-off"
        )]
    );
    let to = |cluster: &str, matched: Value, switch: Value| json!({ "match": matched, "route": { "cluster": cluster, "timeout": "0s" }, key: switch });
    let all = || json!({ "prefix": "/" });
    let origin = |headers: Value| json!({ "prefix": "/", "headers": [headers] });
    let with_origin = || {
        to(
            "store",
            origin(json!({ "name": "Origin", "present_match": true })),
            json!({}),
        )
    };
    let at = |index: usize| vec![format!("{routes}/{index}/{key}: switched-off")];
    for (chain, told) in [
        (
            json!([
                to("store", json!({ "prefix": "/a/" }), off()),
                to("store", all(), json!({}))
            ]),
            at(0),
        ),
        // Another service.
        (
            json!([
                to("pages", json!({ "prefix": "/a/" }), off()),
                to("store", all(), json!({}))
            ]),
            vec![],
        ),
        // Only what has no Origin is left for it.
        (json!([with_origin(), to("store", all(), off())]), vec![]),
        (json!([to("store", all(), off()), with_origin()]), at(0)),
        (
            json!([
                to(
                    "store",
                    origin(json!({ "name": "origin", "present_match": false })),
                    off()
                ),
                with_origin()
            ]),
            vec![],
        ),
        (
            json!([
                to(
                    "store",
                    origin(json!({ "name": "origin", "present_match": true, "invert_match": true })),
                    off()
                ),
                with_origin(),
            ]),
            vec![],
        ),
        // Of those with an Origin, the first takes a part.
        (
            json!([
                to(
                    "store",
                    json!({ "prefix": "/", "query_parameters": [{ "name": "q" }] }),
                    json!({})
                ),
                to("store", all(), off()),
            ]),
            at(1),
        ),
        (
            json!([
                to("store", json!({ "prefix": "/a/" }), json!({})),
                to("store", all(), off())
            ]),
            at(1),
        ),
    ] {
        assert_eq!(
            codes("envoy.json", &bootstrap(&[wasm()], chain.clone())),
            told,
            "{chain}"
        );
    }
    let mut ours = wasm();
    ours["disabled"] = json!(true);
    let on = json!({ "bucket-cors": switch(false) });
    let chain = json!([
        to("store", json!({ "prefix": "/a/" }), on),
        to("store", all(), json!({}))
    ]);
    assert_eq!(
        codes("envoy.json", &bootstrap(&[ours], chain)),
        [format!("{routes}/1: switched-off")]
    );
}

#[test]
fn a_plugin_that_no_request_reaches_is_told() {
    let plugin = |group: &str, kind: &str, spec: Value| {
        let metadata = json!({ "name": "bucket-cors" });
        let version = format!("extensions.{group}/v1alpha1");
        codes(
            "plugin.json",
            &json!({ "apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec }).to_string(),
        )
    };
    let rules: Value = serde_json::from_str(RULES).unwrap();
    for (kind, told) in [("NETWORK", &["/spec/type: not-switched-on"][..]), ("HTTP", &[])] {
        let spec = json!({ "phase": "AUTHN", "type": kind, "url": "oci://x", "pluginConfig": rules });
        assert_eq!(plugin("istio.io", "WasmPlugin", spec), told);
    }
    for (is_off, told) in [
        (true, &["/spec/defaultConfigDisable: not-switched-on"][..]),
        (false, &[]),
    ] {
        let rule = json!([{ "configDisable": true, "ingress": ["a/b"] }]);
        for match_rules in [json!([]), rule] {
            let spec = json!({
                "phase": "AUTHN",
                "url": "oci://x",
                "defaultConfig": rules,
                "defaultConfigDisable": is_off,
                "matchRules": match_rules,
            });
            assert_eq!(plugin("higress.io", "WasmPlugin", spec), told);
        }
    }
}

#[test]
fn a_route_that_does_not_its_part_is_told() {
    let rules = json!({ "route_prepares": true, "buckets": [{ "name": "photos", "cors": null }] });
    let told = |file: &str, rules: &Value| {
        let rules = rules.to_string().replace('"', "\\\"");
        codes("envoy.yaml", &file.replace("@envoy/cors.json@", &rules))
    };
    let routes = format!("{MANAGER}/route_config/virtual_hosts/0/routes");
    let not_prepared = format!("{routes}/0: not-prepared");
    assert_eq!(told(ORIGIN_ONLY, &rules), [""; 0]);
    for (old, new) in [
        ("                    - access-control-max-age\n", ""),
        ("key: vary, value: Origin", "key: vary, value: Accept"),
        (
            "value: Origin }",
            "value: Origin }\n                      append_action: ADD_IF_ABSENT",
        ),
    ] {
        assert_eq!(ORIGIN_ONLY.matches(old).count(), 1, "{old}");
        let file = ORIGIN_ONLY.replace(old, new);
        assert_eq!(told(&file, &rules), [not_prepared.as_str()], "{old}");
        assert_eq!(
            told(&file, &serde_json::from_str(RULES).unwrap()),
            [""; 0],
            "{old}"
        );
    }
    let for_all = format!("{routes}/2/typed_per_filter_config: not-without-origin");
    for (field, value) in [
        ("cross_origin_resource_policy", json!("cross-origin")),
        ("timing_allow_origin", json!(["*"])),
    ] {
        let mut rules = rules.clone();
        rules["buckets"][0][field] = value;
        assert_eq!(told(ORIGIN_ONLY, &rules), [for_all.as_str()], "{field}");
    }
}

#[test]
fn a_route_that_no_preflight_matches_is_told() {
    let route =
        |matched: Value| json!({ "match": matched, "route": { "cluster": "store", "timeout": "0s" } });
    let method = |name: &str| json!([{ "name": ":method", "string_match": { "exact": name } }]);
    let get = json!({ "prefix": "/photos/", "headers": method("GET") });
    // The filter is on where a route says so: without one it hears of no preflight.
    let mut ours = wasm();
    ours["disabled"] = json!(true);
    let is_told = |mut routes: Value| {
        for route in routes.as_array_mut().unwrap() {
            route["typed_per_filter_config"] = json!({ "bucket-cors": switch(false) });
        }
        // In every chain, it answers preflights before a route is looked for.
        let always = bootstrap(&[wasm()], routes.clone());
        assert_eq!(codes("envoy.json", &always), [""; 0]);
        codes("envoy.json", &bootstrap(&[ours.clone()], routes))
    };
    let at = |index: usize| {
        vec![format!(
            "{MANAGER}/route_config/virtual_hosts/0/routes/{index}/match: no-options-route"
        )]
    };
    assert_eq!(is_told(json!([route(get.clone())])), at(0));
    let options = json!({ "path_separated_prefix": "/photos", "headers": method("OPTIONS") });
    assert_eq!(is_told(json!([route(get.clone()), route(options)])), [""; 0]);
    let elsewhere = json!({ "prefix": "/videos/" });
    assert_eq!(is_told(json!([route(elsewhere), route(get.clone())])), at(1));
    assert_eq!(
        is_told(json!([route(get), route(json!({ "prefix": "/" }))])),
        [""; 0]
    );
    for (headers, is_missed) in [
        (json!([{ "name": ":method", "exact_match": "GET" }]), true),
        (
            json!([{ "name": ":method", "exact_match": "DELETE", "invert_match": true }]),
            false,
        ),
        (
            json!([{ "name": ":method", "safe_regex_match": { "regex": "GET|HEAD" } }]),
            true,
        ),
        (
            json!([{ "name": ":method", "string_match": { "safe_regex": { "regex": "GET|OPTIONS" } } }]),
            false,
        ),
        (json!([{ "name": "x-tenant", "present_match": true }]), true),
        (json!([{ "name": "x-tenant", "present_match": false }]), false),
        (json!([{ "name": "origin", "present_match": true }]), false),
    ] {
        let routes = json!([route(json!({ "prefix": "/", "headers": headers }))]);
        assert_eq!(!is_told(routes).is_empty(), is_missed, "{headers}");
    }
}
