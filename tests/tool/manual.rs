//! `--help`, the manual pages and the completions.

use std::path::Path;
use std::process::Command;

use crate::tool::Folder;

const COMMANDS: [&str; 7] = [
    "check",
    "explain",
    "import",
    "clients",
    "recipe",
    "completions",
    "man",
];

#[test]
fn each_command_has_help_with_examples() {
    let folder = Folder::new("help");
    let whole = folder.run(&["--help"]).stdout;
    for command in COMMANDS {
        assert!(whole.contains(&format!("\n  {command} ")), "{whole}");
        for arguments in [["help", command], [command, "--help"], [command, "-h"]] {
            let output = folder.run(&arguments);
            assert_eq!(output.code, 0, "{output:?}");
            assert!(
                output.stdout.contains(&format!("Usage: bucket-cors {command}")),
                "{output:?}"
            );
            assert!(
                output.stdout.contains("\nExamples:\n  "),
                "{arguments:?}: {output:?}"
            );
        }
    }
    for section in ["Examples:", "Exit status:", "Files:"] {
        assert!(whole.contains(&format!("\n{section}\n")), "{whole}");
    }
    assert_eq!(
        folder.run(&["--version"]).stdout,
        concat!("bucket-cors ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

/// The lines of the examples, with those that go on joined.
fn examples(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    let lines: Vec<&str> = lines.take_while(|line| line.starts_with("  ")).collect();
    lines
        .join("\n")
        .replace("\\\n", " ")
        .lines()
        .map(str::to_owned)
        .collect()
}

/// A folder with what the examples get their files from, each of which prints what it would of a bucket with rules.
fn others(folder: &Folder) -> String {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tool/import");
    let programs = folder.path().join("programs");
    std::fs::create_dir_all(&programs).unwrap();
    let cat = |file: &str| format!("cat {samples}/{file}");
    for (name, does) in [
        ("aws", cat("get-bucket-cors.json")),
        ("ossutil", cat("ossutil-1.json")),
        ("terraform", cat("terraform-state.json")),
        (
            "kubectl",
            format!(
                "case $* in *wasmplugins*) cat deploy/a.yaml;; logs*) cat access.log;; *) {};; esac",
                cat("istio.yaml")
            ),
        ),
        ("curl", "cat envoy.yaml".to_owned()),
        ("jq", "cat".to_owned()),
    ] {
        folder.program(&format!("programs/{name}"), &does);
    }
    for name in ["photos", "videos"] {
        std::fs::copy(
            format!("{samples}/s3.xml"),
            folder.path().join(format!("{name}.xml")),
        )
        .unwrap();
    }
    programs.display().to_string()
}

#[test]
fn the_examples_run() {
    let rules = include_str!("../../envoy/cors.json");
    let string = serde_json::Value::from(rules).to_string();
    let envoy = include_str!("../../envoy/envoy.yaml").replace("\"@envoy/cors.json@\"", &string);
    let folder = Folder::new("examples")
        .with("cors.json", rules)
        .with("envoy.yaml", &envoy)
        .with(
            "access.log",
            r#"{"method": "GET", "host": "edge.example", "path": "/oss-cors-test/a.txt"}"#,
        )
        .with("recording.har", include_str!("recordings/chromium.har"));
    for subfolder in ["istio", "deploy", "manifests"] {
        std::fs::create_dir_all(folder.path().join(subfolder)).unwrap();
        folder.write(&format!("{subfolder}/a.yaml"), &envoy);
    }
    let tool = Path::new(env!("CARGO_BIN_EXE_bucket-cors")).parent().unwrap();
    let others = others(&folder);
    let path = format!("{}:{others}:{}", tool.display(), std::env::var("PATH").unwrap());
    let mut run = 0;
    for command in ["check", "explain", "import", "recipe", "clients"] {
        let help = folder.run(&[command, "--help"]).stdout;
        for example in examples(&help) {
            let output = Command::new("bash")
                .args(["-c", &example])
                .current_dir(folder.path())
                .env("PATH", &path)
                .output()
                .unwrap();
            let code = output.status.code().unwrap();
            assert!(code < 2, "{example}: {output:?}");
            // An import and a recipe say there what is in what they print.
            let is_silent = output.stderr.is_empty() || ["import", "recipe"].contains(&command);
            assert!(
                is_silent && !output.stdout.is_empty() || example.contains('>') || example.contains(" -o "),
                "{example}: {output:?}"
            );
            run += 1;
        }
    }
    assert!(run > 20, "{run}");
    let log = std::fs::read_to_string(folder.path().join("bucket-cors.sarif")).unwrap();
    assert!(log.contains("\"2.1.0\""), "{log}");
}

#[test]
fn each_command_has_a_manual_page() {
    let folder = Folder::new("man");
    let whole = folder.run(&["man"]);
    assert_eq!(whole.code, 0);
    assert!(whole.stdout.contains(".TH BUCKET-CORS 1"), "{whole:?}");
    for section in [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "SUBCOMMANDS",
        "EXAMPLES",
        "\"EXIT STATUS\"",
        "FILES",
    ] {
        assert!(
            whole.stdout.contains(&format!("\n.SH {section}\n")),
            "{section}: {whole:?}"
        );
    }
    for command in COMMANDS {
        let page = folder.run(&["man", command]);
        assert_eq!(page.code, 0);
        let title = format!(".TH BUCKET-CORS-{} 1", command.to_uppercase());
        assert!(page.stdout.contains(&title), "{page:?}");
        assert!(page.stdout.contains("\n.SH EXAMPLES\n"), "{page:?}");
    }
    // `help` has no page, and names of pages that there are not.
    assert!(!whole.stdout.contains("help(1)"), "{whole:?}");
    assert!(!whole.stdout.contains("bucket\\-cors\\-help"), "{whole:?}");
    for unknown in ["chek", "help"] {
        let output = folder.run(&["man", unknown]);
        assert_eq!(output.code, 2);
        assert!(
            output
                .stderr
                .contains("[possible values: check, explain, import,"),
            "{output:?}"
        );
    }
}

/// What the function of bash offers for the last of the words.
fn completed(folder: &Folder, words: &[&str]) -> String {
    let complete = "source ./bash; compopt() { :; }; COMP_WORDS=(bucket-cors \"$@\"); COMP_CWORD=$#; \
                    _bucket-cors bucket-cors \"${COMP_WORDS[-1]}\" \"${COMP_WORDS[-2]}\"; echo \"${COMPREPLY[*]}\"";
    let output = Command::new("bash")
        .args(["-c", complete, "bash"])
        .args(words)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end_matches('\n')
        .to_owned()
}

#[test]
fn each_shell_has_completions_and_those_of_bash_complete() {
    let folder = Folder::new("completions");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = folder.run(&["completions", shell]);
        assert_eq!(output.code, 0);
        assert!(output.stdout.contains("deny-warnings"), "{shell}: {output:?}");
    }
    folder.write("recording.har", "{}");
    folder.write("bash", folder.run(&["completions", "bash"]).stdout);
    for (words, offered) in [
        (&["check", "--d"][..], "--deny-warnings"),
        // Nothing: bash offers files itself.
        (&["check", ""], ""),
        (&["check", "a.json", ""], ""),
        (&["import", ""], ""),
        (&["import", "--from", "s3", ""], ""),
        (&["explain", ""], ""),
        (&["check", "--format", ""], "human json sarif configuration"),
        (&["explain", "--url", ""], ""),
        (&["explain", "--origin", "https://a"], "https://a"),
        (&["explain", "--har", "rec"], "recording.har"),
        (
            &["man", ""],
            if cfg!(feature = "sync") {
                "-q -h --all --color --quiet --help check explain import clients recipe sync completions man"
            } else {
                "-q -h --all --color --quiet --help check explain import clients recipe completions man"
            },
        ),
    ] {
        assert_eq!(completed(&folder, words), offered, "{words:?}");
    }
    let script = std::fs::read_to_string(folder.path().join("bash")).unwrap();
    let handed_on = script
        .lines()
        .filter(|line| line.contains("complete -F _bucket-cors"))
        .all(|line| line.contains(" -o default "));
    assert!(handed_on && !script.contains("<FILE>"), "{script}");
    assert_eq!(folder.run(&["completions", "csh"]).code, 2);
}
