//! `check --client`, `recipe`, `clients` and `explain --client`: rules tried with what real clients were recorded to
//! send.

mod har;
mod pages;
mod recipes;
mod warnings;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::check;
use crate::support::clients::{PAGE, recorded};
use crate::tool::{Folder, Output};

const SAMPLE: &str = include_str!("../../../envoy/cors.json");

fn names() -> Vec<String> {
    let all = recorded();
    all.iter().map(|client| text(&client["name"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

fn list(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

/// A configuration of one bucket, with one rule for a page.
fn with_rule(profile: &str, rule: Value) -> String {
    let mut rule = rule;
    let fields = rule.as_object_mut().unwrap();
    fields.entry("AllowedOrigins").or_insert(json!([PAGE]));
    json!({ "profile": profile, "buckets": [{ "name": "photos", "cors": [rule] }] }).to_string()
}

fn checked(name: &str, rules: &str, clients: &[&str], more: &[&str]) -> (Output, Vec<Value>) {
    let folder = Folder::new(&format!("clients-{name}")).with("cors.json", rules);
    let mut arguments = vec!["check", "cors.json", "--format", "json", "--client"];
    arguments.extend(clients);
    arguments.extend(more);
    let output = folder.run(&arguments);
    let lines = check::json(&output)["clients"].as_array().unwrap().clone();
    (output, lines)
}

/// `client operation: verdict` of all that do not work.
fn bad(lines: &[Value]) -> Vec<String> {
    let bad = lines.iter().filter(|line| line["verdict"] != "works");
    bad.map(|line| {
        format!(
            "{} {}: {}",
            text(&line["client"]),
            text(&line["operation"]),
            text(&line["verdict"])
        )
    })
    .collect()
}

fn missing(lines: &[Value], operation: &str) -> Vec<(String, String)> {
    let line = lines.iter().find(|line| line["operation"] == operation).unwrap();
    let missing = line["missing"].as_array().unwrap().iter();
    missing
        .map(|lack| (text(&lack["what"]), text(&lack["name"])))
        .collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = of.iter();
    pairs
        .map(|&(what, name)| (what.to_owned(), name.to_owned()))
        .collect()
}

#[test]
fn the_recordings_are_listed_with_versions_and_days() {
    let folder = Folder::new("clients-list");
    let printed = folder.run(&["clients", "--format", "json"]);
    assert_eq!((printed.code, check::json(&printed)), (0, json!(recorded())));
    let human = folder.run(&["clients"]).stdout;
    for client in recorded() {
        for part in ["name", "version", "recorded"] {
            assert!(human.contains(&text(&client[part])), "{client}");
        }
        let day = text(&client["recorded"]);
        assert!(
            regex_lite::Regex::new(r"^20\d\d-[01]\d-[0-3]\d$")
                .unwrap()
                .is_match(&day)
        );
    }
    assert_eq!(names().iter().collect::<BTreeSet<_>>().len(), names().len());
}

#[test]
fn what_is_missing_is_said_with_the_change_that_mends_it() {
    let rule = json!({
        "ID": "app",
        "AllowedMethods": ["GET", "HEAD", "PUT", "POST", "DELETE"],
        "AllowedHeaders": ["authorization", "content-type", "x-amz-*"],
        "ExposeHeaders": ["ETag", "x-amz-checksum-crc32"],
    });
    let (output, lines) = checked("amz", &with_rule("s3", rule), &["aws-v3"], &[]);
    assert_eq!(output.code, 1);
    assert_eq!(
        missing(&lines, "list"),
        pairs(&[("header", "amz-sdk-invocation-id"), ("header", "amz-sdk-request")])
    );
    assert_eq!(
        lines[3]["change"],
        "rule 0 \"app\": add \"amz-sdk-invocation-id\", \"amz-sdk-request\" to AllowedHeaders"
    );

    let rule =
        json!({ "AllowedMethods": ["PUT", "POST"], "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"] });
    let (output, lines) = checked("checksum", &with_rule("s3", rule.clone()), &["aws-v3"], &[]);
    assert_eq!(output.code, 1);
    assert_eq!(
        missing(&lines, "multipart"),
        pairs(&[("expose", "x-amz-checksum-crc32")])
    );
    assert!(bad(&lines).contains(&"aws-v3 multipart: less".to_owned()));
    assert_eq!(missing(&lines, "delete"), pairs(&[("method", "DELETE")]));
    // Less is no failure.
    let (output, _) = checked("less", &with_rule("s3", rule), &["uppy", "axios"], &[]);
    assert_eq!(output.code, 1, "axios gets");

    let rule = json!({ "AllowedMethods": ["PUT", "POST"], "AllowedHeaders": ["*"] });
    let lines = checked("etag", &with_rule("s3", rule), &["uppy"], &[]).1;
    assert_eq!(bad(&lines), ["uppy signed multipart: fails"]);
    assert_eq!(missing(&lines, "signed multipart"), pairs(&[("expose", "ETag")]));

    let lines = checked(
        "none",
        r#"{"buckets": [{"name": "b", "cors": null}]}"#,
        &["pdf"],
        &[],
    )
    .1;
    assert_eq!(
        lines[0]["change"],
        "add a rule: \"https://www.example.com\" to AllowedOrigins and \"GET\" to AllowedMethods and \"Accept-Ranges\" to \
         ExposeHeaders"
    );
}

/// The actual request's rule decides what can be read, and it may be another than the preflight's.
#[test]
fn an_exposure_is_missed_in_the_rule_that_decides() {
    let rules = json!({ "profile": "oss", "buckets": [{ "name": "photos", "cors": [
        { "ID": "plain", "AllowedOrigins": [PAGE], "AllowedMethods": ["PUT"] },
        { "ID": "signed", "AllowedOrigins": [PAGE], "AllowedMethods": ["PUT", "POST"], "AllowedHeaders": ["*"],
          "ExposeHeaders": ["ETag"] },
    ] }] });
    let lines = checked("decides", &rules.to_string(), &["ali-oss"], &[]).1;
    let line = lines
        .iter()
        .find(|line| line["operation"] == "multipart upload")
        .unwrap();
    assert_eq!(line["change"], "rule 0 \"plain\": add \"ETag\" to ExposeHeaders");
    assert_eq!(line["verdict"], "fails");
}

#[test]
fn an_origin_is_asked_for_where_none_is_in_every_rule() {
    let folder = Folder::new("clients-origin").with("cors.json", SAMPLE);
    let output = folder.run(&["check", "cors.json", "--client", "ali-oss"]);
    assert_eq!(output.code, 2);
    assert!(output.stderr.contains("--origin"), "{output:?}");
    let (_, lines) = checked(
        "stranger",
        SAMPLE,
        &["pmtiles"],
        &["--origin", "https://other.example"],
    );
    assert_eq!(
        missing(&lines, "read"),
        pairs(&[("origin", "https://other.example")])
    );
    // The origin that both rules admit.
    let rules = json!({ "buckets": [{ "name": "photos", "cors": [
        { "AllowedOrigins": ["*"], "AllowedMethods": ["GET"] },
        { "AllowedOrigins": ["https://*.example.com"], "AllowedMethods": ["PUT"] },
    ] }] });
    let (output, lines) = checked("both", &rules.to_string(), &["axios"], &[]);
    assert_eq!(lines[0]["origin"], "https://www.example.com", "{output:?}");
}

#[test]
fn clients_and_files_are_told_apart() {
    let folder = Folder::new("clients-order").with("cors.json", SAMPLE);
    let expected = folder.run(&[
        "check",
        "cors.json",
        "--client",
        "ali-oss",
        "axios",
        "--origin",
        PAGE,
    ]);
    assert_eq!(expected.code, 0, "{expected:?}");
    for arguments in [
        &[
            "check",
            "--client",
            "ali-oss",
            "axios",
            "cors.json",
            "--origin",
            PAGE,
        ][..],
        &[
            "check",
            "--client",
            "ali-oss,axios",
            "--origin",
            PAGE,
            "cors.json",
        ],
        &[
            "check",
            "--client",
            "ali-oss",
            "--client",
            "axios",
            "--origin",
            PAGE,
            "cors.json",
        ],
    ] {
        assert_eq!(folder.run(arguments).stdout, expected.stdout, "{arguments:?}");
    }
    let all = folder.run(&["check", "cors.json", "--client", "all", "--origin", PAGE]);
    assert_eq!(all.code, 1, "tus");
    for (arguments, said) in [
        (
            &["check", "cors.json", "--client", "nobody"][..],
            "no client \"nobody\"",
        ),
        (&["check", "--client", "ali-oss"], "FILE"),
        (
            &["check", "cors.json", "--client", "ali-oss", "--bucket", "b"],
            "no bucket \"b\"",
        ),
        (
            &["check", "cors.json", "--client", "ali-oss", "--format", "sarif"],
            "SARIF",
        ),
        (&["recipe", "nobody", "--origin", PAGE], "no client \"nobody\""),
        (
            &["recipe", "axios", "--origin", PAGE, "--operation", "x"],
            "no operation \"x\"",
        ),
        (
            &["recipe", "axios", "--origin", "https://*.a.example"],
            "a pattern",
        ),
        (
            &["recipe", "axios", "--origin", "https://a.example\""],
            "no origin holds it",
        ),
    ] {
        let output = folder.run(arguments);
        assert_eq!(output.code, 2, "{arguments:?}: {output:?}");
        assert!(output.stderr.contains(said), "{arguments:?}: {output:?}");
    }
}

/// In the words of `explain`.
#[test]
fn an_origin_that_no_browser_sends_is_refused_with_what_it_sends() {
    let folder = Folder::new("clients-unsent").with("cors.json", SAMPLE);
    for origin in [
        "https://a.example/",
        "https://A.example",
        "https://a.example:443",
        "a.example",
    ] {
        let said = "no browser sends this origin: for such a page it sends \"https://a.example\"";
        let check = ["check", "cors.json", "--client", "axios", "--origin", origin];
        for arguments in [&["recipe", "axios", "--origin", origin][..], &check] {
            let output = folder.run(arguments);
            assert_eq!(output.code, 2, "{arguments:?}: {output:?}");
            assert!(output.stderr.contains(said), "{arguments:?}: {output:?}");
        }
        let url = "https://edge.example/oss-cors-test/a.txt";
        let explained = folder.run(&["explain", "cors.json", "--url", url, "--origin", origin]);
        assert!(explained.stdout.contains(said), "{explained:?}");
    }
}

#[test]
fn each_listed_operation_is_checked() {
    let folder = Folder::new("clients-all").with("cors.json", SAMPLE);
    let listed = check::json(&folder.run(&["clients", "--format", "json"]));
    let listed = listed.as_array().unwrap().iter().flat_map(|client| {
        let operations = client["operations"].as_array().unwrap().iter();
        operations.map(|operation| (text(&client["name"]), text(&operation["name"])))
    });
    let lines = checked("all", SAMPLE, &["all"], &["--origin", PAGE]).1;
    let checked = lines
        .iter()
        .map(|line| (text(&line["client"]), text(&line["operation"])));
    assert_eq!(checked.collect::<Vec<_>>(), listed.collect::<Vec<_>>());
}

#[test]
fn an_operation_is_played_as_a_whole() {
    let folder = Folder::new("clients-explain").with("cors.json", SAMPLE);
    let url = "https://edge.example/oss-cors-test/a.txt";
    let explain = [
        "explain",
        "cors.json",
        "--client",
        "ali-oss",
        "--operation",
        "multipart upload",
        "--url",
        url,
    ];
    let run = |origin: &str, more: &[&str]| {
        let mut arguments = explain.to_vec();
        arguments.extend(["--origin", origin]);
        arguments.extend(more);
        folder.run(&arguments)
    };
    let output = run(PAGE, &[]);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(
        output
            .stdout
            .contains("> access-control-request-headers: authorization,content-md5,content-type")
    );
    assert!(
        output.stdout.ends_with("ali-oss multipart upload: works\n"),
        "{output:?}"
    );
    let output = run("https://www.example.com", &["--format", "json"]);
    assert_eq!(output.code, 1);
    let document = check::json(&output);
    assert_eq!(document["client"]["verdict"], "fails");
    assert_eq!(document["requests"].as_array().unwrap().len(), 3);
}
