//! A host that is no name as it stands is left out by itself, and takes nothing else with it.

use super::imported;
use super::istio::{P, Q, gateway, whole};

/// Each with what is said of it, as it is written.
const NAMES: [(&str, &str); 6] = [
    (
        "{{ .Values.Host }}",
        "\"{{ .Values.Host }}\" is filled in by a template",
    ),
    ("shop.${DOMAIN}", "[template]"),
    ("${Host}", "\"${Host}\" is filled in"),
    ("B\u{fc}cher.example", "\"B\u{fc}cher.example\" is no host name"),
    ("2001:db8::1", "[host-name]"),
    ("a b", "[host-name]"),
];

fn http_route(name: &str, parent: &str, host: &str, origin: &str) -> String {
    format!(
        "---\nkind: HTTPRoute\nmetadata: {{name: {name}, namespace: web}}\nspec: {{parentRefs: [{{name: {parent}}}], hostnames: \
         ['{host}'], rules: [{{filters: [{{type: CORS, cors: {{allowOrigins: ['{origin}'], allowMethods: [GET]}}}}]}}]}}\n"
    )
}

#[test]
fn it_is_named_and_the_others_are_written() {
    for (name, said) in NAMES {
        let ingress = format!(
            "---\nkind: Ingress\nmetadata: {{name: i, annotations: {{nginx.ingress.kubernetes.io/enable-cors: 'true', \
             nginx.ingress.kubernetes.io/cors-allow-origin: '{P}', \
             nginx.ingress.kubernetes.io/cors-allow-credentials: 'false'}}}}\nspec: {{rules: [{{host: '{name}'}}, {{host: \
             c.example}}]}}\n"
        );
        let asked = [("c.example", "/o", P), ("b.example", "/o", "")];
        imported::assert("ingress-nginx", &ingress, &asked, 1, said);
        let services = whole("one", name, "gate", P) + &whole("two", "c.example", "gate", Q);
        let routes = http_route("one", "gate", name, P) + &http_route("two", "gate", "c.example", Q);
        for text in [services, routes] {
            let asked = [("c.example", "/o", Q), ("b.example", "/o", "")];
            imported::assert("istio", &text, &asked, 1, said);
        }
    }
}

#[test]
fn what_a_gateway_takes_by_a_template_is_not_known() {
    let sure = whole("sure", "b.example", "elsewhere/gate", Q);
    let asked = [("a.example", "/o", ""), ("b.example", "/o", Q)];
    for host in ["${HOST}", "{{ .host }}", "*.${DOMAIN}", "web/{{ .host }}"] {
        let server = format!("{{port: {{number: 80, protocol: HTTP}}, hosts: ['{host}']}}");
        let text = gateway("gate", &server) + &whole("own", "a.example", "gate", P) + &sure;
        imported::assert("istio", &text, &asked, 1, "[template]");
        let hostname = host.trim_start_matches("web/");
        let of_api = format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: api, namespace: web}}\nspec: \
             {{listeners: [{{name: l, port: 80, protocol: HTTP, hostname: '{hostname}'}}]}}\n"
        );
        let text = of_api + &http_route("own", "api", "a.example", P) + &sure;
        imported::assert("istio", &text, &asked, 1, "[template]");
    }
    // The other way round.
    let server = "{port: {number: 80, protocol: HTTP}, hosts: [c.example]}";
    let text = gateway("gate", server) + &whole("own", "{{ .host }}", "gate", P) + &sure;
    imported::assert("istio", &text, &asked, 1, "[template]");
}

#[test]
fn no_policy_of_every_host_gets_to_one_that_is_not_known() {
    for (name, _) in NAMES {
        let text = whole("any", "*", "gate", P)
            + &whole("own", name, "gate", "")
            + &whole("two", "c.example", "gate", Q);
        let asked = [("b.example", "/o", ""), ("c.example", "/o", Q)];
        imported::assert("istio", &text, &asked, 1, "[other-hosts]");
    }
}

#[test]
fn earlier_versions_of_istio_take_a_star_as_text() {
    let text = http_route("own", "gate", "a.example", "https://*.p.example");
    let asked = [("a.example", "/o", "https://*.p.example")];
    imported::assert("istio", &text, &asked, 0, "[older-versions]");
    let printed = imported::asked(
        "istio",
        &http_route("own", "gate", "a.example", P),
        &[("a.example", "/o", P)],
    );
    assert!(!printed.stderr.contains("older-versions"), "{}", printed.stderr);
}
