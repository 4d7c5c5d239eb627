//! CORS of other kinds beside what a source reads: each is named with its place.

use super::import;

/// Something that each source reads, with CORS in it.
const READ: [(&str, &str); 4] = [
    (
        "istio",
        "kind: VirtualService\nspec:\n  hosts: [a.example]\n  http:\n  - corsPolicy: {allowOrigins: [{exact: \
         'https://a.example'}], allowMethods: [GET]}\n",
    ),
    (
        "envoy-gateway",
        "kind: SecurityPolicy\nmetadata: {name: p}\nspec:\n  targetRefs: [{kind: HTTPRoute, name: r}]\n  cors: {allowOrigins: \
         ['https://a.example'], allowMethods: [GET]}\n---\nkind: HTTPRoute\nmetadata: {name: r}\nspec: {hostnames: [a.example], \
         rules: [{}]}\n",
    ),
    (
        "higress",
        "kind: Ingress\nmetadata: {name: x, annotations: {higress.io/enable-cors: 'true', higress.io/cors-allow-origin: \
         'https://a.example'}}\nspec: {rules: [{host: a.example}]}\n",
    ),
    (
        "ingress-nginx",
        "kind: Ingress\nmetadata: {name: x, annotations: {nginx.ingress.kubernetes.io/enable-cors: 'true', \
         nginx.ingress.kubernetes.io/cors-allow-origin: 'https://a.example'}}\nspec: {rules: [{host: a.example}]}\n",
    ),
];

/// Resources with the line that names CORS.
const NAMED: [(&str, usize); 36] = [
    (
        "kind: KongPlugin\nmetadata: {name: k}\nplugin: cors\nconfig: {origins: ['*']}\n",
        3,
    ),
    (
        "kind: KongClusterPlugin\nmetadata: {name: k}\nconfig: {origins: ['*']}\nplugin: cors\n",
        4,
    ),
    (
        "kind: Middleware\nmetadata: {name: m}\nspec:\n  headers:\n    accessControlAllowOriginList: ['*']\n",
        5,
    ),
    (
        "kind: Middleware\nmetadata: {name: m}\nspec:\n  headers:\n    accessControlMaxAge: 5\n",
        5,
    ),
    (
        "kind: Middleware\nmetadata: {name: m}\nspec:\n  headers:\n    customResponseHeaders:\n      Access-Control-Allow-Origin: \
         '*'\n",
        6,
    ),
    (
        "apiVersion: extensions.istio.io/v1alpha1\nkind: TrafficExtension\nmetadata: {name: w}\nspec:\n  wasm: {url: \
         'oci://x/cors:1'}\n",
        5,
    ),
    (
        "kind: EnvoyExtensionPolicy\nmetadata: {name: w}\nspec:\n  wasm:\n  - config: {allow_origin_patterns: ['*']}\n",
        5,
    ),
    (
        "kind: EnvoyExtensionPolicy\nmetadata: {name: w}\nspec:\n  lua:\n  - inline: 'h:add(\"Access-Control-Allow-Origin\", \
         \"*\")'\n",
        5,
    ),
    (
        "kind: ConfigMap\nmetadata: {name: c}\ndata:\n  allow-snippet-annotations: 'true'\n  http-snippet: add_header \
         Access-Control-Allow-Origin *;\n",
        5,
    ),
    (
        "kind: ConfigMap\nmetadata: {name: c}\ndata:\n  Access-Control-Allow-Origin: '*'\n",
        4,
    ),
    (
        "kind: EnvoyFilter\nmetadata: {name: f}\nspec:\n  configPatches:\n  - applyTo: VIRTUAL_HOST\n    patch: {operation: MERGE, \
         value: {response_headers_to_add:\n      [{header: {key: access-control-allow-origin, value: '*'}}]}}\n",
        7,
    ),
    (
        "kind: EnvoyFilter\nmetadata: {name: f}\nspec:\n  configPatches:\n  - applyTo: HTTP_FILTER\n    patch: {operation: \
         INSERT_BEFORE, value: {typed_config: {inlineCode: 'h:replace(\"access-control-allow-origin\")'}}}\n",
        6,
    ),
    (
        "kind: EnvoyFilter\nmetadata: {name: f}\nspec:\n  configPatches:\n  - applyTo: HTTP_FILTER\n    patch: {operation: ADD, \
         value: {name: envoy.filters.http.cors}}\n",
        5,
    ),
    (
        "kind: ClientTrafficPolicy\nmetadata: {name: t}\nspec:\n  headers:\n    lateResponseHeaders:\n      set: [{name: \
         Access-Control-Allow-Origin, value: '*'}]\n",
        6,
    ),
    (
        "kind: BackendTrafficPolicy\nmetadata: {name: t}\nspec:\n  responseOverride:\n  - response: {header: {add: [{name: \
         access-control-allow-origin, value: '*'}]}}\n",
        5,
    ),
    (
        "kind: ApisixPluginConfig\nmetadata: {name: a}\nspec:\n  plugins:\n  - {name: cors, enable: true}\n",
        5,
    ),
    (
        "kind: ApisixRoute\nmetadata: {name: a}\nspec:\n  http:\n  - plugins: [{name: cors, enable: true}]\n",
        5,
    ),
    (
        "kind: HTTPProxy\nmetadata: {name: h}\nspec:\n  virtualhost: {corsPolicy: {allowOrigin: ['*']}}\n",
        4,
    ),
    (
        "kind: HTTPProxy\nmetadata: {name: h}\nspec:\n  routes: [{responseHeadersPolicy: {set: [{name: \
         Access-Control-Allow-Origin, value: '*'}]}}]\n",
        4,
    ),
    (
        "kind: Ingress\nmetadata:\n  name: i\n  annotations:\n    haproxy.org/response-set-header: Access-Control-Allow-Origin \
         \"*\"\nspec: {ingressClassName: haproxy}\n",
        5,
    ),
    (
        "kind: Ingress\nmetadata:\n  name: i\n  annotations:\n    alb.ingress.kubernetes.io/enable-cors: 'true'\nspec: \
         {ingressClassName: alb}\n",
        5,
    ),
    (
        "kind: RouteGroup\nmetadata: {name: s}\nspec:\n  routes:\n  - filters: ['corsOrigin(\"https://a.example\")']\n",
        5,
    ),
    (
        "kind: Ingress\nmetadata:\n  name: i\n  annotations:\n    alb.ingress.kubernetes.io/listener-attributes: \
         routing.http.response.access_control_allow_origin.header_value=*\nspec: {ingressClassName: alb}\n",
        5,
    ),
    (
        "kind: Ingress\nmetadata:\n  name: i\n  annotations:\n    zalando.org/skipper-filter: corsOrigin(\"*\")\nspec: \
         {ingressClassName: skipper}\n",
        5,
    ),
    (
        "kind: Service\nmetadata:\n  name: s\n  annotations:\n    getambassador.io/config: \"kind: Mapping\\ncors: {origins: \
         '*'}\"\n",
        5,
    ),
    (
        "kind: Ingress\nmetadata:\n  name: i\n  annotations:\n    x: y\n    haproxy.org/cors-enable: 'true'\nspec: \
         {ingressClassName: haproxy}\n",
        6,
    ),
    (
        "kind: Mapping\nmetadata: {name: m}\nspec:\n  cors: {origins: '*'}\n",
        4,
    ),
    (
        "apiVersion: gateway.solo.io/v1\nkind: VirtualService\nmetadata: {name: g}\nspec:\n  virtualHost: {domains: [b.example], \
         options: {cors: {allowOrigin: ['*']}}}\n",
        5,
    ),
    (
        "kind: Route\nmetadata: {name: o}\nspec:\n  httpHeaders: {actions: {response: [{name: Access-Control-Allow-Origin}]}}\n",
        4,
    ),
    (
        "kind: SnippetsFilter\nmetadata: {name: s}\nspec:\n  snippets: [{value: add_header Access-Control-Allow-Origin *;}]\n",
        4,
    ),
    (
        "kind: TrafficPolicy\nmetadata: {name: k}\nspec:\n  cors: {allowOrigins: ['*']}\n",
        4,
    ),
    (
        "kind: VirtualService\nmetadata: {name: v}\nspec:\n  hosts: [b.example]\n  http:\n  - headers: {response: {set: \
         {Access-Control-Allow-Origin: '*'}}}\n",
        6,
    ),
    (
        "kind: VirtualService\nmetadata: {name: v}\nspec:\n  hosts: [b.example]\n  http:\n  - headers: {response: {remove: \
         [access-control-allow-origin]}}\n",
        6,
    ),
    (
        "kind: HTTPRoute\nmetadata: {name: h}\nspec:\n  hostnames: [b.example]\n  rules:\n  - filters: [{type: \
         ResponseHeaderModifier, responseHeaderModifier: {add: [{name: Access-Control-Allow-Origin, value: '*'}]}}]\n",
        6,
    ),
    (
        "apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: w}\nspec:\n  matchRules: [{service: [x], \
         config: {allow_origins: ['*']}}]\n",
        5,
    ),
    (
        "kind: Ingress\nmetadata:\n  name: i\n  annotations:\n    nginx.ingress.kubernetes.io/configuration-snippet: add_header \
         Access-Control-Allow-Origin *;\nspec: {rules: [{host: b.example}]}\n",
        5,
    ),
];

#[test]
fn each_is_named_with_its_place() {
    for (from, read) in READ {
        let before = read.lines().count() + 1;
        for (resource, line) in NAMED {
            let text = format!("{read}---\n{resource}");
            let printed = import(&["--from", from, "-"], text.as_bytes());
            let mut lines = printed.stderr.lines();
            let place = format!("(standard input):{}:", before + line);
            let is_named = |said: &str| said.starts_with(&place) && said.contains(": not carried over: ");
            assert!(lines.any(is_named), "{from} {place}\n{text}\n{}", printed.stderr);
            assert_eq!(printed.status, 1, "{text}");
            assert!(printed.stdout.contains("https://a.example"), "{text}");
        }
    }
}

#[test]
fn what_is_no_cors_is_not_named() {
    for resource in [
        "kind: Service\nmetadata: {name: cors, labels: {app: cors}}\nspec: {}\n",
        "kind: KongPlugin\nmetadata: {name: cors}\nplugin: rate-limiting\n",
        "kind: ApisixRoute\nmetadata: {name: cors}\nspec: {http: [{plugins: [{name: prometheus}]}]}\n",
        "kind: AuthorizationPolicy\nspec: {rules: [{when: [{key: 'request.headers[access-control-request-method]'}]}]}\n",
        // This filter itself.
        "kind: EnvoyExtensionPolicy\nmetadata: {name: bucket-cors}\nspec: {wasm: [{name: bucket-cors, config: {buckets: [{name: a, \
         cors: null}]}}]}\n",
        "kind: EnvoyFilter\nmetadata: {name: bucket-cors}\nspec: {configPatches: [{applyTo: HTTP_FILTER, patch: {operation: \
         INSERT_FIRST, value: {typed_config: {filter_config: {value: '{\"buckets\": [{\"name\": \"a\", \"cors\": {\"CORSRules\": \
         []}}]}'}}}}}]}\n",
        "kind: EnvoyProxy\nspec: {filterOrder: [{name: envoy.filters.http.wasm, before: envoy.filters.http.cors}]}\n",
        // The place of a filter beside that of CORS.
        "kind: EnvoyFilter\nmetadata: {name: f}\nspec: {configPatches: [{applyTo: HTTP_FILTER, match: {listener: {filterChain: \
         {filter: {subFilter: {name: envoy.filters.http.cors}}}}}, patch: {operation: INSERT_BEFORE, value: {name: x}}}]}\n",
    ] {
        for (from, read) in READ {
            let printed = import(
                &["--from", from, "-"],
                format!("{read}---\n{resource}").as_bytes(),
            );
            assert_eq!(printed.status, 0, "{from}: {resource}{}", printed.stderr);
        }
    }
}
