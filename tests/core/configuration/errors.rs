use super::{places, report, with_cors, with_rule};
use crate::mistakes::{RULE, errors};
use bucket_cors::config::{CODES, Severity};

#[test]
fn each_mistake_is_named_with_its_place_and_the_way_out() {
    for (text, expected) in errors() {
        let report = report(&text);
        let found = places(&report.errors);
        assert_eq!(
            found,
            expected.iter().map(|(place, _)| *place).collect::<Vec<_>>(),
            "{text}"
        );
        for (finding, (_, words)) in report.errors.kept().iter().zip(expected) {
            assert!(finding.message.contains(words), "{text}: {}", finding.message);
        }
    }
}

#[test]
fn every_error_code_has_a_case_here_or_is_an_origin_s_or_the_size_s() {
    let found: Vec<String> = errors()
        .iter()
        .flat_map(|(text, _)| places(&report(text).errors))
        .collect();
    for code in CODES.iter().filter(|code| code.severity == Severity::Error) {
        let tested = found
            .iter()
            .any(|place| place.ends_with(&format!(": {}", code.name)));
        let elsewhere = code.name.starts_with("origin-") || code.name == "configuration-too-large";
        assert!(tested || elsewhere, "{}", code.name);
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let text = r#"{
        "profile": "gcs",
        "buckets": [
            {"name": "", "color": 1, "cors": {"CORSConfiguration": {"CORSRule": [
                {"AllowedOrigin": ["https://a.example", "https://(a|b).example", 7], "AllowedMethod": "FETCH"},
                {"AllowedMethods": ["PUT"], "MaxAgeSeconds": -1}
            ]}}},
            {"cors": [], "mode": 5}
        ],
        "extra": null
    }"#;
    assert_eq!(
        places(&report(text).errors),
        [
            "/profile: unknown-value",
            "/buckets/0/name: bucket-name",
            "/buckets/0/color: unknown-field",
            "/buckets/0/cors/CORSConfiguration/CORSRule/0/AllowedOrigin/1: origin-regular-expression",
            "/buckets/0/cors/CORSConfiguration/CORSRule/0/AllowedOrigin/2: wrong-type",
            "/buckets/0/cors/CORSConfiguration/CORSRule/0/AllowedMethod: method",
            "/buckets/0/cors/CORSConfiguration/CORSRule/1/MaxAgeSeconds: max-age",
            "/buckets/0/cors/CORSConfiguration/CORSRule/1: missing-origin",
            "/buckets/1/mode: wrong-type",
            "/buckets/1: missing-field",
            "/extra: unknown-field",
        ]
    );
}

#[test]
fn the_count_of_rules_is_the_true_one() {
    let text = with_cors(&format!("[{}]", vec![format!("{{{RULE}}}"); 103].join(",")));
    let report = report(&text);
    let warnings = report.warnings.kept().iter();
    let warning = warnings.clone().find(|finding| finding.code == "many-rules");
    for finding in [&report.errors.kept()[0], warning.unwrap()] {
        assert!(finding.message.starts_with("103 rules stand here"), "{finding}");
    }
}

#[test]
fn a_short_value_of_the_wrong_type_is_shown() {
    let long = format!("[{}]", vec!["1"; 100].join(","));
    for (value, shown) in [
        ("[]", "[]"),
        ("[1,null, true]", "[1, null, true]"),
        (r#"{"a":"\u0007b","c": -1.5}"#, r#"{"a": "\u0007b", "c": -1.5}"#),
        ("[[1]]", "a list"),
        (r#"{"a": {}}"#, "an object"),
        (&long, "a list"),
    ] {
        let report = report(with_rule(&format!(r#"{RULE}, "ID": {value}"#)));
        assert_eq!(
            report.errors.kept()[0].message,
            format!("{shown} stands here: write a string")
        );
    }
}

#[test]
fn ceph_rgw_sends_the_line_break_of_an_exposed_header() {
    let rule = format!(r#"{RULE}, "ExposeHeader": "x-a\r\nset-cookie: b=c""#);
    let report = report(with_rule(&rule));
    assert_eq!(
        places(&report.errors),
        ["/buckets/0/cors/0/ExposeHeader: control-character"]
    );
}
