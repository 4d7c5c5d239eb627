//! `bucket-cors check`: what the core says, and where that stands.

mod each_mistake;
mod formats;

use std::process::Command;

use bucket_cors::config;
use serde_json::{Value, json};

use crate::tool::{Folder, Output};

const BAD: &str = "{
\t\"buckets\": [
\t\t{\"name\": \"a\", \"name\": \"b\", \"cors\": [
\t\t\t{\"AllowedOrigins\": [\"https://\\u002a.*.com\", \"https://é.example\"],
\t\t\t \"AllowedMethods\": [\"HEAD\"], \"x/y\": 1}
\t\t]}
\t]
}
";

const WARNED: &str = r#"{"buckets": [{"name": "a"}]}"#;

/// Severity, code and pointer of what the core says, errors first.
pub(crate) fn of_the_core(text: &[u8]) -> Vec<[String; 3]> {
    let (_, report) = config::parse(text);
    let line = |severity: &str, finding: &config::Finding| {
        [
            severity.to_owned(),
            finding.code.to_owned(),
            finding.pointer.clone(),
        ]
    };
    let errors = report.errors.kept().iter().map(|finding| line("error", finding));
    let warnings = report
        .warnings
        .kept()
        .iter()
        .map(|finding| line("warning", finding));
    errors.chain(warnings).collect()
}

/// The same of what `check --format json` says of a configuration.
pub(crate) fn of_the_tool(configuration: &Value) -> Vec<[String; 3]> {
    let findings = configuration["findings"].as_array().unwrap().iter();
    let text = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
    findings
        .map(|finding| ["severity", "code", "pointer"].map(|field| text(finding, field)))
        .collect()
}

pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// The text of a region of a file, where that is in one line.
pub(crate) fn at<'t>(text: &'t str, finding: &Value) -> &'t str {
    let number = |field: &str| usize::try_from(finding[field].as_u64().unwrap()).unwrap();
    assert_eq!(number("line"), number("end_line"), "{finding}");
    let line = text.split('\n').nth(number("line") - 1).unwrap();
    let byte = |column: usize| {
        line.char_indices()
            .nth(column - 1)
            .map_or(line.len(), |(byte, _)| byte)
    };
    &line[byte(number("column"))..byte(number("end_column"))]
}

#[test]
fn each_finding_is_a_line_that_editors_can_follow() {
    let folder = Folder::new("human")
        .with("bad.json", BAD)
        .with("warned.json", WARNED);
    let output = folder.run(&["check", "bad.json", "warned.json"]);
    assert_eq!(output.code, 1);
    assert_eq!(
        output.stdout,
        "\
bad.json:3:17: error: /buckets/0/name: name is given twice: take one out [duplicate-field]
bad.json:4:24: error: /buckets/0/cors/0/AllowedOrigins/0: \"https://*.*.com\" holds 2 wildcards: a pattern holds at most \
one *, so write one entry per case [two-wildcards]
bad.json:4:48: error: /buckets/0/cors/0/AllowedOrigins/1: \"https://é.example\" holds 'é': browsers send an \
internationalised name (IDN) in punycode; write its xn-- form [origin-not-ascii]
bad.json:5:33: error: /buckets/0/cors/0/x~1y: a rule has no field \"x/y\": it takes ID, AllowedOrigins, AllowedMethods, \
AllowedHeaders, ExposeHeaders, MaxAgeSeconds, ResponseVary [unknown-field]
bad.json: refused: 4 errors, 0 warnings
warned.json:1:14: warning: /buckets/0: the bucket has no cors, so its preflights are refused: write \"cors\": null if \
that is meant [no-cors-field]
warned.json: good: 0 errors, 1 warning
"
    );
}

#[test]
fn what_a_template_fills_in_later_is_told_from_what_is_wrong() {
    let folder = Folder::new("filled-later");
    for placeholder in [
        "{{ host }}",
        "${HOST}",
        "$(HOST)",
        "<%= host %>",
        "%HOST%",
        "<your-domain>",
        "@HOST@",
    ] {
        let document = json!({ "endpoints": [format!("{placeholder}.example")], "buckets": [{
            "name": "photos", "hosts": [placeholder],
            "cors": [{ "AllowedOrigins": [format!("https://{placeholder}:8443")], "AllowedMethods": ["GET", "HEAD"] }],
        }] });
        folder.write("cors.json", document.to_string());
        let output = folder.run(&["check", "cors.json"]);
        assert_eq!(output.code, 1, "{output:?}");
        let said =
            format!(": {placeholder} is what a template fills in later: check the file that it becomes [");
        assert_eq!(output.stdout.matches(&said).count(), 3, "{output:?}");
    }
}

#[test]
fn the_exit_status_says_good_bad_or_not_there() {
    let folder = Folder::new("status")
        .with("good.json", r#"{"buckets": []}"#)
        .with("warned.json", WARNED)
        .with("bad.json", BAD)
        .with("other.yaml", "services:\n  web: {}\n")
        .with("broken.yaml", "a: b: c\n");
    for (arguments, code, said) in [
        (&["good.json"][..], 0, "good.json: good: 0 errors, 0 warnings\n"),
        (&["warned.json"], 0, "1 warning\n"),
        (&["--deny-warnings", "warned.json"], 1, "1 warning\n"),
        (&["--deny-warnings", "good.json"], 0, ""),
        (&["bad.json", "good.json"], 1, "4 errors"),
        (
            &["other.yaml"],
            2,
            "other.yaml: error: there is no configuration of bucket-cors in it\n",
        ),
        (&["bad.json", "other.yaml"], 2, "4 errors"),
        (&["broken.yaml"], 2, "broken.yaml:1:5: error: this is no YAML: "),
        (&["none.json"], 2, "none.json: error: it cannot be read: "),
        (&["."], 2, "broken.yaml:1:5: error: this is no YAML: "),
        (&["nowhere/"], 2, "nowhere/: error: it cannot be read: "),
    ] {
        let output = folder.run(&[&["check"], arguments].concat());
        assert_eq!(output.code, code, "{arguments:?}: {output:?}");
        assert!(output.stdout.contains(said), "{arguments:?}: {output:?}");
    }
    for arguments in [
        &["check"][..],
        &["check", "--format", "xml", "good.json"],
        &["chek"],
    ] {
        let output = folder.run(arguments);
        assert_eq!(output.code, 2, "{arguments:?}: {output:?}");
        assert!(
            output.stderr.contains("For more information, try '--help'."),
            "{output:?}"
        );
    }
}

#[test]
fn standard_input_is_json_or_yaml_by_what_it_begins_with() {
    let folder = Folder::new("stdin");
    for (input, said) in [
        ("{\"buckets\": []}", "-: good"),
        (
            "\u{feff} {\"buckets\": [],}",
            "-:1:17: error: (document): trailing comma",
        ),
        (
            "buckets:\n- name: a\n  corz: 1\n",
            "-:1:1: error: (document): expected value: this is YAML; the filter gets what stands here unchanged, so write JSON",
        ),
        ("", "-:1:1: error: (document): there is no configuration"),
        ("<a/>", "this is XML"),
        ("hello", "there is no configuration of bucket-cors in it"),
    ] {
        let output = folder.run_with(&["check", "-"], input.as_bytes());
        assert!(output.stdout.contains(said), "{input:?}: {output:?}");
    }
}

#[test]
fn an_origin_that_no_browser_sends_is_told_in_timing_allow_origin_too() {
    let told = |list: &Value| {
        let rules = json!({ "buckets": [{ "name": "b", "timing_allow_origin": list, "cors": null }] });
        let folder = Folder::new("check-timing").with("cors.json", rules.to_string());
        let found = json(&folder.run(&["check", "--format", "json", "cors.json"]));
        assert_eq!(found["errors"], 0, "{found}");
        let findings = found["files"][0]["configurations"][0]["findings"]
            .as_array()
            .unwrap()
            .clone();
        let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
        let said = findings
            .iter()
            .map(|it| format!("{}: {}", text(it, "pointer"), text(it, "code")));
        said.collect::<Vec<_>>()
    };
    let at = "/buckets/0/timing_allow_origin";
    for (origin, code) in [
        ("HTTPS://a.example", "upper-case-origin"),
        ("https://A.example", "upper-case-origin"),
        ("https://a.example:443", "default-port"),
        ("https://a.example:0", "origin-port"),
        ("null", "null-origin"),
    ] {
        let list = json!(["https://b.example", origin]);
        assert_eq!(told(&list), [format!("{at}/1: {code}")], "{origin}");
        assert_eq!(told(&json!(origin)), [format!("{at}: {code}")], "{origin}");
    }
    assert_eq!(told(&json!(["https://a.example", "https://b.example"])), [""; 0]);
    assert_eq!(told(&json!("*")), [""; 0]);
}

#[test]
#[ignore = "takes long"]
fn what_is_far_too_much_is_refused_in_time() {
    let bomb = |levels: usize| {
        let levels = (1..levels).map(|level| {
            format!(
                "a{level}: &a{level} [{}]\n",
                vec![format!("*a{}", level - 1); 10].join(",")
            )
        });
        format!("a0: &a0 [x]\n{}", levels.collect::<String>())
    };
    let merges = format!(
        "a: &a {{{}}}\nb: [{}]\n",
        (0..20_000)
            .map(|index| format!("k{index}: 1"))
            .collect::<Vec<_>>()
            .join(", "),
        vec!["{<<: *a}"; 20_000].join(", ")
    );
    let chain: String = (1..1_000)
        .map(|level| format!("a{level}: &a{level} [*a{}]\n", level - 1))
        .collect();
    let long = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(1 << 20),
        vec!["*a"; 1_000].join(", ")
    );
    let folder = Folder::new("bombs");
    for (name, text, said) in [
        (
            "bomb.yaml",
            bomb(20),
            "it is too large, with everything that its aliases stand for",
        ),
        ("merges.yaml", merges, "it is too large"),
        ("long.yaml", long, "it is too large"),
        (
            "chain.yaml",
            format!("a0: &a0 [x]\n{chain}"),
            "it is nested more than 128 levels deep",
        ),
        (
            "deep.yaml",
            "- ".repeat(200_000),
            "it is nested more than 128 levels deep",
        ),
        (
            "flow.yaml",
            "[".repeat(200_000),
            "this is no YAML: recursion limit exceeded",
        ),
        (
            "self.yaml",
            "buckets: &a [*a]\n".to_owned(),
            "an alias stands inside of what it stands for",
        ),
        ("key.yaml", "? [a]\n: b\n".to_owned(), "a key is a list or a map"),
        ("deep.json", "[".repeat(200_000), "recursion limit exceeded"),
        (
            "large.yaml",
            "a".repeat((64 << 20) + 1),
            "it cannot be read: longer than 64 MiB",
        ),
    ] {
        folder.write(name, text);
        // It is killed after 20 s of the processor, of which a busy machine takes none away.
        let limited = [
            r#"ulimit -t 20 && exec "$0" check "$1""#,
            env!("CARGO_BIN_EXE_bucket-cors"),
        ];
        let mut command = Command::new("sh");
        command.arg("-c").args(limited).arg(name);
        let output = Output::from(command.current_dir(folder.path()).output().unwrap());
        assert!(
            output.code == 2 || name.ends_with(".json") && output.code == 1,
            "{name}: {output:?}"
        );
        assert!(output.stdout.contains(said), "{name}: {output:?}");
    }
}
