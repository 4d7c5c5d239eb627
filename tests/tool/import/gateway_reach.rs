//! What routes of the Gateway API and policies of Envoy Gateway are for: by listeners, hosts and namespaces.

use super::import;
use super::reach::found;

#[test]
fn the_policies_of_envoy_gateway_are_those_of_the_routes_they_are_for() {
    let route = |name: &str, host: &str| {
        format!(
            "kind: HTTPRoute\nmetadata: {{name: {name}}}\nspec:\n  hostnames: [{host}]\n  parentRefs: [{{name: gate}}]\n  rules:\n  - \
             backendRefs: []\n---\n"
        )
    };
    let policy = |origin: &str, target: &str| {
        format!(
            "kind: SecurityPolicy\nmetadata: {{name: p}}\nspec:\n  targetRefs: [{target}]\n  cors: {{allowOrigins: ['{origin}'], \
             allowMethods: [GET], maxAge: 1h}}\n---\n"
        )
    };
    let routes = format!("{}{}", route("one", "one.example"), route("two", "two.example"));
    let own = policy("https://*.a.example", "{kind: HTTPRoute, name: one}");
    let gate = policy("https://gate.example", "{kind: Gateway, name: gate}");
    let (buckets, lost) = found(&format!("{routes}{gate}{own}"), "envoy-gateway");
    assert_eq!(
        buckets,
        [
            "one.example: https://*.a.example",
            "two.example: https://gate.example"
        ]
    );
    assert_eq!(lost, "");
    let printed = import(&["-"], format!("{routes}{own}").as_bytes());
    assert!(
        printed.stdout.contains("\"MaxAgeSeconds\": 3600"),
        "{}",
        printed.stdout
    );
    assert!(!printed.stdout.contains("two.example"), "{}", printed.stdout);
    // A policy without its route, and a route in another namespace.
    let (buckets, lost) = found(&own, "envoy-gateway");
    assert_eq!((buckets.len(), lost.lines().count()), (0, 1), "{lost}");
    let elsewhere = policy(
        "https://a.example",
        "{kind: HTTPRoute, name: one, namespace: elsewhere}",
    );
    assert_eq!(found(&format!("{routes}{elsewhere}"), "envoy-gateway").0.len(), 0);
}

#[test]
fn a_route_has_the_hosts_that_listeners_of_its_gateway_take() {
    let gateway = "kind: Gateway\nmetadata: {name: gate}\nspec:\n  listeners:\n  - {name: one, hostname: one.example, port: 443}\n  - \
                   {name: any, hostname: '*.a.example', port: 80}\n---\n";
    let policy = "kind: SecurityPolicy\nmetadata: {name: p}\nspec:\n  targetRefs: [{kind: HTTPRoute, name: r}]\n  cors: \
                  {allowOrigins: ['https://o.example'], allowMethods: [GET]}\n---\n";
    let route = |hosts: &str, parent: &str| {
        format!(
            "kind: HTTPRoute\nmetadata: {{name: r}}\nspec:\n  hostnames: [{hosts}]\n  parentRefs: [{{name: gate{parent}}}]\n  rules: \
             [{{}}]\n---\n"
        )
    };
    for (hosts, parent, expected) in [
        ("", ", sectionName: one", &["one.example"][..]),
        ("", ", port: 443", &["one.example"]),
        (
            "one.example, b.a.example, other.example",
            "",
            &["one.example", "b.a.example"],
        ),
        ("'*.example'", ", sectionName: one", &["one.example"]),
        ("other.example", "", &[]),
        ("", ", sectionName: none", &[]),
    ] {
        let text = format!("{gateway}{policy}{}", route(hosts, parent));
        let (buckets, _) = found(&text, "envoy-gateway");
        let mut expected: Vec<_> = expected
            .iter()
            .map(|host| format!("{host}: https://o.example"))
            .collect();
        if let [_, second] = &mut expected[..] {
            // One bucket, by the name of its first host.
            second.clear();
        }
        expected.retain(|bucket| !bucket.is_empty());
        assert_eq!(buckets, expected, "{hosts}{parent}");
    }
    let unreached = import(
        &["-"],
        format!("{gateway}{policy}{}", route("other.example", "")).as_bytes(),
    );
    assert!(
        unreached.stderr.contains("[unreached-route]"),
        "{}",
        unreached.stderr
    );
    // Without the Gateway, nobody knows.
    let printed = import(&["-"], format!("{policy}{}", route("", "")).as_bytes());
    assert!(
        printed.stderr.contains("loses meaning: the hosts of this route"),
        "{}",
        printed.stderr
    );
    let printed = import(&["-"], format!("{policy}{}", route("a.example", "")).as_bytes());
    assert!(!printed.stderr.contains("[any-host]"), "{}", printed.stderr);
}

#[test]
fn a_listener_takes_routes_of_the_namespaces_that_it_says() {
    let policy = "kind: SecurityPolicy\nmetadata: {name: p, namespace: web}\nspec:\n  targetRefs: [{kind: HTTPRoute, name: r}]\n  cors: \
                  {allowOrigins: ['https://o.example'], allowMethods: [GET]}\n---\n";
    let route = "kind: HTTPRoute\nmetadata: {name: r, namespace: web}\nspec:\n  hostnames: [a.example]\n  parentRefs: [{name: gate, \
                 namespace: infra}]\n  rules: [{}]\n---\n";
    for (allowed, is_taken, code) in [
        ("", false, "[unreached-route]"),
        (
            "allowedRoutes: {namespaces: {from: Same}}",
            false,
            "[unreached-route]",
        ),
        (
            "allowedRoutes: {namespaces: {from: None}}",
            false,
            "[unreached-route]",
        ),
        (
            "allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {x: y}}}}",
            false,
            "[other-hosts]",
        ),
        ("allowedRoutes: {namespaces: {from: All}}", true, ""),
    ] {
        let gateway = format!(
            "kind: Gateway\nmetadata: {{name: gate, namespace: infra}}\nspec:\n  listeners:\n  - {{name: one, {allowed}}}\n---\n"
        );
        let printed = import(&["-"], format!("{gateway}{policy}{route}").as_bytes());
        assert_eq!(
            printed.stdout.contains("https://o.example"),
            is_taken,
            "{allowed}: {printed:?}"
        );
        assert_eq!(printed.status, i32::from(!is_taken), "{allowed}: {printed:?}");
        assert!(printed.stderr.contains(code), "{allowed}: {printed:?}");
    }
}

#[test]
fn a_policy_of_envoy_gateway_is_for_its_own_namespace() {
    let route = |name: &str, namespace: &str| {
        format!(
            "kind: HTTPRoute\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  hostnames: [{name}.example]\n  parentRefs: \
             [{{name: gate}}]\n  rules: [{{}}]\n---\n"
        )
    };
    let policy = "kind: SecurityPolicy\nmetadata: {name: p, namespace: own}\nspec:\n  targetRefs: [{kind: HTTPRoute, name: one, \
                  namespace: other}, {kind: Gateway, name: gate, namespace: other}, {kind: HTTPRoute, name: two, namespace: own}]\n  \
                  cors: {allowOrigins: ['https://o.example'], allowMethods: [GET]}\n---\n";
    let text = format!("{}{}{policy}", route("one", "other"), route("two", "own"));
    let (buckets, lost) = found(&text, "envoy-gateway");
    assert_eq!(buckets, ["two.example: https://o.example"]);
    assert_eq!(lost.matches("[no-target]").count(), 2, "{lost}");
}
