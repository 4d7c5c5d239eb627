//! Random virtual hosts: the edge gives a request a policy only where Envoy gives it the same one.

use super::{edge, import};
use crate::choices::{Choices, Random};

const CASES: usize = 250;

const DOMAINS: [&str; 6] = [
    "a.example",
    "a.example:8080",
    "b.example",
    "photos.a.example",
    "*.a.example",
    "*",
];

/// How a route matches, in Envoy's words, and a request's path.
type Match = (&'static str, fn(&str) -> bool);

const MATCHES: [Match; 8] = [
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

struct Route {
    matched: Match,
    needs_header: bool,
    origin: &'static str,
}

type Hosts = Vec<(&'static str, Vec<Route>)>;

/// What Envoy allows. `None`: it has no route.
fn envoy_allows(hosts: &Hosts, authority: &str, path: &str, has_header: bool) -> Option<&'static str> {
    let with = |domain: &str| hosts.iter().find(|(own, _)| *own == domain);
    let below = authority.ends_with(".a.example") && authority != "a.example";
    let (_, routes) = with(authority)
        .or_else(|| with("*.a.example").filter(|_| below))
        .or_else(|| with("*"))?;
    let mut taking = routes
        .iter()
        .filter(|route| (route.matched.1)(path) && (has_header || !route.needs_header));
    taking.next().map(|route| route.origin)
}

fn text(hosts: &Hosts) -> String {
    let mut text = "virtual_hosts:\n".to_owned();
    for (domain, routes) in hosts {
        text += &format!("- domains: ['{domain}']\n  routes:\n");
        for route in routes {
            let headers = if route.needs_header {
                ", headers: [{name: x}]"
            } else {
                ""
            };
            text += &format!("  - match: {{{}{headers}}}\n    route: {{", route.matched.0);
            if !route.origin.is_empty() {
                text += &format!(
                    "cors: {{allow_methods: GET, allow_origin_string_match: [{{exact: '{}'}}]}}",
                    route.origin
                );
            }
            text += "}\n";
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
        let mut hosts = Hosts::new();
        for domain in DOMAINS {
            if random.below(3) > 0 {
                continue;
            }
            let route = |random: &mut Choices<'_>| Route {
                matched: MATCHES[random.below(MATCHES.len())],
                needs_header: random.below(6) == 0,
                origin: ORIGINS[random.below(ORIGINS.len())],
            };
            let routes = (0..1 + random.below(3)).map(|_| route(&mut random)).collect();
            hosts.push((domain, routes));
        }
        let text = text(&hosts);
        let printed = import(&["--from", "envoy", "-"], text.as_bytes());
        let authorities = DOMAINS.map(|domain| domain.replace('*', "x"));
        for authority in authorities
            .iter()
            .map(String::as_str)
            .chain(["c.example", "docs.b.example"])
        {
            // The edge knows no ports, and most requests have none.
            if authority.contains(':') && !hosts.iter().any(|(domain, _)| *domain == authority) {
                continue;
            }
            for path in edge::PATHS {
                let edge = edge::allows(&printed.stdout, authority, path);
                if edge.is_empty() {
                    continue;
                }
                given += 1;
                for has_header in [false, true] {
                    let envoy = envoy_allows(&hosts, authority, path, has_header);
                    let name = |domain: &str| domain.trim_end_matches(":8080").to_owned();
                    let is_known = hosts
                        .iter()
                        .any(|(domain, _)| domain.starts_with('*') || name(domain) == name(authority));
                    assert!(
                        envoy == Some(edge.as_str()) || envoy.is_none() && is_known,
                        "{authority}{path}: {edge}, and {envoy:?} of\n{text}\n{}{}",
                        printed.stdout,
                        printed.stderr
                    );
                }
            }
        }
    }
    assert!(given > CASES, "{given} requests were given a policy");
}
