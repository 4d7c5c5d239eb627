//! Texts in ConfigMaps and Secrets, which a pod has as files.

use super::import;

const ENVOY: &str = "virtual_hosts: [{domains: ['*'], routes: [{match: {prefix: /photos/}, route: {cluster: c}, typed_per_filter_config: \
                     {envoy.filters.http.cors: {'@type': x.CorsPolicy, allow_methods: GET, allow_origin_string_match: [{exact: \
                     'https://p.example'}]}}}]}]";

/// What base64 makes of a text.
fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits = (0..3).fold(0, |bits, at| {
            bits << 8 | three.get(at).map_or(0, |byte| usize::from(*byte))
        });
        for at in 0..=three.len() {
            out.push(char::from(DIGITS[bits >> (18 - 6 * at) & 63]));
        }
    }
    out
}

fn resource(kind: &str, field: &str, text: &str) -> String {
    format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: e}}\n{field}:\n  envoy.yaml: {text:?}\n")
}

#[test]
fn an_envoy_s_text_is_read_wherever_a_pod_has_it_from() {
    for (kind, field, text) in [
        ("ConfigMap", "data", ENVOY.to_owned()),
        ("ConfigMap", "binaryData", base64(ENVOY)),
        ("Secret", "stringData", ENVOY.to_owned()),
        ("Secret", "data", base64(ENVOY)),
    ] {
        let printed = import(&["-"], resource(kind, field, &text).as_bytes());
        assert_eq!(printed.status, 0, "{kind} {field}: {}", printed.stderr);
        assert!(
            printed.stdout.contains("\"photos\"") && printed.stdout.contains("https://p.example"),
            "{kind} {field}: {}",
            printed.stdout
        );
    }
}

#[test]
fn a_text_that_is_not_read_is_named_at_its_own_place() {
    let store = "<CORSConfiguration></CORSConfiguration>";
    for (kind, field) in [("ConfigMap", "data"), ("Secret", "stringData")] {
        let text = format!("{}  photos.xml: {store:?}\n", resource(kind, field, ENVOY));
        let printed = import(&["--from", "envoy", "-"], text.as_bytes());
        assert_eq!(printed.status, 1, "{}", printed.stderr);
        assert!(
            printed
                .stderr
                .contains(":6:15: not carried over: the CORS of the"),
            "{}",
            printed.stderr
        );
    }
    // To another source too, and in base64.
    for text in [ENVOY, store] {
        let istio = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v}\nspec: {hosts: [a.example], http: \
                     [{corsPolicy: {allowOrigins: [{exact: 'https://a.example'}]}, route: [{destination: {host: c}}]}]}\n---\n";
        let text = format!("{istio}{}", resource("Secret", "data", &base64(text)));
        let printed = import(&["--from", "istio", "-"], text.as_bytes());
        assert_eq!(printed.status, 1, "{}", printed.stderr);
        assert!(
            printed.stderr.contains("the CORS of the Secret \"e\""),
            "{}",
            printed.stderr
        );
    }
    // A certificate is nobody's CORS.
    let key = resource("Secret", "data", &base64("-----BEGIN CERTIFICATE-----"));
    let text = format!("{}---\n{key}", resource("ConfigMap", "data", ENVOY));
    let printed = import(&["--from", "envoy", "-"], text.as_bytes());
    assert_eq!(printed.status, 0, "{}", printed.stderr);
}

#[test]
fn a_template_in_a_text_is_named_as_one() {
    let text = format!("{ENVOY}\nallow_methods: {{{{ .Values.methods }}}}: x\n");
    let printed = import(
        &["--from", "envoy", "-"],
        resource("ConfigMap", "data", &text).as_bytes(),
    );
    assert_eq!(printed.status, 1);
    assert!(
        printed
            .stderr
            .contains("(envoy.yaml): not carried over: the text here, which is a template")
            && printed.stderr.contains("[template]"),
        "{}",
        printed.stderr
    );
}
