//! Sources beside stores and proxies: what infrastructure is written in, and what it is kept in.

use bucket_cors::config;

use super::{import, of_envoy};

/// The buckets, each with its origins and its profile where it is not the plugin's, and what was lost.
pub(super) fn found(text: &str, source: &str) -> (Vec<String>, String) {
    let printed = import(&["-"], text.as_bytes());
    let line = format!("(standard input): read as --from {source}\n");
    assert!(printed.stderr.starts_with(&line), "{}", printed.stderr);
    let parsed = config::parse(printed.stdout.as_bytes()).0;
    let buckets = parsed
        .map(|configuration| configuration.buckets)
        .unwrap_or_default();
    let shown = buckets.iter().map(|bucket| {
        let rules = bucket.rules.iter();
        let origins: Vec<_> = rules
            .flat_map(|rule| &rule.allowed_origins)
            .map(|origin| origin.as_str())
            .collect();
        format!("{}: {}", bucket.name, origins.join(" "))
    });
    let lost = printed
        .stderr
        .lines()
        .filter(|line| line.contains("not carried over"));
    (shown.collect(), lost.collect::<Vec<_>>().join("\n"))
}

#[test]
fn a_raw_state_of_terraform_with_the_buckets_of_several_providers() {
    let rule =
        r#"[{"allowed_origins": ["https://a.example"], "allowed_methods": ["GET"], "max_age_seconds": 5}]"#;
    let state = format!(
        r#"{{"version": 4, "terraform_version": "1.9.0", "resources": [
        {{"mode": "managed", "type": "aws_s3_bucket_cors_configuration", "name": "a", "instances": [
          {{"index_key": "x", "attributes": {{"bucket": "aws", "cors_rule": {rule}}}}}]}},
        {{"mode": "managed", "module": "module.m", "type": "digitalocean_spaces_bucket", "name": "a", "instances": [
          {{"attributes": {{"name": "spaces", "cors_rule": {rule}}}}}]}},
        {{"mode": "managed", "type": "tencentcloud_cos_bucket", "name": "a", "instances": [
          {{"attributes": {{"bucket": "cos-125", "cors_rules": {rule}}}}}]}},
        {{"mode": "managed", "type": "cloudflare_r2_bucket_cors", "name": "a", "instances": [
          {{"attributes": {{"bucket_name": "r2", "rules": [{{"allowed": {{"origins": ["https://r2.example"], "methods": ["GET"]}}}}]}}}}]}},
        {{"mode": "managed", "type": "azurerm_storage_account", "name": "a", "instances": [
          {{"attributes": {{"name": "azure", "blob_properties": [{{"cors_rule": {rule}}}]}}}}]}},
        {{"mode": "managed", "type": "aws_s3_bucket", "name": "none", "instances": [{{"attributes": {{"bucket": "none"}}}}]}}
        ]}}"#
    );
    let (buckets, lost) = found(&state, "terraform");
    assert_eq!(
        buckets,
        [
            "aws: https://a.example",
            "spaces: https://a.example",
            "cos-125: https://a.example",
            "r2: https://r2.example"
        ]
    );
    assert_eq!(lost.lines().count(), 1, "{lost}");
    assert!(
        lost.contains(":11:") && lost.contains("the CORS of azurerm_storage_account.a"),
        "{lost}"
    );
}

#[test]
fn a_name_that_a_plan_does_not_know_is_followed_to_the_bucket_s() {
    let rules = r#""cors_rule": [{"allowed_origins": ["https://a.example"], "allowed_methods": ["GET"]}]"#;
    let bucket = |address: &str, name: &str| {
        format!(r#"{{"address": "{address}", "type": "aws_s3_bucket", "values": {{"bucket": "{name}"}}}}"#)
    };
    let cors = |address: &str| {
        format!(
            r#"{{"address": "{address}", "type": "aws_s3_bucket_cors_configuration", "values": {{{rules}}}}}"#
        )
    };
    let refers = |to: &str| {
        // A variable has no attribute that is listed beside it.
        let references = match to {
            "var.name" => format!(r#""{to}""#),
            "module.m.out" => format!(r#""{to}", "module.m""#),
            _ => format!(r#""{to}.id", "{to}""#),
        };
        format!(
            r#"{{"address": "aws_s3_bucket_cors_configuration.c", "expressions": {{"bucket": {{"references": [{references}]}}}}}}"#
        )
    };
    let plan = |resources: &str, children: &str, configuration: &str| {
        format!(
            r#"{{"terraform_version": "1.9.0", "planned_values": {{"root_module": {{"resources": [{resources}], "child_modules":
            [{children}]}}}}, "configuration": {{"root_module": {configuration}}}}}"#
        )
    };
    let child =
        |address: &str, resources: &str| format!(r#"{{"address": "{address}", "resources": [{resources}]}}"#);
    let own = cors("aws_s3_bucket_cors_configuration.c");
    for (text, what) in [
        (
            plan(
                &format!(
                    "{},{}",
                    bucket("aws_s3_bucket.b[\\\"x\\\"]", "named"),
                    cors("aws_s3_bucket_cors_configuration.c[\\\"x\\\"]")
                ),
                "",
                r#"{"resources": [{"address": "aws_s3_bucket_cors_configuration.c", "expressions":
                    {"bucket": {"references": ["aws_s3_bucket.b", "each.key"]}}}]}"#,
            ),
            "an index",
        ),
        (
            plan(
                "",
                &child(
                    "module.m[0]",
                    &format!(
                        "{},{}",
                        bucket("module.m[0].aws_s3_bucket.b", "named"),
                        cors("module.m[0].aws_s3_bucket_cors_configuration.c")
                    ),
                ),
                &format!(
                    r#"{{"module_calls": {{"m": {{"module": {{"resources": [{}]}}}}}}}}"#,
                    refers("aws_s3_bucket.b")
                ),
            ),
            "a module",
        ),
        (
            plan(
                &bucket("aws_s3_bucket.b", "named"),
                &child("module.m", &cors("module.m.aws_s3_bucket_cors_configuration.c")),
                &format!(
                    r#"{{"module_calls": {{"m": {{"expressions": {{"name": {{"references": ["aws_s3_bucket.b.id", "aws_s3_bucket.b"]}}}},
                    "module": {{"resources": [{}]}}}}}}}}"#,
                    refers("var.name")
                ),
            ),
            "a variable",
        ),
        (
            plan(
                &own,
                &child("module.m", &bucket("module.m.aws_s3_bucket.b", "named")),
                &format!(
                    r#"{{"resources": [{}], "module_calls": {{"m": {{"module": {{"outputs": {{"out": {{"expression": {{"references":
                    ["aws_s3_bucket.b.id", "aws_s3_bucket.b"]}}}}}}}}}}}}}}"#,
                    refers("module.m.out")
                ),
            ),
            "an output",
        ),
    ] {
        let (buckets, lost) = found(&text, "terraform");
        assert_eq!(buckets, ["named: https://a.example"], "{what}: {lost}\n{text}");
        assert_eq!(lost, "", "{what}");
    }
}

const TEMPLATE: &str = "\
Transform: AWS::Serverless-2016-10-31
Resources:
  Photos:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: photos
      CorsConfiguration:
        CorsRules:
        - Id: web
          AllowedOrigins: ['https://a.example', !Ref Origin, !Sub 'https://${Name}.example']
          AllowedMethods: [GET]
          ExposedHeaders: [ETag]
          MaxAge: 5
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      CorsConfiguration: {AllowOrigins: ['*']}
  Other:
    Type: AWS::S3::Bucket
";

#[test]
fn a_template_of_cloudformation_with_its_tags() {
    let (buckets, lost) = found(TEMPLATE, "cloudformation");
    assert_eq!(buckets, ["photos: https://a.example"]);
    let lines: Vec<_> = lost.lines().collect();
    assert_eq!(lines.len(), 3, "{lost}");
    assert!(lines[0].contains(":10:") && lines[1].contains(":10:"), "{lost}");
    assert!(lines[2].contains("the CORS of Api"), "{lost}");
    let printed = import(&["--from", "cloudformation", "-"], TEMPLATE.as_bytes());
    for kept in ["\"ID\": \"web\"", "\"MaxAgeSeconds\": 5", "\"ETag\""] {
        assert!(printed.stdout.contains(kept), "{}", printed.stdout);
    }
    // As serverless nests it, and as CDK prints it.
    let nested = TEMPLATE.lines().skip(1).map(|line| format!("  {line}\n"));
    let nested = format!("resources:\n{}", nested.collect::<String>());
    assert_eq!(found(&nested, "cloudformation").0, ["photos: https://a.example"]);
    let cdk = r#"{"Resources": {"B1": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "b", "CorsConfiguration":
        {"CorsRules": [{"AllowedOrigins": ["https://a.example", {"Fn::Sub": "x"}], "AllowedMethods": ["GET"]}]}}}}}"#;
    let (buckets, lost) = found(cdk, "cloudformation");
    assert_eq!(buckets, ["b: https://a.example"]);
    assert_eq!(lost.lines().count(), 1, "{lost}");
}

#[test]
fn a_bucket_that_is_named_when_the_stack_is_made_is_named_by_hand() {
    for name in [
        "BucketName: !Ref Name",
        "BucketName: {Ref: Name}",
        "DeletionPolicy: Retain",
    ] {
        let text = TEMPLATE.replace("BucketName: photos", name);
        let (buckets, lost) = found(&text, "cloudformation");
        assert_eq!(buckets, [""; 0]);
        assert!(lost.contains("the rules of Photos"), "{lost}");
        let printed = import(&["--bucket", "named", "-"], text.as_bytes());
        assert!(
            printed.stdout.contains("\"name\": \"named\""),
            "{}",
            printed.stderr
        );
    }
}

#[test]
fn rules_of_r2() {
    let rules = r#"{"rules": [{"id": "web", "allowed": {"origins": ["https://a.example"], "methods": ["GET"], "headers": ["x-a"]},
        "exposeHeaders": ["ETag"], "maxAgeSeconds": 5}]}"#;
    let answer = format!(r#"{{"success": true, "errors": [], "result": {rules}}}"#);
    for text in [rules, &answer] {
        let printed = import(&["--bucket", "b", "-"], text.as_bytes());
        assert_eq!(printed.status, 0, "{}", printed.stderr);
        assert_eq!(
            printed.stderr.lines().next(),
            Some("(standard input): read as --from r2")
        );
        let bucket = &config::parse(printed.stdout.as_bytes()).0.unwrap().buckets[0];
        let rule = &bucket.rules[0];
        assert_eq!(rule.allowed_origins[0].as_str(), "https://a.example");
        for kept in ["\"x-a\"", "\"ETag\"", "\"web\"", "\"MaxAgeSeconds\": 5", "\"s3\""] {
            assert!(printed.stdout.contains(kept), "{}", printed.stdout);
        }
    }
}

#[test]
fn json_with_comments_is_read_and_stands_where_it_stood() {
    let text = "// of wrangler\n{ \"rules\": [ /* one */\n  { \"allowed\": { \"origins\": [\"https://a.example\", \"a b\",], \"methods\": \
                [\"GET\"] }, },\n] }\n";
    let printed = import(&["--bucket", "photos", "-"], text.as_bytes());
    assert!(
        printed.stdout.contains("\"https://a.example\""),
        "{}",
        printed.stderr
    );
    assert!(
        printed
            .stderr
            .contains("(standard input):3:51: not carried over: "),
        "{}",
        printed.stderr
    );
    // What the filter itself gets is no such JSON.
    let folder = crate::tool::Folder::new("jsonc").with("cors.json", "{\"buckets\": [] // none\n}");
    let output = folder.run(&["check", "cors.json"]);
    assert!(
        output.code == 1 && output.stdout.contains("[not-json]"),
        "{output:?}"
    );
}

#[test]
fn the_text_of_an_envoy_in_a_config_map_is_read() {
    let text = "kind: ConfigMap\nmetadata: {name: envoy}\ndata:\n  notes: x\n  envoy.yaml: |\n    virtual_hosts:\n    - domains: \
                [a.example]\n      cors: {allow_methods: GET, allow_origin: ['https://b.example'], odd: 1}\n      routes: []\n";
    let (buckets, remarks) = of_envoy(text);
    assert_eq!(buckets, [r#"a.example on ["a.example"]: ["https://b.example"]"#]);
    assert!(
        remarks.contains("(standard input):6:5 (envoy.yaml):3:67: not carried over: odd"),
        "{remarks}"
    );
    assert_eq!(found(text, "envoy").0, ["a.example: https://b.example"]);
}
