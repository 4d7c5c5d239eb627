//! The samples with the rules of a file: in the place of their own where those are good, and told of where not.

use std::process::Command;

use crate::run::{answer, greeting, outcome, refusal, tries};
use crate::sample::{Sample, built_tool};
use crate::support::ports;

/// What the tests write for the samples.
fn written(name: &str, text: &str) -> String {
    let folder = format!("{}/samples", env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder).unwrap();
    let file = format!("{folder}/{name}");
    std::fs::write(&file, text).unwrap();
    file
}

const XML: &str = "<CORSConfiguration><CORSRule><AllowedOrigin>https://shop.example</AllowedOrigin>\
    <AllowedMethod>GET</AllowedMethod><AllowedMethod>HEAD</AllowedMethod></CORSRule></CORSConfiguration>";

/// A store's own document, which is not yet what the filter takes.
#[test]
fn the_samples_serve_other_rules_where_they_are_given() {
    let file = written("photos.xml", XML);
    let variables = ["PORT", "ADMIN_PORT", "ORIGIN_PORT"];
    for (target, hint) in [
        ("run", None),
        ("run-live", Some("make rules")),
        ("run-native", None),
    ] {
        let mut sample = Sample::start_with(target, &variables, &[&format!("RULES={file}")]);
        let greeting = greeting(&mut sample);
        assert!(
            greeting.contains(&format!("Serves the rules of {file}")),
            "{greeting:#?}"
        );
        assert!(tries(&greeting).is_empty(), "{greeting:#?}");
        let said = hint.map(|hint| {
            format!(
                "Edit {file}, then: {hint} ADMIN_PORT={} RULES={file}",
                sample.ports[1]
            )
        });
        let found = greeting.iter().find(|line| line.starts_with("Edit "));
        assert_eq!(found, said.as_ref());
        let url = format!("http://127.0.0.1:{}", sample.ports[0]);
        let read = format!("curl -si {url}/photos/a.jpg -H 'Origin: https://shop.example'");
        assert!(
            answer(&read)
                .join(" ")
                .contains("allow-origin: https://shop.example"),
            "{target}"
        );
        // The page begins with them.
        let begins = Command::new("curl")
            .args(["-s", &format!("{url}/playground/cors.json")])
            .output();
        let begins: serde_json::Value = serde_json::from_slice(&begins.unwrap().stdout).unwrap();
        assert_eq!(begins["buckets"][0]["name"], "photos");
    }
}

/// Neither make nor the shell takes anything in a name for its own.
#[test]
fn a_file_with_rules_may_have_any_name() {
    let file = written(
        "it's $HOME, $(a) #1 \"b\".json",
        include_str!("../../envoy/cors.json"),
    );
    let rules = format!("RULES={file}");
    let mut sample = Sample::start_with("run-live", &["PORT", "ADMIN_PORT", "ORIGIN_PORT"], &[&rules]);
    let greeting = greeting(&mut sample);
    assert!(
        greeting.contains(&format!("Serves the rules of {file}")),
        "{greeting:#?}"
    );
    let hint = greeting.iter().find(|line| line.starts_with("Edit ")).unwrap();
    let (_, command) = hint.split_once(", then: ").unwrap();
    let (is_taken, said) = outcome("sh", &["-c", command]);
    assert!(
        is_taken && said.contains(&format!("The rules of {file} are in force")),
        "{said}"
    );
    let (_, said) = outcome("make", &["--dry-run", "manifests", &rules]);
    let (_, named) = said.split_once(" --rules ").unwrap();
    let (named, _) = named.split_once(" --tool ").unwrap();
    assert_eq!(
        outcome("sh", &["-c", &format!("printf %s {named}")]),
        (true, file)
    );
}

/// Make reads what it exports to a recipe, and does what stands after a `$` there.
#[test]
fn nothing_in_a_name_is_run() {
    let made = written("made", "");
    std::fs::remove_file(&made).unwrap();
    let (is_done, said) = outcome("make", &["help", &format!("RULES=$(shell touch '{made}')")]);
    assert!(is_done && !std::path::Path::new(&made).exists(), "{said}");
}

/// The name of a file is not taken for an option.
#[test]
fn a_file_with_rules_may_begin_with_a_dash() {
    for (target, before) in [("manifests", " --rules "), ("rules", " ")] {
        for (rules, named) in [
            ("-x.json", "'./-x.json'"),
            ("-", "'-'"),
            ("a -b.json", "'a -b.json'"),
        ] {
            let (_, said) = outcome("make", &["--dry-run", target, &format!("RULES={rules}")]);
            assert!(said.contains(&format!("{before}{named}")), "{said}");
        }
    }
}

#[test]
fn the_readmes_line_with_other_rules_serves_them() {
    let line = include_str!("../../README.md")
        .lines()
        .find_map(|line| line.strip_prefix("make run RULES="));
    let file = format!("RULES={}", line.unwrap());
    for target in ["run", "run-origin-only"] {
        let mut sample = Sample::start_with(target, &["PORT", "ADMIN_PORT", "ORIGIN_PORT"], &[&file]);
        let said = format!("Serves the rules of {}", line.unwrap());
        assert!(greeting(&mut sample).contains(&said), "{target}");
    }
}

#[test]
fn rules_with_errors_start_nothing_and_the_tool_says_why() {
    let Some((_, tool)) = built_tool() else {
        return;
    };
    let file = written(
        "stars.xml",
        &XML.replace("https://shop.example", "https://*.*.example"),
    );
    let check = Command::new(tool).args(["check", &file]).output().unwrap();
    assert_eq!(check.status.code(), Some(1));
    for chain in ["", "--live", "--origin-only", "--native"] {
        let mut run = Command::new("envoy/run");
        run.args(Some(chain).filter(|chain| !chain.is_empty()));
        let run = run
            .args(["--rules", &file, "--tool", tool, "no-envoy"])
            .args(ports::free::<3>().map(|port| port.to_string()))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(1), "{run:?}");
        assert_eq!(run.stderr, check.stdout, "{run:?}");
        assert!(run.stdout.is_empty());
    }
}

/// The sample's own rules, which nothing checks before.
#[test]
fn rules_that_are_refused_at_the_start_are_told_of() {
    let file = written("refused.json", r#"{"bukets": []}"#);
    let tool = written("tool", "#!/bin/sh\nexec cat \"$4\"\n");
    assert_eq!(outcome("chmod", &["+x", &tool]), (true, String::new()));
    let envoy = crate::support::envoy::binary();
    let envoy = format!("ENVOY={}", envoy.to_str().unwrap());
    let more = [envoy, format!("RULES={file}"), format!("CHECK_TOOL={tool}")];
    let variables = ["PORT", "ADMIN_PORT", "ORIGIN_PORT"];
    let mut sample = Sample::start_with("run-live", &variables, &more.each_ref().map(String::as_str));
    let filter = format!("target/run-live/{}/filter.yaml", sample.ports[1]);
    let refused = format!("Refused: the rules in {filter}; no bucket has CORS before good ones come");
    let [said, why] = refusal(&mut sample);
    assert_eq!(said, refused);
    assert!(why.starts_with("  /bukets: "), "{why}");
}
