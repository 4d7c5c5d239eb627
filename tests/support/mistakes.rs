//! Documents with mistakes, and what is to be said of them.

/// A document with one bucket, whose CORS document is `cors`.
pub(crate) fn with_cors(cors: &str) -> String {
    format!(r#"{{"buckets": [{{"name": "b", "cors": {cors}}}]}}"#)
}

/// A document with one rule, from the inside of its braces.
pub(crate) fn with_rule(rule: &str) -> String {
    with_cors(&format!("[{{{rule}}}]"))
}

/// A rule, from the inside of its braces.
pub(crate) const RULE: &str = r#""AllowedOrigins": ["https://a.example"], "AllowedMethods": ["GET", "HEAD"]"#;

/// A rule that answers two origins, from the inside of its braces.
const TWO_ORIGINS: &str =
    r#""AllowedOrigin": ["https://a.example", "https://b.example"], "AllowedMethod": ["DELETE"]"#;

/// A bad document, its errors as `pointer: code`, and a part of each message that says what to do.
pub(crate) fn errors() -> Vec<(String, Vec<(&'static str, &'static str)>)> {
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
            r#"{"buckets": [], "endpoints": ["e/", "e"]}"#,
            "/endpoints/1: duplicate-host",
            "given twice",
        ),
        one(
            r#"{"buckets": [], "endpoints": ["e//"]}"#,
            "/endpoints/0: host-name",
            "without the path",
        ),
        one(
            r#"{"buckets": [], "endpoints": ["/"]}"#,
            "/endpoints/0: host-name",
            "it is empty",
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
            r#"{"buckets": [{"name": "a/", "cors": null}, {"name": "a", "cors": null}]}"#,
            "/buckets/1/name: duplicate-bucket",
            "join the two",
        ),
        one(
            r#"{"buckets": [{"name": "/", "cors": null}]}"#,
            "/buckets/0/name: bucket-name",
            "empty",
        ),
        one(
            r#"{"buckets": [{"name": "a//", "cors": null}]}"#,
            "/buckets/0/name: bucket-name",
            "one segment",
        ),
        one(
            r#"{"buckets": [{"name": "*/", "cors": null}]}"#,
            "/buckets/0/name: bucket-name",
            "no pattern",
        ),
        one(
            r#"{"buckets": [{"name": "../", "cors": null}]}"#,
            "/buckets/0/name: bucket-name",
            "dot segment",
        ),
        one(
            r#"{"buckets": [{"name": ".", "cors": null}, {"name": "...", "cors": null}]}"#,
            "/buckets/0/name: bucket-name",
            "dot segment",
        ),
        one(
            r#"{"buckets": [{"name": "..", "hosts": ["a.example"], "cors": null}]}"#,
            "/buckets/0/name: bucket-name",
            "dot segment",
        ),
        one(
            r#"{"buckets": [{"name": "a%20b", "cors": null}]}"#,
            "/buckets/0/name: bucket-name",
            "in different ways",
        ),
        one(
            r#"{"buckets": [{"name": "a;b", "cors": null}]}"#,
            "/buckets/0/name: bucket-name",
            "in different ways",
        ),
        one(
            r#"{"buckets": [{"name": "a\\b", "cors": null}]}"#,
            "/buckets/0/name: bucket-name",
            "in different ways",
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
            r#"{"buckets": [{"name": "b", "cross_origin_resource_policy": "cross-site", "cors": null}]}"#,
            "/buckets/0/cross_origin_resource_policy: unknown-value",
            "same-origin, same-site, cross-origin",
        ),
        one(
            r#"{"buckets": [{"name": "b", "timing_allow_origin": ["https://*.example.com"], "cors": null}]}"#,
            "/buckets/0/timing_allow_origin/0: timing-origin",
            "takes no pattern",
        ),
        one(
            r#"{"buckets": [{"name": "b", "timing_allow_origin": "https://a.example/", "cors": null}]}"#,
            "/buckets/0/timing_allow_origin: timing-origin",
            "write whole origins",
        ),
        one(
            r#"{"buckets": [{"name": "b", "upstream_cors": "merge", "cors": null}]}"#,
            "/buckets/0/upstream_cors: unknown-value",
            "replace, keep, none",
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
            r#"{"route_prepares": true, "buckets": [{"name": "a", "cors": null},
                {"name": "b", "mode": "shadow", "upstream_cors": "keep", "cors": null}]}"#,
            "/buckets/1/mode: route-prepares",
            "take one of the two out",
        ),
        one(
            r#"{"buckets": [{"name": "a", "upstream_cors": "keep", "cors": null}], "route_prepares": "true"}"#,
            "/buckets/0/upstream_cors: route-prepares",
            "the route has taken them",
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
            &format!(r#""ExposeHeaders": [{}]"#, vec![r#""x-a""#; 1_639].join(",")),
            "/buckets/0/cors/0/ExposeHeaders: header-too-long",
            "8193 bytes, and at most 8190",
        ),
        one(
            &with_rule(&format!(
                r#""AllowedOrigin": "*", "AllowedMethod": [{}]"#,
                vec![r#""GET""#; 2_000].join(",")
            )),
            "/buckets/0/cors/0/AllowedMethod: header-too-long",
            "list fewer names",
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

/// Documents that load, each with its warnings as `pointer: code`.
pub(crate) fn warnings() -> Vec<(String, Vec<&'static str>)> {
    let origin = |origin: &str, places| {
        (
            with_rule(&format!(
                r#""AllowedOrigin": "{origin}", "AllowedMethod": "DELETE""#
            )),
            places,
        )
    };
    let rule = |extra: &str, places| {
        let rule = format!(r#""AllowedOrigin": "https://a.example.com", "AllowedMethod": "DELETE", {extra}"#);
        (with_rule(&rule), places)
    };
    let many = |count: usize| {
        let rules: Vec<String> = (0..count)
            .map(|index| {
                format!(r#"{{"AllowedOrigins": ["https://{index}.example"], "AllowedMethods": ["DELETE"]}}"#)
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
        origin("http://localhost:0*", vec!["/buckets/0/cors/0/AllowedOrigin: impossible-port"]),
        rule(r#""AllowedHeaders": [" x-oss-test "]"#, vec!["/buckets/0/cors/0/AllowedHeaders/0: trimmed"]),
        rule(r#""AllowedHeader": "Cookie""#, vec!["/buckets/0/cors/0/AllowedHeader: forbidden-request-header"]),
        rule(r#""ExposeHeader": "Set-Cookie""#, vec!["/buckets/0/cors/0/ExposeHeader: forbidden-response-header"]),
        rule(r#""MaxAgeSeconds": 601"#, vec!["/buckets/0/cors/0/MaxAgeSeconds: long-max-age"]),
        rule(r#""ResponseVary": false"#, vec!["/buckets/0/cors/0/ResponseVary: vary-off"]),
        (
            with_rule(r#""AllowedOrigins": ["https://a.example", "https://b.example"], "AllowedMethods": ["DELETE"]"#),
            vec!["/buckets/0/cors/0/AllowedOrigins: several-origins"],
        ),
        (
            with_cors(&format!(r#"{{"CORSRule": {{{TWO_ORIGINS}}}, "ResponseVary": false}}"#)),
            vec![
                "/buckets/0/cors/CORSRule/AllowedOrigin: several-origins",
                "/buckets/0/cors/ResponseVary: vary-off",
            ],
        ),
        // Neither has to be told.
        (
            with_cors(&format!(r#"{{"CORSRule": {{{TWO_ORIGINS}}}, "ResponseVary": true}}"#)),
            vec!["/buckets/0/cors/CORSRule/AllowedOrigin: several-origins"],
        ),
        (
            format!(r#"{{"buckets": [{{"name": "b", "cors": [{{{TWO_ORIGINS}}}]}}], "profile": "fetch"}}"#),
            vec!["/buckets/0/cors/0/AllowedOrigin: several-origins"],
        ),
        (
            with_rule(r#""AllowedOrigins": ["*"], "AllowedMethods": ["GET"]"#),
            vec!["/buckets/0/cors/0/AllowedMethods: get-without-head"],
        ),
        (
            with_cors(
                r#"[{"AllowedOrigins": ["https://a.example.com"], "AllowedMethods": ["DELETE"]},
                    {"AllowedOrigins": ["http://b.example.com"], "AllowedMethods": ["DELETE"]}]"#,
            ),
            vec!["/buckets/0/cors/1/AllowedOrigins/0: insecure-origin", "/buckets/0/cors: mixed-schemes"],
        ),
        (
            with_cors(
                r#"{"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["DELETE"]},
                    {"AllowedOrigins": ["https://a.example"], "AllowedMethods": ["DELETE"]}]}"#,
            ),
            vec!["/buckets/0/cors/CORSRules/1: shadowed-rule"],
        ),
        (
            with_cors(
                r#"{"CORSRules": [{"AllowedOrigins": ["https://a.example"], "AllowedMethods": ["DELETE"]},
                    {"AllowedOrigins": ["*"], "AllowedMethods": ["DELETE"]}]}"#,
            ),
            vec!["/buckets/0/cors/CORSRules/1: overlapping-rules"],
        ),
        (
            with_cors(
                r#"{"ResponseVary": "false", "CORSRules": {"AllowedOrigins": "https://a.example", "AllowedMethods": "DELETE"}}"#,
            ),
            vec!["/buckets/0/cors/ResponseVary: vary-off"],
        ),
        (
            // A request without an origin gets no header, and not `*`.
            with_cors(r#"{"ResponseVary": false, "CORSRules": {"AllowedOrigins": "*", "AllowedMethods": "DELETE"}}"#),
            vec!["/buckets/0/cors/ResponseVary: vary-off"],
        ),
        (with_cors(r#"{"ResponseVary": false, "CORSRules": []}"#), vec![]),
        (
            with_cors(
                r#"{"ResponseVary": false, "CORSRules": {"AllowedOrigins": "*", "AllowedMethods": "DELETE", "ResponseVary": true}}"#,
            ),
            vec!["/buckets/0/cors/ResponseVary: vary-off"],
        ),
        (
            with_cors(
                r#"{"ResponseVary": true, "CORSRules": {"AllowedOrigins": "*", "AllowedMethods": "DELETE", "ResponseVary": false}}"#,
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
                r#""AllowedOrigins": ["*"], "AllowedMethods": ["DELETE"], "AllowedHeaders": [{}]"#,
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
            r#"{"endpoints": ["e.example"], "buckets": [{"name": "b/", "hosts": ["b.e.example"], "cors": null}]}"#.to_owned(),
            vec!["/buckets/0/name: folder-name"],
        ),
        (
            r#"{"endpoints": ["e.example/"], "buckets": [{"name": "b/", "hosts": ["b.e.example"], "cors": null}]}"#.to_owned(),
            vec![],
        ),
        (
            r#"{"endpoints": ["e.example/"], "buckets": [{"name": "b", "hosts": ["E.example", "b.e.example"], "cors": null}]}"#.to_owned(),
            vec!["/endpoints/0: host-is-endpoint"],
        ),
        (
            with_rule(r#""AllowedOrigins": ["*"], "AllowedMethods": ["POST"], "ExposeHeaders": ["x-a"]"#),
            vec!["/buckets/0/cors/0: etag-not-exposed"],
        ),
        (
            with_rule(r#""AllowedOrigins": ["*"], "AllowedMethods": ["PUT"], "ExposeHeaders": ["etag"]"#),
            vec![],
        ),
        (
            r#"{"buckets": [{"name": "a", "hosts": ["x.a.e.example", "b.e.example", "a.b.f.example", "A.f.example"], "cors": null},
                {"name": "b", "cors": null}, {"name": "a.b", "cors": null}], "endpoints": ["e.example", "f.example"]}"#
                .to_owned(),
            vec!["/buckets/0/hosts: host-is-bucket"; 3],
        ),
        (
            r#"{"profile": "fetch", "buckets": [{"name": "b", "cors": {"ResponseVary": false, "CORSRules":
                {"AllowedOrigins": "https://a.example", "AllowedMethods": ["patch", "head", "PATCH", "TRACE"]}}}]}"#
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
                r#"{{"AllowedOrigins": [{}], "AllowedMethods": ["DELETE"]}}"#,
                origins.join(",")
            )
        })
        .collect();
    format!(
        r#"{{"profile": "fetch", "buckets": [{{"name": "b", "cors": [{}]}}]}}"#,
        rules.join(",")
    )
}
