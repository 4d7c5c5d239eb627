//! A policy counts only under the name of a CORS filter in front of its routes.

use super::{import, of_envoy};

const POLICY: &str =
    "{'@type': x.CorsPolicy, allow_methods: GET, allow_origin_string_match: [{exact: 'https://a.example'}]}";
const CORS: &str =
    "{name: own, typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}}";

/// A connection manager with these filters and its routes in it.
fn inline(filters: &str, key: &str) -> String {
    format!(
        "http_filters: [{filters}]\nroute_config:\n  virtual_hosts:\n  - domains: [b.example]\n    routes:\n    - match: \
         {{prefix: /}}\n      typed_per_filter_config: {{{key}: {POLICY}}}\n"
    )
}

/// The same with routes that it asks for, behind it and before it.
fn discovered(filters: &str, key: &str) -> [String; 2] {
    let manager = format!("http_filters: [{filters}]\nrds: {{route_config_name: r}}\n");
    let routes = format!(
        "name: r\nvirtual_hosts:\n- domains: [b.example]\n  typed_per_filter_config: {{{key}: {POLICY}}}\n  routes:\n  - match: \
         {{prefix: /}}\n"
    );
    [
        format!("{manager}---\n{routes}"),
        format!("{routes}---\n{manager}"),
    ]
}

#[test]
fn a_policy_under_the_filter_s_name_counts() {
    let old = "{name: envoy.filters.http.cors}";
    let discovery = "{name: own, config_discovery: {type_urls: [type.googleapis.com/x.cors.v3.Cors]}}";
    for (filters, key) in [
        (CORS, "own"),
        (old, "envoy.filters.http.cors"),
        (discovery, "own"),
    ] {
        for text in discovered(filters, key).iter().chain([&inline(filters, key)]) {
            let (buckets, remarks) = of_envoy(text);
            assert_eq!(
                buckets,
                [r#"b.example on ["b.example"]: ["https://a.example"]"#],
                "{remarks}"
            );
            assert!(!remarks.contains("does not apply"), "{remarks}");
        }
    }
}

#[test]
fn a_policy_that_envoy_does_not_apply_is_left_out_and_named() {
    let other = "{name: envoy.filters.http.router, typed_config: {'@type': x.Router}}";
    for (filters, key) in [
        // Misspelt, without a filter, renamed.
        (CORS, "Own"),
        (other, "envoy.filters.http.cors"),
        (CORS, "envoy.filters.http.cors"),
        ("", "envoy.filters.http.cors"),
    ] {
        for text in discovered(filters, key).iter().chain([&inline(filters, key)]) {
            let printed = import(&["--from", "envoy", "-"], text.as_bytes());
            assert_eq!((printed.stdout.as_str(), printed.status), ("", 1), "{text}");
            assert!(
                printed.stderr.contains("Envoy does not apply this policy") && printed.stderr.contains(key),
                "{}",
                printed.stderr
            );
        }
    }
    let legacy = inline("", "x").replace(
        "typed_per_filter_config: {x:",
        "route: {cors: {allow_origin: ['https://a.example']}, x:",
    );
    let printed = import(&["--from", "envoy", "-"], legacy.as_bytes());
    assert_eq!((printed.stdout.as_str(), printed.status), ("", 1), "{legacy}");
    assert!(
        printed.stderr.contains("no CORS filter of the listener is on"),
        "{}",
        printed.stderr
    );
}

#[test]
fn a_filter_that_is_off_is_turned_on_by_a_policy_of_its_own() {
    let off = "{name: own, disabled: true, typed_config: {'@type': x.cors.v3.Cors}}";
    assert_eq!(of_envoy(&inline(off, "own")).0.len(), 1);
    let legacy = inline(off, "x").replace(
        "typed_per_filter_config: {x:",
        "route: {cors: {allow_origin: ['https://a.example']}, x:",
    );
    assert_eq!(of_envoy(&legacy).0.len(), 0);
}

#[test]
fn a_filter_that_only_some_listeners_have_is_told() {
    let [text, _] = discovered(CORS, "own");
    let both = format!("{text}---\nhttp_filters: []\nrds: {{route_config_name: r}}\n");
    let printed = import(&["--from", "envoy", "-"], both.as_bytes());
    assert_eq!((printed.stdout.as_str(), printed.status), ("", 1));
    assert!(
        printed
            .stderr
            .contains("not carried over: the policy of \"own\": some listeners"),
        "{}",
        printed.stderr
    );
}

#[test]
fn the_lists_of_one_policy_are_added_up_and_the_first_policy_with_any_counts() {
    let text = r#"
domains: [b.example]
cors: {allow_origin: ['https://outer.example']}
routes:
- match: {prefix: /photos/}
  route:
    cors:
      allow_methods: GET
      allow_origin: ['https://exact.example']
      allow_origin_regex: ['https://regex\.example']
      allow_origin_string_match: [{exact: 'https://matcher.example'}]
- match: {prefix: /docs/}
  route: {cors: {allow_methods: GET}}
- match: {prefix: /films/}
  route: {cors: {allow_methods: GET, allow_origin_regex: ['https://regex\.example']}}
"#;
    assert_eq!(
        of_envoy(text).0,
        [
            r#"photos on []: ["https://matcher.example", "https://exact.example", "https://regex.example"]"#,
            r#"docs on []: ["https://outer.example"]"#,
            r#"films on []: ["https://regex.example"]"#,
        ]
    );
}
