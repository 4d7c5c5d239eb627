//! What `check` says of what stands beside a plugin of Istio's or Higress's.

use serde_json::{Value, json};

use super::codes;

fn plugin(namespace: &str, labels: &Value, more: &Value) -> Value {
    let mut plugin = json!({
        "apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin",
        "metadata": { "name": "bucket-cors", "namespace": namespace },
        "spec": {
            "selector": { "matchLabels": labels },
            "phase": "AUTHN", "url": "oci://r/bucket-cors",
            "pluginConfig": {
                "endpoints": ["s3.example.com"],
                "buckets": [{ "name": "photos", "hosts": ["static.example.com"], "cors": null }],
            },
        },
    });
    for (name, value) in more.as_object().unwrap() {
        plugin["spec"][name] = value.clone();
    }
    plugin
}

/// What is told of a resource beside the plugin of a gateway.
fn told(kind: &str, namespace: &str, spec: &Value) -> Vec<String> {
    let plugin = plugin("istio-ingress", &json!({ "istio": "ingressgateway" }), &json!({}));
    let beside = json!({ "kind": kind, "metadata": { "name": "it", "namespace": namespace }, "spec": spec });
    codes("istio.yaml", &format!("{plugin}\n---\n{beside}\n"))
}

#[test]
fn a_route_with_a_policy_or_a_limit_is_told() {
    let service = |hosts: &Value, gateways: &Value, timeout: &str| {
        let policy = json!({ "allowOrigins": [{ "exact": "https://a.example" }] });
        let route = json!({ "corsPolicy": policy, "timeout": timeout });
        let spec = json!({ "hosts": hosts, "gateways": gateways, "http": [{}, route] });
        told("VirtualService", "istio-ingress", &spec)
    };
    let cors = "/spec/http/1/corsPolicy: another-cors".to_owned();
    let time = "/spec/http/1/timeout: cuts-downloads".to_owned();
    for hosts in [
        json!(["*"]),
        json!(["s3.example.com"]),
        json!(["api.example.com", "static.example.com"]),
    ] {
        assert_eq!(
            service(&hosts, &json!(["g"]), "10s"),
            [cors.clone(), time.clone()],
            "{hosts}"
        );
    }
    assert_eq!(service(&json!(["*"]), &json!(["mesh", "g"]), "0s"), [cors]);
    // One of another host, and one of the clients in the mesh.
    assert_eq!(
        service(&json!(["api.example.com"]), &json!(["g"]), "10s"),
        [""; 0]
    );
    assert_eq!(service(&json!(["*"]), &json!(["mesh"]), "10s"), [""; 0]);
    assert_eq!(service(&json!(["*"]), &Value::Null, "10s"), [""; 0]);

    let route = |kind: &str, host: &str, timeout: &str| {
        let filters = json!([{ "type": "CORS", "cors": {} }]);
        let rule = json!({ "filters": filters, "timeouts": { "request": timeout } });
        let parents = json!([{ "kind": kind, "name": "g" }]);
        let spec = json!({ "parentRefs": parents, "hostnames": [host], "rules": [rule] });
        told("HTTPRoute", "istio-ingress", &spec)
    };
    let cors = "/spec/rules/0/filters/0/cors: another-cors".to_owned();
    let time = "/spec/rules/0/timeouts/request: cuts-downloads".to_owned();
    assert_eq!(
        route("Gateway", "static.example.com", "10s"),
        [cors.clone(), time]
    );
    assert_eq!(route("Gateway", "static.example.com", "0s"), [cors]);
    assert_eq!(route("Gateway", "api.example.com", "10s"), [""; 0]);
    assert_eq!(route("Service", "static.example.com", "10s"), [""; 0]);
}

#[test]
fn a_route_of_another_controller_is_left_alone() {
    let plugin = plugin("default", &json!({ "istio": "ingressgateway" }), &json!({}));
    for (class, told) in [
        ("istio", &["/spec/rules/0/timeouts/request: cuts-downloads"][..]),
        ("eg", &[]),
    ] {
        let gateway = json!({ "kind": "Gateway", "metadata": { "name": "g", "namespace": "default" },
            "spec": { "gatewayClassName": class } });
        let route = json!({ "kind": "HTTPRoute", "metadata": { "name": "r", "namespace": "default" },
            "spec": { "parentRefs": [{ "name": "g" }], "rules": [{ "timeouts": { "request": "10s" } }] } });
        let found = codes("istio.yaml", &format!("{plugin}\n---\n{gateway}\n---\n{route}\n"));
        assert_eq!(found, told, "{class}");
    }
}

#[test]
fn an_external_authorizer_that_is_asked_for_preflights_is_told() {
    let gateway = json!({ "matchLabels": { "istio": "ingressgateway" } });
    let policy = |action: &str, selector: &Value, rules: &Value| {
        let spec =
            json!({ "action": action, "selector": selector, "provider": { "name": "x" }, "rules": rules });
        told("AuthorizationPolicy", "istio-ingress", &spec)
    };
    let to = |operation: Value| json!([{ "to": [{ "operation": operation }] }]);
    let at = ["/spec/rules/0: behind-authentication"];
    for (rules, is_told) in [
        (json!([{}]), true),
        (to(json!({ "paths": ["/*"] })), true),
        (to(json!({ "methods": ["GET", "OPTIONS"] })), true),
        (to(json!({ "hosts": ["s3.example.com"] })), true),
        (to(json!({ "methods": ["GET", "PUT"] })), false),
        (to(json!({ "notMethods": ["OPTIONS"] })), false),
        (to(json!({ "hosts": ["api.example.com"] })), false),
        (json!([]), false),
    ] {
        let told = if is_told { &at[..] } else { &[] };
        assert_eq!(policy("CUSTOM", &gateway, &rules), told, "{rules}");
    }
    assert_eq!(policy("DENY", &gateway, &json!([{}])), [""; 0]);
    let other = json!({ "matchLabels": { "istio": "egressgateway" } });
    assert_eq!(policy("CUSTOM", &other, &json!([{}])), [""; 0]);
}

#[test]
fn higress_s_own_plugin_for_cors_is_told() {
    let beside = |spec: Value| told("WasmPlugin", "istio-ingress", &spec);
    for url in ["oci://h.example/plugins/cors:1.0.0", "oci://h.example/cors"] {
        let found = beside(json!({ "url": url, "defaultConfig": {} }));
        assert_eq!(found, ["/spec/url: another-cors"], "{url}");
    }
    assert_eq!(
        beside(json!({ "url": "oci://h.example/cors:1", "defaultConfigDisable": true })),
        [""; 0]
    );
    assert_eq!(beside(json!({ "url": "oci://h.example/jwt-auth:1" })), [""; 0]);
}

#[test]
fn a_plugin_of_sidecars_may_be_for_servers() {
    let server = json!({ "match": [{ "mode": "SERVER" }] });
    for (labels, is_told) in [
        (json!({ "app": "store" }), false),
        (json!({ "istio": "ingressgateway" }), true),
        (json!({ "gateway.networking.k8s.io/gateway-name": "store" }), true),
        (json!({ "app": "edge-gateway" }), true),
        (json!({}), true),
    ] {
        let found = codes("istio.yaml", &plugin("store", &labels, &server).to_string());
        let told: &[&str] = if is_told {
            &["/spec/match/0: not-on-gateways"]
        } else {
            &[]
        };
        assert_eq!(found, told, "{labels}");
    }
}
