//! Headers of CORS that a proxy sets by hand: no policy, and no less an answer.

use super::import;

/// Puts a setter into a document in place of `SET`, and looks where the header is named, with nothing else lost.
fn assert_named(from: &str, document: &str, setter: &str, header: &str) {
    let text = document.replace("SET", setter);
    let printed = import(&["--from", from, "-"], text.as_bytes());
    let lost: Vec<_> = printed
        .stderr
        .lines()
        .filter(|line| line.contains(": not carried over: "))
        .collect();
    let [line] = lost.as_slice() else {
        panic!("{text}: {}", printed.stderr)
    };
    let at = text.lines().position(|line| line.contains(header)).unwrap() + 1;
    assert!(
        line.contains(&format!("standard input):{at}:")) || line.contains(").yaml"),
        "{line}\n{text}"
    );
    assert!(
        line.contains(&format!(": not carried over: {header}, which ")),
        "{line}"
    );
    assert_eq!(printed.status, 1);
    let other = document.replace("SET", &setter.replace("ccess-", "nother-"));
    let printed = import(&["--from", from, "-"], other.as_bytes());
    assert!(
        !printed.stderr.contains("[not-read]"),
        "{other}: {}",
        printed.stderr
    );
}

#[test]
fn of_envoy() {
    let document = "virtual_hosts:\n- domains: [a.example]\n  cors: {allow_methods: GET, expose_headers: \
                    Access-Control-Max-Age, allow_origin: ['https://b.example']}\n  routes:\n  - match: {prefix: /}\n    SET\n";
    for setter in [
        "response_headers_to_add:\n    - header: {key: Access-Control-Allow-Origin, value: '*'}",
        "responseHeadersToAdd:\n    - header: {key: access-control-allow-credentials, value: 'true'}",
        "response_headers_to_remove:\n    - Access-Control-Expose-Headers",
        "typed_per_filter_config:\n      lua: {source_code: {inline_string: 'h:add(\"Access-Control-Allow-Methods\", \"GET\")'}}",
        "typed_per_filter_config: {m: {mutations: {response_mutations: [{append: {header: {key: \
         Access-Control-Allow-Headers}}}]}}}",
    ] {
        let at = setter.to_ascii_lowercase().find("access-control-").unwrap();
        let header: String = setter[at..]
            .chars()
            .take_while(|c| c.is_ascii_alphabetic() || *c == '-')
            .collect();
        assert_named("envoy", document, setter, &header);
    }
    // What is sent to the store is no answer.
    let asked = document.replace(
        "SET",
        "request_headers_to_add: [{header: {key: Access-Control-Request-Method, value: GET}}]",
    );
    let printed = import(&["--from", "envoy", "-"], asked.as_bytes());
    assert_eq!(printed.status, 0, "{}", printed.stderr);
    let inside = "kind: ConfigMap\ndata:\n  envoy.yaml: |\n    virtual_hosts:\n    - domains: [a.example]\n      \
                  response_headers_to_add: [{header: {key: Access-Control-Allow-Origin}}]\n      routes: []\n";
    let printed = import(&["--from", "envoy", "-"], inside.as_bytes());
    assert!(
        printed.stderr.contains("(envoy.yaml):3:") && printed.stderr.contains("[not-read]"),
        "{}",
        printed.stderr
    );
}

#[test]
fn of_istio_and_the_gateway_api() {
    let service = "kind: VirtualService\nspec:\n  hosts: [a.example]\n  http:\n  - corsPolicy: {allowOrigins: [{exact: \
                   'https://a.example'}], allowMethods: [GET], exposeHeaders: [Access-Control-Max-Age]}\n    SET\n";
    assert_named(
        "istio",
        service,
        "headers:\n      response:\n        set:\n          Access-Control-Allow-Origin: '*'",
        "Access-Control-Allow-Origin",
    );
    assert_named(
        "istio",
        service,
        "headers: {response: {remove: [access-control-allow-origin]}}",
        "access-control-allow-origin",
    );
    let route = "kind: HTTPRoute\nspec:\n  hostnames: [a.example]\n  rules:\n  - filters:\n    - {type: CORS, cors: {allowOrigins: \
                 ['https://a.example'], allowMethods: [GET]}}\n    - SET\n";
    for kind in ["set", "add"] {
        let filter = format!(
            "{{type: ResponseHeaderModifier, responseHeaderModifier: {{{kind}: [{{name: Access-Control-Max-Age}}]}}}}"
        );
        assert_named("istio", route, &filter, "Access-Control-Max-Age");
    }
}

#[test]
fn of_an_ingress() {
    for (from, name) in [
        (
            "ingress-nginx",
            "nginx.ingress.kubernetes.io/configuration-snippet",
        ),
        ("ingress-nginx", "nginx.ingress.kubernetes.io/server-snippet"),
        ("higress", "higress.io/response-header-control-add"),
    ] {
        let document = format!(
            "kind: Ingress\nmetadata:\n  annotations:\n    {name}: |-\n      SET\nspec: {{rules: [{{host: a.example}}]}}\n"
        );
        let text = document.replace("SET", "Access-Control-Allow-Origin *");
        let printed = import(&["-"], text.as_bytes());
        assert!(
            printed
                .stderr
                .starts_with(&format!("(standard input): read as --from {from}\n")),
            "{}",
            printed.stderr
        );
        assert!(
            printed.stderr.contains(&format!(
                "(standard input):5:7: not carried over: Access-Control-Allow-Origin, which {name} sets by hand"
            )),
            "{}",
            printed.stderr
        );
        assert_eq!(printed.status, 1);
        let other = import(
            &["--from", from, "-"],
            document.replace("SET", "X-Other *").as_bytes(),
        );
        assert!(!other.stderr.contains("[not-read]"), "{}", other.stderr);
    }
}
