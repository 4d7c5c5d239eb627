//! What Envoy Gateway applies of SecurityPolicies: to which routes, at which listeners, and which of several.

use super::{import, imported};

pub(super) const P: &str = "https://p.example";
pub(super) const Q: &str = "https://q.example";

/// A policy for one origin, or one that has none.
pub(super) fn policy(name: &str, made: &str, target: &str, origin: &str) -> String {
    let cors = match origin {
        "" => "basicAuth: {}".to_owned(),
        origin => format!("cors: {{allowOrigins: ['{origin}'], allowMethods: [GET]}}"),
    };
    let made = if made.is_empty() {
        String::new()
    } else {
        format!(", creationTimestamp: '{made}'")
    };
    format!("---\nkind: SecurityPolicy\nmetadata: {{name: {name}{made}}}\nspec: {{{target}, {cors}}}\n")
}

pub(super) fn route(name: &str, host: &str, more: &str) -> String {
    format!(
        "---\nkind: HTTPRoute\nmetadata: {{name: {name}, labels: {{app: {name}}}}}\nspec: {{hostnames: [{host}], parentRefs: [{{name: \
         gate}}], rules: [{{name: main}}]{more}}}\n"
    )
}

pub(super) fn gateway(listeners: &str) -> String {
    format!(
        "---\nkind: Gateway\nmetadata: {{name: gate, labels: {{at: edge}}}}\nspec: {{listeners: [{listeners}]}}\n"
    )
}

/// Looks at an object of each host.
#[track_caller]
pub(super) fn at_the_edge(text: &str, asked: &[(&str, &str)], status: i32, code: &str) {
    let asked: Vec<_> = asked
        .iter()
        .map(|(host, expected)| (*host, "/o", *expected))
        .collect();
    imported::assert("envoy-gateway", text, &asked, status, code);
}

#[test]
fn only_listeners_of_http_have_hosts_of_an_http_route() {
    let sure = route("sure", "c.example", "").replace("{name: gate}", "{name: far}");
    let own = "targetRefs: [{kind: HTTPRoute, name: one}, {kind: HTTPRoute, name: sure}]";
    let others = [sure, policy("p", "", own, P)].concat();
    for (listener, a) in [
        ("protocol: HTTP", P),
        ("protocol: HTTPS, tls: {mode: Terminate}", P),
        ("protocol: TLS, tls: {mode: Passthrough}", ""),
        ("protocol: TLS", ""),
        ("protocol: TCP", ""),
        ("protocol: HTTPS, tls: {mode: Passthrough}", ""),
        ("protocol: HTTP, allowedRoutes: {kinds: [{kind: GRPCRoute}]}", ""),
        ("protocol: HTTP, allowedRoutes: {kinds: [{kind: HTTPRoute}]}", P),
    ] {
        let listeners = format!("{{name: one, port: 443, hostname: '*.example', {listener}}}");
        let text = [&*others, &route("one", "a.example", ""), &gateway(&listeners)].concat();
        let code = if a.is_empty() { "[unreached-route]" } else { "" };
        at_the_edge(&text, &[("a.example", a), ("c.example", P)], 0, code);
    }
    // Another listener on the port has the host by its own name.
    let two =
        "{name: one, port: 80, protocol: HTTP}, {name: two, port: 80, protocol: HTTP, hostname: a.example}";
    let at_one = route("one", "a.example", "").replace("{name: gate}", "{name: gate, sectionName: one}");
    let text = [&*others, &at_one, &gateway(two)].concat();
    at_the_edge(
        &text,
        &[("a.example", ""), ("c.example", P)],
        0,
        "[unreached-route]",
    );
    // What a route is for is no host.
    let service = route("one", "", "").replace("{name: gate}", "{kind: Service, group: '', name: store}");
    at_the_edge(
        &[&*others, &service].concat(),
        &[("a.example", ""), ("c.example", P)],
        0,
        "[unreached-route]",
    );
}

#[test]
fn a_listener_s_policy_is_that_of_its_own_hosts() {
    let listeners = "{name: one, port: 80, hostname: a.example}, {name: two, port: 80, hostname: b.example}";
    let one = policy(
        "p",
        "",
        "targetRefs: [{kind: Gateway, name: gate, sectionName: one}]",
        P,
    );
    let text = [
        &*gateway(listeners),
        &one,
        &route("both", "a.example, b.example", ""),
    ]
    .concat();
    at_the_edge(&text, &[("a.example", P), ("b.example", "")], 0, "");
    // Two ports of one host, of which one only sends to the other.
    let ports = gateway("{name: web, port: 80, protocol: HTTP}, {name: tls, port: 443, protocol: HTTPS}");
    let main = route("main", "a.example", "").replace("{name: gate}", "{name: gate, sectionName: tls}");
    let own = policy("p", "", "targetRefs: [{kind: HTTPRoute, name: main}]", P);
    for filter in ["{scheme: https, statusCode: 301}", "{hostname: b.example}"] {
        let redirect = route("web", "a.example", "")
            .replace("{name: gate}", "{name: gate, sectionName: web}")
            .replace(
                "{name: main}",
                &format!("{{filters: [{{type: RequestRedirect, requestRedirect: {filter}}}]}}"),
            );
        let text = [&*ports, &main, &own, &redirect].concat();
        at_the_edge(&text, &[("a.example", P)], 0, "");
    }
}

#[test]
fn the_older_of_two_policies_for_one_target_counts() {
    let target = "targetRefs: [{kind: HTTPRoute, name: one}]";
    let (early, late) = ("2025-01-02T03:04:05Z", "2025-11-02T03:04:05Z");
    let one = route("one", "a.example", "");
    for (first, second, expected, status, code) in [
        (("z", early, P), ("a", late, Q), P, 0, "[not-applied]"),
        (("a", late, P), ("z", early, Q), Q, 0, "[not-applied]"),
        (("b", early, P), ("a", early, Q), Q, 0, "[not-applied]"),
        (("z", early, P), ("a", late, ""), P, 0, ""),
        (("z", early, ""), ("a", late, P), "", 1, "[not-applied]"),
        (("z", "", P), ("a", late, Q), "", 1, "[second-policy]"),
        (("z", "", P), ("a", "", ""), "", 1, "creationTimestamp"),
        (("z", "", P), ("a", "", P), P, 0, ""),
    ] {
        let of = |(name, made, origin): (&str, &str, &str)| policy(name, made, target, origin);
        let text = [of(first), of(second), one.clone()].concat();
        at_the_edge(&text, &[("a.example", expected)], status, code);
    }
}

#[test]
fn selectors_choose_routes_and_gateways_by_their_labels() {
    let routes = [route("one", "a.example", ""), route("two", "b.example", "")].concat();
    let gate = policy("gate", "", "targetRefs: [{kind: Gateway, name: gate}]", Q);
    for (selector, a, b, status, code) in [
        ("kind: HTTPRoute, matchLabels: {app: one}", P, Q, 0, ""),
        (
            "kind: HTTPRoute, matchLabels: {app: one, more: x}",
            Q,
            Q,
            1,
            "[no-target]",
        ),
        (
            "kind: HTTPRoute, matchExpressions: [{key: app, operator: In, values: [two, x]}]",
            Q,
            P,
            0,
            "",
        ),
        (
            "kind: HTTPRoute, matchExpressions: [{key: app, operator: NotIn, values: [two]}]",
            P,
            Q,
            0,
            "",
        ),
        (
            "kind: HTTPRoute, matchExpressions: [{key: app, operator: Exists}]",
            P,
            P,
            0,
            "",
        ),
        (
            "kind: HTTPRoute, matchExpressions: [{key: app, operator: DoesNotExist}]",
            Q,
            Q,
            1,
            "[no-target]",
        ),
        (
            "kind: HTTPRoute, namespaces: {from: All}, matchLabels: {app: one}",
            P,
            Q,
            0,
            "",
        ),
        (
            "kind: HTTPRoute, namespaces: {from: Selector}, matchLabels: {app: one}",
            "",
            Q,
            1,
            "targetSelectors",
        ),
    ] {
        let own = policy("own", "", &format!("targetSelectors: [{{{selector}}}]"), P);
        at_the_edge(
            &[&*routes, &gate, &own].concat(),
            &[("a.example", a), ("b.example", b)],
            status,
            code,
        );
    }
    // Without CORS it takes the Gateway's away, in other namespaces too.
    for from in ["", ", namespaces: {from: All}"] {
        let own = format!("targetSelectors: [{{kind: HTTPRoute, matchLabels: {{app: one}}{from}}}]");
        let own = policy("own", "", &own, "");
        let far = own.replace("name: own", "name: own, namespace: far");
        let (status, policy) = if from.is_empty() { (0, own) } else { (1, far) };
        at_the_edge(
            &[&*routes, &gate, &policy].concat(),
            &[("a.example", ""), ("b.example", Q)],
            status,
            "",
        );
    }
    let edge = policy(
        "edge",
        "",
        "targetSelectors: [{kind: Gateway, matchLabels: {at: edge}}]",
        P,
    );
    let at = gateway("{name: one, port: 80}");
    at_the_edge(
        &[&*routes, &at, &edge].concat(),
        &[("a.example", P), ("b.example", P)],
        0,
        "",
    );
}

#[test]
fn a_route_of_grpc_is_no_bucket_and_has_its_requests() {
    let grpc = |method: &str| {
        format!(
            "---\nkind: GRPCRoute\nmetadata: {{name: rpc}}\nspec: {{hostnames: [a.example], parentRefs: [{{name: gate}}], rules: \
             [{{matches: [{method}]}}]}}\n"
        )
    };
    let one = route("one", "a.example", "");
    let own = policy("own", "", "targetRefs: [{kind: HTTPRoute, name: one}]", P);
    let photos = grpc("{method: {service: photos}}");
    let printed = import(
        &["--from", "envoy-gateway", "-"],
        [&*one, &own, &photos].concat().as_bytes(),
    );
    assert_eq!(
        imported::allows(&printed.stdout, "a.example", "/o"),
        P,
        "{printed:?}"
    );
    assert_eq!(
        imported::allows(&printed.stdout, "a.example", "/photos/o"),
        "",
        "{printed:?}"
    );
    at_the_edge(
        &[&*one, &own, &grpc("{method: {method: Get}}")].concat(),
        &[("a.example", "")],
        1,
        "[other-hosts]",
    );
    let target = policy("rpc", "", "targetRefs: [{kind: GRPCRoute, name: rpc}]", Q);
    let alone = [&*photos, &target].concat();
    at_the_edge(&alone, &[("a.example", "")], 1, "[other-hosts]");
}

#[test]
fn an_origin_that_is_refused_is_not_imported() {
    let own = "targetRefs: [{kind: HTTPRoute, name: one}]";
    for (origin, allowed, status, code) in [
        ("https://a.*.example", P, 1, "[refused-value]"),
        ("https://*.a.example", P, 0, "[lists-checked]"),
    ] {
        let origins = format!("{P}', '{origin}");
        let text = [route("one", "a.example", ""), policy("p", "", own, &origins)].concat();
        at_the_edge(&text, &[("a.example", allowed)], status, code);
        let filter = "filters: [{type: CORS, cors: {allowMethods: [GET], allowOrigins: [";
        let text =
            route("one", "a.example", "").replace("{name: main}", &format!("{{{filter}'{origins}']}}}}]}}"));
        imported::assert("istio", &text, &[("a.example", "/o", allowed)], status, "");
    }
}

#[test]
fn what_a_gateway_does_not_accept_is_left_out() {
    let filter = "{name: main, filters: [{type: CORS, cors: {allowOrigins: ['https://p.example'], allowMethods: [GET]}}]}";
    let with_filter = route("one", "a.example", "").replace("{name: main}", filter);
    let with_policy = format!(
        "{}{}",
        route("one", "a.example", ""),
        policy("p", "", "targetRefs: [{kind: HTTPRoute, name: one}]", P)
    );
    for (text, field) in [(with_filter, "parents"), (with_policy, "ancestors")] {
        for (status, expected, exit) in [("False", "", 1), ("True", P, 0)] {
            let status =
                format!("status: {{{field}: [{{conditions: [{{type: Accepted, status: '{status}'}}]}}]}}\n");
            let code = if exit == 1 { "[other-hosts]" } else { "" };
            at_the_edge(&format!("{text}{status}"), &[("a.example", expected)], exit, code);
        }
    }
}

#[test]
fn a_list_in_a_list_is_read() {
    let indented = |text: &str| text.trim_start_matches("---\n").replace('\n', "\n    ");
    let own = indented(&policy("p", "", "targetRefs: [{kind: HTTPRoute, name: one}]", P));
    let text = format!(
        "kind: List\nitems:\n- kind: List\n  items:\n  - {own}\n- kind: HTTPRouteList\n  items:\n  - {}\n",
        indented(&route("one", "a.example", ""))
    );
    at_the_edge(&text, &[("a.example", P)], 0, "");
}

/// Listeners that have to be held against each other, and policies that are looked up for each route.
#[test]
#[ignore = "takes long"]
fn many_listeners_and_policies_are_read_in_time() {
    let many = 500;
    let all = |one: &dyn Fn(usize) -> String| (0..many).map(one).collect::<String>();
    let listener = |at| format!("{{name: l{at}, port: 80, protocol: HTTP, hostname: '*.d{at}.example'}}");
    let listeners: Vec<_> = (0..many).map(listener).collect();
    let routes = all(&|at| route(&format!("r{at}"), &format!("h.d{at}.example"), ""));
    let named = all(&|at| {
        policy(
            &format!("p{at}"),
            "",
            &format!("targetRefs: [{{kind: HTTPRoute, name: r{at}}}]"),
            P,
        )
    });
    let chosen = all(&|at| {
        let target = format!("targetSelectors: [{{kind: HTTPRoute, matchLabels: {{app: r{at}}}}}]");
        policy(&format!("p{at}"), "", &target, P)
    });
    for policies in [named, chosen] {
        let text = format!("{}{routes}{policies}", gateway(&listeners.join(", ")));
        let printed = import(&["--from", "envoy-gateway", "-"], text.as_bytes());
        assert_eq!(
            imported::allows(&printed.stdout, "h.d7.example", "/o"),
            P,
            "{}",
            printed.stderr
        );
    }
}
