//! What a person sees: colour, width, and how much is said.

use std::process::Command;

use crate::tool::{Folder, Output};

const RULES: &str = r#"{"buckets": [{"name": "b", "cors": [{"AllowedOrigins": ["https://a.example/"], "AllowedMethods": ["GET"]}]},
    {"name": "", "cors": []}]}"#;

fn folder(name: &str) -> Folder {
    Folder::new(name)
        .with("cors.json", RULES)
        .with("good.json", include_str!("../../envoy/cors.json"))
        .with(
            "photos.xml",
            "<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>GET\
</AllowedMethod><Odd>1</Odd></CORSRule><ResponseVary>true</ResponseVary></CORSConfiguration>",
        )
}

/// On a terminal with so many columns, without the carriage returns that it adds.
fn on_a_terminal(folder: &Folder, columns: u32, environment: &str, arguments: &str) -> String {
    let tool = env!("CARGO_BIN_EXE_bucket-cors");
    let line =
        format!("stty rows 24 cols {columns}; env -u NO_COLOR TERM=xterm {environment} {tool} {arguments}");
    let output = Command::new("script")
        .args(["--quiet", "--command", &line, "/dev/null"])
        .current_dir(folder.path())
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().replace('\r', "")
}

#[test]
fn a_terminal_gets_colour_and_lines_that_fit() {
    let folder = folder("terminal-look");
    let red = "\u{1b}[1m\u{1b}[31merror\u{1b}[0m";
    let shown = on_a_terminal(&folder, 60, "", "check cors.json");
    assert!(shown.contains(red), "{shown:?}");
    let plain = on_a_terminal(&folder, 60, "NO_COLOR=1", "check cors.json");
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    assert!(plain.lines().count() > 4, "{plain}");
    for line in plain.lines() {
        assert!(
            line.chars().count() <= 60 || !line.trim().contains(' '),
            "{line:?}"
        );
    }
    assert_eq!(
        on_a_terminal(&folder, 60, "", "--color never check cors.json"),
        plain
    );
    // Nobody has to read what a program takes.
    let json = on_a_terminal(&folder, 60, "", "check --format json cors.json");
    let piped = folder.run(&["check", "--format", "json", "cors.json"]).stdout;
    assert_eq!(json, piped);
    let imported = on_a_terminal(&folder, 60, "", "import photos.xml");
    assert!(
        imported.contains("\u{1b}[31mnot carried over\u{1b}[0m"),
        "{imported:?}"
    );
    let help = on_a_terminal(&folder, 60, "", "--color=never check --help");
    assert!(!help.contains('\u{1b}') && help.contains("Usage: "), "{help:?}");
}

#[test]
fn elsewhere_there_is_colour_only_where_it_is_asked_for() {
    let folder = folder("piped-look");
    let run = |arguments: &[&str]| folder.run(arguments);
    for command in [
        &["check", "cors.json"][..],
        &[
            "explain",
            "good.json",
            "--url",
            "https://e.example/oss-cors-test/a",
            "--origin",
            "https://x.example",
        ],
        &["import", "photos.xml"],
        &["check", "--help"],
    ] {
        let said = |output: Output| format!("{}{}", output.stdout, output.stderr);
        let plain = said(run(command));
        assert!(!plain.contains('\u{1b}'), "{plain:?}");
        let coloured = said(run(&[command, &["--color", "always"]].concat()));
        assert!(coloured.contains('\u{1b}'), "{command:?}: {coloured:?}");
    }
}

#[test]
fn quiet_says_only_what_is_wrong() {
    let folder = folder("quiet");
    let good = folder.run(&["check", "-q", "good.json"]);
    assert_eq!((good.code, good.stdout.as_str()), (0, ""), "{good:?}");
    let bad = folder.run(&["-q", "check", "cors.json"]);
    assert_eq!(bad.code, 1);
    let full = folder.run(&["check", "cors.json"]).stdout;
    let findings: Vec<&str> = full
        .lines()
        .filter(|line| line.contains(": error: ") || line.contains(": warning: "))
        .collect();
    assert_eq!(bad.stdout.lines().collect::<Vec<_>>(), findings);

    let asked = [
        "explain",
        "good.json",
        "--quiet",
        "--url",
        "https://e.example/oss-cors-test/a",
        "--origin",
    ];
    let allowed = folder.run(&[&asked[..], &["https://www.example.com"]].concat());
    assert_eq!((allowed.code, allowed.stdout.as_str()), (0, ""), "{allowed:?}");
    let refused = folder.run(&[&asked[..], &["https://x.example"]].concat());
    assert!(
        refused.stdout.starts_with("refused: ") && !refused.stdout.contains("\nbucket: "),
        "{refused:?}"
    );

    let imported = folder.run(&["import", "-q", "photos.xml"]);
    assert!(imported.stdout.contains("\"photos\""), "{imported:?}");
    assert_eq!(imported.stderr.lines().count(), 1, "{imported:?}");
    assert!(imported.stderr.contains("[unknown-field]"), "{imported:?}");
}
