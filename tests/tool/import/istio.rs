//! What Istio applies of VirtualServices: by their Gateways, and for sidecars.

use super::{import, imported};
use crate::tool::Folder;

pub(super) const P: &str = "https://p.example";
pub(super) const Q: &str = "https://q.example";

/// A policy for one origin; none for the empty one.
pub(super) fn cors(origin: &str) -> String {
    match origin {
        "" => String::new(),
        origin => format!("corsPolicy: {{allowOrigins: [{{exact: '{origin}'}}], allowMethods: [GET]}}, "),
    }
}

pub(super) fn service(name: &str, spec: &str, http: &[&str]) -> String {
    format!(
        "---\nkind: VirtualService\nmetadata: {{name: {name}, namespace: web}}\nspec: {{{spec}, http: [{}]}}\n",
        http.join(", ")
    )
}

/// A VirtualService of a host, with one policy for all of it.
pub(super) fn whole(name: &str, host: &str, gateways: &str, origin: &str) -> String {
    let http = format!("{{{}route: []}}", cors(origin));
    service(
        name,
        &format!("hosts: ['{host}'], gateways: [{gateways}]"),
        &[&http],
    )
}

pub(super) fn gateway(name: &str, servers: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: {name}, namespace: web}}\nspec: {{selector: \
         {{istio: edge}}, servers: [{servers}]}}\n"
    )
}

#[track_caller]
pub(super) fn at_the_edge(text: &str, asked: &[(&str, &str, &str)], status: i32, code: &str) {
    imported::assert("istio", text, asked, status, code);
}

#[test]
fn a_gateway_has_the_hosts_of_its_servers_that_take_http() {
    let all = [
        whole("own", "a.example", "gate", P),
        whole("other", "b.example", "web/gate", Q),
        whole("sure", "c.example", "elsewhere/gate", P),
    ]
    .concat();
    for (protocol, hosts, a, b) in [
        ("protocol: HTTP", "'*'", P, Q),
        ("protocol: http2", "'*/*'", P, Q),
        ("protocol: HTTP", "a.example", P, ""),
        ("protocol: HTTP", "'*.example'", P, Q),
        ("protocol: HTTP", "'*.a.example'", "", ""),
        ("protocol: HTTP", "web/a.example, other/b.example", P, ""),
        ("protocol: HTTP", "./b.example", "", Q),
        ("protocol: TCP", "'*'", "", ""),
        ("protocol: MONGO", "'*'", "", ""),
        ("protocol: TLS", "'*'", "", ""),
        ("", "'*'", "", ""),
        ("protocol: HTTPS}, tls: {mode: SIMPLE", "a.example", P, ""),
        ("protocol: HTTPS}, tls: {mode: PASSTHROUGH", "'*'", "", ""),
        ("protocol: HTTP}, tls: {httpsRedirect: true", "'*'", "", ""),
    ] {
        let gateway = gateway(
            "gate",
            &format!("{{port: {{number: 80, {protocol}}}, hosts: [{hosts}]}}"),
        );
        let asked = [
            ("a.example", "/o", a),
            ("b.example", "/o", b),
            ("c.example", "/o", P),
        ];
        let code = if a.is_empty() || b.is_empty() {
            "[not-applied]"
        } else {
            ""
        };
        at_the_edge(&format!("{all}{gateway}"), &asked, 0, code);
    }
    // A host that only a wildcard of the service has.
    let wide = whole("own", "*.example", "gate", P);
    let gateway = gateway("gate", "{port: {number: 80, protocol: HTTP}, hosts: [a.example]}");
    at_the_edge(
        &format!("{wide}{gateway}"),
        &[("a.example", "/o", P), ("b.example", "/o", "")],
        0,
        "",
    );
}

#[test]
fn a_gateway_of_another_group_is_another() {
    let of_istio = gateway("gate", "{port: {number: 80, protocol: HTTP}, hosts: [a.example]}");
    let of_the_api = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gate, namespace: web}\nspec: \
                      {listeners: [{name: one, hostname: b.example}]}\n";
    let route = "---\nkind: HTTPRoute\nmetadata: {name: r, namespace: web}\nspec:\n  parentRefs: [{name: gate}]\n  rules:\n  - \
                 filters: [{type: CORS, cors: {allowOrigins: ['https://q.example'], allowMethods: [GET]}}]\n";
    let service = whole("own", "*", "gate", P);
    let asked = [("a.example", "/o", P), ("b.example", "/o", Q)];
    at_the_edge(&format!("{of_istio}{of_the_api}{route}{service}"), &asked, 0, "");
    at_the_edge(&format!("{of_the_api}{of_istio}{service}{route}"), &asked, 0, "");
    let bare = of_istio.replace("apiVersion: networking.istio.io/v1\n", "");
    at_the_edge(&format!("{bare}{of_the_api}{route}{service}"), &asked, 0, "");
}

#[test]
fn a_gateway_in_a_file_of_its_own_stays_with_its_services() {
    let of_istio = gateway("gate", "{port: {number: 80, protocol: HTTP}, hosts: [a.example]}");
    let service = whole("own", "a.example, b.example", "gate", P)
        .replace("'a.example, b.example'", "a.example, b.example");
    let policy = "kind: SecurityPolicy\nmetadata: {name: p}\nspec:\n  targetRefs: [{kind: HTTPRoute, name: r}]\n  cors: \
                  {allowOrigins: ['https://q.example'], allowMethods: [GET]}\n---\nkind: HTTPRoute\nmetadata: {name: r}\nspec: \
                  {hostnames: [c.example], rules: [{}]}\n";
    let folder = Folder::new("istio-gateway-alone")
        .with("gateway.yaml", of_istio)
        .with("policy.yaml", policy)
        .with("service.yaml", service);
    let output = folder.run(&["import", "gateway.yaml", "policy.yaml", "service.yaml"]);
    for (host, expected) in [("a.example", P), ("b.example", ""), ("c.example", Q)] {
        assert_eq!(
            imported::allows(&output.stdout, host, "/o"),
            expected,
            "{host}: {output:?}"
        );
    }
    assert!(
        output.stderr.contains("gateway.yaml: read as --from istio"),
        "{output:?}"
    );
    assert_eq!(output.code, 0, "{output:?}");
}

#[test]
fn what_is_for_sidecars_is_no_gateways() {
    let mesh = |host: &str, origin: &str| whole("mesh", host, "mesh", origin);
    // By itself it is what there is.
    let alone = format!("{}{}", mesh("a.example", P), whole("none", "b.example", "", Q));
    at_the_edge(&alone, &[("a.example", "/o", P), ("b.example", "/o", Q)], 0, "");
    assert!(
        !import(&["--from", "istio", "-"], alone.as_bytes())
            .stderr
            .contains("[mesh-only]")
    );
    let beside = format!(
        "{}{}",
        mesh("a.example", P),
        whole("edge", "b.example", "gate", Q)
    );
    at_the_edge(
        &beside,
        &[("a.example", "/o", P), ("b.example", "/o", Q)],
        0,
        "[mesh-only]",
    );
    // A Gateway's host is the Gateway's, whatever sidecars do with it.
    for edge in ["", Q] {
        for served in ["a.example", "*", "*.example"] {
            let both = format!("{}{}", mesh("a.example", P), whole("edge", served, "gate", edge));
            let expected = if served == "*.example" { "" } else { edge };
            let status = i32::from(edge.is_empty() || served == "*.example");
            at_the_edge(&both, &[("a.example", "/o", expected)], status, "[not-applied]");
        }
    }
    let under = format!("{}{}", mesh("*", ""), whole("edge", "a.example", "gate", P));
    at_the_edge(&under, &[("a.example", "/o", P), ("b.example", "/o", "")], 0, "");
    // A sidecar takes one VirtualService of a host, and which is not known.
    let two = [mesh("a.example", P), whole("second", "a.example", "mesh", Q)];
    at_the_edge(&two.concat(), &[("a.example", "/o", "")], 1, "[other-hosts]");
    // A route may be for one of its Gateways.
    let http = [
        format!(
            "{{match: [{{uri: {{prefix: /photos/}}, gateways: [mesh]}}], {}route: []}}",
            cors(P)
        ),
        format!(
            "{{match: [{{gateways: [gate], sourceLabels: {{a: b}}}}], {}route: []}}",
            cors(Q)
        ),
    ];
    let some = service(
        "some",
        "hosts: [a.example], gateways: [mesh, gate]",
        &[&http[0], &http[1]],
    );
    at_the_edge(
        &some,
        &[("a.example", "/photos/o", Q), ("a.example", "/o", Q)],
        0,
        "[not-applied]",
    );
}

#[test]
fn what_differs_between_gateways_is_left_out() {
    for (first, second, expected, status) in [(P, P, P, 0), (P, Q, "", 1), (P, "", "", 1)] {
        let text = [
            whole("one", "a.example", "gate", first),
            whole("two", "a.example", "other", second),
        ];
        at_the_edge(&text.concat(), &[("a.example", "/o", expected)], status, "");
        // What the one Gateway has by its name, another one has by a wildcard.
        let wide = [
            whole("one", "a.example", "gate", first),
            whole("two", "*", "other", second),
        ];
        let printed = import(&["--from", "istio", "-"], wide.concat().as_bytes());
        assert_eq!(
            imported::allows(&printed.stdout, "a.example", "/o"),
            expected,
            "{printed:?}"
        );
    }
    // Gateways of one proxy, which the name tells apart.
    let gateways = [
        gateway(
            "gate",
            "{port: {number: 443, protocol: HTTPS}, tls: {mode: SIMPLE}, hosts: [a.example]}",
        ),
        gateway(
            "other",
            "{port: {number: 443, protocol: HTTPS}, tls: {mode: SIMPLE}, hosts: ['*']}",
        ),
    ];
    let text = [
        gateways.concat(),
        whole("one", "a.example", "gate", P),
        whole("two", "*", "other", Q),
    ];
    at_the_edge(
        &text.concat(),
        &[("a.example", "/o", P), ("b.example", "/o", Q)],
        0,
        "",
    );
    // Beside a route that Istio leaves where it stands, another's may come first or not.
    let photos = format!("{{match: [{{uri: {{prefix: /photos/}}}}], {}route: []}}", cors(P));
    let stays = format!("{{match: [{{uri: {{regex: '/.*'}}}}], {}route: []}}", cors(Q));
    let spec = "hosts: [a.example], gateways: [gate]";
    let text = [service("one", spec, &[&photos]), service("two", spec, &[&stays])];
    at_the_edge(
        &text.concat(),
        &[("a.example", "/photos/o", "")],
        1,
        "[other-hosts]",
    );
    // Nobody sees it.
    let hidden = service(
        "hidden",
        "hosts: [a.example], gateways: [gate], exportTo: ['~']",
        &[&stays],
    );
    at_the_edge(
        &format!("{hidden}{}", whole("two", "b.example", "gate", Q)),
        &[("a.example", "/o", "")],
        0,
        "[not-applied]",
    );
}
