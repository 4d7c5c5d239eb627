//! The samples' rules, and the page about clients.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{SAMPLE, bad, checked, list, text, with_rule};
use crate::check;
use crate::support::clients::{PAGE, recorded};
use crate::tool::Folder;

const ABOUT: &str = include_str!("../../../src/cli/clients/README.md");

// Each rule that is for uploads or downloads, with the client that it is for.

#[test]
fn ali_oss_works_with_the_sample() {
    let (output, lines) = checked("sample", SAMPLE, &["ali-oss"], &["--origin", PAGE]);
    assert_eq!((bad(&lines), output.code), (Vec::new(), 0));
    let lines = checked(
        "site",
        SAMPLE,
        &["ali-oss"],
        &["--origin", "https://www.example.com"],
    )
    .1;
    let reads = ["get", "head", "list", "get with process"];
    let bad = bad(&lines);
    assert!(
        !reads
            .iter()
            .any(|read| bad.contains(&format!("ali-oss {read}: fails"))),
        "{bad:?}"
    );
}

#[test]
fn the_sdks_work_with_every_rule_of_the_pages() {
    let pages = [
        include_str!("../../../README.md"),
        include_str!("../../../envoy/configuration.md"),
        include_str!("../../../envoy/deploy.md"),
    ];
    let blocks = pages
        .iter()
        .flat_map(|page| page.split("```json\n").skip(1))
        .map(|block| block.split("```").next().unwrap());
    let mut tried = Vec::new();
    for block in blocks {
        let Ok(document) = serde_json::from_str::<Value>(block) else {
            continue;
        };
        if document.get("buckets").is_none() {
            continue;
        }
        let clients = match document["profile"].as_str() {
            Some("s3") => vec!["aws-v2", "aws-v3"],
            _ => vec!["ali-oss"],
        };
        let lines = checked("pages", block, &clients, &["--origin", "https://www.example.com"]).1;
        for line in &lines {
            let missing = line["missing"].as_array().unwrap();
            // A rule for downloads is for nothing else.
            let is_for_it = !missing.iter().any(|lack| lack["what"] == "method");
            assert!(!is_for_it || line["verdict"] != "fails", "{line}");
            if is_for_it {
                tried.push(text(&line["client"]));
            }
        }
    }
    for client in ["ali-oss", "aws-v2", "aws-v3"] {
        assert!(tried.iter().any(|it| it == client), "{client}: {tried:?}");
    }
}

#[test]
fn the_aws_sdks_work_with_the_demo_s_rule_for_uploads() {
    let steps = include_str!("../../../envoy/demo/steps.js");
    let rule = steps.split("const uploadRule = ").nth(1).unwrap();
    let rule = rule.split(';').next().unwrap();
    // What is written there is YAML too.
    let rule: Value = serde_norway::from_str(rule).unwrap();
    let (output, lines) = checked("demo", &with_rule("oss", rule), &["aws-v3", "aws-v2"], &[]);
    assert_eq!((bad(&lines), output.code), (Vec::new(), 0));
}

#[test]
fn the_page_s_warnings_are_the_tool_s() {
    let page = ABOUT;
    let folder = Folder::new("clients-codes").with("cors.json", SAMPLE);
    let sarif = check::json(&folder.run(&["check", "cors.json", "--format", "sarif"]));
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let rows = page.split("| code | meaning |").nth(1).unwrap().lines().skip(2);
    let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
    let of_the_tool = |rule: &&Value| {
        let row = format!(
            "| `{}` | {} |",
            text(&rule["id"]),
            text(&rule["shortDescription"]["text"])
        );
        rows.contains(&row.as_str())
    };
    assert_eq!(rules.iter().filter(of_the_tool).count(), rows.len());
    assert_eq!(rows.len(), 5);
}

#[test]
fn the_page_s_table_is_that_of_the_recordings() {
    let page = ABOUT;
    let quoted = |names: &BTreeSet<String>| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    };
    let folder = Folder::new("clients-table");
    for client in recorded() {
        let name = text(&client["name"]);
        let recipe = folder.run(&["recipe", &name, "--profile", "fetch", "--origin", PAGE]);
        let rule = check::json(&recipe)["CORSRules"][0].clone();
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")))
            .unwrap();
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert!(cells[1].ends_with(&text(&client["version"])), "{row}");
        assert_eq!(cells[2], list(&rule["AllowedMethods"]).join(", "));
        assert_eq!(
            cells[3],
            quoted(&list(&rule["AllowedHeaders"]).into_iter().collect())
        );
        let (mut needs, mut wants) = (BTreeSet::new(), BTreeSet::new());
        for operation in client["operations"].as_array().unwrap() {
            for sent in operation["requests"].as_array().unwrap() {
                needs.extend(list(&sent["needs"]));
                wants.extend(list(&sent["wants"]));
                if !list(&sent["needs"]).is_empty() {
                    assert!(cells[4].contains(&text(&operation["name"])), "{row}");
                }
            }
        }
        for need in &needs {
            assert!(cells[4].contains(&format!("`{need}`")), "{row}");
        }
        assert_eq!(cells[5], quoted(&wants.difference(&needs).cloned().collect()));
    }
}

#[test]
fn the_commands_of_the_page_print_what_it_shows() {
    let page = ABOUT;
    let blocks: Vec<&str> = page.split("```console\n$ bucket-cors ").skip(1).collect();
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        let (command, shown) = block.split("```").next().unwrap().split_once('\n').unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_bucket-cors"))
            .args(command.split(' '))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed.starts_with(shown), "{command}: {printed}");
    }
}
