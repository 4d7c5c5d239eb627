use super::{model, report, with_cors};
use bucket_cors::config::{Endpoint, Metering, Mode, OnRefused, Settings, Unmanaged, UpstreamCors, parse};
use bucket_cors::profile::{FETCH, OSS, S3};

#[test]
fn every_shape_of_a_document_is_one_model() {
    let shapes = [
        r#"{"CORSRules": [{"ID": "a", "AllowedOrigins": ["https://a.example"], "AllowedMethods": ["PUT"],
            "AllowedHeaders": ["x-*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 600}], "ResponseVary": true}"#,
        r#"{"CORSRule": [{"ID": "a", "AllowedOrigin": ["https://a.example"], "AllowedMethod": ["PUT"],
            "AllowedHeader": ["x-*"], "ExposeHeader": ["ETag"], "MaxAgeSeconds": "600"}], "ResponseVary": "true"}"#,
        r#"{"CORSConfiguration": {"ResponseVary": "true", "CORSRule": {"MaxAgeSeconds": 6e2, "ID": "a",
            "AllowedOrigin": "https://a.example", "AllowedMethod": "PUT", "AllowedHeader": "x-*", "ExposeHeader": "ETag"}}}"#,
        r#"{"CORSConfiguration": {"CORSRules": [{"ID": "a", "AllowedOrigins": ["https://a.example"],
            "AllowedMethods": ["PUT"], "AllowedHeaders": ["x-*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 600.0}],
            "ResponseVary": true}}"#,
        r#"[{"ID": "a", "AllowedOrigins": "https://a.example", "AllowedMethods": "PUT", "AllowedHeaders": "x-*",
            "ExposeHeaders": "ETag", "MaxAgeSeconds": 600, "ResponseVary": true}]"#,
        r#"[{"\u0049D": "\u0061", "AllowedOrigins": "https:\/\/a.example", "AllowedMethods": "PU\u0054", "AllowedHeaders": "x-*",
            "ExposeHeaders": "ETa\u0067", "MaxAgeSeconds": 600, "ResponseVary": true}]"#,
    ];
    let texts: Vec<String> = shapes.iter().map(|shape| with_cors(shape)).collect();
    let first = model(&texts[0]);
    assert_eq!(first.buckets[0].rules.len(), 1);
    assert_eq!(first.buckets[0].response_vary, Some(true));
    for text in &texts {
        assert_eq!(model(text), first, "{text}");
    }
}

#[test]
fn no_rules_is_a_managed_bucket_without_cors() {
    for cors in [
        "null",
        "[]",
        "{}",
        r#"{"CORSRules": []}"#,
        r#"{"CORSRule": null}"#,
        r#"{"CORSConfiguration": null}"#,
        r#"{"CORSConfiguration": {}}"#,
    ] {
        let text = with_cors(cors);
        let configuration = model(&text);
        assert_eq!(configuration.buckets.len(), 1, "{cors}");
        assert!(configuration.buckets[0].rules.is_empty(), "{cors}");
    }
}

#[test]
fn the_empty_fields_that_tools_print_are_absent_fields() {
    let printed = with_cors(
        r#"{"CORSRules": [{"ID": null, "AllowedOrigins": ["*"], "AllowedMethods": ["PUT"], "AllowedHeaders": null,
            "ExposeHeaders": null, "MaxAgeSeconds": null}], "ResponseVary": null}"#,
    );
    let plain = with_cors(r#"[{"AllowedOrigins": ["*"], "AllowedMethods": ["PUT"]}]"#);
    assert_eq!(model(&printed), model(&plain));
}

#[test]
fn a_document_s_response_vary_is_the_bucket_s_and_else_any_rule_s() {
    for (first, second, document, expected) in [
        ("true", "false", "", Some(true)),
        ("false", "true", "", Some(true)),
        ("false", "false", "", Some(false)),
        ("false", "false", r#", "ResponseVary": true"#, Some(true)),
        ("true", "false", r#", "ResponseVary": false"#, Some(false)),
        ("true", "false", r#", "ResponseVary": null"#, Some(true)),
    ] {
        let text = with_cors(&format!(
            r#"{{"CORSRules": [{{"AllowedOrigins": ["*"], "AllowedMethods": ["PUT"], "ResponseVary": {first}}},
                {{"AllowedOrigins": ["*"], "AllowedMethods": ["POST"], "ResponseVary": {second}}}]{document}}}"#
        ));
        assert_eq!(model(&text).buckets[0].response_vary, expected, "{text}");
    }
}

#[test]
fn defaults_are_those_of_the_contract() {
    let configuration = model(r#"{"buckets": [{"name": "b", "cors": null}]}"#);
    assert_eq!(configuration.settings, Settings::default());
    let bucket = &configuration.buckets[0];
    assert_eq!(
        (bucket.profile, bucket.mode, bucket.upstream_cors),
        (&OSS, Mode::Enforce, UpstreamCors::Replace)
    );
    assert!(!bucket.allow_credentials && !bucket.allow_private_network && bucket.hosts.is_empty());
    assert_eq!(bucket.response_vary, None);
}

#[test]
fn every_field_is_read() {
    let configuration = model(
        r#"{"profile": "s3", "endpoints": ["S3.Example", "Edge.Example/"], "unmanaged": "refuse", "explain": "true", "access_log": true, "metrics": "off", "on_refused_rules": "last_good", "buckets": [
            {"name": "*", "hosts": "*", "profile": "fetch", "allow_credentials": "true", "allow_private_network": true,
             "upstream_cors": "keep", "mode": "shadow", "cors": []}]}"#,
    );
    let Settings {
        profile,
        endpoints,
        unmanaged,
        explain,
        access_log,
        metrics,
        route_prepares,
        on_refused_rules,
    } = &configuration.settings;
    assert_eq!(
        (
            profile.name,
            *unmanaged,
            *explain,
            *access_log,
            *metrics,
            *route_prepares,
            *on_refused_rules
        ),
        (
            "s3",
            Unmanaged::Refuse,
            true,
            true,
            Metering::Off,
            false,
            OnRefused::LastGood
        )
    );
    let endpoint = |host: &str, is_path_only| Endpoint {
        host: host.to_owned(),
        is_path_only,
    };
    assert_eq!(
        endpoints,
        &[endpoint("s3.example", false), endpoint("edge.example", true)]
    );
    let bucket = &configuration.buckets[0];
    assert_eq!((bucket.name.as_ref(), bucket.profile), ("*", &FETCH));
    assert_eq!(bucket.hosts, ["*"]);
    assert_eq!(
        (bucket.mode, bucket.upstream_cors),
        (Mode::Shadow, UpstreamCors::Keep)
    );
    assert!(bucket.allow_credentials && bucket.allow_private_network);
}

#[test]
fn metrics_are_off_or_the_plugin_s_or_each_bucket_s() {
    for (word, metrics) in [
        ("off", Metering::Off),
        ("plugin", Metering::Plugin),
        ("bucket", Metering::Bucket),
    ] {
        let text = format!(r#"{{"buckets": [], "metrics": "{word}"}}"#);
        assert_eq!(model(&text).settings.metrics, metrics);
    }
    assert_eq!(Settings::default().metrics, Metering::Plugin);
    let buckets: Vec<String> = (0..1_000)
        .map(|name| format!(r#"{{"name": "{name}", "cors": null}}"#))
        .collect();
    let text = format!(r#"{{"metrics": "bucket", "buckets": [{}]}}"#, buckets.join(","));
    assert_eq!(model(&text).buckets.len(), 1_000);
}

#[test]
fn a_profile_counts_wherever_it_stands() {
    let rule =
        r#""cors": [{"AllowedOrigins": ["*"], "AllowedMethods": ["PATCH"], "ExposeHeaders": ["a&b"]}]"#;
    for text in [
        format!(r#"{{"profile": "fetch", "buckets": [{{"name": "b", {rule}}}]}}"#),
        format!(r#"{{"buckets": [{{"name": "b", {rule}}}], "profile": "fetch"}}"#),
        format!(r#"{{"buckets": [{{{rule}, "name": "b", "profile": "fetch"}}]}}"#),
        format!(r#"{{"buckets": [{{"name": "b", {rule}, "profile": "fetch"}}], "profile": "s3"}}"#),
    ] {
        let configuration = model(&text);
        assert_eq!(configuration.buckets.len(), 1, "{text}");
        assert_eq!(configuration.buckets[0].profile, &FETCH, "{text}");
        assert!(report(&text).warnings.is_empty(), "{text}");
    }
    let text = format!(r#"{{"buckets": [{{"name": "b", {rule}}}], "profile": "s3"}}"#);
    let (none, report) = parse(text.as_bytes());
    assert!(none.is_none());
    assert!(
        report.errors.kept()[0].message.contains("the s3 profile"),
        "{:?}",
        report.errors
    );
    let text = r#"{"buckets": [{"name": "b", "cors": null}], "profile": "s3"}"#;
    assert_eq!(model(text).buckets[0].profile, &S3);
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let text = "\u{feff}{\"buckets\": []}";
    assert!(model(text).buckets.is_empty());
}

#[test]
fn blanks_around_values_are_not_part_of_them() {
    let text = with_cors(
        r#"[{"AllowedOrigins": [" https://a.example "], "AllowedMethods": [" PUT"], "AllowedHeaders": ["x-a "], "ExposeHeaders": " ETag "}]"#,
    );
    let plain = with_cors(
        r#"[{"AllowedOrigins": ["https://a.example"], "AllowedMethods": ["PUT"], "AllowedHeaders": ["x-a"], "ExposeHeaders": "ETag"}]"#,
    );
    assert_eq!(model(&text), model(&plain));
}
