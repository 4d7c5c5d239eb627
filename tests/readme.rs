//! What the README says is what there is.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)] // A test may fail by panicking.

use std::fmt::Write;

use bucket_cors::config::{self, CODES, Severity};
use bucket_cors::stats::{BUCKET_COUNTERS, COUNTERS};

const README: &str = include_str!("../README.md");

fn assert_contains(part: &str) {
    assert!(README.contains(part), "the README is to contain:\n{part}");
}

/// The fenced blocks of a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    README
        .split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[test]
fn every_code_is_listed() {
    for severity in [Severity::Error, Severity::Warning] {
        let title = if severity == Severity::Error {
            "error"
        } else {
            "warning"
        };
        let mut table = format!("| {title} | what it means |\n|---|---|\n");
        for code in CODES.iter().filter(|code| code.severity == severity) {
            writeln!(table, "| `{}` | {} |", code.name, code.meaning).unwrap();
        }
        assert_contains(&table);
    }
}

#[test]
fn every_statistic_is_listed() {
    let section = README.split("\n## Statistics\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let listed: Vec<_> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(listed, COUNTERS);
    for counter in BUCKET_COUNTERS {
        assert_contains(&format!("`bucket.<name>.{counter}`"));
    }
    let source = include_str!("../src/filter/metrics.rs");
    for gauge in source.split("gauge(\"").skip(1) {
        let gauge = gauge.split('"').next().unwrap();
        assert!(section.contains(&format!("`{gauge}`")), "{gauge}");
    }
}

#[test]
fn the_costs_are_those_that_were_counted() {
    for table in include_str!("costs.md").split("\n\n") {
        assert_contains(table.trim_end());
    }
}

#[test]
fn the_agreement_with_the_gathered_cases_is_what_was_found() {
    let table: Vec<_> = include_str!("conformance.md")
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert!(table.len() > 2);
    assert_contains(&table.join("\n"));
}

#[test]
fn the_tested_versions_are_those_of_the_last_matrix_and_nothing_failed_on_them() {
    let matrix = include_str!("matrix.md").trim_end();
    assert_contains(matrix);
    let rows: Vec<Vec<&str>> = matrix
        .lines()
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows[0], ["Envoy", "tests passed", "failed", "capabilities stand"]);
    let minors: Vec<&str> = rows[2..]
        .iter()
        .map(|row| {
            let [version, passed, failed, _] = row[..] else {
                panic!("{row:?}");
            };
            assert!(passed.parse::<u32>().unwrap() > 400, "{row:?}");
            assert_eq!(failed, "0", "{row:?}");
            version.rsplit_once('.').unwrap().0
        })
        .collect();
    assert_eq!(minors, ["1.36", "1.37", "1.38", "1.39", "1.40"]);
}

#[test]
fn the_module_is_at_most_as_large_as_the_build_lets_it_be() {
    let makefile = include_str!("../Makefile");
    let limit = makefile.split("\nMODULE_MAX_BYTES := ").nth(1).unwrap();
    let limit: usize = limit.lines().next().unwrap().parse().unwrap();
    assert_contains(&format!("at most {},{:03} bytes", limit / 1_000, limit % 1_000));
}

#[test]
fn the_commands_of_the_exact_figures_are_tests() {
    let manifest = include_str!("../Cargo.toml");
    let named: Vec<&str> = README
        .split("`cargo test --release --test ")
        .skip(1)
        .map(|rest| rest.split('`').next().unwrap())
        .collect();
    assert_eq!(named, ["allocations", "memory"]);
    for test in named {
        assert!(
            manifest.contains(&format!("[[test]]\nname = \"{test}\"\n")),
            "{test}"
        );
    }
}

#[test]
fn the_speed_is_what_was_measured() {
    assert_contains(include_str!("bench/results.md").trim());
}

#[test]
fn the_instructions_are_those_that_were_counted() {
    let counted = include_str!("bench/instructions.md");
    let (tables, _) = counted.split_once("\n## In detail\n").unwrap();
    assert_contains(tables.trim());
}

#[test]
fn every_configuration_loads() {
    let configurations = blocks("json");
    assert!(!configurations.is_empty());
    for text in configurations {
        let (configuration, report) = config::parse(text.as_bytes());
        assert!(configuration.is_some(), "{:?}", report.errors.kept());
    }
}

#[test]
fn the_lines_to_paste_are_those_that_make_run_prints() {
    let script = include_str!("../envoy/run");
    let tries = script
        .split("TRIES = \"\"\"")
        .nth(1)
        .unwrap()
        .split("\"\"\"")
        .next()
        .unwrap();
    assert_contains(tries.replace("{port}", "10000").trim());
}

#[test]
fn every_make_target_exists_and_every_target_is_explained() {
    let makefile = include_str!("../Makefile");
    for block in blocks("sh") {
        // Those of the tool are run by tests/cli.
        let of_make = |line: &&str| !line.is_empty() && !line.starts_with("target/bucket-cors ");
        for line in block.lines().filter(of_make) {
            let target = line
                .strip_prefix("make ")
                .unwrap_or_else(|| panic!("{line:?} is no make target"));
            let target = target.split(' ').next().unwrap();
            assert!(
                makefile.contains(&format!("\n{target}: ")),
                "make {target} does not exist"
            );
        }
    }
}

#[test]
fn the_error_it_shows_is_the_error_there_is() {
    let shown = blocks("text")
        .into_iter()
        .find(|block| block.starts_with("/buckets"))
        .unwrap();
    let text = r#"{"buckets": [{"name": "a", "cors": {"CORSRules": [
        {"AllowedOrigins": ["https://a.example", "https://*.*.com"], "AllowedMethods": ["GET", "HEAD"]}]}}]}"#;
    let (_, report) = config::parse(text.as_bytes());
    let errors: Vec<_> = report.errors.kept().iter().map(ToString::to_string).collect();
    assert_eq!(errors, [shown.trim_end()]);
}

/// Where each link leads.
fn links() -> impl Iterator<Item = &'static str> {
    let after = README.split("](").skip(1);
    after.map(|rest| rest.split(')').next().unwrap())
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_within_it_leads_to_a_heading() {
    let mut is_code = false;
    let mut anchors = Vec::new();
    for line in README.lines() {
        is_code ^= line.starts_with("```");
        if !is_code && line.starts_with('#') {
            anchors.push(anchor(line.trim_start_matches('#').trim()));
        }
    }
    let within: Vec<_> = links().filter_map(|link| link.strip_prefix('#')).collect();
    assert!(within.len() > 5, "{within:?}");
    for link in within {
        assert!(
            anchors.iter().any(|anchor| anchor == link),
            "#{link} of {anchors:?}"
        );
    }
}

#[test]
fn every_file_it_links_to_exists() {
    for link in links() {
        if !link.starts_with('#') && !link.starts_with("http") {
            assert!(
                std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join(link)
                    .exists(),
                "{link}"
            );
        }
    }
}
