//! VirtualServices and Gateways that are drawn at random, and the files that they are in.

use crate::choices::Choices;

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

pub(super) struct IstioServer {
    pub(super) protocol: &'static str,
    pub(super) redirects: bool,
    pub(super) hosts: Vec<&'static str>,
}

pub(super) struct IstioGateway {
    pub(super) name: &'static str,
    pub(super) selector: &'static str,
    pub(super) servers: Vec<IstioServer>,
    pub(super) is_in_files: bool,
}

#[derive(Clone, Default)]
pub(super) struct IstioMatch {
    pub(super) uri: Option<(&'static str, &'static str)>,
    pub(super) method: bool,
    pub(super) gateways: Vec<&'static str>,
}

#[derive(Clone, Default)]
pub(super) struct IstioRoute {
    pub(super) matches: Vec<IstioMatch>,
    pub(super) origin: &'static str,
    pub(super) delegate: Option<&'static str>,
}

pub(super) struct Service {
    pub(super) name: String,
    pub(super) namespace: &'static str,
    pub(super) hosts: Vec<&'static str>,
    pub(super) gateways: Vec<&'static str>,
    /// The namespace that sees it; empty: all.
    pub(super) exported: &'static str,
    pub(super) http: Vec<IstioRoute>,
}

impl Service {
    pub(super) fn is_seen(&self, namespace: &str) -> bool {
        match self.exported {
            "" => true,
            "." => self.namespace == namespace,
            exported => exported == namespace,
        }
    }
}

/// Where the proxies of a selector run. That of the Gateway which is not in the files is its own namespace.
pub(super) fn home(selector: &str) -> &'static str {
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
    pub(super) fn takes(&self, path: &str, is_put: bool) -> bool {
        let by_path = match self.uri {
            None | Some(("regex", _)) => true,
            Some(("exact", text)) => path == text,
            Some((_, text)) => path.starts_with(text),
        };
        by_path && (is_put || !self.method)
    }

    pub(super) fn is_last(&self) -> bool {
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

pub(super) fn text(gateways: &[IstioGateway], services: &[Service]) -> String {
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

pub(super) fn gateways(random: &mut Choices<'_>) -> Vec<IstioGateway> {
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

pub(super) fn services(random: &mut Choices<'_>) -> Vec<Service> {
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
