//! Patches of a proxy's configuration beside the policies that a control plane writes into it.

use super::istio::{P, whole};
use super::{envoy_gateway, import, imported};
use crate::tool::Folder;

fn envoy_filter(patch: &str) -> String {
    format!("---\nkind: EnvoyFilter\nmetadata: {{name: f}}\nspec: {{configPatches: [{{{patch}}}]}}\n")
}

#[test]
fn a_policy_that_an_envoy_filter_may_change_is_left_out() {
    let of_gate = whole("one", "a.example", "gate", P);
    let of_mesh = whole("one", "a.example", "mesh", P);
    let filter = |name: &str, operation: &str| {
        format!(
            "applyTo: HTTP_FILTER, match: {{context: CONTEXT, listener: {{filterChain: {{filter: {{name: \
             envoy.filters.network.http_connection_manager{name}}}}}}}}}, patch: {{operation: {operation}, value: {{name: x}}}}"
        )
    };
    let cors = ", subFilter: {name: envoy.filters.http.cors}";
    let router = ", subFilter: {name: envoy.filters.http.router}";
    let of = |apply: &str, operation: &str, value: &str| {
        format!(
            "applyTo: {apply}, match: {{context: CONTEXT}}, patch: {{operation: {operation}, value: {value}}}"
        )
    };
    for (patch, is_changed) in [
        (filter(cors, "REMOVE"), true),
        (filter(cors, "REPLACE"), true),
        (filter(cors, "MERGE"), true),
        (filter(", subFilter: {name: envoy.cors}", "REMOVE"), true),
        (filter("", "REMOVE"), true),
        (filter(router, "MERGE"), false),
        (filter(cors, "INSERT_BEFORE"), false),
        (of("NETWORK_FILTER", "REMOVE", "{}"), true),
        (
            of("NETWORK_FILTER", "MERGE", "{typed_config: {http_filters: []}}"),
            true,
        ),
        (
            of(
                "NETWORK_FILTER",
                "MERGE",
                "{typed_config: {access_log: [{path: /x}]}}",
            ),
            false,
        ),
        (
            of("LISTENER", "MERGE", "{per_connection_buffer_limit_bytes: 1}"),
            false,
        ),
        (of("VIRTUAL_HOST", "MERGE", "{cors: {allow_methods: GET}}"), true),
        (
            of(
                "HTTP_ROUTE",
                "MERGE",
                "{typed_per_filter_config: {envoy.filters.http.cors: {}}}",
            ),
            true,
        ),
        (
            of(
                "HTTP_ROUTE",
                "MERGE",
                "{typedPerFilterConfig: {envoy.filters.http.lua: {}}}",
            ),
            false,
        ),
        (of("HTTP_ROUTE", "INSERT_FIRST", "{match: {prefix: /}}"), true),
        (of("VIRTUAL_HOST", "REPLACE", "{}"), true),
        (of("VIRTUAL_HOST", "REMOVE", "{}"), true),
        (of("ROUTE_CONFIGURATION", "MERGE", "{virtualHosts: []}"), true),
        (of("CLUSTER", "MERGE", "{}"), false),
    ] {
        for (context, gate, mesh) in [
            ("ANY", true, true),
            ("GATEWAY", true, false),
            ("SIDECAR_OUTBOUND", false, true),
            ("SIDECAR_INBOUND", false, false),
        ] {
            let patch = envoy_filter(&patch.replace("CONTEXT", context));
            for (service, is_met) in [(&of_gate, gate), (&of_mesh, mesh)] {
                let is_lost = is_changed && is_met;
                let expected = if is_lost { "" } else { P };
                let printed = imported::asked(
                    "istio",
                    &format!("{service}{patch}"),
                    &[("a.example", "/o", expected)],
                );
                let said = "left out: the EnvoyFilter \"f\" at (standard input)";
                assert_eq!(
                    printed.stderr.contains(said),
                    is_lost,
                    "{patch}{}",
                    printed.stderr
                );
                assert!(!is_lost || printed.status == 1, "{patch}");
            }
        }
        // Without a context it is for all.
        let patch = envoy_filter(&patch.replace("context: CONTEXT", "proxy: {}"));
        let expected = if is_changed { "" } else { P };
        imported::asked(
            "istio",
            &format!("{patch}{of_gate}"),
            &[("a.example", "/o", expected)],
        );
    }
    // One that is for a host is for no other.
    let one = "applyTo: HTTP_ROUTE, match: {context: GATEWAY, routeConfiguration: {vhost: {name: 'a.example:80'}}}, patch: \
               {operation: MERGE, value: {cors: {}}}";
    let both = whole("one", "a.example", "gate", P).replace("'a.example'", "a.example, b.example");
    let asked = [("a.example", "/o", ""), ("b.example", "/o", P)];
    imported::assert(
        "istio",
        &format!("{both}{}", envoy_filter(one)),
        &asked,
        1,
        "[other-hosts]",
    );
    // The filter of CORS is named, whatever else there is.
    let removed = envoy_filter(&filter(cors, "REMOVE").replace("CONTEXT", "SIDECAR_OUTBOUND"));
    imported::assert(
        "istio",
        &format!("{of_gate}{removed}"),
        &[("a.example", "/o", P)],
        1,
        "[not-read]",
    );
    // Higress writes policies of an Ingress into the same filter.
    let ingress = "---\nkind: Ingress\nmetadata: {name: x, annotations: {higress.io/enable-cors: 'true', \
                   higress.io/cors-allow-origin: 'https://p.example'}}\nspec: {rules: [{host: a.example}]}\n";
    let removed = envoy_filter(&filter(cors, "REMOVE").replace("CONTEXT", "GATEWAY"));
    imported::assert("higress", ingress, &[("a.example", "/o", P)], 0, "");
    imported::assert(
        "higress",
        &format!("{ingress}{removed}"),
        &[("a.example", "/o", "")],
        1,
        "[other-hosts]",
    );
}

#[test]
fn a_policy_that_an_envoy_patch_policy_may_change_is_left_out() {
    let own = [
        envoy_gateway::route("one", "a.example", ""),
        envoy_gateway::policy("p", "", "targetRefs: [{kind: HTTPRoute, name: one}]", P),
    ]
    .concat();
    let filters = "/default_filter_chain/filters/0/typed_config/http_filters/0";
    for (kind, operation, is_changed) in [
        (
            "listener.v3.Listener",
            format!("op: remove, path: {filters}"),
            true,
        ),
        (
            "listener.v3.Listener",
            format!("op: replace, path: {filters}/disabled, value: true"),
            true,
        ),
        (
            "listener.v3.Listener",
            format!("op: add, path: {filters}, value: {{name: x}}"),
            false,
        ),
        (
            "listener.v3.Listener",
            "op: replace, path: /per_connection_buffer_limit_bytes, value: 1".to_owned(),
            false,
        ),
        (
            "listener.v3.Listener",
            "op: remove, jsonPath: '..http_filters[0]'".to_owned(),
            true,
        ),
        (
            "route.v3.RouteConfiguration",
            "op: remove, path: /virtual_hosts/0/routes/0/typed_per_filter_config/envoy.filters.http.cors"
                .to_owned(),
            true,
        ),
        (
            "route.v3.RouteConfiguration",
            "op: add, path: /virtual_hosts/0/routes/0, value: {}".to_owned(),
            true,
        ),
        (
            "route.v3.RouteConfiguration",
            "op: replace, path: /virtual_hosts/0/routes/0/match/prefix, value: /x".to_owned(),
            true,
        ),
        (
            "route.v3.RouteConfiguration",
            "op: add, path: /virtual_hosts/0/rate_limits, value: [{}]".to_owned(),
            false,
        ),
        (
            "cluster.v3.Cluster",
            "op: remove, path: /http_filters".to_owned(),
            false,
        ),
        // What is added in the place of what is there replaces it.
        (
            "listener.v3.Listener",
            format!("op: add, path: {filters}/disabled, value: true"),
            true,
        ),
        (
            "listener.v3.Listener",
            "op: add, path: /default_filter_chain/filters/0/typed_config/http_filters, value: []".to_owned(),
            true,
        ),
        (
            "listener.v3.Listener",
            format!("op: move, from: {filters}, path: /metadata"),
            true,
        ),
    ]
    .into_iter()
    .chain(
        // What holds policies, or may.
        [
            "path: ''",
            "path: /virtual_hosts/0",
            "path: /virtual_hosts/0/typed_per_filter_config",
            "path: /virtual_hosts/0/routes/0/typed_per_filter_config",
            "path: /virtual_hosts/0/routes/0/typedPerFilterConfig",
            "path: /virtual_hosts/0/routes/0/route",
            "path: /virtual_hosts/0/routes/0/route/cors",
            "path: /virtual_hosts/0/routes/0/route/weighted_clusters/clusters/0",
            "path: /virtual_hosts/0/domains/0",
            "jsonPath: '$..typed_per_filter_config'",
            "jsonPath: '..*'",
            "jsonPath: '$..prefix'",
            "jsonPath: \"..[?(@.name=='x')]\"",
            "jsonPath: \"..routes[?(@.name=='a[0]')]\", path: typed_per_filter_config",
            "jsonPath: \"$.virtual_hosts[*]['routes']\"",
        ]
        .into_iter()
        .flat_map(|place| {
            ["remove", "replace", "add", "copy, from: /x", "move, from: /x"].map(|op| (place, op, true))
        })
        .chain(
            [
                "path: /virtual_hosts/0/routes/0/typed_per_filter_config/envoy.filters.http.lua",
                "path: /virtual_hosts/0/routes/0/route/timeout",
                "jsonPath: '..routes[*].route', path: retry_policy/num_retries",
                "path: /virtual_hosts/0/request_headers_to_add",
            ]
            .into_iter()
            .flat_map(|place| ["remove", "replace", "add"].map(|op| (place, op, false))),
        )
        .chain([("path: /virtual_hosts/0/routes/0", "test", false)])
        .map(|(place, op, is_changed)| {
            (
                "route.v3.RouteConfiguration",
                format!("op: {op}, {place}"),
                is_changed,
            )
        }),
    ) {
        let patch = format!(
            "---\nkind: EnvoyPatchPolicy\nmetadata: {{name: f}}\nspec: {{jsonPatches: [{{type: \
             type.googleapis.com/envoy.config.{kind}, operation: {{{operation}}}}}]}}\n"
        );
        let (expected, code) = if is_changed {
            ("", "the EnvoyPatchPolicy \"f\"")
        } else {
            (P, "")
        };
        let printed = imported::asked(
            "envoy-gateway",
            &format!("{own}{patch}"),
            &[("a.example", "/o", expected)],
        );
        assert!(printed.stderr.contains(code), "{patch}{}", printed.stderr);
        assert_eq!(printed.status, i32::from(is_changed), "{patch}{}", printed.stderr);
    }
}

#[test]
fn routes_beside_envoy_gateway_s_own_resources_are_envoy_gateway_s() {
    let route = envoy_gateway::route("one", "a.example", "").replace(
        "{name: main}",
        "{filters: [{type: CORS, cors: {allowOrigins: ['https://p.example'], allowMethods: [GET]}}]}",
    );
    let patch = "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyPatchPolicy\nmetadata: {name: f}\nspec: {jsonPatches: \
                 [{type: type.googleapis.com/envoy.config.route.v3.RouteConfiguration, operation: {op: remove, path: \
                 /virtual_hosts/0/routes/0}}]}\n";
    for (resource, status) in [
        (patch, 1),
        (
            "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: ClientTrafficPolicy\nmetadata: {name: t}\nspec: {}\n",
            0,
        ),
        (
            "kind: GatewayClass\nmetadata: {name: eg}\nspec: {controllerName: \
             gateway.envoyproxy.io/gatewayclass-controller}\n",
            0,
        ),
    ] {
        let printed = import(&["-"], format!("{resource}{route}").as_bytes());
        assert!(
            printed.stderr.contains("--from envoy-gateway"),
            "{resource}: {}",
            printed.stderr
        );
        assert_eq!(printed.status, status, "{resource}: {}", printed.stderr);
        assert_eq!(
            imported::allows(&printed.stdout, "a.example", "/o").is_empty(),
            status == 1,
            "{resource}: {}",
            printed.stdout
        );
    }
    let folder = Folder::new("import-patches")
        .with("in/patch.yaml", patch)
        .with("in/route.yaml", &route);
    let output = folder.run(&["import", "in"]);
    assert_eq!((output.code, &*output.stdout), (1, ""), "{output:?}");
    assert!(output.stderr.contains("[other-hosts]"), "{output:?}");
}

#[test]
fn a_patch_is_for_the_control_plane_that_has_its_kind() {
    let of_gateway = [
        envoy_gateway::route("one", "a.example", ""),
        envoy_gateway::policy("p", "", "targetRefs: [{kind: HTTPRoute, name: one}]", P),
    ]
    .concat();
    let of_istio = whole("one", "a.example", "gate", P);
    let filter = envoy_filter("applyTo: HTTP_ROUTE, patch: {operation: REMOVE}");
    let patch = "---\nkind: EnvoyPatchPolicy\nmetadata: {name: f}\nspec: {jsonPatches: [{type: \
                 type.googleapis.com/envoy.config.route.v3.RouteConfiguration, operation: {op: remove, path: /virtual_hosts}}]}\n";
    let asked = [("a.example", "/o", P)];
    imported::assert("envoy-gateway", &format!("{of_gateway}{filter}"), &asked, 0, "");
    imported::assert("istio", &format!("{of_istio}{patch}"), &asked, 0, "");
}
