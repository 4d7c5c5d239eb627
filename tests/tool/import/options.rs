//! What the options do, and how a run ends.

use std::path::Path;

use bucket_cors::config;

use super::{SAMPLES, import, import_text};
use crate::tool::Folder;

#[test]
fn the_bucket_behind_a_policy_of_a_whole_host_can_be_named() {
    let policy = b"allow_origin_string_match: [{exact: https://a.example}]\nallow_methods: GET\n";
    let printed = import(&["--from", "envoy", "--bucket", "photos", "-"], policy);
    assert_eq!(printed.status, 0, "{}", printed.stderr);
    let (configuration, _) = config::parse(printed.stdout.as_bytes());
    let bucket = &configuration.unwrap().buckets[0];
    assert_eq!((bucket.name.as_ref(), bucket.hosts[0].as_ref()), ("photos", "*"));
}

#[test]
fn a_profile_of_choice_takes_out_what_it_does_not_take() {
    let printed = import(
        &["--from", "gcs", "--bucket", "b", "--profile", "oss", "-"],
        br#"[{"origin": ["*"], "method": ["GET", "PATCH"]}]"#,
    );
    assert_eq!(
        printed.stderr,
        "(standard input):1:38: not carried over: \"PATCH\" is none of GET, PUT, POST, DELETE, HEAD, which the \
         oss profile takes [method]\n"
    );
    assert!(
        printed.stdout.contains("\"profile\": \"oss\""),
        "{}",
        printed.stdout
    );
    assert_eq!(printed.status, 1);
}

#[test]
fn what_cannot_be_taken_out_leaves_nothing_to_print() {
    let rule = r#"{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}"#;
    let printed = import_text("s3", &format!("[{}]", [rule; 101].join(",")));
    assert_eq!(printed.stdout, "");
    assert!(
        printed.stderr.starts_with("(standard input): "),
        "{}",
        printed.stderr
    );
    assert!(
        printed.stderr.ends_with("[too-many-rules]\n"),
        "{}",
        printed.stderr
    );
    assert_eq!(printed.status, 1);
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = Folder::new("import-output");
    let rules = std::fs::read(Path::new(SAMPLES).join("s3.xml")).unwrap();
    folder.write("photos.xml", rules);
    folder.write("bad.xml", "<CORSConfiguration>");
    folder.write("cors.json", "before");
    let read = || std::fs::read_to_string(folder.path().join("cors.json")).unwrap();
    assert_eq!(folder.run(&["import", "bad.xml", "-o", "cors.json"]).code, 2);
    assert_eq!(read(), "before");
    let output = folder.run(&["import", "photos.xml", "-o", "cors.json"]);
    assert_eq!(
        (output.code, output.stdout.as_str()),
        (0, ""),
        "{}",
        output.stderr
    );
    assert_eq!(read(), folder.run(&["import", "photos.xml"]).stdout);
    let output = folder.run(&["import", "photos.xml", "-o", "none/cors.json"]);
    assert!(output.stderr.starts_with("none/cors.json: "), "{}", output.stderr);
    assert_eq!(output.code, 2);
    let mut left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["bad.xml", "cors.json", "photos.xml"]);
}

#[test]
fn everything_is_said_to_programs_too() {
    let folder = Folder::new("import-format");
    let rules = std::fs::read(Path::new(SAMPLES).join("s3-faults.xml")).unwrap();
    folder.write("photos.xml", rules);
    let said = folder.run(&["import", "photos.xml", "--format", "json"]);
    let plain = folder.run(&["import", "photos.xml"]);
    assert_eq!((said.code, said.stderr.as_str()), (plain.code, ""));
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let configuration: serde_json::Value = serde_json::from_str(&plain.stdout).unwrap();
    assert_eq!(json["configuration"], configuration);
    let remarks = json["remarks"].as_array().unwrap();
    let lines = remarks.iter().map(|remark| {
        format!(
            "{}:{}:{}: {}: {} [{}]",
            remark["file"].as_str().unwrap(),
            remark["line"],
            remark["column"],
            remark["weight"].as_str().unwrap(),
            remark["message"].as_str().unwrap(),
            remark["code"].as_str().unwrap()
        )
    });
    let printed: Vec<_> = plain
        .stderr
        .lines()
        .filter(|line| line.contains(".xml:"))
        .collect();
    let printed: Vec<_> = printed
        .into_iter()
        .filter(|line| !line.contains("read as"))
        .collect();
    assert_eq!(lines.collect::<Vec<_>>(), printed);
    let lost = remarks
        .iter()
        .filter(|remark| remark["weight"] == "not carried over");
    assert_eq!(json["not_carried_over"], lost.count());
    assert_eq!(json["told"][0]["file"], "photos.xml");
}

#[test]
fn strict_weighs_lost_meaning() {
    let entry = br#"[{"origin": ["*"], "method": ["GET"], "responseHeader": ["ETag"]}]"#;
    for (arguments, status) in [(&["--from", "gcs"][..], 0), (&["--from", "gcs", "--strict"], 1)] {
        let printed = import(&[arguments, &["--bucket", "b", "-"]].concat(), entry);
        assert_eq!(printed.status, status);
        assert!(printed.stderr.contains(": loses meaning: "), "{}", printed.stderr);
    }
}

#[test]
fn wrong_usage_is_told() {
    let rules = br#"[{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]"#;
    for (arguments, complaint) in [
        (
            &["--from", "s3", "-"][..],
            "(standard input): it does not say whose rules it holds: name the bucket with --bucket\n",
        ),
        (
            &["--from", "s3", "--bucket", "a", "s3.xml", "console.json"],
            "--bucket is given 1 times for 2 files: name the bucket of each file, in their order, or none\n",
        ),
        (
            &["--from", "s3", "--bucket", "a", "no-such-file.xml"],
            "no-such-file.xml: No such file or directory (os error 2)\n",
        ),
        (
            &["--from", "terraform", "s3.xml"],
            "s3.xml: it is neither a state of Terraform nor what `terraform show -json` prints: it has no \
             values, no planned_values and no resources; it looks like what --from s3 reads\n",
        ),
        (
            &["--from", "terraform", "console.json"],
            "console.json: it is neither a state of Terraform nor what `terraform show -json` prints: it has no \
             values, no planned_values and no resources; it looks like what --from s3 reads\n",
        ),
        (
            &["--from", "s3", "--bucket", "a", "gcs-describe.json"],
            "gcs-describe.json: no CORS document: an object with CORSRules (S3) or CORSRule (OSS), or a list of rules, \
             is one; it looks like what --from gcs reads\n",
        ),
        (
            &["--from", "gcs", "--bucket", "a", "console.json"],
            "console.json: no CORS of Cloud Storage: a list of entries with origin and method, or a bucket with cors or \
             cors_config, is read; it looks like what --from s3 reads\n",
        ),
    ] {
        let printed = import(arguments, rules);
        assert_eq!(printed.stderr, complaint);
        assert_eq!((printed.status, printed.stdout.as_str()), (2, ""));
    }
    assert_eq!(import(&["--from", "s3"], b"").status, 2);
}

#[test]
fn a_bucket_without_rules_is_told() {
    for text in ["", " \n"] {
        let printed = import_text("s3", text);
        assert_eq!(printed.stderr, "(standard input): it is empty\n");
        assert_eq!(printed.status, 2);
    }
    for text in ["[]", "<CORSConfiguration/>", r#"{"CORSRules": []}"#] {
        let printed = import_text("s3", text);
        assert_eq!(
            printed.stderr,
            "(standard input): not carried over: no rule was found: the preflights of a bucket without rules are \
             refused [no-rule]\n"
        );
        assert_eq!(printed.status, 1);
        assert!(printed.stdout.contains("\"CORSRules\": []"), "{}", printed.stdout);
    }
    let state = br#"{"values": {"root_module": {}}}"#;
    let printed = import(&["--from", "terraform", "--bucket", "x", "-"], state);
    assert_eq!(
        printed.stderr,
        "--bucket: not carried over: no rules of a bucket \"x\" were found [no-target]\nnothing to import was found\n"
    );
    let printed = import(&["--from", "terraform", "-"], state);
    assert_eq!(printed.stderr, "nothing to import was found\n");
    assert_eq!((printed.status, printed.stdout.as_str()), (1, ""));
}

#[test]
fn a_wrong_source_is_told_which_one_is_meant() {
    let folder = Folder::new("import-wrong-source")
        .with(
            "envoy.yaml",
            "virtual_hosts: [{domains: ['*'], routes: [{match: {prefix: /a/}, route: {cluster: c}}]}]\n",
        )
        .with(
            "istio.yaml",
            "kind: VirtualService\nspec: {hosts: [a.example], http: [{route: [{destination: {host: c}}]}]}\n",
        )
        .with(
            "envoy-gateway.yaml",
            "kind: SecurityPolicy\nspec: {cors: {allowOrigins: ['*']}}\n",
        )
        .with(
            "s3.json",
            r#"{"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]}"#,
        );
    for from in ["envoy", "envoy-gateway", "istio", "higress", "ingress-nginx"] {
        for file in ["envoy.yaml", "istio.yaml", "envoy-gateway.yaml", "s3.json"] {
            let (own, _) = file.split_once('.').unwrap();
            if own == from {
                continue;
            }
            let output = folder.run(&["import", "--from", from, file]);
            assert_eq!(output.code, 2, "{from} {file}: {output:?}");
            let said = format!("it looks like what --from {own} reads");
            assert!(output.stderr.contains(&said), "{from} {file}: {output:?}");
        }
    }
}

#[test]
fn a_request_names_its_bucket() {
    let request = r#"{"Bucket": "photos", "ExpectedBucketOwner": "1", "CORSConfiguration": {"CORSRules": [{"AllowedOrigins": ["https://a.example"],
        "AllowedMethods": ["GET"]}]}}"#;
    let printed = import(&["-"], request.as_bytes());
    assert_eq!(printed.status, 0, "{}", printed.stderr);
    assert!(
        printed.stdout.contains("\"name\": \"photos\""),
        "{}",
        printed.stdout
    );
    let printed = import(&["--bucket", "videos", "-"], request.as_bytes());
    assert!(
        printed.stdout.contains("\"name\": \"videos\""),
        "{}",
        printed.stdout
    );
    // The words of other stores' rules.
    let rules =
        r#"[{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"], "ExposedHeaders": ["ETag"], "MaxAge": 5}]"#;
    let printed = import(&["--from", "s3", "--bucket", "a", "-"], rules.as_bytes());
    assert_eq!(printed.status, 1);
    for said in ["write ExposeHeaders", "write MaxAgeSeconds"] {
        assert!(printed.stderr.contains(said), "{said}: {}", printed.stderr);
    }
}
