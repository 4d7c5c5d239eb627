//! Listeners of the Gateway API: those that a ListenerSet adds, those that choose namespaces, and those of Gateways
//! that share a proxy; and the policies that more particular ones leave nothing of.

use super::envoy_gateway::{P, Q, at_the_edge, gateway, policy, route};

const ALL: &str = "allowedListeners: {namespaces: {from: All}}";

/// A set of listeners that is added to the Gateway.
fn set(kind: &str, listeners: &str) -> String {
    format!(
        "---\nkind: {kind}\nmetadata: {{name: more}}\nspec: {{parentRef: {{name: gate}}, listeners: [{listeners}]}}\n"
    )
}

#[test]
fn a_listener_set_adds_listeners_to_its_gateway() {
    let gate =
        |allowed: &str| gateway("{name: web, port: 80}").replace("spec: {", &format!("spec: {{{allowed}, "));
    let own = policy("p", "", "targetRefs: [{kind: HTTPRoute, name: one}]", P);
    let sure = route("sure", "c.example", "").replace("{name: gate}", "{name: far}")
        + &policy("s", "", "targetRefs: [{kind: HTTPRoute, name: sure}]", Q);
    for kind in ["ListenerSet", "XListenerSet"] {
        let one =
            route("one", "a.example", "").replace("{name: gate}", &format!("{{kind: {kind}, name: more}}"));
        let text = |parts: &[&str]| [&[&*one, &own, &sure], parts].concat().concat();
        let asked = |a| [("a.example", a), ("c.example", Q)];
        // Where it is not in the files, its hosts are the route's.
        at_the_edge(&text(&[&gate(ALL)]), &asked(P), 0, "");
        for (allowed, listeners, expected, code) in [
            (ALL, "{name: x, port: 80, hostname: a.example}", P, ""),
            (ALL, "{name: x, port: 80, hostname: '*.example'}", P, ""),
            (
                ALL,
                "{name: x, port: 80, hostname: b.example}",
                "",
                "[unreached-route]",
            ),
            (ALL, "{name: x, port: 80, protocol: TLS}", "", "[unreached-route]"),
            (
                "addresses: []",
                "{name: x, port: 80, hostname: a.example}",
                "",
                "[unreached-route]",
            ),
            (
                "allowedListeners: {namespaces: {from: Same}}",
                "{name: x, port: 80, hostname: a.example}",
                P,
                "",
            ),
        ] {
            at_the_edge(
                &text(&[&gate(allowed), &set(kind, listeners)]),
                &asked(expected),
                0,
                code,
            );
        }
        // The policy of the Gateway is that of the listeners that are added to it, and a set's own stands before it.
        let of_gate = policy("g", "", "targetRefs: [{kind: Gateway, name: gate}]", Q);
        let of_set = policy("x", "", &format!("targetRefs: [{{kind: {kind}, name: more}}]"), P);
        let more = set(kind, "{name: x, port: 80, hostname: a.example}");
        let text = |parts: &[&str]| [&[&*one, &gate(ALL), &more, &of_gate], parts].concat().concat();
        at_the_edge(&text(&[]), &[("a.example", Q)], 0, "");
        at_the_edge(&text(&[&of_set]), &[("a.example", P)], 0, "[not-applied]");
    }
}

#[test]
fn a_listener_chooses_namespaces_by_their_labels() {
    let own = [
        route("one", "a.example", "")
            .replace("name: one", "namespace: web, name: one")
            .replace("{name: gate}", "{name: gate, namespace: infra}"),
        policy("p", "", "targetRefs: [{kind: HTTPRoute, name: one}]", P)
            .replace("{name: p}", "{name: p, namespace: web}"),
    ]
    .concat();
    let sure = route("sure", "c.example", "").replace("{name: gate}", "{name: far}")
        + &policy("s", "", "targetRefs: [{kind: HTTPRoute, name: sure}]", Q);
    let labels = "---\nkind: Namespace\nmetadata: {name: web, labels: {team: a}}\n";
    for (selector, namespace, expected, status, code) in [
        ("matchLabels: {kubernetes.io/metadata.name: web}", "", P, 0, ""),
        (
            "matchLabels: {kubernetes.io/metadata.name: other}",
            "",
            "",
            0,
            "[unreached-route]",
        ),
        (
            "matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [web, other]}]",
            "",
            P,
            0,
            "",
        ),
        (
            "matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [web]}]",
            "",
            "",
            0,
            "[unreached-route]",
        ),
        ("matchLabels: {team: a}", "", "", 1, "[other-hosts]"),
        ("matchLabels: {team: a}", labels, P, 0, ""),
        ("matchLabels: {team: b}", labels, "", 0, "[unreached-route]"),
        // What is known rules it out.
        (
            "matchLabels: {team: a, kubernetes.io/metadata.name: other}",
            "",
            "",
            0,
            "[unreached-route]",
        ),
        ("", "", P, 0, ""),
    ] {
        let listener = format!(
            "{{name: web, port: 80, allowedRoutes: {{namespaces: {{from: Selector, selector: {{{selector}}}}}}}}}"
        );
        let gate = gateway(&listener).replace("name: gate,", "name: gate, namespace: infra,");
        let asked = [("a.example", expected), ("c.example", Q)];
        at_the_edge(&[&*gate, &own, &sure, namespace].concat(), &asked, status, code);
    }
}

#[test]
fn gateways_that_are_merged_share_their_ports() {
    let class = |merges: &str| {
        format!(
            "---\nkind: GatewayClass\nmetadata: {{name: eg}}\nspec: {{parametersRef: {{kind: EnvoyProxy, name: all, namespace: \
             infra}}}}\n---\nkind: EnvoyProxy\nmetadata: {{name: all, namespace: infra}}\nspec: {{mergeGateways: {merges}}}\n"
        )
    };
    let gate = |name: &str, host: &str| {
        gateway(&format!("{{name: web, port: 80, hostname: '{host}'}}"))
            .replace("name: gate", &format!("name: {name}"))
            .replace("spec: {", "spec: {gatewayClassName: eg, ")
    };
    let one = route("one", "a.example", "");
    let two = route("two", "'*.example'", "").replace("{name: gate}", "{name: side}");
    let own = policy("p", "", "targetRefs: [{kind: HTTPRoute, name: one}]", P);
    let text = |class: &str| {
        [
            &*gate("gate", "a.example"),
            &gate("side", "*.example"),
            &one,
            &two,
            &own,
            class,
        ]
        .concat()
    };
    // Two addresses: the host is at both.
    at_the_edge(&text(""), &[("a.example", "")], 1, "[other-hosts]");
    at_the_edge(&text(&class("false")), &[("a.example", "")], 1, "[other-hosts]");
    // One: its requests come to the listener of its name.
    at_the_edge(&text(&class("true")), &[("a.example", P)], 0, "");
}

#[test]
fn a_policy_that_others_stand_before_everywhere_is_named() {
    let one = route("one", "a.example", "");
    let of_gate = policy("g", "", "targetRefs: [{kind: Gateway, name: gate}]", Q);
    let own = policy("p", "", "targetRefs: [{kind: HTTPRoute, name: one}]", P);
    let unset = policy("p", "", "targetRefs: [{kind: HTTPRoute, name: one}]", "");
    let named = "the policy of the Gateway \"gate\"";
    at_the_edge(&[&*one, &of_gate].concat(), &[("a.example", Q)], 0, "");
    at_the_edge(&[&*one, &of_gate, &own].concat(), &[("a.example", P)], 0, named);
    at_the_edge(
        &[&*one, &of_gate, &unset].concat(),
        &[("a.example", "")],
        1,
        named,
    );
    // A second route has it.
    let two = route("two", "b.example", "");
    let printed = super::imported::asked(
        "envoy-gateway",
        &[&*one, &two, &of_gate, &own].concat(),
        &[("a.example", "/o", P), ("b.example", "/o", Q)],
    );
    assert!(!printed.stderr.contains(named), "{}", printed.stderr);
    // Merged with it, and by a filter of the route's own.
    let merged = own.replace("spec: {", "spec: {mergeType: StrategicMerge, ");
    at_the_edge(
        &[&*one, &of_gate, &merged].concat(),
        &[("a.example", "")],
        1,
        named,
    );
    let filter = one.replace(
        "{name: main}",
        "{filters: [{type: CORS, cors: {allowOrigins: ['https://p.example'], allowMethods: [GET]}}]}",
    );
    at_the_edge(&[&*filter, &of_gate].concat(), &[("a.example", P)], 0, named);
    // A listener that no route names.
    let at =
        gateway("{name: web, port: 80, hostname: a.example}, {name: tls, port: 443, hostname: b.example}");
    let section = policy(
        "g",
        "",
        "targetRefs: [{kind: Gateway, name: gate, sectionName: tls}]",
        Q,
    );
    at_the_edge(
        &[&*one, &at, &section, &own].concat(),
        &[("a.example", P)],
        0,
        named,
    );
}

#[test]
fn a_route_names_a_listener_by_its_name_or_its_port() {
    let at = gateway(
        "{name: web, port: 80, hostname: '*.example'}, {name: tls, port: 443, hostname: '*.example'}",
    );
    let of_tls = policy(
        "g",
        "",
        "targetRefs: [{kind: Gateway, name: gate, sectionName: tls}]",
        P,
    );
    for (parent, expected, status, code) in [
        ("sectionName: tls", P, 0, ""),
        ("port: 443", P, 0, ""),
        ("sectionName: tls, port: 443", P, 0, ""),
        ("sectionName: tls, port: 80", "", 1, "[unreached-route]"),
        ("sectionName: web", "", 1, "[not-applied]"),
        ("port: 80", "", 1, "[not-applied]"),
    ] {
        let one = route("one", "a.example", "").replace("{name: gate}", &format!("{{name: gate, {parent}}}"));
        at_the_edge(
            &[&*one, &at, &of_tls].concat(),
            &[("a.example", expected)],
            status,
            code,
        );
    }
}

#[test]
fn a_gateway_of_another_controller_knows_no_security_policies() {
    let at = gateway("{name: web, port: 80}").replace("spec: {", "spec: {gatewayClassName: web, ");
    let own =
        route("one", "a.example", "") + &policy("p", "", "targetRefs: [{kind: HTTPRoute, name: one}]", P);
    let sure = route("sure", "c.example", "").replace("{name: gate}", "{name: far}")
        + &policy("s", "", "targetRefs: [{kind: HTTPRoute, name: sure}]", Q);
    for (controller, expected, code) in [
        ("gateway.envoyproxy.io/gatewayclass-controller", P, ""),
        ("istio.io/gateway-controller", "", "[not-applied]"),
    ] {
        let class = format!(
            "---\nkind: GatewayClass\nmetadata: {{name: web}}\nspec: {{controllerName: {controller}}}\n"
        );
        let asked = [("a.example", expected), ("c.example", Q)];
        at_the_edge(&[&*at, &own, &sure, &class].concat(), &asked, 0, code);
    }
}
