//! Every field of a policy is carried over or named, those included that nobody knows.

use bucket_cors::config;

use super::field_places::{
    CLOUD_STORAGE, ENVOY, ENVOY_EXPRESSION, ENVOY_MATCHER, FIELD, HIGRESS, HIGRESS_RULE, HTTP_ROUTE,
    HTTP_ROUTE_RULE, INGRESS, ISTIO, said,
};
use super::import;

#[test]
fn a_field_that_nobody_knows_is_not_carried_over() {
    const CHANGES: &str = "that is known: see whether it changes answers";
    for (from, document, field, place, of) in [
        (
            "envoy",
            ENVOY,
            "allow_orgin_string_match:\n      - exact: '*'",
            "9:7",
            "a CORS policy",
        ),
        (
            "envoy",
            ENVOY,
            "allowOrginStringMatch: []",
            "9:7",
            "a CORS policy",
        ),
        (
            "envoy",
            ENVOY,
            "filter_enabled: {defaultvalue: {}}",
            "9:24",
            "filter_enabled",
        ),
        (
            "envoy",
            ENVOY,
            "filter_enabled: {default_value: {numerator: 100, denominater: MILLION}}",
            "9:56",
            "filter_enabled",
        ),
        (
            "envoy",
            ENVOY_MATCHER,
            "ignore-case: true",
            "4:3",
            "a matcher of this kind",
        ),
        (
            "envoy",
            ENVOY_MATCHER,
            "custom: {name: x}",
            "4:3",
            "a matcher of this kind",
        ),
        (
            "envoy",
            ENVOY_EXPRESSION,
            "flags: i",
            "5:5",
            "a regular expression",
        ),
        ("istio", ISTIO, "allow_credentials: true", "8:7", "a CORS policy"),
        (
            "istio",
            HTTP_ROUTE,
            "allowOriginsRegex:\n        - '.*'",
            "9:9",
            "a CORS filter",
        ),
        (
            "istio",
            HTTP_ROUTE,
            "unmatchedPreflights: IGNORE",
            "9:9",
            "a CORS filter",
        ),
        (
            "higress",
            HIGRESS,
            "_rules_: [{_match_domain_: [b.example]}]",
            "3:1",
            "the plugin's configuration",
        ),
        (
            "higress",
            HIGRESS,
            "allow_origin: ['*']",
            "3:1",
            "the plugin's configuration",
        ),
        (
            "higress",
            HIGRESS_RULE,
            "route: [b]",
            "6:5",
            "a rule of a WasmPlugin",
        ),
        ("gcs", CLOUD_STORAGE, "responseHeaders: [ETag]", "5:3", "an entry"),
    ] {
        let name = field.trim_start_matches("filter_enabled: {");
        let name = name.trim_start_matches("default_value: {numerator: 100, ");
        let name = name.split(':').next().unwrap();
        // Where it is another spelling of a field, that one is named.
        let advice = match name {
            "allow_credentials" => "that is known: write allowCredentials, which is its name here",
            "defaultvalue" => "that is known: write default_value, which is its name here",
            "allow_origin" => "that is known: write allow_origins, which is its name here",
            "responseHeaders" => "that is known: write responseHeader, which is its name here",
            _ => CHANGES,
        };
        let remark =
            format!("{place}: not carried over: {name} is no field of {of} {advice} [unknown-field]");
        assert_eq!(said(from, document, field), (1, remark));
    }
    for name in [
        "higress.io/cors-allow-origins",
        "nginx.ingress.kubernetes.io/enable-cors-x",
    ] {
        let (status, said) = said("higress", INGRESS, &format!("{name}: x"));
        assert!(
            said.contains(&format!("{name} is no annotation for CORS that is known: ")),
            "{said}"
        );
        assert_eq!(status, 1);
    }
    // Null is as good as nothing, and another controller's annotation is nobody's.
    assert_eq!(said("envoy", ENVOY, "allow_orgins: null"), (0, String::new()));
    let other = "nginx.ingress.kubernetes.io/ssl-redirect: 'true'";
    assert_eq!(said("higress", INGRESS, other), (0, String::new()));
}

#[test]
fn what_becomes_of_another_origin_s_preflight_is_named() {
    for (from, document, field, status, weight) in [
        (
            "envoy",
            ENVOY,
            "forward_not_matching_preflights: true",
            0,
            "9:40: loses meaning: a preflight",
        ),
        (
            "envoy",
            ENVOY,
            "forwardNotMatchingPreflights: false",
            0,
            "9:37: loses meaning: a preflight",
        ),
        (
            "istio",
            ISTIO,
            "unmatchedPreflights: FORWARD",
            0,
            "8:28: loses meaning: a preflight",
        ),
        (
            "istio",
            ISTIO,
            "unmatchedPreflights: IGNORE",
            0,
            "8:28: loses meaning: a preflight",
        ),
        (
            "istio",
            ISTIO,
            "unmatchedPreflights: DROP",
            1,
            "8:28: not carried over: neither FORWARD nor IGNORE",
        ),
    ] {
        let (found, said) = said(from, document, field);
        assert!(
            said.starts_with(weight) && !said.contains('\n'),
            "{field}: {said}"
        );
        assert_eq!(found, status, "{field}");
    }
    assert_eq!(
        said("istio", ISTIO, "unmatchedPreflights: UNSPECIFIED"),
        (0, String::new())
    );
}

#[test]
fn what_no_answer_depends_on_is_named_and_weighs_nothing() {
    for (document, field, remark) in [
        (
            ENVOY_EXPRESSION,
            "google_re2: {max_program_size: 100}",
            "5:17: changes nothing: google_re2 bounds what an expression may cost the proxy [no-effect]",
        ),
        (
            ENVOY,
            "shadow_enabled: {default_value: {numerator: 100}}",
            "9:23: changes nothing: shadow_enabled counts only where filter_enabled is off [no-effect]",
        ),
    ] {
        assert_eq!(said("envoy", document, field), (0, remark.to_owned()));
    }
}

#[test]
fn the_older_field_that_istio_leaves_out_is_named() {
    let (status, said) = said("istio", ISTIO, "allowOrigin: ['https://b.example']");
    assert!(
        said.contains("8:20: not carried over: allowOrigin beside allowOrigins"),
        "{said}"
    );
    assert_eq!(status, 1);
}

#[test]
fn an_element_that_no_store_has_is_no_other_word_for_one_that_it_has() {
    for (name, single) in [
        ("AllowedOrigins", "AllowedOrigin"),
        ("AllowedMethods", "AllowedMethod"),
        ("AllowedHeaders", "AllowedHeader"),
        ("ExposeHeaders", "ExposeHeader"),
    ] {
        let text = format!(
            "<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\n\
             <{name}>x</{name}></CORSRule></CORSConfiguration>"
        );
        let printed = import(&["--from", "s3", "--bucket", "b", "-"], text.as_bytes());
        assert!(
            printed.stderr.contains(&format!(
                ":2:1: not carried over: <{name}> is no element that a store has"
            )),
            "{}",
            printed.stderr
        );
        assert!(printed.stderr.contains(&format!("write <{single}>")));
        assert_eq!(printed.status, 1);
        assert!(!printed.stdout.contains("\"x\""), "{}", printed.stdout);
    }
}

#[test]
fn a_policy_that_no_bucket_can_have_is_not_carried_over() {
    for (from, document, field, remark) in [
        (
            "istio",
            HTTP_ROUTE_RULE,
            "backendRefs: [{name: a, filters: [{type: CORS, cors: {allowOrigins: ['*']}}]}]",
            "the CORS filter of one of several backends",
        ),
        (
            "istio",
            &HTTP_ROUTE_RULE.replace(
                "allowMethods: [GET]}}\n",
                "allowMethods: [GET]}}\n    - {cors: {allowOrigins: ['*']}}\n",
            ),
            "",
            "a second CORS filter of one rule",
        ),
        (
            "istio",
            &ISTIO.replace("  hosts: [a.example]\n", ""),
            "",
            "the policy of a VirtualService without hosts",
        ),
        (
            "higress",
            &HIGRESS_RULE.replace("    domain: [a.example]\n", ""),
            "",
            "a rule for nothing",
        ),
    ] {
        let printed = import(&["--from", from, "-"], document.replace(FIELD, field).as_bytes());
        assert!(
            printed.stderr.contains(&format!(": not carried over: {remark}")),
            "{document}: {}",
            printed.stderr
        );
        assert_eq!(printed.status, 1, "{document}");
    }
}

#[test]
fn the_flag_of_the_oldest_envoys_turns_a_policy_off() {
    let policy = |flag| {
        format!(
            "domains: [a.example]\nroutes: []\ncors: {{allow_origin: ['*'], allow_methods: GET, enabled: {flag}}}\n"
        )
    };
    assert_eq!(
        import(&["--from", "envoy", "-"], policy(false).as_bytes()).stdout,
        ""
    );
    let printed = import(&["--from", "envoy", "-"], policy(true).as_bytes());
    let (configuration, _) = config::parse(printed.stdout.as_bytes());
    assert_eq!(configuration.expect(&printed.stderr).buckets.len(), 1);
}
