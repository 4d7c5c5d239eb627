use super::{places, report, with_cors, with_rule};
use bucket_cors::config::{CODES, Severity};

/// A document that loads, and its warnings as `pointer: code`.
fn cases() -> Vec<(String, Vec<&'static str>)> {
    let origin = |origin: &str, places| {
        (
            with_rule(&format!(r#""AllowedOrigin": "{origin}", "AllowedMethod": "PUT""#)),
            places,
        )
    };
    let rule = |extra: &str, places| {
        let rule = format!(r#""AllowedOrigin": "https://a.example.com", "AllowedMethod": "PUT", {extra}"#);
        (with_rule(&rule), places)
    };
    let many = |count: usize| {
        let rules: Vec<String> = (0..count)
            .map(|index| {
                format!(r#"{{"AllowedOrigins": ["https://{index}.example"], "AllowedMethods": ["PUT"]}}"#)
            })
            .collect();
        rules.join(",")
    };
    vec![
        origin("https://a.example.com", vec![]),
        origin("", vec!["/buckets/0/cors/0/AllowedOrigin: empty-origin"]),
        origin("null", vec!["/buckets/0/cors/0/AllowedOrigin: null-origin"]),
        origin("www.example.com", vec!["/buckets/0/cors/0/AllowedOrigin: no-scheme"]),
        origin("https://A.example.com", vec!["/buckets/0/cors/0/AllowedOrigin: upper-case-origin"]),
        origin("https://a.example.com/", vec!["/buckets/0/cors/0/AllowedOrigin: origin-path"]),
        origin("https://a.example.com:443", vec!["/buckets/0/cors/0/AllowedOrigin: default-port"]),
        origin(&format!("https://{}.example", "a".repeat(400)), vec!["/buckets/0/cors/0/AllowedOrigin: long-origin"]),
        origin("https://[0::1]", vec!["/buckets/0/cors/0/AllowedOrigin: address-spelling"]),
        origin("http://a.example.com", vec!["/buckets/0/cors/0/AllowedOrigin: insecure-origin"]),
        origin("https://*", vec!["/buckets/0/cors/0/AllowedOrigin: any-host"]),
        origin("*.example.com", vec!["/buckets/0/cors/0/AllowedOrigin: open-scheme"]),
        origin("https://example.com*", vec!["/buckets/0/cors/0/AllowedOrigin: open-end"]),
        origin("https://*example.com", vec!["/buckets/0/cors/0/AllowedOrigin: open-start"]),
        origin("https://*.github.io", vec!["/buckets/0/cors/0/AllowedOrigin: shared-domain"]),
        origin(" https://a.example.com", vec!["/buckets/0/cors/0/AllowedOrigin: trimmed"]),
        rule(r#""AllowedHeaders": [" x-oss-test "]"#, vec!["/buckets/0/cors/0/AllowedHeaders/0: trimmed"]),
        rule(r#""AllowedHeader": "Cookie""#, vec!["/buckets/0/cors/0/AllowedHeader: forbidden-request-header"]),
        rule(r#""ExposeHeader": "Set-Cookie""#, vec!["/buckets/0/cors/0/ExposeHeader: forbidden-response-header"]),
        rule(r#""MaxAgeSeconds": 601"#, vec!["/buckets/0/cors/0/MaxAgeSeconds: long-max-age"]),
        rule(r#""ResponseVary": false"#, vec!["/buckets/0/cors/0/ResponseVary: vary-off"]),
        (
            with_rule(r#""AllowedOrigins": ["https://a.example", "https://b.example"], "AllowedMethods": ["PUT"]"#),
            vec!["/buckets/0/cors/0/AllowedOrigins: several-origins"],
        ),
        (
            with_rule(r#""AllowedOrigins": ["*"], "AllowedMethods": ["GET"]"#),
            vec!["/buckets/0/cors/0/AllowedMethods: get-without-head"],
        ),
        (
            with_cors(
                r#"[{"AllowedOrigins": ["https://a.example.com"], "AllowedMethods": ["PUT"]},
                    {"AllowedOrigins": ["http://b.example.com"], "AllowedMethods": ["PUT"]}]"#,
            ),
            vec!["/buckets/0/cors/1/AllowedOrigins/0: insecure-origin", "/buckets/0/cors: mixed-schemes"],
        ),
        (
            with_cors(
                r#"{"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["PUT"]},
                    {"AllowedOrigins": ["https://a.example"], "AllowedMethods": ["PUT"]}]}"#,
            ),
            vec!["/buckets/0/cors/CORSRules/1: shadowed-rule"],
        ),
        (
            with_cors(
                r#"{"CORSRules": [{"AllowedOrigins": ["https://a.example"], "AllowedMethods": ["PUT"]},
                    {"AllowedOrigins": ["*"], "AllowedMethods": ["PUT"]}]}"#,
            ),
            vec!["/buckets/0/cors/CORSRules/1: overlapping-rules"],
        ),
        (
            with_cors(
                r#"{"ResponseVary": "false", "CORSRules": {"AllowedOrigins": "https://a.example", "AllowedMethods": "PUT"}}"#,
            ),
            vec!["/buckets/0/cors/ResponseVary: vary-off"],
        ),
        (
            // A request without an origin gets no header, and not `*`.
            with_cors(r#"{"ResponseVary": false, "CORSRules": {"AllowedOrigins": "*", "AllowedMethods": "PUT"}}"#),
            vec!["/buckets/0/cors/ResponseVary: vary-off"],
        ),
        (with_cors(r#"{"ResponseVary": false, "CORSRules": []}"#), vec![]),
        (
            with_cors(
                r#"{"ResponseVary": false, "CORSRules": {"AllowedOrigins": "*", "AllowedMethods": "PUT", "ResponseVary": true}}"#,
            ),
            vec!["/buckets/0/cors/ResponseVary: vary-off"],
        ),
        (
            with_cors(
                r#"{"ResponseVary": true, "CORSRules": {"AllowedOrigins": "*", "AllowedMethods": "PUT", "ResponseVary": false}}"#,
            ),
            vec![],
        ),
        (
            r#"{"buckets": [{"name": "b", "allow_credentials": false, "cors": null}], "profile": "s3"}"#.to_owned(),
            vec!["/buckets/0/allow_credentials: credentials-not-withheld"],
        ),
        (
            r#"{"profile": "s3", "buckets": [{"name": "b", "allow_credentials": "false", "profile": "fetch", "cors": null}]}"#
                .to_owned(),
            vec![],
        ),
        (with_cors(&format!("[{}]", many(10))), vec![]),
        (with_cors(&format!("{{\"CORSRule\": [{}]}}", many(11))), vec!["/buckets/0/cors/CORSRule: many-rules"]),
        (
            format!(r#"{{"profile": "s3", "buckets": [{{"name": "b", "cors": [{}]}}]}}"#, many(11)),
            vec![],
        ),
        (
            with_rule(&format!(
                r#""AllowedOrigins": ["*"], "AllowedMethods": ["PUT"], "AllowedHeaders": [{}]"#,
                vec!["\"x-oss-meta-a-name-of-some-length\""; 300].join(",")
            )),
            vec!["/buckets/0/cors: large-document"],
        ),
        (r#"{"buckets": [{"name": "b"}]}"#.to_owned(), vec!["/buckets/0: no-cors-field"]),
        (
            r#"{"endpoints": ["e.example"], "buckets": [{"name": "b", "hosts": ["E.example"], "cors": null}]}"#.to_owned(),
            vec!["/endpoints/0: host-is-endpoint"],
        ),
        (
            r#"{"profile": "fetch", "buckets": [{"name": "b", "cors": {"ResponseVary": false, "CORSRules":
                {"AllowedOrigins": "https://a.example", "AllowedMethods": ["patch", "put", "PATCH", "TRACE"]}}}]}"#
                .to_owned(),
            vec![
                "/buckets/0/cors/CORSRules/AllowedMethods/1: method-case",
                "/buckets/0/cors/CORSRules/AllowedMethods/3: forbidden-method",
                "/buckets/0/cors/ResponseVary: response-vary-ignored",
            ],
        ),
        (too_many_patterns(), vec!["/buckets: overlap-not-checked"]),
    ]
}

/// Rules of a thousand origins each, all different.
fn too_many_patterns() -> String {
    let rules: Vec<String> = (0..10)
        .map(|rule| {
            let origins: Vec<String> = (0..1_000)
                .map(|origin| format!("\"x{rule}://{origin}\""))
                .collect();
            format!(
                r#"{{"AllowedOrigins": [{}], "AllowedMethods": ["PUT"]}}"#,
                origins.join(",")
            )
        })
        .collect();
    format!(
        r#"{{"profile": "fetch", "buckets": [{{"name": "b", "cors": [{}]}}]}}"#,
        rules.join(",")
    )
}

#[test]
fn each_doubt_is_named_with_its_place() {
    for (text, expected) in cases() {
        let report = report(&text);
        assert!(report.errors.is_empty(), "{text}: {:?}", report.errors);
        let found: Vec<String> = places(&report.warnings)
            .into_iter()
            .filter(|place| !text.contains("x9://") || !place.ends_with("several-origins"))
            .collect();
        assert_eq!(found, expected, "{}", text.chars().take(300).collect::<String>());
    }
}

#[test]
fn every_warning_code_has_a_case_here() {
    let found: Vec<String> = cases()
        .iter()
        .flat_map(|(text, _)| places(&report(text).warnings))
        .collect();
    for code in CODES.iter().filter(|code| code.severity == Severity::Warning) {
        assert!(
            found
                .iter()
                .any(|place| place.ends_with(&format!(": {}", code.name))),
            "{}",
            code.name
        );
    }
}

#[test]
fn the_sample_of_the_readme_loads_with_what_is_to_be_said_about_it() {
    let text = r#"{
        "profile": "oss", "endpoints": ["oss-cn-hangzhou.example"], "unmanaged": "pass", "explain": false,
        "buckets": [{
            "name": "oss-cors-test", "hosts": ["static.example.com"], "allow_credentials": false, "mode": "enforce",
            "cors": {"CORSRules": [{
                "ID": "browser-upload",
                "AllowedOrigins": ["https://*.example.com", "http://localhost:*"],
                "AllowedMethods": ["GET", "PUT", "POST"],
                "AllowedHeaders": ["content-type", "x-oss-*"],
                "ExposeHeaders": ["ETag", "x-oss-request-id"],
                "MaxAgeSeconds": 600
            }], "ResponseVary": true}
        }]
    }"#;
    assert_eq!(
        places(&report(text).warnings),
        [
            "/buckets/0/cors/CORSRules/0/AllowedOrigins: several-origins",
            "/buckets/0/cors/CORSRules/0/AllowedMethods: get-without-head",
        ]
    );
}
