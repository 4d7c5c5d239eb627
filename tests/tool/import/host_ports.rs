//! Hosts whose names Envoy compares with a port, which the edge does not look at.

use super::import;

const POLICY: &str = "typed_per_filter_config: {cors: {'@type': x.CorsPolicy, allow_methods: GET, allow_origin_string_match: \
                      [{exact: 'https://p.example'}]}}";
const PLAIN: &str = "routes: [{match: {prefix: /}, route: {cluster: c}}]";

fn listener(manager: &str, table: &str, hosts: &[(&str, String)]) -> String {
    let hosts: String = hosts
        .iter()
        .map(|(domains, rest)| format!("          - {{name: h, domains: [{domains}], {rest}}}\n"))
        .collect();
    format!(
        "listeners:\n- name: l\n  filter_chains:\n  - filters:\n    - typed_config:\n        {manager}\n        http_filters:\n        - \
         {{name: cors, typed_config: {{'@type': x.v3.Cors}}}}\n        route_config:\n          name: l\n          {table}\n          \
         virtual_hosts:\n{hosts}"
    )
}

fn with_policy() -> String {
    format!("{PLAIN}, {POLICY}")
}

#[test]
fn another_host_that_takes_the_requests_with_a_port_is_told_once() {
    let plain = || PLAIN.to_owned();
    let hosts = |first: &'static str, rest: String| {
        vec![
            (first, with_policy()),
            ("b.example", with_policy()),
            ("'*'", rest),
        ]
    };
    let told = |manager: &str, table: &str, hosts: &[(&str, String)]| {
        let printed = import(
            &["--from", "envoy", "-"],
            listener(manager, table, hosts).as_bytes(),
        );
        printed.stderr.matches("[any-port]").count()
    };
    assert_eq!(told("", "", &hosts("a.example", plain())), 1);
    for (manager, table) in [
        ("", "ignore_port_in_host_matching: true"),
        ("", "ignorePortInHostMatching: true"),
        ("strip_any_host_port: true", ""),
        ("stripMatchingHostPort: true", ""),
    ] {
        assert_eq!(
            told(manager, table, &hosts("a.example", plain())),
            0,
            "{manager}{table}"
        );
    }
    // A name with a `*` before the port, and one with a `*` in front, which takes no port.
    let prefix = |domain: &'static str| vec![("a.example", with_policy()), (domain, plain())];
    assert_eq!(told("", "", &prefix("'a.*'")), 1);
    assert_eq!(told("", "", &prefix("'*.example'")), 0);
    // What has no policy is widened nowhere, and answers otherwise all the same.
    assert_eq!(told("", "", &[("a.example", plain()), ("'*'", with_policy())]), 1);
    // The same answers, none at all, and names with ports of their own.
    for others in [
        hosts("a.example", with_policy()),
        hosts(
            "a.example",
            "routes: [{match: {prefix: /}, direct_response: {status: 404}}]".to_owned(),
        ),
        vec![("a.example", with_policy())],
        vec![("a.example, 'a.example:*'", with_policy()), ("'*'", plain())],
        vec![("a.example, 'a.example:8080'", with_policy()), ("'*'", plain())],
        vec![("a.example, '*'", with_policy())],
        vec![("a.example", plain()), ("'*'", plain())],
    ] {
        assert_eq!(told("", "", &others), 0, "{others:?}");
    }
}
