//! Templates of CloudFormation, SAM and serverless: what is made later, and what is no bucket's.

use bucket_cors::config;

use super::import;

fn bucket(rules: &str) -> String {
    format!(
        "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: b\n      CorsConfiguration: {rules}\n"
    )
}

const RULE: &str = "{AllowedOrigins: ['https://a.example'], AllowedMethods: [GET]}";

/// How many rules are written, if there is a bucket, and the codes of what was lost.
fn read(text: &str) -> (Option<usize>, Vec<String>) {
    let printed = import(&["--from", "cloudformation", "-"], text.as_bytes());
    let configuration = config::parse(printed.stdout.as_bytes()).0;
    let rules = configuration.map(|it| it.buckets.iter().map(|bucket| bucket.rules.len()).sum());
    let lines = printed
        .stderr
        .lines()
        .filter(|line| line.contains(": not carried over: "));
    let codes: Vec<_> = lines
        .filter_map(|line| line.strip_suffix(']')?.rsplit_once(" ["))
        .map(|(_, code)| code.to_owned())
        .collect();
    assert_eq!(printed.status, i32::from(!codes.is_empty()), "{}", printed.stderr);
    (rules, codes)
}

#[test]
fn what_a_function_makes_is_known_later_wherever_it_stands() {
    let whole = format!("{{CorsRules: [{RULE}]}}");
    for (rules, written) in [
        (format!("!If [Public, {whole}, !Ref 'AWS::NoValue']"), None),
        (
            format!("{{'Fn::If': [Public, {whole}, {{Ref: 'AWS::NoValue'}}]}}"),
            None,
        ),
        (format!("{{CorsRules: !If [Public, [{RULE}], []]}}"), None),
        (
            format!("{{CorsRules: [!If [Public, {RULE}, !Ref 'AWS::NoValue'], {RULE}]}}"),
            Some(1),
        ),
        (
            format!("{{CorsRules: [{{'Fn::If': [Public, {RULE}, {RULE}]}}]}}"),
            None,
        ),
        ("{CorsRules: '${file(cors.yml)}'}".to_owned(), None),
        (
            "{CorsRules: [{AllowedOrigins: !Split [',', x], AllowedMethods: [GET]}]}".to_owned(),
            None,
        ),
        (
            "{CorsRules: [{AllowedOrigins: {'Fn::Split': [',', x]}, AllowedMethods: [GET]}]}".to_owned(),
            None,
        ),
        (
            "{CorsRules: [{AllowedOrigins: [!FindInMap [A, B, C]], AllowedMethods: [GET]}]}".to_owned(),
            None,
        ),
        (
            "{CorsRules: [{AllowedOrigins: ['*'], AllowedMethods: !Ref Methods}]}".to_owned(),
            None,
        ),
        (
            "{CorsRules: [{AllowedOrigins: ['*'], AllowedMethods: [GET], MaxAge: !Ref Age}]}".to_owned(),
            Some(1),
        ),
        (
            "{CorsRules: [{AllowedOrigins: ['*'], AllowedMethods: [GET], AllowedHeaders: !Split [',', x]}]}"
                .to_owned(),
            Some(1),
        ),
        (
            "{CorsRules: [{AllowedOrigins: ['*', !ImportValue x], AllowedMethods: [GET]}]}".to_owned(),
            Some(1),
        ),
    ] {
        assert_eq!(
            read(&bucket(&rules)),
            (written, vec!["known-later".to_owned()]),
            "{rules}"
        );
    }
    assert_eq!(read(&bucket(&whole)), (Some(1), Vec::new()));
}

#[test]
fn the_cors_of_an_api_is_named_as_one() {
    let kept = bucket(&format!("{{CorsRules: [{RULE}]}}"));
    for other in [
        "Globals: {Api: {Cors: \"'*'\"}}\n",
        "Globals: {HttpApi: {CorsConfiguration: {AllowOrigins: ['*']}}}\n",
        "provider: {name: aws, httpApi: {cors: true}}\n",
        "functions: {hello: {events: [{http: {path: a, cors: true}}]}}\n",
        "  A:\n    Type: AWS::Serverless::Api\n    Properties: {Cors: \"'*'\"}\n",
        "  A:\n    Type: AWS::Serverless::HttpApi\n    Properties: {CorsConfiguration: true}\n",
        "  A:\n    Type: AWS::ApiGatewayV2::Api\n    Properties: {CorsConfiguration: {AllowOrigins: ['*']}}\n",
    ] {
        let text = format!("{kept}{other}");
        assert_eq!(read(&text), (Some(1), vec!["not-read".to_owned()]), "{other}");
        let printed = import(&["--from", "cloudformation", "-"], text.as_bytes());
        assert!(printed.stderr.contains("of an API Gateway"), "{}", printed.stderr);
    }
    // A name of somebody's own is no CORS.
    let parameter = format!("{kept}Parameters: {{CorsOrigin: {{Type: String}}}}\n");
    assert_eq!(read(&parameter), (Some(1), Vec::new()));
}

#[test]
fn the_field_of_a_bucket_has_the_template_s_own_name() {
    let text = bucket(&format!("{{CorsRules: [{RULE}]}}")).replace("CorsConfiguration", "CORSConfiguration");
    let printed = import(&["--from", "cloudformation", "-"], text.as_bytes());
    assert!(
        printed.stderr.contains("its rules stand in CorsConfiguration"),
        "{}",
        printed.stderr
    );
    assert_eq!((printed.status, printed.stdout.as_str()), (1, ""));
    let text = bucket(&format!("{{CORSRules: [{RULE}]}}"));
    let printed = import(&["--from", "cloudformation", "-"], text.as_bytes());
    assert!(
        printed
            .stderr
            .contains("CORSRules is no field of a CorsConfiguration that is known: write CorsRules")
    );
    assert_eq!(printed.status, 1);
}

#[test]
fn resources_in_a_list_are_read_and_a_loop_s_are_named() {
    let bucket = |id: &str, name: &str| {
        format!(
            "      {id}:\n        Type: AWS::S3::Bucket\n        Properties:\n          BucketName: {name}\n          CorsConfiguration: \
             {{CorsRules: [{{AllowedMethods: [GET], AllowedOrigins: ['https://a.example']}}]}}\n"
        )
    };
    let serverless = format!(
        "service: x\nprovider: {{name: aws}}\nresources:\n  - Resources:\n{}  - Resources:\n{}  - ${{file(s3.yml)}}\n",
        bucket("U", "first"),
        bucket("V", "second")
    );
    let printed = import(&["-"], serverless.as_bytes());
    assert_eq!(printed.status, 1, "{}", printed.stderr);
    for name in ["\"first\"", "\"second\""] {
        assert!(printed.stdout.contains(name), "{name}: {}", printed.stdout);
    }
    assert!(
        printed
            .stderr
            .contains(":16:5: not carried over: ${file(s3.yml)} stands for resources of another file"),
        "{}",
        printed.stderr
    );
    let looped = format!(
        "Resources:\n  Fn::ForEach::B:\n    - N\n    - [one, two]\n    - S3${{N}}:\n{}",
        bucket("ignored", "${N}").split_once('\n').unwrap().1
    );
    let printed = import(&["-"], looped.as_bytes());
    assert_eq!(printed.status, 1, "{}", printed.stderr);
    assert!(
        printed.stderr.contains("read as --from cloudformation")
            && printed
                .stderr
                .contains("the CORS in Fn::ForEach::B: a loop makes its resources"),
        "{}",
        printed.stderr
    );
}

#[test]
fn a_bucket_with_a_condition_is_known_later() {
    let rules = format!("{{CorsRules: [{RULE}]}}");
    let conditional = bucket(&rules).replace("    Properties:", "    Condition: Dev\n    Properties:");
    let sam = format!("Transform: AWS::Serverless-2016-10-31\n{conditional}");
    let serverless = format!(
        "service: x\nprovider: {{name: aws}}\nresources:\n  {}",
        conditional.replace('\n', "\n  ")
    );
    let extended = format!(
        "service: x\nprovider: {{name: aws}}\nresources:\n  {}extensions: {{B: {{Condition: Dev}}}}\n",
        bucket(&rules).replace('\n', "\n  ")
    );
    for text in [&conditional, &sam, &serverless, &extended] {
        assert_eq!(read(text), (None, vec!["known-later".to_owned()]), "{text}");
        let printed = import(&["--from", "cloudformation", "-"], text.as_bytes());
        assert!(
            printed.stderr.contains("only where the condition \"Dev\" holds"),
            "{}",
            printed.stderr
        );
    }
    // What becomes of it later, and what another resource's condition is, do not matter.
    let kept = bucket(&rules).replace("    Properties:", "    DeletionPolicy: Retain\n    Properties:");
    let other = format!("{kept}  Q:\n    Type: AWS::SQS::Queue\n    Condition: Dev\n");
    assert_eq!(read(&other), (Some(1), Vec::new()));
}

#[test]
fn extensions_of_serverless_stand_over_the_resources() {
    let own = bucket(&format!("{{CorsRules: [{RULE}, {RULE}]}}")).replace('\n', "\n  ");
    let other = "{CorsRules: [{AllowedOrigins: ['https://b.example'], AllowedMethods: [GET]}]}";
    let with = |extension: &str| {
        format!("service: x\nprovider: {{name: aws}}\nresources:\n  {own}extensions: {extension}\n")
    };
    let text = with(&format!("{{B: {{Properties: {{CorsConfiguration: {other}}}}}}}"));
    assert_eq!(read(&text), (Some(1), Vec::new()));
    let printed = import(&["-"], text.as_bytes());
    assert!(
        printed.stdout.contains("https://b.example") && !printed.stdout.contains("https://a.example"),
        "{}",
        printed.stdout
    );
    let renamed = import(&["-"], with("{B: {Properties: {BucketName: c}}}").as_bytes());
    assert!(renamed.stdout.contains("\"name\": \"c\""), "{}", renamed.stdout);
    let text = with(&format!(
        "{{S3BucketC: {{Properties: {{CorsConfiguration: {other}}}}}}}"
    ));
    assert_eq!(read(&text), (Some(2), vec!["no-target".to_owned()]));
    // One without CORS changes nothing.
    assert_eq!(
        read(&with("{B: {Properties: {Tags: []}}}")),
        (Some(2), Vec::new())
    );
}

#[test]
fn the_buckets_of_serverless_s_provider_are_read_and_a_plugin_s_are_named() {
    let alone = format!(
        "service: x\nprovider:\n  name: aws\n  s3:\n    one:\n      name: videos\n      corsConfiguration: {{CorsRules: [{RULE}]}}\n"
    );
    assert_eq!(read(&alone), (Some(1), Vec::new()));
    let printed = import(&["-"], alone.as_bytes());
    assert!(
        printed.stdout.contains("\"videos\""),
        "{}{}",
        printed.stdout,
        printed.stderr
    );
    for (text, codes) in [
        (alone.replace("      name: videos\n", ""), vec!["known-later"]),
        (
            alone.replace("corsConfiguration", "CorsConfiguration"),
            vec!["not-read"],
        ),
    ] {
        assert_eq!(
            read(&text),
            (None, codes.iter().map(|&code| code.to_owned()).collect()),
            "{text}"
        );
    }
    for custom in [
        "custom: {customBuckets: [{name: c, config: {cors: {CORSConfiguration: {CORSRules: []}}}}]}\n",
        "custom: {assets: {cors: [{origin: '*'}]}}\n",
    ] {
        assert_eq!(
            read(&format!("{alone}{custom}")),
            (Some(1), vec!["not-read".to_owned()]),
            "{custom}"
        );
    }
    // A value that others refer to.
    assert_eq!(
        read(&format!("{alone}custom: {{corsOrigin: 'https://a.example'}}\n")),
        (Some(1), Vec::new())
    );
}

#[test]
fn what_get_template_prints_is_read() {
    let template = bucket(&format!("{{CorsRules: [{RULE}]}}"));
    let text = serde_json::json!({"TemplateBody": template, "StagesAvailable": ["Original"]});
    let object = format!("TemplateBody:\n  {}", template.replace('\n', "\n  "));
    for text in [text.to_string(), object] {
        assert_eq!(read(&text), (Some(1), Vec::new()));
        let printed = import(&["-"], text.as_bytes());
        assert!(
            printed.stderr.contains("read as --from cloudformation"),
            "{}",
            printed.stderr
        );
    }
    let broken = serde_json::json!({"TemplateBody": "Resources: ["}).to_string();
    let printed = import(&["--from", "cloudformation", "-"], broken.as_bytes());
    assert_eq!(printed.status, 2);
    assert!(printed.stderr.contains("(TemplateBody)"), "{}", printed.stderr);
}
