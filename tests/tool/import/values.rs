//! A value that a field does not take is not carried over.

use super::field_places::{CLOUD_STORAGE, ENVOY, FIELD, HIGRESS, HTTP_ROUTE, ISTIO, said};
use super::import;

#[test]
fn a_value_of_another_type_is_not_carried_over() {
    const NO_TEXT: &str = "a list or an object, where a string is read";
    const NO_FLAG: &str = "neither true nor false, where one of them is read";
    for (from, document, field, place, remark) in [
        ("envoy", ENVOY, "allow_headers: [x-a, x-b]", "9:22", NO_TEXT),
        ("envoy", ENVOY, "max_age: {seconds: 5}", "9:16", NO_TEXT),
        ("envoy", ENVOY, "allow_credentials: enabled", "9:26", NO_FLAG),
        (
            "envoy",
            ENVOY,
            "allow_private_network_access: {value: true}",
            "9:37",
            NO_FLAG,
        ),
        ("istio", ISTIO, "allowHeaders: [{exact: x-a}]", "8:22", NO_TEXT),
        ("istio", ISTIO, "maxAge: {seconds: 5}", "8:15", NO_TEXT),
        ("istio", HTTP_ROUTE, "allowCredentials: 1", "9:27", NO_FLAG),
        ("higress", HIGRESS, "expose_headers: [[ETag]]", "3:18", NO_TEXT),
        ("gcs", CLOUD_STORAGE, "maxAgeSeconds: [5]", "5:18", NO_TEXT),
    ] {
        assert_eq!(
            said(from, document, field),
            (1, format!("{place}: not carried over: {remark} [other-type]"))
        );
    }
}

#[test]
fn a_matcher_that_istio_does_not_have_is_not_carried_over() {
    let matcher = |kind: &str| ISTIO.replace("exact: 'https://a.example'", &format!("{kind}: .a.example"));
    for kind in ["suffix", "contains", "safeRegex"] {
        let printed = import(
            &["--from", "istio", "-"],
            matcher(kind).replace(FIELD, "").as_bytes(),
        );
        assert!(
            printed
                .stderr
                .contains(":6:22: not carried over: a matcher of a kind that is not read here"),
            "{}",
            printed.stderr
        );
        assert_eq!(printed.status, 1);
    }
}

#[test]
fn a_second_list_and_an_object_among_values_are_not_carried_over() {
    let rule = r#"[{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]"#;
    let two = format!(r#"{{"CORSRule": {rule}, "CORSRules": {rule}}}"#);
    let printed = import(&["--from", "s3", "--bucket", "b", "-"], two.as_bytes());
    assert_eq!(
        (printed.status, printed.stderr.as_str()),
        (
            1,
            "(standard input):1:83: not carried over: a second list of rules: CORSRule stands [second-value]\n"
        )
    );
    let state = r#"{"values": {"root_module": {"resources": [{"type": "aws_s3_bucket", "values": {"bucket": "b", "cors_rule": [
        {"allowed_origins": ["*"], "allowed_methods": ["GET"], "allowed_headers": [{}]}]}}]}}}"#;
    let printed = import(&["--from", "terraform", "-"], state.as_bytes());
    assert_eq!(
        (printed.status, printed.stderr.as_str()),
        (
            1,
            "(standard input):2:84: not carried over: a list or an object, where a string is read [other-type]\n"
        )
    );
}
