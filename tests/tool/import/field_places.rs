//! Documents with a place for one more field of a policy, and what is said of that.

use super::import;

/// Stands in a document where a policy's fields do.
pub(super) const FIELD: &str = "FIELD";

pub(super) const ENVOY: &str = "\
domains: [a.example]
routes:
- match: {prefix: /photos/}
  typed_per_filter_config:
    cors:
      '@type': type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy
      allow_methods: GET
      allow_origin_string_match: [{exact: 'https://a.example'}]
      FIELD
";

pub(super) const ENVOY_MATCHER: &str = "\
allow_methods: GET
allow_origin_string_match:
- safe_regex: {regex: 'https://a\\.example'}
  FIELD
";

pub(super) const ENVOY_EXPRESSION: &str = "\
allow_methods: GET
allow_origin_string_match:
- safe_regex:
    regex: 'https://a\\.example'
    FIELD
";

pub(super) const ISTIO: &str = "\
kind: VirtualService
spec:
  hosts: [a.example]
  http:
  - corsPolicy:
      allowOrigins: [{exact: 'https://a.example'}]
      allowMethods: [GET]
      FIELD
";

pub(super) const HTTP_ROUTE: &str = "\
kind: HTTPRoute
spec:
  rules:
  - filters:
    - type: CORS
      cors:
        allowOrigins: ['https://a.example']
        allowMethods: [GET]
        FIELD
";

pub(super) const HTTP_ROUTE_RULE: &str = "\
kind: HTTPRoute
spec:
  rules:
  - filters:
    - {type: CORS, cors: {allowOrigins: ['https://a.example'], allowMethods: [GET]}}
    FIELD
";

pub(super) const HIGRESS: &str = "\
allow_origins: ['https://a.example']
allow_methods: [GET]
FIELD
";

pub(super) const HIGRESS_RULE: &str = "\
kind: WasmPlugin
spec:
  matchRules:
  - config: {allow_origins: ['https://a.example']}
    domain: [a.example]
    FIELD
";

pub(super) const INGRESS: &str = "\
kind: Ingress
metadata:
  annotations:
    higress.io/enable-cors: True
    higress.io/cors-allow-credentials: F
    FIELD
spec: {rules: [{host: a.example}]}
";

pub(super) const CLOUD_STORAGE: &str = "\
name: b
cors_config:
- origin: ['https://a.example']
  method: [GET]
  FIELD
";

/// What is said of a field, beside what is said of the document without it.
pub(super) fn said(from: &str, document: &str, field: &str) -> (i32, String) {
    let run = |field: &str| import(&["--from", from, "-"], document.replace(FIELD, field).as_bytes());
    let (without, with) = (run(""), run(field));
    assert_eq!(without.status, 0, "{document}{}", without.stderr);
    // What is left out is not written.
    if with.stderr != without.stderr {
        assert_eq!(with.stdout, without.stdout, "{field}");
    }
    let lines = with.stderr.lines();
    let known: Vec<_> = without.stderr.lines().collect();
    let lines = lines.filter(|line| !known.contains(line));
    let lines: Vec<_> = lines
        .map(|line| line.trim_start_matches("(standard input):"))
        .collect();
    (with.status, lines.join("\n"))
}
