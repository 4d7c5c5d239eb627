//! Where Envoy's policies stand: in several listeners, under wildcards, of clusters, in wrappers, switched off.

use super::edge;
use super::import;

const OWN: &str = "https://own.example";

fn policy(origin: &str) -> String {
    format!("'@type': x.CorsPolicy, allow_methods: GET, allow_origin_string_match: [{{exact: '{origin}'}}]")
}

fn host(domains: &str, more: &str) -> String {
    format!("  - {{domains: [{domains}], routes: [{{match: {{prefix: /}}, route: {{cluster: c{more}}}}}]}}\n")
}

/// A virtual host with a policy; without one, where the origin is empty.
fn site(domains: &str, origin: &str) -> String {
    let own = format!("}}, typed_per_filter_config: {{cors: {{{}}}", policy(origin));
    host(domains, if origin.is_empty() { "" } else { &own })
}

/// What the edge allows for a.test, the remarks, and the exit status.
fn asked(text: &str) -> (String, String, i32) {
    let printed = import(&["--from", "envoy", "-"], text.as_bytes());
    let allowed = edge::allows(&printed.stdout, "a.test", "/o");
    (allowed, printed.stderr, printed.status)
}

/// A connection manager with the CORS filter and these routes.
fn manager(key: &str, routes: &str) -> String {
    let filters = "http_filters: [{name: cors, typed_config: {'@type': x.v3.Cors}}]";
    let indented = routes.replace('\n', "\n    ");
    format!("- {filters}\n  {key}:\n    {indented}\n")
}

#[test]
fn a_request_may_come_to_any_listener() {
    let own = format!("virtual_hosts:\n{}", site("a.test", OWN));
    for domains in [
        "'*'",
        "'*.test'",
        "'*test'",
        "a.*",
        "a.t*",
        "a.test",
        "'a.test:*'",
    ] {
        for (origin, allowed) in [("", ""), ("https://other.example", ""), (OWN, OWN)] {
            let other = format!("virtual_hosts:\n{}", site(domains, origin));
            let scope = |routes: &str| {
                let list = format!(
                    "scoped_route_configurations:\n- route_configuration:\n    {}",
                    routes.replace('\n', "\n    ")
                );
                manager("scoped_routes", &list)
            };
            for text in [
                format!("{own}---\n{other}"),
                format!("{other}---\n{own}"),
                format!(
                    "chains:\n{}{}",
                    manager("route_config", &own),
                    manager("route_config", &other)
                ),
                format!("chains:\n{}{}", scope(&own), scope(&other)),
            ] {
                let (found, remarks, status) = asked(&text);
                assert_eq!(found, allowed, "{text}{remarks}");
                if origin != OWN {
                    assert!(
                        status == 1 && remarks.contains("[other-hosts]"),
                        "{text}{remarks}"
                    );
                }
            }
        }
        // Nobody has the host there.
        let other = format!("virtual_hosts:\n{}", site(&domains.replace("test", "tesa"), ""));
        if !domains.contains("test") {
            continue;
        }
        let (found, remarks, status) = asked(&format!("{own}---\n{other}"));
        assert_eq!((found.as_str(), status), (OWN, 0), "{domains}: {remarks}");
    }
}

#[test]
fn a_domain_with_a_port_leaves_other_requests_to_wildcards() {
    for domains in ["'*'", "'*.test'", "a.*", "a.t*", "'*st'"] {
        let text = |own: &str| format!("virtual_hosts:\n{}{}", site(own, OWN), site(domains, ""));
        for own in ["a.test:8080", "'a.test:*'", "'a.test:80*'"] {
            let (found, remarks, status) = asked(&text(own));
            assert_eq!((found.as_str(), status), ("", 1), "{own} {domains}: {remarks}");
        }
        for own in ["a.test", "a.test, a.test:8080", "'a.test', 'a.test:*'"] {
            let (found, remarks, status) = asked(&text(own));
            assert_eq!((found.as_str(), status), (OWN, 0), "{own} {domains}: {remarks}");
        }
    }
    // Where one listener has the port, another may be asked for it too.
    let both = format!(
        "virtual_hosts:\n{}{}---\nvirtual_hosts:\n{}",
        site("a.test", OWN),
        site("a.*", ""),
        site("a.test:8080", OWN)
    );
    let (found, remarks, status) = asked(&both);
    assert_eq!((found.as_str(), status), ("", 1), "{remarks}");
}

#[test]
fn a_longer_wildcard_comes_first_and_an_end_before_a_start() {
    for (domains, allowed) in [
        (["'*.test'", "'*'"], OWN),
        (["'*a.test'", "'*.test'"], OWN),
        (["'*t'", "a.tes*"], OWN),
        (["a.te*", "a.*"], OWN),
        (["a.*", "a.te*"], ""),
        (["'*st'", "'*.test'"], ""),
        (["a.te*", "'*.test'"], ""),
    ] {
        let [same, other] = domains;
        // Only the wildcards of another listener show which of them has the host.
        let text = format!(
            "virtual_hosts:\n{}---\nvirtual_hosts:\n{}{}",
            site("a.test", OWN),
            site(same, OWN),
            site(other, "")
        );
        // The end is as long as the host.
        let allowed = if same == "'*a.test'" { "" } else { allowed };
        let (found, remarks, _) = asked(&text);
        assert_eq!(found, allowed, "{text}{remarks}");
    }
}

#[test]
fn virtual_hosts_that_another_header_chooses_have_any_host() {
    let routes = format!("{}{}", site("a.test", OWN), site("b.test", ""));
    let (found, remarks, status) = asked(&format!("vhost_header: x-site\nvirtual_hosts:\n{routes}"));
    assert_eq!((found.as_str(), status), ("", 1), "{remarks}");
}

#[test]
fn a_cluster_s_level_is_the_innermost() {
    let weighted = |clusters: &str| {
        let own = policy(OWN);
        format!(
            "virtual_hosts:\n- domains: [a.test]\n  routes:\n  - match: {{prefix: /}}\n    typed_per_filter_config: {{cors: {{{own}}}}}\n    \
             route:\n      weighted_clusters:\n        clusters: [{clusters}]\n"
        )
    };
    let cluster =
        |config: &str| format!("{{name: c, weight: 1, typed_per_filter_config: {{cors: {{{config}}}}}}}");
    let off = "'@type': x.FilterConfig, disabled: true";
    let other = policy("https://other.example");
    let bare = "{name: d, weight: 99}";
    for (clusters, allowed, status, code) in [
        (format!("{}, {bare}", cluster(off)), "", 1, "[other-hosts]"),
        (format!("{bare}, {}", cluster(&other)), "", 1, "[no-bucket]"),
        (
            format!("{}, {}", cluster(off), cluster(&other)),
            "",
            1,
            "[no-bucket]",
        ),
        (cluster(off), "", 1, "[not-applied]"),
        (cluster(&other), "https://other.example", 0, "[lists-checked]"),
        (
            format!("{}, {bare}", cluster(&policy(OWN))),
            OWN,
            0,
            "[lists-checked]",
        ),
        (
            format!("{}, {bare}", cluster("'@type': x.FilterConfig, config: {}")),
            OWN,
            0,
            "",
        ),
        (format!("{bare}, {bare}"), OWN, 0, ""),
    ] {
        let (found, remarks, found_status) = asked(&weighted(&clusters));
        assert_eq!(
            (found.as_str(), found_status),
            (allowed, status),
            "{clusters}: {remarks}"
        );
        assert!(remarks.contains(code), "{clusters}: {remarks}");
    }
    // It has what the levels around say.
    let partly = cluster("'@type': x.CorsPolicy, max_age: '5'");
    let text = weighted(&format!("{partly}, {partly}"));
    let printed = import(&["--from", "envoy", "-"], text.as_bytes());
    assert!(
        printed.stdout.contains(OWN) && printed.stdout.contains("\"MaxAgeSeconds\": 5"),
        "{}",
        printed.stdout
    );
}

#[test]
fn what_envoy_answers_by_itself_passes_by_its_filter() {
    let text = |matched: &str, action: &str, level: &str| {
        let own = format!("typed_per_filter_config: {{cors: {{{}}}}}", policy(OWN));
        let (route, host) = if level == "route" {
            (own.as_str(), "x: 1")
        } else {
            ("x: 1", own.as_str())
        };
        format!(
            "virtual_hosts:\n- domains: [a.test]\n  {host}\n  routes:\n  - {{match: {{{matched}}}, {action}, {route}}}\n  - {{match: \
             {{prefix: /}}, route: {{cluster: c}}}}\n"
        )
    };
    for action in ["direct_response: {status: 200}", "directResponse: {status: 204}"] {
        for level in ["route", "host"] {
            let (found, remarks, status) = asked(&text("prefix: /", action, level));
            assert_eq!((found.as_str(), status), ("", 1), "{remarks}");
            assert!(remarks.contains("[not-applied]") || level == "host", "{remarks}");
        }
        let printed = import(
            &["--from", "envoy", "-"],
            text("path: /health", action, "host").as_bytes(),
        );
        assert_eq!(
            edge::allows(&printed.stdout, "a.test", "/o"),
            OWN,
            "{}",
            printed.stderr
        );
        assert_eq!(
            edge::allows(&printed.stdout, "a.test", "/health"),
            "",
            "{}",
            printed.stderr
        );
    }
    let (found, remarks, status) = asked(&text("prefix: /old/", "redirect: {}", "host"));
    assert_eq!((found.as_str(), status), (OWN, 0), "{remarks}");
    assert!(remarks.contains("[no-object]"), "{remarks}");
    let only = format!(
        "virtual_hosts:\n- domains: [a.test]\n  typed_per_filter_config: {{cors: {{{}}}}}\n  routes:\n  - {{match: {{prefix: /}}, redirect: \
         {{}}}}\n",
        policy(OWN)
    );
    let (found, remarks, status) = asked(&only);
    assert_eq!((found.as_str(), status), ("", 1), "{remarks}");
    assert!(
        remarks.contains("is answered by Envoy itself [not-applied]"),
        "{remarks}"
    );
}

#[test]
fn a_policy_in_a_struct_is_read() {
    for kind in ["udpa.type.v1.TypedStruct", "xds.type.v3.TypedStruct"] {
        let value = "allow_methods: GET, allow_origin_string_match: [{exact: 'https://own.example'}]";
        let wrapped = |kind: &str, of: &str| {
            format!(
                "'@type': type.googleapis.com/{kind}, type_url: type.googleapis.com/x.{of}, value: {{{value}}}"
            )
        };
        let filter = wrapped(kind, "CorsPolicy");
        for config in [
            filter.clone(),
            format!("'@type': x.FilterConfig, config: {{{filter}}}"),
        ] {
            let own = format!("}}, typed_per_filter_config: {{cors: {{{config}}}");
            let (found, remarks, status) = asked(&format!("virtual_hosts:\n{}", host("a.test", &own)));
            assert_eq!((found.as_str(), status), (OWN, 0), "{remarks}");
        }
    }
}

#[test]
fn a_policy_that_is_switched_off_is_named() {
    let config = |more: &str| {
        let own = policy(OWN);
        format!("}}, typed_per_filter_config: {{cors: {{'@type': x.FilterConfig, {more}, config: {{{own}}}}}")
    };
    let text = |more: &str| format!("virtual_hosts:\n{}", host("a.test", &config(more)));
    let (found, remarks, status) = asked(&text("disabled: true"));
    assert_eq!((found.as_str(), status), ("", 1), "{remarks}");
    assert!(
        remarks.contains("beside disabled, which switches the filter off here [not-applied]"),
        "{remarks}"
    );
    let (found, remarks, status) = asked(&text("disabled: false"));
    assert_eq!((found.as_str(), status), (OWN, 0), "{remarks}");
    // The innermost level says whether the filter is on.
    let levels = |route: &str, host: &str, whole: &str| {
        let level = |config: &str| format!("typed_per_filter_config: {{cors: {{{config}}}}}");
        format!(
            "{}\nvirtual_hosts:\n- domains: [a.test]\n  {}\n  routes:\n  - match: {{prefix: /}}\n    {}\n    route: {{cluster: c}}\n",
            level(whole),
            level(host),
            level(route)
        )
    };
    let (on, off) = (
        "'@type': x.FilterConfig, config: {}",
        "'@type': x.FilterConfig, disabled: true",
    );
    let own = policy(OWN);
    for (text, allowed) in [
        (levels(on, off, &own), OWN),
        (levels(off, on, &own), ""),
        (levels(&own, off, off), OWN),
        (levels(off, &own, &own), ""),
        (levels("'@type': x.CorsPolicy, max_age: '5'", off, &own), OWN),
    ] {
        let (found, remarks, status) = asked(&text);
        assert_eq!(
            (found.as_str(), status),
            (allowed, i32::from(allowed.is_empty())),
            "{text}{remarks}"
        );
        if allowed.is_empty() {
            assert!(remarks.contains("switches the filter off, or"), "{text}{remarks}");
        }
    }
}

#[test]
fn policies_of_two_cors_filters_are_not_mixed() {
    let text = format!(
        "- http_filters: [{{name: one, typed_config: {{'@type': x.v3.Cors}}}}, {{name: two, typed_config: {{'@type': x.v3.Cors}}}}]\n  \
         route_config:\n    virtual_hosts:\n    - domains: [a.test]\n      typed_per_filter_config: {{two: {{'@type': x.CorsPolicy, \
         allow_credentials: true}}}}\n      routes:\n      - match: {{prefix: /}}\n        typed_per_filter_config: {{one: {{{}}}}}\n",
        policy(OWN)
    );
    let (found, remarks, status) = asked(&text);
    assert_eq!((found.as_str(), status), (OWN, 1), "{remarks}");
    assert!(
        remarks.contains("a second CORS filter") && remarks.contains("[second-policy]"),
        "{remarks}"
    );
    let printed = import(&["--from", "envoy", "-"], text.as_bytes());
    assert!(
        !printed.stdout.contains("allow_credentials"),
        "{}",
        printed.stdout
    );
}

#[test]
fn the_cause_of_a_lost_rule_comes_before_what_is_lost() {
    let own = "}, typed_per_filter_config: {cors: {'@type': x.CorsPolicy, allow_methods: GET, allow_origin_string_match: [{safe_regex: \
               {regex: 'https://[^.]+'}}]}";
    let (_, remarks, status) = asked(&format!("virtual_hosts:\n{}", host("a.test", own)));
    let codes = ["[regular-expression]", "[missing-origin]"];
    let at = codes.map(|code| remarks.find(code).unwrap_or_else(|| panic!("{code}: {remarks}")));
    assert!(at.is_sorted() && status == 1, "{remarks}");
}

#[test]
fn an_expression_for_every_origin_is_told_and_an_end_in_its_middle_lets_none_in() {
    let text = |regex: &str| {
        let own = format!(
            "}}, typed_per_filter_config: {{cors: {{'@type': x.CorsPolicy, allow_methods: GET, allow_origin_string_match: [{{exact: \
             '{OWN}'}}, {{safe_regex: {{regex: '{regex}'}}}}]}}"
        );
        format!("virtual_hosts:\n{}", host("a.test", &own))
    };
    for regex in [".*", ".+", "^.*$", "(.*)", "(^|x).*"] {
        let (found, remarks, status) = asked(&text(regex));
        assert_eq!((found.as_str(), status), ("*", 0), "{regex}: {remarks}");
        assert!(remarks.contains("[any-origin]"), "{regex}: {remarks}");
    }
    for regex in ["$.*", ".*^", ".*b?.^$", "(.$^)*"] {
        let (found, remarks, status) = asked(&text(regex));
        assert_eq!((found.as_str(), status), (OWN, 1), "{regex}: {remarks}");
        assert!(remarks.contains("[regular-expression]"), "{regex}: {remarks}");
    }
    // A group behind the end is no template's placeholder.
    let (_, remarks, _) = asked(&text(r"https://a\.example$(:\d+)?"));
    assert!(!remarks.contains("[template]"), "{remarks}");
}

#[test]
fn only_the_buckets_that_are_asked_for_are_written() {
    let policy = |origin: &str| format!("typed_per_filter_config: {{cors: {{{}}}}}", policy(origin));
    let text = format!(
        "virtual_hosts:\n- domains: [a.test]\n  routes:\n  - {{match: {{prefix: /photos/}}, {}}}\n  - {{match: {{prefix: /docs/}}, {}}}\n",
        policy(OWN),
        policy("https://docs.example")
    );
    let rest = text.replace("prefix: /docs/", "prefix: /");
    let whole = format!(
        "virtual_hosts:\n{}{}",
        site("a.test", OWN),
        site("b.test", "https://b.example")
    );
    for (text, name, status, written) in [
        (&text, "photos", 0, &["photos"][..]),
        (&text, "nope", 1, &[]),
        (&rest, "photos", 0, &["photos/"]),
        (&whole, "a.test", 0, &["a.test"]),
        (&whole, "nope", 1, &[]),
    ] {
        let printed = import(&["--from", "envoy", "--bucket", name, "-"], text.as_bytes());
        assert_eq!(printed.status, status, "{name}: {}", printed.stderr);
        for bucket in ["photos", "photos/", "docs", "a.test", "b.test"] {
            let is_written = printed.stdout.contains(&format!("\"name\": \"{bucket}\""));
            assert_eq!(
                is_written,
                written.contains(&bucket),
                "{bucket} of {name}: {}",
                printed.stdout
            );
        }
        if status == 1 {
            assert!(printed.stderr.contains("[no-target]"), "{}", printed.stderr);
        }
    }
    // What is for all others has the requests of those that are not written.
    let printed = import(&["--from", "envoy", "--bucket", "*", "-"], rest.as_bytes());
    assert!(printed.stdout.contains("\"photos/\""), "{}", printed.stdout);
}

#[test]
fn the_root_of_a_host_whose_paths_name_buckets_is_told() {
    let policy = |origin: &str| format!("typed_per_filter_config: {{cors: {{{}}}}}", policy(origin));
    let text = |domains: &str| {
        format!(
            "virtual_hosts:\n- domains: [{domains}]\n  routes:\n  - {{match: {{prefix: /photos/}}, {}}}\n  - {{match: {{prefix: /}}, {}}}\n",
            policy(OWN),
            policy("https://rest.example")
        )
    };
    for (domains, root) in [("a.test", ""), ("'*'", "https://rest.example")] {
        let printed = import(&["--from", "envoy", "-"], text(domains).as_bytes());
        assert_eq!(printed.status, 0, "{}", printed.stderr);
        assert_eq!(edge::allows(&printed.stdout, "a.test", "/"), root);
        assert_eq!(
            printed.stderr.contains("[root-path]"),
            root.is_empty(),
            "{}",
            printed.stderr
        );
    }
}

#[test]
fn no_path_of_another_host_has_the_name_of_a_host_s_bucket() {
    let policy = |origin: &str| format!("typed_per_filter_config: {{cors: {{{}}}}}", policy(origin));
    let text = format!(
        "virtual_hosts:\n{}- domains: [store.test]\n  routes:\n  - {{match: {{prefix: /photos/}}, {}}}\n  - {{match: {{prefix: /}}}}\n",
        site("a.test", OWN).trim_start(),
        policy("https://photos.example")
    );
    let printed = import(&["--from", "envoy", "-"], text.as_bytes());
    assert_eq!(printed.status, 0, "{}", printed.stderr);
    for (host, path, allowed) in [
        ("a.test", "/o", OWN),
        ("store.test", "/photos/o", "https://photos.example"),
        ("store.test", "/a.test/o", ""),
        ("store.test", "/a.test", ""),
    ] {
        assert_eq!(
            edge::allows(&printed.stdout, host, path),
            allowed,
            "{host}{path}: {}",
            printed.stdout
        );
    }
}
