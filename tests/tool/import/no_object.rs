//! Routes that have no object: redirects, errors, virtual hosts without routes; and routes that are not read.

use super::{import, imported};

const POLICY: &str = "{cors: {'@type': x.CorsPolicy, allow_methods: GET, allow_origin_string_match: [{exact: 'https://p.example'}]}}";
const SITE: &str = "https://p.example";

/// A listener with these virtual hosts.
fn listener(name: &str, hosts: &str) -> String {
    format!(
        "- name: {name}\n  filter_chains:\n  - filters:\n    - typed_config:\n        http_filters:\n        - {{name: cors, typed_config: \
         {{'@type': x.v3.Cors}}}}\n        route_config:\n          name: {name}\n          virtual_hosts:\n{hosts}"
    )
}

fn host(domains: &str, rest: &str) -> String {
    format!("          - {{name: h, domains: [{domains}], {rest}}}\n")
}

fn site(domains: &str) -> String {
    host(
        domains,
        &format!(
            "routes: [{{match: {{prefix: /}}, route: {{cluster: c}}}}], typed_per_filter_config: {POLICY}"
        ),
    )
}

/// What the edge answers for each host and path, the remarks that matter, and the exit status.
fn asked(listeners: &[String], asked: &[(&str, &str)]) -> (Vec<String>, String, i32) {
    let text = format!("listeners:\n{}", listeners.concat());
    let printed = import(&["--from", "envoy", "-"], text.as_bytes());
    let answers = asked
        .iter()
        .map(|(host, path)| imported::allows(&printed.stdout, host, path));
    (answers.collect(), printed.stderr, printed.status)
}

const REDIRECTS: [&str; 4] = [
    "redirect: {https_redirect: true}",
    "redirect: {}",
    "direct_response: {status: 404}",
    "directResponse: {status: 503}",
];

#[test]
fn a_listener_that_only_redirects_takes_no_policy_away() {
    for action in REDIRECTS {
        for domains in ["a.example", "'*'"] {
            let away = host(domains, &format!("routes: [{{match: {{prefix: /}}, {action}}}]"));
            for listeners in [
                [listener("web", &away), listener("tls", &site("a.example"))],
                [listener("tls", &site("a.example")), listener("web", &away)],
            ] {
                let (answers, remarks, status) =
                    asked(&listeners, &[("a.example", "/o"), ("b.example", "/o")]);
                assert_eq!(
                    (answers, status),
                    (vec![SITE.to_owned(), String::new()], 0),
                    "{action}: {remarks}"
                );
                if domains == "a.example" {
                    assert!(remarks.contains("[no-object]"), "{action}: {remarks}");
                }
            }
        }
    }
    // A response with something in it is one to keep from others.
    let page = host(
        "a.example",
        "routes: [{match: {prefix: /}, direct_response: {status: 200, body: {inline_string: x}}}]",
    );
    let (answers, _, status) = asked(
        &[listener("web", &page), listener("tls", &site("a.example"))],
        &[("a.example", "/o")],
    );
    assert_eq!((answers[0].as_str(), status), ("", 1));
}

#[test]
fn a_route_that_only_redirects_takes_no_policy_away() {
    for action in REDIRECTS {
        for matched in [
            "prefix: /old",
            "prefix: /old/",
            "path: /old",
            "path: /",
            "prefix: /, headers: [{name: x-forwarded-proto, exact_match: http}]",
        ] {
            let text = host(
                "a.example",
                &format!(
                    "routes: [{{match: {{{matched}}}, {action}}}, {{match: {{prefix: /}}, route: {{cluster: c}}, typed_per_filter_config: \
                     {POLICY}}}]"
                ),
            );
            let paths = [("a.example", "/o"), ("a.example", "/old/o"), ("a.example", "/")];
            let (answers, remarks, status) = asked(&[listener("tls", &text)], &paths);
            assert_eq!(
                (answers, status),
                (vec![SITE.to_owned(); 3], 0),
                "{matched}: {remarks}"
            );
            assert!(remarks.contains("[no-object]"), "{matched}: {remarks}");
        }
    }
    // A policy of a part is not widened to what is redirected.
    let part = host(
        "a.example",
        &format!(
            "routes: [{{match: {{prefix: /photos/x/}}, route: {{cluster: c}}, typed_per_filter_config: {POLICY}}}, {{match: {{prefix: /}}, \
             redirect: {{}}}}]"
        ),
    );
    let (answers, _, status) = asked(&[listener("tls", &part)], &[("a.example", "/photos/x/o")]);
    assert_eq!((answers[0].as_str(), status), ("", 1));
}

#[test]
fn a_host_that_only_redirects_needs_no_bucket_of_its_own() {
    for domains in ["www.example", "'*.example'"] {
        let away = host(domains, "routes: [{match: {prefix: /}, redirect: {}}]");
        let (answers, remarks, status) = asked(
            &[listener("tls", &(site("'*'") + &away))],
            &[("a.example", "/o"), ("b.invalid", "/o")],
        );
        assert_eq!((answers, status), (vec![SITE.to_owned(); 2], 0), "{remarks}");
    }
}

#[test]
fn a_host_that_only_redirects_is_told_where_it_gets_the_policy_of_others() {
    let off = "typed_per_filter_config: {cors: {'@type': x.v3.FilterConfig, disabled: true}}";
    let path = host(
        "'*'",
        &format!(
            "routes: [{{match: {{prefix: /photos/}}, route: {{cluster: c}}, typed_per_filter_config: {POLICY}}}, {{match: {{prefix: /}}, \
             route: {{cluster: c}}}}]"
        ),
    );
    for action in REDIRECTS {
        for domains in ["www.example", "'*.example'", "'www.*'"] {
            for own in ["", off] {
                let route = format!("routes: [{{match: {{prefix: /}}, {action}}}], {own}");
                for beside in [&site("'*'"), &path] {
                    let away = host(domains, &route);
                    let (answers, remarks, status) = asked(
                        &[listener("tls", &(away + beside))],
                        &[("www.example", "/photos/o")],
                    );
                    assert_eq!((answers[0].as_str(), status), (SITE, 0), "{route}: {remarks}");
                    assert_eq!(remarks.matches("[no-object]").count(), 1, "{route}: {remarks}");
                    assert!(remarks.contains(domains.trim_matches('\'')), "{remarks}");
                }
                // It gets nothing of a host that it is not.
                let away = host(domains, &route);
                let (_, remarks, _) = asked(&[listener("tls", &(away + &site("b.invalid")))], &[]);
                assert!(!remarks.contains("[no-object]"), "{route}: {remarks}");
            }
        }
    }
}

#[test]
fn a_virtual_host_without_routes_has_no_policy() {
    let bare = host("a.example", &format!("typed_per_filter_config: {POLICY}"));
    let (answers, remarks, status) = asked(&[listener("tls", &bare)], &[("a.example", "/o")]);
    assert_eq!((answers[0].as_str(), status), ("", 1));
    assert!(
        remarks.contains("the virtual host has no routes") && remarks.contains("[not-applied]"),
        "{remarks}"
    );
    // Beside one with routes it is no reason to fail.
    let (answers, remarks, status) = asked(
        &[listener("tls", &(bare + &site("b.example")))],
        &[("b.example", "/o")],
    );
    assert_eq!((answers[0].as_str(), status), (SITE, 0), "{remarks}");
    // Routes that are still to be discovered, and a part of a file.
    for text in [
        format!("domains: [a.example]\nroutes: []\ntyped_per_filter_config: {POLICY}\n"),
        format!("virtual_hosts: [{{domains: [a.example], typed_per_filter_config: {POLICY}}}]\n"),
        format!(
            "name: r\nvhds: {{}}\nvirtual_hosts: [{{domains: [a.example], typed_per_filter_config: {POLICY}}}]\n---\nhttp_filters: \
             [{{name: cors, typed_config: {{'@type': x.v3.Cors}}}}]\nrds: {{route_config_name: r}}\n"
        ),
    ] {
        let printed = import(&["--from", "envoy", "-"], text.as_bytes());
        assert_eq!(
            imported::allows(&printed.stdout, "a.example", "/o"),
            SITE,
            "{text}{}",
            printed.stderr
        );
    }
}

#[test]
fn a_tree_of_matchers_is_told_and_keeps_its_hosts() {
    let tree = format!(
        "matcher: {{on_no_match: {{action: {{name: r, typed_config: {{'@type': x.Route, match: {{prefix: /}}, typed_per_filter_config: \
         {POLICY}}}}}}}}}"
    );
    for domains in ["a.example", "'*.example'"] {
        let own = host(domains, &tree);
        let others = [site("'*'"), site("b.example")].concat();
        let (answers, remarks, status) = asked(
            &[listener("tls", &(own + &others))],
            &[("a.example", "/o"), ("b.example", "/o")],
        );
        assert_eq!(
            (answers, status),
            (vec![String::new(), SITE.to_owned()], 1),
            "{remarks}"
        );
        assert_eq!(remarks.matches("[other-matcher]").count(), 1, "{remarks}");
        assert!(!remarks.contains("[no-target]"), "{remarks}");
    }
    // Nothing is lost where no policy is.
    let silent = host("a.example", "matcher: {on_no_match: {action: {name: r}}}");
    let (answers, remarks, status) = asked(
        &[listener("tls", &(silent + &site("b.example")))],
        &[("a.example", "/o"), ("b.example", "/o")],
    );
    assert_eq!(
        (answers, status),
        (vec![String::new(), SITE.to_owned()], 0),
        "{remarks}"
    );
}

#[test]
fn a_path_without_the_policy_of_its_host_is_told_once() {
    let text = host(
        "a.example",
        &format!(
            "routes: [{{match: {{path: /healthz}}, route: {{cluster: c}}}}, {{match: {{prefix: /}}, route: {{cluster: c}}, \
             typed_per_filter_config: {POLICY}}}]"
        ),
    );
    let paths = [("a.example", "/healthz"), ("a.example", "/o")];
    let (answers, remarks, status) = asked(&[listener("tls", &text)], &paths);
    assert_eq!(
        (answers, status),
        (vec![String::new(), SITE.to_owned()], 1),
        "{remarks}"
    );
    let about: Vec<_> = remarks.lines().filter(|line| line.contains("healthz")).collect();
    assert_eq!(about.len(), 1, "{remarks}");
    assert!(
        about[0].contains("that the path \"/healthz\" has not the policy of the rest of its host"),
        "{remarks}"
    );
}
