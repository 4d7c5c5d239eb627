//! Of the policies of Envoy Gateway, the one that is for the least of a Gateway counts.

use super::hosts::{PHOTOS, at_the_edge};

/// Routes of a Gateway with two listeners, and policies of Envoy Gateway.
fn envoy_gateway(policies: &[(&str, &str)]) -> String {
    let mut text = "kind: Gateway\nmetadata: {name: gate}\nspec: {listeners: [{name: web, port: 80}, {name: tls, port: \
                    443}]}\n---\nkind: HTTPRoute\nmetadata: {name: one}\nspec: {hostnames: [a.example], parentRefs: [{name: gate}], \
                    rules: [{name: main}]}\n---\nkind: HTTPRoute\nmetadata: {name: two}\nspec: {hostnames: [b.example], parentRefs: \
                    [{name: gate, sectionName: tls}], rules: [{name: main}]}\n"
        .to_owned();
    for (target, spec) in policies {
        text += &format!(
            "---\nkind: SecurityPolicy\nmetadata: {{name: p}}\nspec: {{targetRefs: [{{{target}}}], {spec}}}\n"
        );
    }
    text
}

#[test]
fn the_most_particular_policy_of_envoy_gateway_counts_with_cors_or_without() {
    const GATE: (&str, &str) = (
        "kind: Gateway, name: gate",
        "cors: {allowOrigins: ['https://p.example'], allowMethods: [GET]}",
    );
    const OWN: &str = "cors: {allowOrigins: ['https://o.example'], allowMethods: [GET]}";
    const NONE: &str = "basicAuth: {}";
    let one = "kind: HTTPRoute, name: one";
    let other = "https://o.example";
    for (policies, a, b, status) in [
        (vec![], PHOTOS, PHOTOS, 0),
        (vec![(one, NONE)], "", PHOTOS, 0),
        (vec![(one, OWN)], other, PHOTOS, 0),
        (
            vec![
                ("kind: HTTPRoute, name: one, sectionName: main", NONE),
                (one, OWN),
            ],
            "",
            PHOTOS,
            0,
        ),
        // It is added to the Gateway's.
        (
            vec![(one, "mergeType: StrategicMerge, basicAuth: {}")],
            PHOTOS,
            PHOTOS,
            0,
        ),
        (
            vec![(
                one,
                "mergeType: JSONMerge, cors: {allowOrigins: ['https://o.example']}",
            )],
            "",
            PHOTOS,
            1,
        ),
        // Route one is attached to both listeners.
        (
            vec![("kind: Gateway, name: gate, sectionName: tls", NONE)],
            "",
            "",
            1,
        ),
        (
            vec![("kind: Gateway, name: gate, sectionName: web", NONE)],
            "",
            PHOTOS,
            1,
        ),
        (vec![(one, OWN), (one, NONE)], "", PHOTOS, 1),
    ] {
        let all: Vec<_> = std::iter::once(GATE).chain(policies.clone()).collect();
        let text = envoy_gateway(&all);
        let asked = [("a.example", "/o", a), ("b.example", "/o", b)];
        assert_eq!(
            at_the_edge("envoy-gateway", &text, &asked).min(1),
            status,
            "{policies:?}"
        );
    }
}
