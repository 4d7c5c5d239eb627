//! Random VirtualServices and Gateways: the edge gives a request a policy only where each proxy that has the host gives
//! it the same one, by a plain reading of what Istio builds from them.

use super::{edge, import};
use crate::choices::{Choices, Random};

const CASES: usize = 250;
const TAPE: usize = 224;

const HOSTS: [&str; 5] = ["a.example", "b.example", "x.a.example", "*.a.example", "*"];
const SERVED: [&str; 8] = [
    "*",
    "*",
    "*.a.example",
    "a.example",
    "web/a.example",
    "./b.example",
    "other/*",
    "*/b.example",
];
const PROTOCOLS: [&str; 6] = ["HTTP", "HTTP", "HTTPS", "GRPC", "TLS", "TCP"];
const ORIGINS: [&str; 3] = ["", "https://p.example", "https://q.example"];
const URIS: [(&str, &str); 8] = [
    ("prefix", "/"),
    ("prefix", "/photos/"),
    ("prefix", "/photos/"),
    ("prefix", "/photos"),
    ("exact", "/photos"),
    ("prefix", "/docs/"),
    ("regex", "/.*"),
    ("prefix", "/photos/x/"),
];
struct IstioServer {
    protocol: &'static str,
    redirects: bool,
    hosts: Vec<&'static str>,
}

struct IstioGateway {
    name: &'static str,
    selector: &'static str,
    servers: Vec<IstioServer>,
    is_in_files: bool,
}

#[derive(Clone, Default)]
struct IstioMatch {
    uri: Option<(&'static str, &'static str)>,
    method: bool,
    gateways: Vec<&'static str>,
}

#[derive(Clone, Default)]
struct IstioRoute {
    matches: Vec<IstioMatch>,
    origin: &'static str,
    delegate: Option<&'static str>,
}

struct Service {
    name: String,
    namespace: &'static str,
    hosts: Vec<&'static str>,
    gateways: Vec<&'static str>,
    /// The namespace that sees it; empty: all.
    exported: &'static str,
    http: Vec<IstioRoute>,
}

impl Service {
    fn is_seen(&self, namespace: &str) -> bool {
        match self.exported {
            "" => true,
            "." => self.namespace == namespace,
            exported => exported == namespace,
        }
    }
}

/// Where the proxies of a selector run. That of the Gateway which is not in the files is its own namespace.
fn home(selector: &str) -> &'static str {
    if selector == "inner" { "other" } else { "web" }
}

/// A Gateway, as any namespace names it.
fn named(gateway: &str) -> String {
    match gateway {
        "mesh" => "mesh".to_owned(),
        name => format!("web/{name}"),
    }
}

impl IstioMatch {
    fn takes(&self, path: &str, is_put: bool) -> bool {
        let by_path = match self.uri {
            None | Some(("regex", _)) => true,
            Some(("exact", text)) => path == text,
            Some((_, text)) => path.starts_with(text),
        };
        by_path && (is_put || !self.method)
    }

    fn is_last(&self) -> bool {
        !self.method && matches!(self.uri, None | Some(("prefix", "/")))
    }

    fn text(&self) -> String {
        let mut fields = Vec::new();
        if let Some((kind, text)) = self.uri {
            fields.push(format!("uri: {{{kind}: '{text}'}}"));
        }
        if self.method {
            fields.push("method: {exact: PUT}".to_owned());
        }
        if !self.gateways.is_empty() {
            let gateways: Vec<_> = self.gateways.iter().map(|name| named(name)).collect();
            fields.push(format!("gateways: [{}]", gateways.join(", ")));
        }
        format!("{{{}}}", fields.join(", "))
    }
}

impl IstioRoute {
    fn text(&self) -> String {
        let mut fields = Vec::new();
        if !self.matches.is_empty() {
            let matches: Vec<_> = self.matches.iter().map(IstioMatch::text).collect();
            fields.push(format!("match: [{}]", matches.join(", ")));
        }
        if !self.origin.is_empty() {
            fields.push(format!(
                "corsPolicy: {{allowOrigins: [{{exact: '{}'}}], allowMethods: [GET]}}",
                self.origin
            ));
        }
        match self.delegate {
            Some(name) => fields.push(format!("delegate: {{name: {name}, namespace: web}}")),
            None => fields.push("route: [{destination: {host: store}}]".to_owned()),
        }
        format!("  - {{{}}}\n", fields.join(", "))
    }
}

/// What a route of a delegate becomes below the route that names it, if Istio keeps it.
fn merged(root: &IstioRoute, leaf: &IstioRoute) -> Option<IstioRoute> {
    let origin = if leaf.origin.is_empty() {
        root.origin
    } else {
        leaf.origin
    };
    let mut matches = Vec::new();
    for own in &leaf.matches {
        let mut found = root.matches.is_empty();
        if found {
            matches.push(own.clone());
        }
        for around in &root.matches {
            let fits = match (around.uri, own.uri) {
                (Some(("exact", all)), Some(("exact", text))) => all == text,
                (Some(("prefix", all)), Some(("exact" | "prefix", text))) => text.starts_with(all),
                (None, _) | (_, None) => true,
                _ => false,
            };
            let is_within = around.gateways.is_empty()
                || own
                    .gateways
                    .iter()
                    .all(|gateway| around.gateways.contains(gateway));
            if fits && is_within {
                found = true;
                matches.push(IstioMatch {
                    uri: own.uri.or(around.uri),
                    method: own.method || around.method,
                    gateways: if own.gateways.is_empty() {
                        around.gateways.clone()
                    } else {
                        own.gateways.clone()
                    },
                });
            }
        }
        if !found {
            return None;
        }
    }
    if leaf.matches.is_empty() {
        matches = root.matches.clone();
    }
    Some(IstioRoute {
        matches,
        origin,
        delegate: None,
    })
}

fn matches_name(domain: &str, host: &str) -> bool {
    domain == host || domain == "*" || domain.strip_prefix('*').is_some_and(|end| host.ends_with(end))
}

/// The names that both lists have.
fn intersection(some: &[&'static str], others: &[&'static str]) -> Vec<&'static str> {
    let mut both = Vec::new();
    for one in some {
        for other in others {
            if matches_name(one, other) || one == other {
                both.push(*other);
            } else if matches_name(other, one) {
                both.push(*one);
            }
        }
    }
    both.sort_unstable();
    both.dedup();
    both
}

/// The virtual hosts of a listener, each with its routes.
type ServedHosts = Vec<(&'static str, Vec<(IstioMatch, &'static str)>)>;

/// What a listener answers. `None`: it has no route.
fn answer(listener: &ServedHosts, host: &str, path: &str, is_put: bool) -> Option<&'static str> {
    let mut fitting: Vec<_> = listener
        .iter()
        .filter(|(domain, _)| matches_name(domain, host))
        .collect();
    fitting.sort_by_key(|(domain, _)| (domain.starts_with('*'), std::cmp::Reverse(domain.len())));
    let (_, routes) = fitting.first()?;
    let last = routes.iter().filter(|(matched, _)| matched.is_last());
    let mut routes = routes
        .iter()
        .filter(|(matched, _)| !matched.is_last())
        .chain(last);
    routes
        .find(|(matched, _)| matched.takes(path, is_put))
        .map(|(_, origin)| *origin)
}

fn routes_for(service: &Service, gateway: &str, delegates: &[Service]) -> Vec<(IstioMatch, &'static str)> {
    let mut all = Vec::new();
    for http in &service.http {
        match http.delegate {
            None => all.push(http.clone()),
            Some(name) => {
                let delegate = delegates.iter().find(|delegate| delegate.name == name);
                let leaves = delegate.map(|delegate| &delegate.http[..]).unwrap_or_default();
                all.extend(leaves.iter().filter_map(|leaf| merged(http, leaf)));
            }
        }
    }
    let mut routes = Vec::new();
    for http in all {
        for matched in &http.matches {
            if matched.gateways.is_empty() || matched.gateways.contains(&gateway) {
                routes.push((matched.clone(), http.origin));
                // Of one service, nothing comes behind it.
                if matched.is_last() {
                    return routes;
                }
            }
        }
        if http.matches.is_empty() {
            routes.push((IstioMatch::default(), http.origin));
            return routes;
        }
    }
    routes
}

fn add(listener: &mut ServedHosts, names: &[&'static str], routes: &[(IstioMatch, &'static str)]) {
    for name in names {
        match listener.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => known.extend(routes.iter().cloned()),
            None => listener.push((name, routes.to_vec())),
        }
    }
}

/// The virtual hosts of each server that takes HTTP, with what it is told apart by: the proxy and, of HTTPS, the names
/// that a client asks for first. Servers of plain HTTP at one proxy are one.
type Listeners = Vec<(&'static str, Option<Vec<&'static str>>, ServedHosts)>;

/// The listeners of all gateways, and that of a sidecar in the namespace of a client.
fn listeners(
    gateways: &[IstioGateway],
    services: &[&Service],
    delegates: &[Service],
    client: &str,
) -> (Listeners, ServedHosts) {
    let mut all = Listeners::new();
    for gateway in gateways {
        for server in &gateway.servers {
            if server.redirects || matches!(server.protocol, "TLS" | "TCP") {
                continue;
            }
            let name_of = |host: &&'static str| host.rsplit('/').next().unwrap();
            let asked = (server.protocol == "HTTPS").then(|| server.hosts.iter().map(name_of).collect());
            let plain = all
                .iter()
                .position(|(selector, asked, _)| *selector == gateway.selector && asked.is_none());
            let at = plain.filter(|_| asked.is_none()).unwrap_or_else(|| {
                all.push((gateway.selector, asked, ServedHosts::new()));
                all.len() - 1
            });
            for service in services
                .iter()
                .filter(|service| service.gateways.contains(&gateway.name))
                .filter(|service| service.is_seen(home(gateway.selector)))
            {
                let hosts = server.hosts.iter().filter_map(|host| match host.split_once('/') {
                    None | Some(("*", _)) => Some(name_of(host)),
                    Some((".", name)) => (service.namespace == "web").then_some(name),
                    Some((of, name)) => (service.namespace == of).then_some(name),
                });
                let names = intersection(&hosts.collect::<Vec<_>>(), &service.hosts);
                let routes = routes_for(service, gateway.name, delegates);
                if !routes.is_empty() {
                    add(&mut all[at].2, &names, &routes);
                }
            }
        }
    }
    let mut sidecar: ServedHosts = Vec::new();
    for service in services
        .iter()
        .filter(|service| service.gateways.contains(&"mesh") && service.is_seen(client))
    {
        let routes = routes_for(service, "mesh", delegates);
        for name in &service.hosts {
            if sidecar.iter().all(|(known, _)| known != name) {
                sidecar.push((name, routes.clone()));
            }
        }
    }
    (all, sidecar)
}

fn text(gateways: &[IstioGateway], services: &[Service]) -> String {
    let mut text = String::new();
    for selector in ["edge", "inner"] {
        text += &format!(
            "kind: Deployment\nmetadata: {{namespace: {}}}\nspec: {{template: {{metadata: {{labels: {{istio: \
             {selector}}}}}}}}}\n---\n",
            home(selector)
        );
    }
    for gateway in gateways.iter().filter(|gateway| gateway.is_in_files) {
        text += &format!(
            "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: {}, namespace: web}}\nspec:\n  selector: \
             {{istio: {}}}\n  servers:\n",
            gateway.name, gateway.selector
        );
        for server in &gateway.servers {
            let tls = match server.protocol {
                "HTTPS" => ", tls: {mode: SIMPLE}",
                "TLS" => ", tls: {mode: PASSTHROUGH}",
                _ if server.redirects => ", tls: {httpsRedirect: true}",
                _ => "",
            };
            let number = if server.protocol == "HTTPS" { 443 } else { 80 };
            text += &format!(
                "  - {{port: {{number: {number}, name: x, protocol: {}}}{tls}, hosts: ['{}']}}\n",
                server.protocol,
                server.hosts.join("', '")
            );
        }
        text += "---\n";
    }
    for service in services {
        text += &format!(
            "kind: VirtualService\nmetadata: {{name: {}, namespace: {}}}\nspec:\n",
            service.name, service.namespace
        );
        if !service.hosts.is_empty() {
            let gateways: Vec<_> = service.gateways.iter().map(|name| named(name)).collect();
            text += &format!(
                "  hosts: ['{}']\n  gateways: [{}]\n",
                service.hosts.join("', '"),
                gateways.join(", ")
            );
        }
        if !service.exported.is_empty() {
            text += &format!("  exportTo: ['{}']\n", service.exported);
        }
        text += "  http:\n";
        service.http.iter().for_each(|http| text += &http.text());
        text += "---\n";
    }
    text
}

/// How long the longest of these names is that a host has, if it has one.
fn fit(names: &[&str], host: &str) -> Option<usize> {
    let fitting = names.iter().filter(|name| matches_name(name, host));
    fitting
        .map(|name| if *name == host { usize::MAX } else { name.len() })
        .max()
}

/// Whether clients that want a host over TLS come to another server.
fn is_elsewhere(all: &Listeners, at: usize, host: &str) -> bool {
    let (selector, Some(asked), _) = &all[at] else {
        return false;
    };
    let own = fit(asked, host);
    let others = all
        .iter()
        .filter(|(other, ..)| other == selector)
        .filter_map(|(_, asked, _)| asked.as_ref());
    own.is_none() || others.map(|other| fit(other, host)).max() > Some(own)
}

fn gateways(random: &mut Choices<'_>) -> Vec<IstioGateway> {
    let server = |random: &mut Choices<'_>| IstioServer {
        protocol: random.pick(&PROTOCOLS),
        redirects: false,
        hosts: (0..1 + random.below(2)).map(|_| random.pick(&SERVED)).collect(),
    };
    let mut all: Vec<_> = ["one", "two"]
        .into_iter()
        .map(|name| IstioGateway {
            name,
            selector: random.pick(&["edge", "edge", "inner"]),
            servers: (0..1 + random.below(3)).map(|_| server(random)).collect(),
            is_in_files: true,
        })
        .collect();
    for server in all.iter_mut().flat_map(|gateway| &mut gateway.servers) {
        server.redirects = server.protocol == "HTTP" && random.once_in(4);
    }
    all.push(IstioGateway {
        name: "far",
        selector: "far",
        servers: vec![IstioServer {
            protocol: "HTTP",
            redirects: false,
            hosts: vec!["*"],
        }],
        is_in_files: false,
    });
    all
}

fn http(random: &mut Choices<'_>, is_leaf: bool) -> IstioRoute {
    let matched = |random: &mut Choices<'_>| IstioMatch {
        uri: (!random.once_in(8)).then(|| random.pick(&URIS)),
        method: random.once_in(8),
        gateways: if random.once_in(8) {
            vec![random.pick(&["one", "two", "mesh"])]
        } else {
            Vec::new()
        },
    };
    IstioRoute {
        matches: (0..random.below(3)).map(|_| matched(random)).collect(),
        origin: random.pick(&ORIGINS),
        delegate: (!is_leaf && random.once_in(5)).then(|| random.pick(&["deep", "deep", "gone"])),
    }
}

fn services(random: &mut Choices<'_>) -> Vec<Service> {
    let mut all: Vec<_> = (0..1 + random.below(3))
        .map(|at| {
            let mut hosts: Vec<_> = (0..1 + random.below(2)).map(|_| random.pick(&HOSTS)).collect();
            hosts.dedup();
            Service {
                name: format!("s{at}"),
                namespace: random.pick(&["web", "web", "other"]),
                hosts,
                gateways: match random.below(8) {
                    0 => vec!["mesh"],
                    1 => vec!["mesh", "one"],
                    2 => vec!["one", "two"],
                    3 => vec!["far"],
                    4 | 5 => vec!["two"],
                    _ => vec!["one"],
                },
                exported: if random.once_in(4) {
                    random.pick(&[".", "web", "other"])
                } else {
                    ""
                },
                http: (0..1 + random.below(3)).map(|_| http(random, false)).collect(),
            }
        })
        .collect();
    all.push(Service {
        name: "deep".to_owned(),
        namespace: "web",
        hosts: Vec::new(),
        gateways: Vec::new(),
        exported: "",
        http: (0..random.below(3)).map(|_| http(random, true)).collect(),
    });
    all
}

#[test]
fn the_edge_gives_no_request_another_policy_than_istio() {
    let mut tape = vec![0; CASES * TAPE];
    Random(11).fill(&mut tape);
    let mut tally = edge::Tally::default();
    for tape in tape.chunks(TAPE) {
        let mut random = Choices::new(tape);
        let gateways = gateways(&mut random);
        let all = services(&mut random);
        let text = text(&gateways, &all);
        let printed = import(&["--from", "istio", "-"], text.as_bytes());
        let is_whole = printed.status == 0 && !printed.stderr.contains("[prefix-is-bucket]");
        let mut in_order: Vec<_> = all.iter().filter(|service| !service.hosts.is_empty()).collect();
        let first = listeners(&gateways, &in_order, &all, "web");
        // Nothing in the files says which was made first.
        in_order.reverse();
        let second = listeners(&gateways, &in_order, &all, "other");
        for host in ["a.example", "b.example", "x.a.example", "z.a.example", "z"] {
            for path in edge::PATHS {
                let edge = edge::allows(&printed.stdout, host, path);
                let mut answers = Vec::new();
                for (listeners, sidecar) in [&first, &second] {
                    for is_put in [false, true] {
                        let here = (0..listeners.len()).filter(|at| !is_elsewhere(listeners, *at, host));
                        answers.extend(here.filter_map(|at| answer(&listeners[at].2, host, path, is_put)));
                        let has_host = |listener: &ServedHosts| {
                            listener.iter().any(|(name, _)| matches_name(name, host))
                        };
                        if !listeners.iter().any(|(_, _, listener)| has_host(listener)) {
                            answers.extend(answer(sidecar, host, path, is_put));
                        }
                    }
                }
                let report = || {
                    format!(
                        "{host}{path}: {edge:?} of {answers:?}\n{text}\n{}{}",
                        printed.stdout, printed.stderr
                    )
                };
                tally.hold((&edge, path), &answers, is_whole, report);
            }
        }
    }
    tally.assert_many(CASES);
}
