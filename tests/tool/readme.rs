//! What the README and the tool's page show of it is what it prints.

use std::process::{Command, Output};

const README: &str = include_str!("../../README.md");
const PAGE: &str = include_str!("../../src/cli/README.md");

/// Each command of a block by itself, and the text block below it.
fn shown() -> Vec<(&'static str, &'static str)> {
    let blocks = PAGE.split("```sh\ntarget/bucket-cors ").skip(1);
    blocks
        .map(|rest| {
            let (command, rest) = rest.split_once("\n```\n").unwrap();
            let (_, output) = rest.split_once("```text\n").unwrap();
            (command, output.split_once("```").unwrap().0)
        })
        .collect()
}

fn run(command: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bucket-cors"))
        .args(command.split(' '))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

#[test]
fn the_commands_of_the_readme_work() {
    let lines = README
        .lines()
        .filter_map(|line| line.strip_prefix("target/bucket-cors "));
    let outputs: Vec<Output> = lines.map(run).collect();
    assert_eq!(outputs.len(), 3);
    assert!(
        outputs.iter().all(|output| output.status.success()),
        "{outputs:?}"
    );
}

#[test]
fn the_commands_of_the_page_print_what_it_shows() {
    let shown = shown();
    assert_eq!(shown.len(), 3);
    for (command, expected) in shown {
        let output = run(command);
        assert!(output.status.success(), "{command}: {output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        // What an import ends with.
        let is_summary = stderr.starts_with("buckets: 1, ") && stderr.lines().count() == 1;
        assert!(stderr.is_empty() || is_summary, "{command}: {stderr}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected, "{command}");
    }
}

#[test]
fn the_exit_statuses_of_check_are_those_of_its_help() {
    let help = Command::new(env!("CARGO_BIN_EXE_bucket-cors"))
        .args(["help", "check"])
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, statuses) = help.split_once("\nExit status:\n").unwrap();
    let (statuses, _) = statuses.split_once("\n\n").unwrap();
    assert_eq!(statuses.lines().count(), 3, "{statuses}");
    let (_, section) = PAGE.split_once("\n## Check\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    assert!(
        section.contains(&format!("```text\n{statuses}\n```\n")),
        "{statuses}"
    );
}

#[test]
fn every_source_of_rules_is_listed() {
    let section = PAGE.split_once("\n## Import\n").unwrap().1;
    let table = section.split_once("| `--from` |").unwrap().1;
    let listed: Vec<&str> = table
        .lines()
        .skip(2)
        .map_while(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let help = Command::new(env!("CARGO_BIN_EXE_bucket-cors"))
        .args(["import", "-h"])
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    // As it stands before it is wrapped.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let from = help.split_once(" --from ").unwrap().1;
    let values = from.split_once("possible values: ").unwrap().1;
    let values: Vec<&str> = values
        .split_once(']')
        .unwrap()
        .0
        .split(',')
        .map(str::trim)
        .collect();
    assert_eq!(listed, values);
}
