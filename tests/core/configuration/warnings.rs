use super::{places, report};
use crate::mistakes::warnings;
use bucket_cors::config::{CODES, Severity};

#[test]
fn each_doubt_is_named_with_its_place() {
    for (text, expected) in warnings() {
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
    let found: Vec<String> = warnings()
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
                "AllowedMethods": ["GET", "HEAD", "PUT", "POST", "DELETE"],
                "AllowedHeaders": ["authorization", "content-md5", "content-type", "x-oss-*"],
                "ExposeHeaders": ["ETag", "x-oss-request-id"],
                "MaxAgeSeconds": 600
            }], "ResponseVary": true}
        }]
    }"#;
    assert_eq!(
        places(&report(text).warnings),
        ["/buckets/0/cors/CORSRules/0/AllowedOrigins: several-origins"]
    );
}

#[test]
fn response_vary_is_advised_only_where_it_is_missing_and_would_help() {
    let advised = |fields: &str, vary: &str| {
        let text = format!(
            r#"{{{fields} "buckets": [{{"name": "b", "cors": {{"CORSRule": {{"AllowedMethod": ["DELETE"],
                "AllowedOrigin": ["https://a.example", "https://b.example"]}} {vary}}}}}]}}"#
        );
        let report = report(&text);
        let warning = &report.warnings.kept()[0];
        assert_eq!(warning.code, "several-origins");
        warning.message.contains("ResponseVary")
    };
    assert!(advised("", ""));
    assert!(advised("", r#", "ResponseVary": false"#));
    assert!(!advised("", r#", "ResponseVary": true"#));
    assert!(!advised(r#""profile": "s3","#, ""));
    assert!(!advised(r#""profile": "fetch","#, ""));
}
