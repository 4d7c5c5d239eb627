//! Random routes, Gateways and SecurityPolicies: the edge gives a request a policy only where each listener that takes
//! it gives it the same one, by a plain reading of the Gateway API and of what Envoy Gateway makes of it.

use super::{edge, import};
use crate::choices::{Choices, Random};

const CASES: usize = 250;
const TAPE: usize = 192;

const HOSTS: [&str; 4] = ["a.example", "b.example", "x.a.example", "*.a.example"];
const SERVED: [&str; 5] = ["", "", "a.example", "*.a.example", "b.example"];
const ORIGINS: [&str; 3] = ["", "https://p.example", "https://q.example"];
const ROUTE_PATHS: [&str; 5] = ["/", "/", "/photos", "/photos/x", "/docs"];
struct DrawnListener {
    name: &'static str,
    port: usize,
    protocol: &'static str,
    hostname: &'static str,
}

struct DrawnGateway {
    name: &'static str,
    listeners: Vec<DrawnListener>,
    is_in_files: bool,
}

struct DrawnRule {
    name: &'static str,
    path: &'static str,
    is_conditional: bool,
    filter: &'static str,
}

struct DrawnRoute {
    name: &'static str,
    label: &'static str,
    hosts: Vec<&'static str>,
    /// Each with a listener, if it names one.
    parents: Vec<(&'static str, &'static str)>,
    rules: Vec<DrawnRule>,
}

struct DrawnPolicy {
    name: &'static str,
    made: usize,
    /// Its kind and name, or the label that it chooses by, and its section.
    target: (&'static str, &'static str, &'static str),
    origin: &'static str,
}

struct World {
    gateways: Vec<DrawnGateway>,
    routes: Vec<DrawnRoute>,
    policies: Vec<DrawnPolicy>,
}

fn matches_name(domain: &str, host: &str) -> bool {
    domain.is_empty() || domain == host || domain.strip_prefix('*').is_some_and(|end| host.ends_with(end))
}

/// The more particular, the greater.
fn rank(domain: &str) -> (bool, usize) {
    (!domain.is_empty() && !domain.starts_with('*'), domain.len())
}

impl World {
    fn new(random: &mut Choices<'_>) -> Self {
        let names = ["web", "tls", "other"];
        let listener = |random: &mut Choices<'_>, name| DrawnListener {
            name,
            port: 80 + random.below(2),
            protocol: random.pick(&["HTTP", "HTTP", "HTTP", "TLS"]),
            hostname: random.pick(&SERVED),
        };
        let mut gateways: Vec<_> = ["gate", "side"]
            .into_iter()
            .map(|name| DrawnGateway {
                name,
                listeners: names[..1 + random.below(3)]
                    .iter()
                    .map(|name| listener(random, name))
                    .collect(),
                is_in_files: true,
            })
            .collect();
        // Two listeners of one port and host are one too many.
        for gateway in &mut gateways {
            let mut seen = Vec::new();
            gateway.listeners.retain(|listener| {
                let own = (listener.port, listener.hostname);
                let is_new = !seen.contains(&own);
                seen.push(own);
                is_new
            });
        }
        let far = |name, port| DrawnListener {
            name,
            port,
            protocol: "HTTP",
            hostname: "",
        };
        gateways.push(DrawnGateway {
            name: "far",
            listeners: vec![far("web", 80), far("tls", 81), far("other", 82)],
            is_in_files: false,
        });
        let parent = |random: &mut Choices<'_>| {
            let gateway = random.pick(&["gate", "gate", "gate", "side", "far"]);
            (gateway, random.pick(&["", "", "web", "tls"]))
        };
        let rule = |random: &mut Choices<'_>, name| DrawnRule {
            name,
            path: random.pick(&ROUTE_PATHS),
            is_conditional: random.once_in(10),
            filter: if random.once_in(5) {
                random.pick(&ORIGINS)
            } else {
                ""
            },
        };
        let routes = ["one", "two", "three"][..1 + random.below(3)]
            .iter()
            .map(|name| DrawnRoute {
                name,
                label: random.pick(&["x", "y"]),
                hosts: (0..random.below(3)).map(|_| random.pick(&HOSTS)).collect(),
                parents: (0..1 + random.below(2)).map(|_| parent(random)).collect(),
                rules: ["first", "second"][..1 + random.below(2)]
                    .iter()
                    .map(|name| rule(random, name))
                    .collect(),
            });
        let routes = routes.collect();
        let policies = ["p", "q", "r", "s"][..1 + random.below(4)]
            .iter()
            .map(|name| DrawnPolicy {
                name,
                made: random.below(3),
                target: match random.below(8) {
                    0 | 1 => (
                        "HTTPRoute",
                        random.pick(&["one", "two"]),
                        random.pick(&["", "", "first"]),
                    ),
                    2 => ("label", random.pick(&["x", "y"]), ""),
                    _ => (
                        "Gateway",
                        random.pick(&["gate", "gate", "side", "far"]),
                        random.pick(&["", "", "web", "tls"]),
                    ),
                },
                origin: random.pick(&["", ORIGINS[1], ORIGINS[1], ORIGINS[2]]),
            });
        let policies = policies.collect();
        Self {
            gateways,
            routes,
            policies,
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for gateway in self.gateways.iter().filter(|gateway| gateway.is_in_files) {
            text += &format!(
                "kind: Gateway\nmetadata: {{name: {}}}\nspec:\n  listeners:\n",
                gateway.name
            );
            for listener in &gateway.listeners {
                let DrawnListener {
                    name,
                    port,
                    protocol,
                    hostname,
                } = listener;
                text += &format!(
                    "  - {{name: {name}, port: {port}, protocol: {protocol}, hostname: '{hostname}'}}\n"
                );
            }
            text += "---\n";
        }
        for route in &self.routes {
            let hosts: Vec<_> = route.hosts.iter().map(|host| format!("'{host}'")).collect();
            let parents: Vec<_> = route
                .parents
                .iter()
                .map(|(gateway, section)| match *section {
                    "" => format!("{{name: {gateway}}}"),
                    section => format!("{{name: {gateway}, sectionName: {section}}}"),
                })
                .collect();
            text += &format!(
                "kind: HTTPRoute\nmetadata: {{name: {}, labels: {{l: {}}}}}\nspec:\n  hostnames: [{}]\n  parentRefs: [{}]\n  rules:\n",
                route.name,
                route.label,
                hosts.join(", "),
                parents.join(", ")
            );
            for rule in &route.rules {
                let method = if rule.is_conditional { ", method: PUT" } else { "" };
                text += &format!(
                    "  - {{name: {}, matches: [{{path: {{value: {}}}{method}}}]",
                    rule.name, rule.path
                );
                if !rule.filter.is_empty() {
                    text += &format!(
                        ", filters: [{{type: CORS, cors: {{allowOrigins: ['{}'], allowMethods: [GET]}}}}]",
                        rule.filter
                    );
                }
                text += "}\n";
            }
            text += "---\n";
        }
        for policy in &self.policies {
            let target = match policy.target {
                ("label", label, _) => {
                    format!("targetSelectors: [{{kind: HTTPRoute, matchLabels: {{l: {label}}}}}]")
                }
                (kind, name, "") => format!("targetRefs: [{{kind: {kind}, name: {name}}}]"),
                (kind, name, section) => {
                    format!("targetRefs: [{{kind: {kind}, name: {name}, sectionName: {section}}}]")
                }
            };
            let cors = match policy.origin {
                "" => "jwt: {}".to_owned(),
                origin => format!("cors: {{allowOrigins: ['{origin}'], allowMethods: [GET]}}"),
            };
            text += &format!(
                "kind: SecurityPolicy\nmetadata: {{name: {}, creationTimestamp: '2025-01-0{}T00:00:00Z'}}\nspec:\n  {target}\n  \
                 {cors}\n---\n",
                policy.name,
                policy.made + 1
            );
        }
        text
    }

    /// The oldest policy with this target.
    fn policy(&self, is_it: impl Fn(&DrawnPolicy) -> bool) -> Option<&'static str> {
        let found = self.policies.iter().filter(|policy| is_it(policy));
        found
            .min_by_key(|policy| (policy.made, policy.name))
            .map(|policy| policy.origin)
    }

    fn origin(&self, route: &DrawnRoute, rule: &DrawnRule, gateway: &str, listener: &str) -> &'static str {
        if !rule.filter.is_empty() {
            return rule.filter;
        }
        let of = |target: (&str, &str, &str)| self.policy(|policy| policy.target == target);
        of(("HTTPRoute", route.name, rule.name))
            .or_else(|| {
                self.policy(|policy| {
                    policy.target == ("HTTPRoute", route.name, "")
                        || policy.target == ("label", route.label, "")
                })
            })
            .or_else(|| of(("Gateway", gateway, listener)))
            .or_else(|| of(("Gateway", gateway, "")))
            .unwrap_or_default()
    }

    /// What each port of each Gateway answers, whichever of two equal routes comes first.
    fn answers(&self, host: &str, path: &str, is_put: bool) -> Vec<&'static str> {
        let mut answers = Vec::new();
        for gateway in &self.gateways {
            for port in 80..83 {
                let on_port = gateway.listeners.iter().filter(|listener| listener.port == port);
                let fitting = on_port
                    .filter(|listener| listener.protocol == "HTTP" && matches_name(listener.hostname, host));
                let Some(listener) = fitting.max_by_key(|listener| rank(listener.hostname)) else {
                    continue;
                };
                let is_attached = |route: &&DrawnRoute| {
                    let mut parents = route.parents.iter();
                    parents.any(|(name, section)| {
                        *name == gateway.name && (section.is_empty() || *section == listener.name)
                    })
                };
                let mut found = Vec::new();
                for route in self.routes.iter().filter(is_attached) {
                    let hosts = if route.hosts.is_empty() {
                        &[""][..]
                    } else {
                        &route.hosts
                    };
                    for own in hosts.iter().filter(|own| matches_name(own, host)) {
                        for rule in &route.rules {
                            let takes = rule.path == "/"
                                || path == rule.path
                                || path.starts_with(&format!("{}/", rule.path));
                            // The more particular of the two names is the one that its requests are asked by.
                            let name = std::cmp::max(rank(own), rank(listener.hostname));
                            let origin = self.origin(route, rule, gateway.name, listener.name);
                            if takes && (is_put || !rule.is_conditional) {
                                found.push((name, rule.path.len(), rule.is_conditional, route.name, origin));
                            } else {
                                found.push((name, usize::MAX, false, "", ""));
                            }
                        }
                    }
                }
                // The longest name has all requests of its hosts, whether its routes take them or not.
                let longest = found.iter().map(|found| found.0).max();
                found.retain(|(name, length, ..)| Some(*name) == longest && *length != usize::MAX);
                let of_most = |found: &(_, usize, bool, _, _)| (found.1, found.2);
                let most = found.iter().map(of_most).max();
                let mut equal: Vec<_> = found
                    .iter()
                    .filter(|found| Some(of_most(found)) == most)
                    .collect();
                // In one route, the first rule of two equal ones stands.
                equal.dedup_by_key(|found| found.3);
                answers.extend(equal.iter().map(|found| found.4));
            }
        }
        answers
    }
}

#[test]
fn the_edge_gives_no_request_another_policy_than_envoy_gateway() {
    let mut tape = vec![0; CASES * TAPE];
    Random(13).fill(&mut tape);
    let mut tally = edge::Tally::default();
    for tape in tape.chunks(TAPE) {
        let world = World::new(&mut Choices::new(tape));
        let text = world.text();
        let printed = import(&["--from", "envoy-gateway", "-"], text.as_bytes());
        for host in ["a.example", "b.example", "x.a.example", "z.a.example", "z"] {
            for path in edge::PATHS {
                let edge = edge::allows(&printed.stdout, host, path);
                let answers = [world.answers(host, path, false), world.answers(host, path, true)].concat();
                let report = || {
                    format!(
                        "{host}{path}: {edge:?} of {answers:?}\n{text}\n{}{}",
                        printed.stdout, printed.stderr
                    )
                };
                tally.hold((&edge, path), &answers, printed.status == 0, report);
            }
        }
    }
    tally.assert_many(CASES);
}
