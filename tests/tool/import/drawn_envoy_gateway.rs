//! Routes, Gateways and SecurityPolicies that are drawn at random, and the file that they are in.

use crate::choices::Choices;

const HOSTS: [&str; 4] = ["a.example", "b.example", "x.a.example", "*.a.example"];

const SERVED: [&str; 5] = ["", "", "a.example", "*.a.example", "b.example"];

const ORIGINS: [&str; 3] = ["", "https://p.example", "https://q.example"];

const ROUTE_PATHS: [&str; 5] = ["/", "/", "/photos", "/photos/x", "/docs"];

pub(super) struct DrawnListener {
    pub(super) name: &'static str,
    pub(super) port: usize,
    pub(super) protocol: &'static str,
    pub(super) hostname: &'static str,
}

pub(super) struct DrawnGateway {
    pub(super) name: &'static str,
    pub(super) listeners: Vec<DrawnListener>,
    pub(super) is_in_files: bool,
}

pub(super) struct DrawnRule {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) is_conditional: bool,
    pub(super) filter: &'static str,
}

pub(super) struct DrawnRoute {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hosts: Vec<&'static str>,
    /// Each with a listener, if it names one.
    pub(super) parents: Vec<(&'static str, &'static str)>,
    pub(super) rules: Vec<DrawnRule>,
}

pub(super) struct DrawnPolicy {
    pub(super) name: &'static str,
    pub(super) made: usize,
    /// Its kind and name, or the label that it chooses by, and its section.
    pub(super) target: (&'static str, &'static str, &'static str),
    pub(super) origin: &'static str,
}

pub(super) struct World {
    pub(super) gateways: Vec<DrawnGateway>,
    pub(super) routes: Vec<DrawnRoute>,
    pub(super) policies: Vec<DrawnPolicy>,
}

impl World {
    pub(super) fn new(random: &mut Choices<'_>) -> Self {
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

    pub(super) fn text(&self) -> String {
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
}
