//! Several resources that are about one host are one host.

use super::hosts::{PHOTOS, at_the_edge};

#[test]
fn two_resources_of_one_host_are_one_host() {
    let service = |path: &str, origin: &str| {
        let policy = match origin {
            "" => String::new(),
            origin => format!(
                "corsPolicy: {{allowOrigins: [{{exact: 'https://{origin}'}}], allowMethods: [GET]}}, "
            ),
        };
        let matched = match path {
            "" => String::new(),
            path => format!("match: [{{uri: {{prefix: {path}}}}}], "),
        };
        format!(
            "---\nkind: VirtualService\nspec: {{hosts: [a.example], gateways: [gate], http: [{{{policy}{matched}route: []}}]}}\n"
        )
    };
    let orders = |first: String, second: String| [format!("{first}{second}"), format!("{second}{first}")];
    // What takes every path comes behind what does not, wherever it stands.
    for text in orders(service("/pix/", ""), service("", "r.example")) {
        let asked = [
            ("a.example", "/pix/o", ""),
            ("a.example", "/pix", "https://r.example"),
            ("a.example", "/other/o", "https://r.example"),
        ];
        assert_eq!(at_the_edge("istio", &text, &asked), 1);
    }
    for text in orders(service("/pix/", "p.example"), service("", "r.example")) {
        let asked = [
            ("a.example", "/pix/o", PHOTOS),
            ("a.example", "/other/o", "https://r.example"),
        ];
        assert_eq!(at_the_edge("istio", &text, &asked), 0);
    }
    for text in orders(service("/pix/", "p.example"), service("/pix/", "")) {
        assert_eq!(at_the_edge("istio", &text, &[("a.example", "/pix/o", "")]), 1);
    }
    // HTTPRoutes whose lists of hosts differ.
    let route = |hosts: &str, path: &str, origin: &str| {
        let filters = match origin {
            "" => String::new(),
            origin => format!(
                "filters: [{{type: CORS, cors: {{allowOrigins: ['https://{origin}'], allowMethods: [GET]}}}}], "
            ),
        };
        format!(
            "---\nkind: HTTPRoute\nspec: {{hostnames: [{hosts}], rules: [{{{filters}matches: [{{path: {{value: {path}}}}}]}}]}}\n"
        )
    };
    for text in orders(
        route("a.example, b.example", "/", "p.example"),
        route("b.example", "/private", ""),
    ) {
        let asked = [
            ("a.example", "/private/o", PHOTOS),
            ("b.example", "/private/o", ""),
            ("b.example", "/private", ""),
        ];
        assert_eq!(at_the_edge("istio", &text, &asked), 1);
    }
    for text in orders(
        route("a.example, b.example", "/", "p.example"),
        route("b.example", "/", ""),
    ) {
        assert_eq!(
            at_the_edge(
                "istio",
                &text,
                &[("a.example", "/o", PHOTOS), ("b.example", "/o", "")]
            ),
            1
        );
    }
}

#[test]
fn a_canary_is_no_main_ingress_and_an_alias_is_its_host() {
    let ingress = |host: &str, annotations: &str, origin: &str| {
        format!(
            "---\nkind: Ingress\nmetadata: {{name: x, annotations: {{{annotations}, nginx.ingress.kubernetes.io/enable-cors: 'true', \
             nginx.ingress.kubernetes.io/cors-allow-origin: 'https://{origin}'}}}}\nspec: {{rules: [{{host: {host}, http: {{paths: \
             [{{path: /, pathType: Prefix}}]}}}}]}}\n"
        )
    };
    let main = |annotations: &str| ingress("a.example", annotations, "p.example");
    let canary = ingress(
        "a.example",
        "nginx.ingress.kubernetes.io/canary: 'true'",
        "c.example",
    );
    for from in ["ingress-nginx", "higress"] {
        for text in [
            format!("{}{canary}", main("x: y")),
            format!("{canary}{}", main("x: y")),
        ] {
            assert_eq!(at_the_edge(from, &text, &[("a.example", "/o", PHOTOS)]), 0);
        }
    }
    let alias = "nginx.ingress.kubernetes.io/server-alias: 'B.example, c.example'";
    let text = main(alias) + &ingress("c.example", "x: y", "r.example");
    let asked = [
        ("a.example", "/o", PHOTOS),
        ("b.example", "/o", PHOTOS),
        ("c.example", "/o", "https://r.example"),
    ];
    assert_eq!(at_the_edge("ingress-nginx", &text, &asked), 0);
    let regex = main("nginx.ingress.kubernetes.io/server-alias: '~^b'");
    assert_eq!(
        at_the_edge("ingress-nginx", &regex, &[("b.example", "/o", "")]),
        1
    );
}
