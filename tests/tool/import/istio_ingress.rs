//! An Ingress of Istio's is hosts without a CORS policy, beside the VirtualServices.

use super::imported;
use super::istio::{P, cors, gateway, service, whole};
use crate::tool::Folder;

fn public(labels: &str) -> String {
    gateway("gate", "{port: {number: 80, protocol: HTTP}, hosts: ['*']}").replace("istio: edge", labels)
}

fn ingress(head: &str, spec: &str) -> String {
    format!("---\nkind: Ingress\nmetadata: {{name: i, namespace: web{head}}}\nspec: {{{spec}}}\n")
}

fn rule(host: &str, path: &str, kind: &str) -> String {
    format!("{{host: '{host}', http: {{paths: [{{path: '{path}', pathType: {kind}, backend: {{}}}}]}}}}")
}

#[test]
fn a_host_of_an_ingress_gets_no_policy_of_every_host() {
    let rules = format!("rules: [{}]", rule("admin.example", "/", "Prefix"));
    let class = |name: &str, controller: &str| {
        format!("---\nkind: IngressClass\nmetadata: {{name: {name}}}\nspec: {{controller: {controller}}}\n")
    };
    let mesh = |field: &str, own: &str| {
        format!(
            "---\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata:\n  mesh: |\n    {field}: {own}\n"
        )
    };
    let annotated = |own: &str| format!(", annotations: {{kubernetes.io/ingress.class: {own}}}");
    for other in [
        ingress("", &format!("ingressClassName: istio, {rules}")),
        ingress("", &format!("ingressClassName: own, {rules}"))
            + &class("own", "istio.io/ingress-controller"),
        ingress(&annotated("istio"), &rules),
        ingress(&annotated("own"), &rules) + &mesh("ingressClass", "own"),
        // Of other controllers, or of nobody knows whose.
        ingress("", &format!("ingressClassName: nginx, {rules}")),
        ingress("", &format!("ingressClassName: own, {rules}")),
        ingress("", &rules),
    ] {
        let text = whole("all", "*", "gate", P) + &public("istio: ingressgateway") + &other;
        let asked = [("admin.example", "/o", ""), ("b.example", "/o", P)];
        imported::assert("istio", &text, &asked, 1, "[other-hosts]");
    }
}

#[test]
fn paths_of_an_ingress_have_no_policy_of_the_same_host() {
    for labels in ["istio: ingressgateway", "app: other"] {
        for tls in ["", "tls: [{hosts: [a.example]}], "] {
            let spec = format!(
                "ingressClassName: istio, {tls}rules: [{}]",
                rule("a.example", "/photos", "Prefix")
            );
            let text = whole("own", "a.example", "gate", P) + &public(labels) + &ingress("", &spec);
            let asked = [
                ("a.example", "/photos/o", ""),
                ("a.example", "/photos", ""),
                ("a.example", "/docs/o", P),
            ];
            imported::assert("istio", &text, &asked, 1, "[other-hosts]");
        }
    }
}

#[test]
fn what_istio_takes_no_host_from_takes_nothing_away() {
    for (labels, spec) in [
        ("istio: ingressgateway", "rules: [{host: b.example}]".to_owned()),
        (
            "istio: ingressgateway",
            "defaultBackend: {service: {name: s}}".to_owned(),
        ),
        // The longer name counts at one listener.
        (
            "istio: ingressgateway",
            format!(
                "rules: [{}]",
                rule("*.example", "/photos/*", "ImplementationSpecific")
            ),
        ),
        (
            "istio: ingressgateway",
            format!("rules: [{}]", rule("b.example", "/", "Prefix")),
        ),
    ] {
        let spec = format!("ingressClassName: istio, {spec}");
        let text = whole("own", "a.example", "gate", P) + &public(labels) + &ingress("", &spec);
        imported::assert("istio", &text, &[("a.example", "/photos/o", P)], 0, "");
    }
}

#[test]
fn an_ingress_in_a_file_of_its_own_counts_too() {
    let http = format!("{{{}route: []}}", cors(P));
    let all = service("all", "hosts: ['*'], gateways: [gate]", &[&http]) + &public("istio: ingressgateway");
    for class in ["istio", "nginx"] {
        let rules = rule("admin.example", "/", "Prefix");
        let ingress = ingress("", &format!("ingressClassName: {class}, rules: [{rules}]"));
        let folder = Folder::new(&format!("ingress-of-{class}"))
            .with("vs.yaml", &all)
            .with("ingress.yaml", &ingress);
        let printed = folder.run(&["import", "vs.yaml", "ingress.yaml"]);
        for (host, expected) in [("admin.example", ""), ("b.example", P)] {
            assert_eq!(
                imported::allows(&printed.stdout, host, "/o"),
                expected,
                "{printed:?}"
            );
        }
    }
}
