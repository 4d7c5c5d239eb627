use super::{places, report, with_cors, with_rule};
use bucket_cors::config::{CODES, Severity};

const RULE: &str = r#""AllowedOrigins": ["https://a.example"], "AllowedMethods": ["GET", "HEAD"]"#;

/// A bad document, its errors as `pointer: code`, and a part of each message that says what to do.
fn cases() -> Vec<(String, Vec<(&'static str, &'static str)>)> {
    let one = |text: &str, place, words| (text.to_owned(), vec![(place, words)]);
    let rule = |extra: &str, place, words| one(&with_rule(&format!("{RULE}, {extra}")), place, words);
    vec![
        one("", ": empty-configuration", "Istio sends none"),
        one(" \r\n", ": empty-configuration", "pluginConfig"),
        one("buckets: []", ": not-json", "YAML"),
        one("<CORSConfiguration/>", ": not-json", "get-bucket-cors"),
        one("{\"buckets\": [],}", ": not-json", "line 1 column 16"),
        one("{\"buckets\": []} {}", ": not-json", "trailing characters"),
        one(
            "\n\x07\n\x01b\x12\x02\x08\x01",
            ": raw-protobuf",
            "google.protobuf.StringValue",
        ),
        one("null", ": wrong-type", "object with buckets"),
        one("[]", ": wrong-type", "\"cors\" of a bucket"),
        one("{}", ": missing-field", "\"buckets\""),
        one(r#"{"buckets": {}}"#, "/buckets: wrong-type", "buckets is a list"),
        one(
            r#"{"buckets": null}"#,
            "/buckets: wrong-type",
            "a list of buckets",
        ),
        one(
            r#"{"buckets": [], "bukets": 1}"#,
            "/bukets: unknown-field",
            "write buckets",
        ),
        one(
            r#"{"buckets": [], "a/b~": 1}"#,
            "/a~1b~0: unknown-field",
            "it takes profile",
        ),
        one(
            r#"{"buckets": [], "CORSRules": []}"#,
            "/CORSRules: unknown-field",
            "value of \"cors\"",
        ),
        one(
            r#"{"buckets": [], "buckets": []}"#,
            "/buckets: duplicate-field",
            "given twice",
        ),
        one(
            r#"{"buckets": [], "profile": "aws"}"#,
            "/profile: unknown-value",
            "oss, s3, fetch",
        ),
        one(
            r#"{"buckets": [], "unmanaged": true}"#,
            "/unmanaged: wrong-type",
            "true stands here: write one of pass, refuse",
        ),
        one(
            r#"{"buckets": [], "explain": "yes"}"#,
            "/explain: wrong-type",
            "true or false",
        ),
        one(
            r#"{"buckets": [], "explain": null}"#,
            "/explain: wrong-type",
            "true or false",
        ),
        one(
            r#"{"buckets": [], "_rules_": []}"#,
            "/_rules_: higress-rules",
            "defaultConfig",
        ),
        one(
            r#"{"buckets": [], "endpoints": ["e.example:80"]}"#,
            "/endpoints/0: host-name",
            "without the port",
        ),
        one(
            r#"{"buckets": [], "endpoints": "https://e"}"#,
            "/endpoints: host-name",
            "without the scheme",
        ),
        one(
            r#"{"buckets": [], "endpoints": ["*"]}"#,
            "/endpoints/0: host-name",
            "no wildcard",
        ),
        one(
            r#"{"buckets": [], "endpoints": ["e", "E"]}"#,
            "/endpoints/1: duplicate-host",
            "given twice",
        ),
        one(
            r#"{"buckets": ["b"]}"#,
            "/buckets/0: wrong-type",
            "an object with name and cors",
        ),
        one(
            r#"{"buckets": [{"cors": null}]}"#,
            "/buckets/0: missing-field",
            "has no name",
        ),
        one(
            r#"{"buckets": [{"name": "", "cors": null}]}"#,
            "/buckets/0/name: bucket-name",
            "empty",
        ),
        one(
            r#"{"buckets": [{"name": "a*", "cors": null}]}"#,
            "/buckets/0/name: bucket-name",
            "no pattern",
        ),
        one(
            r#"{"buckets": [{"name": "a/b", "cors": null}]}"#,
            "/buckets/0/name: bucket-name",
            "one segment",
        ),
        one(
            r#"{"buckets": [{"name": "a\n", "cors": null}]}"#,
            "/buckets/0/name: control-character",
            "'\\n'",
        ),
        one(
            r#"{"buckets": [{"name": 5, "cors": null}]}"#,
            "/buckets/0/name: wrong-type",
            "5 stands here: write a bucket name",
        ),
        one(
            r#"{"buckets": [{"name": "b", "cors": null}, {"name": "b", "cors": null}]}"#,
            "/buckets/1/name: duplicate-bucket",
            "/buckets/0",
        ),
        one(
            r#"{"buckets": [{"name": "a", "hosts": "*", "cors": null}, {"name": "b", "hosts": ["*"], "cors": null}]}"#,
            "/buckets/1/hosts/0: duplicate-host",
            "/buckets/0",
        ),
        one(
            r#"{"buckets": [{"name": "b", "mode": "dry", "cors": null}]}"#,
            "/buckets/0/mode: unknown-value",
            "enforce, shadow",
        ),
        one(
            r#"{"buckets": [{"name": "b", "upstream_cors": "merge", "cors": null}]}"#,
            "/buckets/0/upstream_cors: unknown-value",
            "replace, keep",
        ),
        one(
            r#"{"buckets": [{"name": "b", "AllowedOrigins": ["*"], "cors": null}]}"#,
            "/buckets/0/AllowedOrigins: unknown-field",
            "element of a list",
        ),
        one(
            &with_cors("5"),
            "/buckets/0/cors: wrong-type",
            "5 stands here: write a CORS document, which is an object with CORSRules, a list of rules, or null",
        ),
        one(
            &with_cors(&format!("[{}]", vec!["7"; 500_000].join(","))),
            "/buckets/0: too-large",
            "more than 500000",
        ),
        one(
            &format!(r#"{{"metrics": "bucket", "buckets": [{}]}}"#, {
                let names: Vec<String> = (0..1_001)
                    .map(|name| format!(r#"{{"name": "{name}", "cors": null}}"#))
                    .collect();
                names.join(",")
            }),
            "/metrics: too-many-metrics",
            "write \"plugin\"",
        ),
        one(
            r#"{"buckets": [], "metrics": "all"}"#,
            "/metrics: unknown-value",
            "off, plugin, bucket",
        ),
        one(
            r#"{"buckets": [{"name": "b", "hosts": ["a.example", "A.example"], "cors": null}]}"#,
            "/buckets/0/hosts/1: duplicate-host",
            "stands twice in this bucket",
        ),
        one(
            &with_cors(r#""<CORSConfiguration/>""#),
            "/buckets/0/cors: wrong-type",
            "XML",
        ),
        one(
            &with_cors(r#""{\"CORSRules\": []}""#),
            "/buckets/0/cors: wrong-type",
            "without the quotes",
        ),
        one(
            &with_cors(r#"{"rules": []}"#),
            "/buckets/0/cors/rules: unknown-field",
            "CORSRules",
        ),
        one(
            &with_cors(r#"{"CORSRules": [], "CORSRule": []}"#),
            "/buckets/0/cors/CORSRule: duplicate-field",
            "two spellings",
        ),
        one(
            &with_cors(r#"{"ResponseVary": true, "CORSConfiguration": {}}"#),
            "/buckets/0/cors/CORSConfiguration: duplicate-field",
            "nothing stands beside it",
        ),
        one(&with_cors("[5]"), "/buckets/0/cors/0: wrong-type", "a rule"),
        one(
            &with_cors(&format!("[{}]", vec![format!("{{{RULE}}}"); 101].join(","))),
            "/buckets/0/cors: too-many-rules",
            "at most 100",
        ),
        one(
            &with_rule(r#""AllowedMethods": ["PUT"]"#),
            "/buckets/0/cors/0: missing-origin",
            "AllowedOrigins",
        ),
        one(
            &with_rule(r#""AllowedOrigins": [], "AllowedMethods": ["PUT"]"#),
            "/buckets/0/cors/0: missing-origin",
            "AllowedOrigins",
        ),
        one(
            &with_rule(r#""AllowedOrigins": ["*"], "AllowedMethods": null"#),
            "/buckets/0/cors/0: missing-method",
            "AllowedMethods",
        ),
        one(
            &with_rule(r#""AllowedOrigins": ["*", "*"], "AllowedMethods": ["PUT"]"#),
            "/buckets/0/cors/0/AllowedOrigins/1: duplicate-any-origin",
            "twice",
        ),
        one(
            &with_rule(r#""AllowedOrigin": "https://*.*", "AllowedMethod": "PUT""#),
            "/buckets/0/cors/0/AllowedOrigin: two-wildcards",
            "at most one *",
        ),
        one(
            &with_rule(r#""AllowedOrigin": [["*"]], "AllowedMethod": "PUT""#),
            "/buckets/0/cors/0/AllowedOrigin/0: wrong-type",
            "[\"*\"] stands here: write a string",
        ),
        one(
            &with_rule(r#""AllowedOrigin": "*", "AllowedMethod": "get""#),
            "/buckets/0/cors/0/AllowedMethod: method",
            "write GET",
        ),
        one(
            &with_rule(r#""AllowedOrigin": "*", "AllowedMethods": ["PATCH"]"#),
            "/buckets/0/cors/0/AllowedMethods/0: method",
            "GET, PUT, POST, DELETE, HEAD",
        ),
        one(
            &with_rule(r#""AllowedOrigin": "*", "AllowedMethods": ["*"]"#),
            "/buckets/0/cors/0/AllowedMethods/0: wildcard-in-method",
            "list the methods",
        ),
        rule(
            r#""AllowedHeader": "x-*-*""#,
            "/buckets/0/cors/0/AllowedHeader: two-wildcards",
            "\"x-*-*\" holds 2",
        ),
        rule(
            r#""AllowedHeaders": ["a,b"]"#,
            "/buckets/0/cors/0/AllowedHeaders/0: header-name",
            "list of strings",
        ),
        rule(
            r#""AllowedHeaders": [""]"#,
            "/buckets/0/cors/0/AllowedHeaders/0: header-name",
            "empty entry",
        ),
        rule(
            r#""AllowedHeaders": {"a": 1}"#,
            "/buckets/0/cors/0/AllowedHeaders: wrong-type",
            "{\"a\": 1} stands here",
        ),
        rule(
            r#""ExposeHeaders": ["x\r\ny"]"#,
            "/buckets/0/cors/0/ExposeHeaders/0: control-character",
            "'\\r'",
        ),
        rule(
            r#""ExposeHeaders": ["x-*"]"#,
            "/buckets/0/cors/0/ExposeHeaders/0: wildcard-in-exposed-header",
            "name each header",
        ),
        rule(
            r#""ExposeHeader": "a&b""#,
            "/buckets/0/cors/0/ExposeHeader: exposed-header-byte",
            "OSS",
        ),
        rule(
            r#""MaxAgeSeconds": "10m""#,
            "/buckets/0/cors/0/MaxAgeSeconds: max-age",
            "whole number",
        ),
        rule(
            r#""MaxAgeSeconds": [600]"#,
            "/buckets/0/cors/0/MaxAgeSeconds: max-age",
            "[600] is no number",
        ),
        rule(
            r#""MaxAgeSeconds": true"#,
            "/buckets/0/cors/0/MaxAgeSeconds: max-age",
            "true",
        ),
        rule(
            r#""MaxAgeSeconds": 1000000000"#,
            "/buckets/0/cors/0/MaxAgeSeconds: max-age",
            "999999999",
        ),
        rule(
            r#""AllowedOrigin": "*""#,
            "/buckets/0/cors/0/AllowedOrigin: duplicate-field",
            "two spellings",
        ),
        rule(
            r#""AllowedOrigns": "*""#,
            "/buckets/0/cors/0/AllowedOrigns: unknown-field",
            "write AllowedOrigins",
        ),
        rule(
            r#""responseHeader": []"#,
            "/buckets/0/cors/0/responseHeader: unknown-field",
            "Google",
        ),
        rule(r#""ID": 7"#, "/buckets/0/cors/0/ID: wrong-type", "a string"),
        rule(
            &format!(r#""ID": "{}""#, "\u{e9}".repeat(256)),
            "/buckets/0/cors/0/ID: rule-id",
            "255 characters",
        ),
        one(
            r#"{"buckets": [{"name": "b", "allow_credentials": true, "cors": {"CORSRule": {"AllowedOrigin": "*", "AllowedMethod": "PUT"}}}]}"#,
            "/buckets/0/allow_credentials: credentials-with-any-origin",
            "/buckets/0/cors/CORSRule lists *",
        ),
    ]
}

#[test]
fn each_mistake_is_named_with_its_place_and_the_way_out() {
    for (text, expected) in cases() {
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
fn every_error_code_has_a_case_here_or_is_an_origin_s() {
    let found: Vec<String> = cases()
        .iter()
        .flat_map(|(text, _)| places(&report(text).errors))
        .collect();
    for code in CODES.iter().filter(|code| code.severity == Severity::Error) {
        let tested = found
            .iter()
            .any(|place| place.ends_with(&format!(": {}", code.name)));
        assert!(tested || code.name.starts_with("origin-"), "{}", code.name);
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
            "/buckets/0/cors/CORSConfiguration/CORSRule/1/MaxAgeSeconds: max-age",
            "/buckets/0/cors/CORSConfiguration/CORSRule/1: missing-origin",
            "/buckets/0/cors/CORSConfiguration/CORSRule/0/AllowedMethod: method",
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
