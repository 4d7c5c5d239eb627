//! Random virtual hosts: the edge gives a request a policy only where Envoy gives it the same one.

use super::{import, imported};
use crate::choices::{Choices, Random};

const CASES: usize = 250;

const DOMAINS: [&str; 10] = [
    "a.example",
    "a.example:8080",
    "a.example:*",
    "b.example",
    "photos.a.example",
    "*.a.example",
    "*.example",
    "a.*",
    "a.exam*",
    "*",
];

/// How a route matches, in Envoy's words, and a request's path.
type EnvoyMatch = (&'static str, fn(&str) -> bool);

const MATCHES: [EnvoyMatch; 8] = [
    ("prefix: /", |_| true),
    ("prefix: /", |_| true),
    ("prefix: /photos/", |path| path.starts_with("/photos/")),
    ("prefix: /photos", |path| path.starts_with("/photos")),
    ("prefix: /photos/x/", |path| path.starts_with("/photos/x/")),
    ("path: /photos", |path| path == "/photos"),
    ("path_separated_prefix: /docs", |path| {
        path == "/docs" || path.starts_with("/docs/")
    }),
    ("prefix: /docs/", |path| path.starts_with("/docs/")),
];

const ORIGINS: [&str; 3] = ["", "https://p.example", "https://q.example"];

struct EnvoyRoute {
    matched: EnvoyMatch,
    needs_header: bool,
    origin: &'static str,
    /// What a second cluster has in its place.
    other: Option<&'static str>,
}

/// The virtual hosts of a listener.
type Hosts = Vec<(&'static str, Vec<EnvoyRoute>)>;

/// The virtual host that Envoy takes.
fn virtual_host<'h>(hosts: &'h Hosts, authority: &str) -> Option<&'h [EnvoyRoute]> {
    let takes = |domain: &str| match (domain.strip_prefix('*'), domain.strip_suffix('*')) {
        (Some(end), _) => authority.ends_with(end) && authority.len() > end.len(),
        (_, Some(start)) => authority.starts_with(start) && authority.len() > start.len(),
        _ => authority == domain,
    };
    // Exact ones, then ends, then starts, then all.
    let rank = |domain: &str| match domain {
        "*" => (0, 0),
        _ if domain.ends_with('*') => (1, domain.len()),
        _ if domain.starts_with('*') => (2, domain.len()),
        _ => (3, 0),
    };
    let taking = hosts.iter().filter(|(domain, _)| takes(domain));
    let first = taking.max_by_key(|(domain, _)| rank(domain));
    first.map(|(_, routes)| routes.as_slice())
}

/// What Envoy may allow; nothing: it has no route.
fn envoy_allows(hosts: &Hosts, authority: &str, path: &str, has_header: bool) -> Vec<&'static str> {
    let mut taking = virtual_host(hosts, authority)
        .into_iter()
        .flatten()
        .filter(|route| (route.matched.1)(path) && (has_header || !route.needs_header));
    let first = taking.next();
    first
        .map(|route| std::iter::once(route.origin).chain(route.other).collect())
        .unwrap_or_default()
}

fn text(hosts: &Hosts) -> String {
    let policy = |origin: &str| {
        format!(
            "'@type': x.CorsPolicy, allow_methods: GET, allow_origin_string_match: [{{exact: '{origin}'}}]"
        )
    };
    let mut text = "virtual_hosts:\n".to_owned();
    for (domain, routes) in hosts {
        text += &format!("- domains: ['{domain}']\n  routes:\n");
        for route in routes {
            let headers = if route.needs_header {
                ", headers: [{name: x}]"
            } else {
                ""
            };
            text += &format!(
                "  - match: {{{}{headers}}}\n    route:\n      cluster: c\n",
                route.matched.0
            );
            if let Some(other) = route.other {
                let config = match other {
                    "" => "'@type': x.FilterConfig, disabled: true".to_owned(),
                    other => policy(other),
                };
                text += &format!(
                    "      weighted_clusters: {{clusters: [{{name: c}}, {{name: d, typed_per_filter_config: {{cors: {{{config}}}}}}}]}}\n"
                );
            }
            if !route.origin.is_empty() {
                text += &format!(
                    "    typed_per_filter_config: {{cors: {{{}}}}}\n",
                    policy(route.origin)
                );
            }
        }
    }
    text
}

#[test]
fn the_edge_gives_no_request_another_policy_than_envoy() {
    let mut tape = vec![0; CASES * 64];
    Random(7).fill(&mut tape);
    let mut given = 0;
    for tape in tape.chunks(64) {
        let mut random = Choices::new(tape);
        let mut listeners = Vec::new();
        for _ in 0..1 + random.below(2) {
            let mut hosts = Hosts::new();
            for domain in DOMAINS {
                if random.below(4) > 0 {
                    continue;
                }
                let route = |random: &mut Choices<'_>| EnvoyRoute {
                    matched: MATCHES[random.below(MATCHES.len())],
                    needs_header: random.below(6) == 0,
                    origin: ORIGINS[random.below(ORIGINS.len())],
                    other: (random.below(6) == 0).then(|| ORIGINS[random.below(ORIGINS.len())]),
                };
                let routes = (0..1 + random.below(3)).map(|_| route(&mut random)).collect();
                hosts.push((domain, routes));
            }
            listeners.push(hosts);
        }
        let text = listeners.iter().map(text).collect::<Vec<_>>().join("---\n");
        let printed = import(&["--from", "envoy", "-"], text.as_bytes());
        let domains: Vec<_> = listeners.iter().flatten().map(|(domain, _)| *domain).collect();
        let authorities = DOMAINS.map(|domain| domain.replace(":*", ":9").replace('*', "x"));
        for authority in authorities
            .iter()
            .map(String::as_str)
            .chain(["c.example", "docs.b.example"])
        {
            // The edge knows no ports, and requests have only those that hosts do.
            let has_port = |port: &str| domains.iter().any(|domain| domain.ends_with(port));
            if authority.ends_with(":8080") && !has_port(":8080")
                || authority.ends_with(":9") && !has_port(":*")
            {
                continue;
            }
            for path in imported::PATHS {
                let edge = imported::allows(&printed.stdout, authority, path);
                if edge.is_empty() {
                    continue;
                }
                given += 1;
                for (hosts, has_header) in listeners.iter().flat_map(|hosts| [(hosts, false), (hosts, true)])
                {
                    let envoy = envoy_allows(hosts, authority, path, has_header);
                    assert!(
                        envoy.iter().all(|origin| *origin == edge),
                        "{authority}{path}: {edge}, and {envoy:?} of\n{text}\n{}{}",
                        printed.stdout,
                        printed.stderr
                    );
                }
                let name = |domain: &str| domain.split(':').next() == authority.split(':').next();
                assert!(
                    domains.iter().any(|domain| domain.contains('*') || name(domain)),
                    "{authority}{path}: {edge}, and nobody has the host of\n{text}"
                );
            }
        }
    }
    assert!(given > CASES, "{given} requests were given a policy");
}
