//! What the README and its pages say is what there is.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use bucket_cors::config::{self, CODES, Severity};
use bucket_cors::stats::{BUCKET_COUNTERS, COUNTERS};

use crate::support::checkout;

/// A page and where it stands.
struct ReadmePage {
    path: &'static str,
    text: &'static str,
}

macro_rules! pages {
    ($($name:ident $path:literal)*) => {
        $(const $name: ReadmePage = ReadmePage { path: $path, text: include_str!(concat!("../../", $path)) };)*
        const PAGES: &[ReadmePage] = &[$($name,)*];
    };
}

pages! {
    README "README.md"
    CONFIGURATION "envoy/configuration.md"
    DEPLOY "envoy/deploy.md"
    NATIVE "envoy/native.md"
    OPERATE "envoy/operate.md"
    DESIGN "src/README.md"
    TOOL "src/cli/README.md"
    SYNC "src/cli/sync/README.md"
    TESTS "tests/README.md"
    FIGURES "tests/bench/README.md"
    CHANGES ".github/CHANGELOG.md"
    CONTRIBUTING ".github/CONTRIBUTING.md"
    SECURITY ".github/SECURITY.md"
}

impl ReadmePage {
    fn assert_contains(&self, part: &str) {
        let is_there = self.text.contains(part) || on_one_line(self.text).contains(part);
        assert!(is_there, "{} is to contain:\n{part}", self.path);
    }
}

/// Without the breaks of lines, which stand anywhere in prose.
fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The fenced blocks of a language, in all pages.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let mut blocks = Vec::new();
    for page in PAGES {
        let parts = page.text.split(&fence).skip(1);
        blocks.extend(parts.map(|rest| rest.split("```").next().unwrap()));
    }
    blocks
}

#[test]
fn the_readme_is_for_a_stranger_with_five_minutes() {
    assert!(README.text.lines().count() <= 250);
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
        CONFIGURATION.assert_contains(&table);
    }
}

#[test]
fn every_statistic_is_listed() {
    let section = OPERATE.text.split("\n## Statistics\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let listed: Vec<_> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(listed, COUNTERS);
    let [first, .., last] = BUCKET_COUNTERS;
    let count = BUCKET_COUNTERS.len();
    OPERATE.assert_contains(&format!(
        "each bucket has the first {count} of these to itself, `bucket.<name>.{first}` to"
    ));
    OPERATE.assert_contains(&format!("`bucket.<name>.{last}`"));
    let source = include_str!("../../src/filter/metrics.rs");
    for gauge in source.split("gauge(\"").skip(1) {
        let gauge = gauge.split('"').next().unwrap();
        assert!(section.contains(&format!("`{gauge}`")), "{gauge}");
    }
}

#[test]
fn every_metric_of_sync_is_listed() {
    let source = include_str!("../../src/cli/sync/serve/metrics.rs");
    let table = source
        .split("METRICS: [")
        .nth(1)
        .unwrap()
        .split("];")
        .next()
        .unwrap();
    let names: Vec<&str> = table.split('"').skip(1).step_by(6).collect();
    let listed = SYNC
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("| `bucket_cors_sync_")?.split('`').next());
    assert_eq!(listed.collect::<Vec<_>>(), names);
}

#[test]
fn the_tested_versions_are_those_of_the_last_matrix_and_nothing_failed_on_them() {
    let matrix = include_str!("../matrix.md").trim_end();
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
    let makefile = include_str!("../../Makefile");
    let limit = makefile.split("\nMODULE_MAX_BYTES := ").nth(1).unwrap();
    let limit: usize = limit.lines().next().unwrap().parse().unwrap();
    DEPLOY.assert_contains(&format!("at most {},{:03} bytes", limit / 1_000, limit % 1_000));
}

#[test]
fn the_commands_of_the_exact_figures_are_tests() {
    let manifest = include_str!("../../Cargo.toml");
    let named: Vec<&str> = FIGURES
        .text
        .split("`cargo test --release --test ")
        .skip(1)
        .map(|rest| rest.split('`').next().unwrap())
        .collect();
    // Those of memory take long.
    let ignored = " -- --ignored --nocapture";
    assert_eq!(named, ["native allocations", &format!("module memory{ignored}")]);
    for test in named {
        let (binary, file) = test.trim_end_matches(ignored).split_once(' ').unwrap();
        assert!(
            manifest.contains(&format!("[[test]]\nname = \"{binary}\"\n")),
            "{binary}"
        );
        let file = format!("{}/tests/{binary}/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        assert!(Path::new(&file).exists(), "{file}");
    }
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
    let script = include_str!("../../envoy/run");
    let tries = script
        .split("TRIES = \"\"\"")
        .nth(1)
        .unwrap()
        .split("\"\"\"")
        .next()
        .unwrap();
    README.assert_contains(tries.replace("{port}", "10000").trim());
}

#[test]
fn every_make_target_exists_and_every_target_is_explained() {
    let makefile = include_str!("../../Makefile");
    for block in blocks("sh") {
        // Those of the tool are run by tests/tool.
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

/// Where each link of a page leads.
fn links(page: &ReadmePage) -> impl Iterator<Item = &'static str> {
    let after = page.text.split("](").skip(1);
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

fn anchors(text: &str) -> Vec<String> {
    let mut is_code = false;
    let mut anchors = Vec::new();
    for line in text.lines() {
        is_code ^= line.starts_with("```");
        if !is_code && line.starts_with('#') {
            anchors.push(anchor(line.trim_start_matches('#').trim()));
        }
    }
    anchors
}

#[test]
fn every_link_leads_to_a_file_or_a_heading() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut within = 0;
    for page in PAGES {
        let folder = root.join(page.path).parent().unwrap().to_owned();
        for link in links(page).filter(|link| !link.starts_with("http")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() {
                root.join(page.path)
            } else {
                folder.join(file)
            };
            assert!(file.exists(), "{}: {link}", page.path);
            if !heading.is_empty() {
                within += 1;
                let anchors = anchors(&fs::read_to_string(&file).unwrap());
                assert!(
                    anchors.iter().any(|anchor| anchor == heading),
                    "{}: {link} of {anchors:?}",
                    page.path
                );
            }
        }
    }
    assert!(within > 5, "{within}");
}

#[test]
fn no_line_of_prose_is_longer_than_120_characters() {
    for page in PAGES {
        let mut is_code = false;
        for line in page.text.lines() {
            is_code ^= line.starts_with("```");
            let is_prose = !is_code && !line.starts_with(['|', '!']);
            assert!(!is_prose || line.chars().count() <= 120, "{}: {line}", page.path);
        }
    }
}

/// The files of a folder and of those in it, but for inputs.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let is_input = |path: &Path| path.ends_with("corpus") || path.ends_with("target");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| !is_input(path))
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn no_comment_is_longer_than_120_characters() {
    let mut comments = 0;
    for file in [".cargo", ".ci", "envoy", "src", "tests"]
        .map(|folder| files_below(&checkout().join(folder)))
        .concat()
    {
        let start = match file.extension().and_then(|end| end.to_str()) {
            Some("rs" | "js") => "//",
            Some("py" | "toml" | "yaml") | None => "#",
            Some("lua") => "--",
            _ => continue,
        };
        // Of what a build leaves, some is no text.
        let text = fs::read_to_string(&file).unwrap_or_default();
        for line in text.lines().filter(|line| line.trim_start().starts_with(start)) {
            comments += 1;
            assert!(line.chars().count() <= 120, "{}: {line}", file.display());
        }
    }
    assert!(comments > 5_000, "{comments}");
}
