//! CORS of other kinds beside what a source reads: each is named with its place.

use super::import;
use crate::tool::Folder;

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
const NAMED: [(&str, usize); 57] = [
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
    // Settings of servers, and what makes resources.
    (
        "kind: Tenant\nmetadata: {name: t}\nspec:\n  env:\n  - {name: MINIO_API_CORS_ALLOW_ORIGIN, value: '*'}\n",
        5,
    ),
    (
        "kind: ConfigMap\nmetadata: {name: c}\ndata:\n  security.toml: |\n    [cors.allowed_origins]\n    values = \"*\"\n",
        5,
    ),
    (
        "kind: Deployment\nmetadata: {name: d}\nspec:\n  template: {spec: {containers: [{args: [s3,\n    \
         '-s3.allowedOrigins=*']}]}}\n",
        5,
    ),
    (
        "kind: Deployment\nmetadata: {name: d}\nspec:\n  template: {spec: {containers: [{env: [\n    {name: CORS_ORIGINS, \
         value: '*'}]}]}}\n",
        5,
    ),
    (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  source:\n    helm: {parameters: \
         [{name: cors.enabled, value: 'true'}]}\n",
        6,
    ),
    (
        "kind: Kustomization\npatches:\n- target: {kind: VirtualService}\n  patch: |-\n    - op: remove\n      path: \
         /spec/http/0/corsPolicy\n",
        5,
    ),
    ("- op: remove\n  path: /spec/cors\n", 2),
    ("- op: add\n  path: /spec/http/0/corsPolicy\n  value: {}\n", 2),
    (
        "kind: EnvoyFilter\nmetadata: {name: f}\nspec:\n  configPatches:\n  - applyTo: HTTP_FILTER\n    patch: {operation: \
         INSERT_BEFORE, value: {name: w, typed_config: {config: {configuration:\n      {value: '{\"allow_origins\": \
         [\"*\"]}'}}}}}\n",
        7,
    ),
    // Places that are not read, in kinds that are.
    (
        "kind: VirtualService\nmetadata: {name: v}\nspec:\n  hosts: [b.example]\n  http:\n  - cors: {allowOrigins: ['*']}\n",
        6,
    ),
    (
        "kind: VirtualService\nmetadata: {name: v}\nspec:\n  hosts: [b.example]\n  http:\n  - route: [{corsPolicy: {allowOrigins: \
         ['*']}}]\n",
        6,
    ),
    (
        "kind: VirtualService\nmetadata: {name: v}\nspec:\n  hosts: [b.example]\n  corsPolicy: {allowOrigins: ['*']}\n",
        5,
    ),
    (
        "kind: VirtualService\nmetadata: {name: v}\nspec: {hosts: [b.example]}\ncorsPolicy: {allowOrigins: ['*']}\n",
        4,
    ),
    (
        "kind: VirtualService\nmetadata:\n  name: v\n  annotations:\n    x/cors-allow-origin: '*'\nspec: {hosts: [b.example]}\n",
        5,
    ),
    (
        "kind: HTTPRoute\nmetadata:\n  name: h\n  annotations:\n    konghq.com/plugins: limits, cors\nspec: {hostnames: \
         [b.example], rules: [{}]}\n",
        5,
    ),
    (
        "kind: HTTPRoute\nmetadata: {name: h}\nspec:\n  hostnames: [b.example]\n  rules:\n  - cors: {allowOrigins: ['*']}\n",
        6,
    ),
    (
        "kind: HTTPRoute\nmetadata: {name: h}\nspec:\n  hostnames: [b.example]\n  rules:\n  - filters: [{type: CORS, CORS: \
         {allowOrigins: ['*']}}]\n",
        6,
    ),
    (
        "kind: HTTPRoute\nmetadata: {name: h}\nspec:\n  hostnames: [b.example]\n  rules:\n  - filters: [{type: ExtensionRef, \
         extensionRef: {kind: SnippetsFilter, name: cors}}]\n",
        6,
    ),
    (
        "kind: SecurityPolicy\nmetadata: {name: s}\nspec:\n  targetRefs: [{kind: HTTPRoute, name: other}]\n  corsPolicy: \
         {allowOrigins: ['*']}\n",
        5,
    ),
    (
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec:\n  servers:\n  - {hosts: [b.example], \
         corsPolicy: {allowOrigins: ['*']}}\n",
        6,
    ),
    (
        "kind: Ingress\nmetadata: {name: i}\nspec:\n  rules: [{host: b.example}]\n  cors: {allowOrigins: ['*']}\n",
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
fn a_file_of_a_folder_is_asked_like_a_document_among_others() {
    let (_, read) = READ[0];
    let folder = Folder::new("import-beside").with("in/read.yaml", read);
    for (resource, line) in NAMED {
        folder.write("in/other.yaml", resource);
        let output = folder.run(&["import", "in"]);
        let place = format!("in/other.yaml:{line}:");
        let is_named = |said: &str| said.starts_with(&place) && said.contains(": not carried over: ");
        assert!(
            output.stderr.lines().any(is_named),
            "{place}\n{resource}\n{output:?}"
        );
        assert_eq!(output.code, 1, "{resource}");
        // By itself it has a way out that is one.
        let alone = folder.run(&["import", "in/other.yaml"]);
        assert!(
            !alone.stderr.contains("say it with --from"),
            "{resource}\n{alone:?}"
        );
        assert!(
            alone.stderr.lines().any(|said| said.starts_with(&place)),
            "{place}\n{resource}\n{alone:?}"
        );
    }
    for resource in NO_CORS {
        folder.write("in/other.yaml", resource);
        let output = folder.run(&["import", "in"]);
        assert_eq!(output.code, 0, "{resource}\n{output:?}");
    }
    let values = "web:\n  ingress:\n    cors: {enabled: true}\n";
    folder.write("in/values.yaml", values);
    let alone = folder.run(&["import", "in/values.yaml"]);
    assert!(alone.stderr.contains("helm template"), "{alone:?}");
    assert!(
        folder
            .run(&["import", "in"])
            .stderr
            .contains("in/values.yaml: not carried over: ")
    );
}

/// What has nothing to do with CORS, whatever it is called.
const NO_CORS: [&str; 10] = [
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
    "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: cors, annotations: \
         {argocd.argoproj.io/tracking-id: 'cors:x', note: Not for CORS at all}}\nspec: {servers: []}\n",
    "kind: Deployment\nmetadata: {name: cors-proxy}\nspec: {selector: {app: cors-proxy}, template: {spec: {containers: \
         [{name: cors, image: x/cors-anywhere}]}}}\n",
];

#[test]
fn what_is_no_cors_is_not_named() {
    for resource in NO_CORS {
        for (from, read) in READ {
            let printed = import(
                &["--from", from, "-"],
                format!("{read}---\n{resource}").as_bytes(),
            );
            assert_eq!(printed.status, 0, "{from}: {resource}{}", printed.stderr);
        }
    }
}
