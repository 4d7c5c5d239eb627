//! A policy counts only under the name of a CORS filter in front of its routes.

use super::{import, of_envoy};
use crate::tool::Folder;

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
fn listeners_and_routes_in_two_files_are_read_together() {
    let [both, _] = discovered("", "own");
    let (listeners, routes) = both.split_once("---\n").unwrap();
    let typed = |text: &str| format!("'@type': x.envoy.x\n{text}");
    let indented = |text: &str| format!("  {}\n", text.trim_end().replace('\n', "\n    "));
    let map = format!(
        "kind: ConfigMap\nmetadata: {{name: envoy}}\ndata:\n  lds.yaml: |\n  {}  rds.yaml: |\n  {}",
        indented(listeners),
        indented(routes)
    );
    let folder = Folder::new("chain-of-two-files");
    std::fs::create_dir_all(folder.path().join("all")).unwrap();
    folder.write("all/lds.yaml", typed(listeners));
    folder.write("all/rds.yaml", typed(routes));
    folder.write("map.yaml", &map);
    for path in ["all", "map.yaml"] {
        let output = folder.run(&["import", path]);
        assert_eq!((output.stdout.as_str(), output.code), ("", 1), "{output:?}");
        assert!(output.stderr.contains("[not-applied]"), "{output:?}");
    }
    let with_filter = listeners.replace("[]", &format!("[{CORS}]"));
    folder.write("all/lds.yaml", typed(&with_filter));
    folder.write("map.yaml", map.replace("[]", &format!("[{CORS}]")));
    for path in ["all", "map.yaml"] {
        let output = folder.run(&["import", path]);
        assert_eq!(output.code, 0, "{output:?}");
        assert!(output.stdout.contains("b.example"), "{output:?}");
    }
}

#[test]
fn routes_that_no_listener_asks_for_are_not_applied() {
    let used = inline(CORS, "own");
    let unused = format!(
        "name: other\nvirtual_hosts:\n- domains: [c.example]\n  typed_per_filter_config: {{own: {POLICY}}}\n  routes:\n  - \
         match: {{prefix: /}}\n"
    );
    let alone = format!(
        "name: other/c\ndomains: [c.example]\nroutes:\n- match: {{prefix: /}}\n  typed_per_filter_config: {{own: {POLICY}}}\n"
    );
    for unused in [&unused, &alone] {
        let (buckets, remarks) = of_envoy(&format!("{used}---\n{unused}"));
        assert_eq!(buckets, [r#"b.example on ["b.example"]: ["https://a.example"]"#]);
        assert!(
            remarks.contains("no listener in the files asks for its route configuration [not-applied]"),
            "{remarks}"
        );
        // Without its filters, a listener says nothing of what counts; and a scope may ask for any routes.
        let scoped = format!("http_filters: [{CORS}]\nscoped_routes: {{name: s}}\n");
        for more in ["rds: {route_config_name: r}\n", scoped.as_str()] {
            let (buckets, remarks) = of_envoy(&format!("{used}---\n{unused}---\n{more}"));
            assert_eq!(buckets.len(), 2, "{remarks}");
        }
    }
    // A config dump repeats what stands in the listener, and a cluster has filters too.
    let named = used.replace("route_config:\n", "route_config:\n  name: r\n");
    let repeated = format!(
        "route_config:\n  '@type': x.RouteConfiguration\n  name: r\n  virtual_hosts:\n  - domains: [b.example]\n    routes:\n    - \
         match: {{prefix: /}}\n      typed_per_filter_config: {{own: {POLICY}}}\n---\nhttp_filters: []\n"
    );
    let (buckets, remarks) = of_envoy(&format!("{named}---\n{repeated}---\n{unused}"));
    assert_eq!(
        buckets,
        [r#"b.example on ["b.example"]: ["https://a.example"]"#],
        "{remarks}"
    );
    assert_eq!(remarks.matches("[not-applied]").count(), 1, "{remarks}");
}

#[test]
fn a_filter_behind_a_matcher_sees_some_requests() {
    let matched = format!(
        "{{name: own, typed_config: {{'@type': x.matching.v3.ExtensionWithMatcher, extension_config: {CORS}, xds_matcher: {{}}}}}}"
    );
    let legacy = inline(&matched, "x").replace(
        "typed_per_filter_config: {x:",
        "route: {cors: {allow_origin: ['https://a.example']}, x:",
    );
    let [before, behind] = discovered(&matched, "own");
    for text in [inline(&matched, "own"), before, behind, legacy] {
        let printed = import(&["--from", "envoy", "-"], text.as_bytes());
        assert_eq!((printed.stdout.as_str(), printed.status), ("", 1), "{text}");
        assert!(printed.stderr.contains("[some-requests]"), "{}", printed.stderr);
    }
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
