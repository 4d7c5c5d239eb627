//! Which of the policies around a request of Envoy's counts, and what of them admits which origin.

use super::documents::remarks;
use super::envoy::{OWN, asked, host, policy};
use super::{import, imported};

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
            imported::allows(&printed.stdout, "a.test", "/o"),
            OWN,
            "{}",
            printed.stderr
        );
        assert_eq!(
            imported::allows(&printed.stdout, "a.test", "/health"),
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
fn what_a_dump_has_and_envoy_does_not_run_does_not_count() {
    let own = format!("typed_per_filter_config: {{cors: {{{}}}}}", policy(OWN));
    let routes = |domains: &str, more: &str| {
        format!(
            "{{virtual_hosts: [{{domains: [{domains}], routes: [{{match: {{prefix: /}}, route: {{cluster: c}}}}]{more}}}]}}"
        )
    };
    let with = |domains: &str| routes(domains, &format!(", {own}"));
    for state in [
        "error_state: {failed_configuration: ",
        "drainingState: {listener: ",
        "errorState: {failedConfiguration: ",
    ] {
        let text = |active: &str, over: &str| {
            format!("configs:\n- active_state: {{listener: {active}}}\n  {state}{over}}}\n")
        };
        let (found, remarks, status) = asked(&text(&with("a.test"), &routes("'*', a.test", "")));
        assert_eq!((found.as_str(), status), (OWN, 0), "{remarks}");
        let (found, remarks, status) = asked(&text(&with("b.test"), &with("a.test")));
        assert_eq!((found.as_str(), status), ("", 0), "{remarks}");
        assert!(remarks.contains("[not-applied]"), "{remarks}");
    }
}

#[test]
fn what_an_outer_policy_of_envoy_says_has_no_effect_behind_the_inner_one_s() {
    let envoy = |inner: &str| {
        format!(
            "virtual_hosts:\n- domains: [a.example]\n  cors: {{allow_methods: GET, allow_origin_regex: ['https://[^.]+\\.a\\.example']}}\n  \
             routes:\n  - match: {{prefix: /}}\n    route:\n      cors: {{{inner}allow_methods: GET}}\n"
        )
    };
    let (status, lines) = remarks(&envoy("allow_origin: ['https://b.example'], "), "envoy");
    assert!(
        status == 0 && !lines.iter().any(|line| line.contains("regular")),
        "{lines:?}"
    );
    assert_eq!(remarks(&envoy(""), "envoy").0, 1);
}
