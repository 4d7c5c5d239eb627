//! What measures how long a worker stands still, and the page that has its figures.

use std::path::Path;
use std::process::Command;

use crate::support::envoy;

/// The first cell of each row of a table.
fn rows(text: &str) -> Vec<&str> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
    rows.filter_map(|row| row.split(" | ").next()).collect()
}

#[test]
#[ignore = "takes long"]
fn a_change_of_rules_and_one_of_the_code_are_measured_in_both_forms() {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(checkout.join("tests/bench/pauses"))
        .args([envoy::binary(), envoy::module(), envoy::library()])
        // One change of each kind, with one bucket.
        .args(["1", "1"])
        .current_dir(checkout)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let measured = String::from_utf8(output.stdout).unwrap();
    let expected = [
        "rules alone, 1 bucket",
        "new code with them, 1 bucket",
        "nothing changes, either form",
    ];
    assert_eq!(rows(&measured)[1..], expected, "{measured}");
    // Silent and computing, of either form: the median, and the longest.
    for line in measured.lines().skip(2) {
        let figures = line
            .split(['|', ' ', '(', ')'])
            .filter_map(|word| word.parse::<u32>().ok());
        let count = if line.contains("nothing") { 4 } else { 9 };
        assert_eq!(figures.count(), count, "{line}");
    }
    let page = include_str!("../../envoy/deploy.md");
    let told = rows(page);
    for row in expected {
        assert!(told.contains(&row), "{row}");
    }
}
