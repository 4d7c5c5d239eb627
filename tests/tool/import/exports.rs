//! A VirtualService is in force where exportTo shows it to the proxies of its Gateway, or to sidecars.

use super::imported;
use super::istio::{P, Q, gateway, service, whole};

/// A VirtualService of the namespace `web`, which is shown to some.
fn exported(to: &str, gateways: &str) -> String {
    let spec = format!("exportTo: [{to}], hosts: [a.example], gateways: [{gateways}]");
    let http = "{corsPolicy: {allowOrigins: [{exact: 'https://p.example'}], allowMethods: [GET]}, route: []}";
    service("own", &spec, &[http])
}

#[test]
fn a_gateway_has_what_is_exported_to_its_proxies() {
    let sure = whole("sure", "b.example", "elsewhere/gate", Q);
    for (to, gateways, expected, status, code) in [
        ("'*'", "infra/gate", P, 0, ""),
        ("'.'", "infra/gate", "", 1, "[other-hosts]"),
        ("web", "infra/gate", "", 1, "[other-hosts]"),
        ("other", "gate", "", 1, "[other-hosts]"),
        ("infra", "infra/gate", P, 0, "[assumed-namespace]"),
        ("'.', infra", "infra/gate", P, 0, "[assumed-namespace]"),
        ("'.'", "gate", P, 0, "[assumed-namespace]"),
        ("web", "./gate", P, 0, "[assumed-namespace]"),
        ("'~'", "gate", "", 0, "[not-applied]"),
    ] {
        let text = exported(to, gateways) + &sure;
        let asked = [("a.example", "/o", expected), ("b.example", "/o", Q)];
        imported::assert("istio", &text, &asked, status, code);
    }
    // What may not be there takes nothing from another, and gives nothing.
    for other in [P, Q, ""] {
        let text = exported("'.'", "infra/gate") + &whole("two", "a.example", "infra/gate", other);
        imported::assert("istio", &text, &[("a.example", "/o", "")], 1, "[other-hosts]");
    }
}

#[test]
fn what_runs_in_the_files_says_where_the_proxies_are() {
    let gate = gateway("gate", "{port: {number: 80, protocol: HTTP}, hosts: [a.example]}");
    let sure = whole("sure", "b.example", "elsewhere/gate", Q);
    let labels = "labels: {istio: edge, app: x}";
    let deployment = |namespace: &str| {
        format!(
            "---\nkind: Deployment\nmetadata: {{name: d, namespace: {namespace}}}\nspec: {{template: {{metadata: {{{labels}}}}}}}\n"
        )
    };
    let other = deployment("web").replace("istio: edge", "istio: inner");
    let of_service =
        "---\nkind: Service\nmetadata: {name: s, namespace: infra}\nspec: {selector: {istio: edge}}\n"
            .to_owned();
    for (to, proxies, expected, status, code) in [
        ("'.'", deployment("infra"), "", 0, "[not-applied]"),
        ("infra", deployment("infra"), P, 0, ""),
        ("'.'", deployment("web"), P, 0, ""),
        (
            "'.'",
            deployment("web") + &deployment("infra"),
            "",
            1,
            "[other-hosts]",
        ),
        ("'.'", other, P, 0, "[assumed-namespace]"),
        ("infra", of_service, P, 0, ""),
        (
            "infra",
            deployment("infra").replace("Deployment", "DaemonSet"),
            P,
            0,
            "",
        ),
    ] {
        let text = [&*gate, &proxies, &exported(to, "gate"), &sure].concat();
        let asked = [("a.example", "/o", expected), ("b.example", "/o", Q)];
        imported::assert("istio", &text, &asked, status, code);
    }
}

#[test]
fn sidecars_of_some_namespaces_are_not_the_edge() {
    for (to, expected, status) in [("'*'", P, 0), ("'.'", "", 1), ("other", "", 1)] {
        for gateways in ["mesh", ""] {
            imported::assert(
                "istio",
                &exported(to, gateways),
                &[("a.example", "/o", expected)],
                status,
                "",
            );
        }
    }
}

#[test]
fn a_route_for_the_sidecars_of_a_service_is_named() {
    let route = "---\nkind: HTTPRoute\nmetadata: {name: r}\nspec:\n  hostnames: [a.example]\n  parentRefs: [{kind: Service, group: '', \
                 name: store}]\n  rules: [{filters: [{type: CORS, cors: {allowOrigins: ['https://p.example'], allowMethods: \
                 [GET]}}]}]\n";
    let text = whole("sure", "b.example", "gate", Q) + route;
    imported::assert(
        "istio",
        &text,
        &[("a.example", "/o", ""), ("b.example", "/o", Q)],
        1,
        "[no-bucket]",
    );
}

#[test]
fn the_mesh_says_where_what_says_nothing_is_exported_to() {
    let gate = gateway("gate", "{port: {number: 80, protocol: HTTP}, hosts: [a.example]}");
    let proxies = "---\nkind: Deployment\nmetadata: {name: d, namespace: infra}\nspec: {template: {metadata: {labels: {istio: \
                   edge}}}}\n";
    let sure = whole("sure", "b.example", "elsewhere/gate", Q).replace("spec: {", "spec: {exportTo: ['*'], ");
    let text = |own: &str| {
        format!(
            "---\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata:\n  mesh: |\n    \
             defaultVirtualServiceExportTo: [{own}]\n"
        )
    };
    let operator = |own: &str| {
        format!(
            "---\nkind: IstioOperator\nspec: {{meshConfig: {{defaultVirtualServiceExportTo: [{own}]}}}}\n"
        )
    };
    let own = whole("own", "a.example", "gate", P);
    let shown = own.replace("spec: {", "spec: {exportTo: ['*'], ");
    for (mesh, service, expected, said) in [
        (text("'.'"), &own, "", "defaultVirtualServiceExportTo"),
        (operator("'.'"), &own, "", "[not-applied]"),
        (operator("'~'"), &own, "", "[not-applied]"),
        (text("'*'"), &own, P, ""),
        (text("'.'"), &shown, P, ""),
        (
            text("'.'"),
            &own.replace("namespace: web", "namespace: infra")
                .replace("[gate]", "[web/gate]"),
            P,
            "",
        ),
    ] {
        let text = [&*gate, proxies, &mesh, service, &sure].concat();
        let asked = [("a.example", "/o", expected), ("b.example", "/o", Q)];
        imported::assert("istio", &text, &asked, 0, said);
    }
}
