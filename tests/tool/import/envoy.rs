//! Which hosts Envoy's policies are for: in several listeners, under wildcards, with ports; and the buckets that they
//! become.

use super::import;
use super::imported;

pub(super) const OWN: &str = "https://own.example";

pub(super) fn policy(origin: &str) -> String {
    format!("'@type': x.CorsPolicy, allow_methods: GET, allow_origin_string_match: [{{exact: '{origin}'}}]")
}

pub(super) fn host(domains: &str, more: &str) -> String {
    format!("  - {{domains: [{domains}], routes: [{{match: {{prefix: /}}, route: {{cluster: c{more}}}}}]}}\n")
}

/// A virtual host with a policy; without one, where the origin is empty.
pub(super) fn site(domains: &str, origin: &str) -> String {
    let own = format!("}}, typed_per_filter_config: {{cors: {{{}}}", policy(origin));
    host(domains, if origin.is_empty() { "" } else { &own })
}

/// What the edge allows for a.test, the remarks, and the exit status.
pub(super) fn asked(text: &str) -> (String, String, i32) {
    let printed = import(&["--from", "envoy", "-"], text.as_bytes());
    let allowed = imported::allows(&printed.stdout, "a.test", "/o");
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
        assert_eq!(imported::allows(&printed.stdout, "a.test", "/"), root);
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
            imported::allows(&printed.stdout, host, path),
            allowed,
            "{host}{path}: {}",
            printed.stdout
        );
    }
}
