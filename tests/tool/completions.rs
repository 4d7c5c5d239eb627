//! Completions at work: in bash, zsh and fish on a terminal, with what a package installs.

use std::fs;
use std::process::Command;

use crate::tool::Folder;

/// What the tool is asked when a person has typed a line and presses Tab and Enter.
fn typed(folder: &Folder, shell: &str, line: &str) -> String {
    let output = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tool/type.py"))
        .args([shell, folder.path().to_str().unwrap(), line])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn each_shell_completes_commands_options_values_and_files() {
    let folder = Folder::new("shells").with("cors-of-photos.json", "{}");
    fs::create_dir_all(folder.path().join("zsh")).unwrap();
    for (shell, file) in [("bash", "bash"), ("zsh", "zsh/_bucket-cors"), ("fish", "fish")] {
        folder.write(file, folder.run(&["completions", shell]).stdout);
    }
    // Each waits for its shell most of the time.
    std::thread::scope(|scope| {
        for (line, asked) in [
            ("bucket-cors expl", "explain"),
            ("bucket-cors check --deny", "check --deny-warnings"),
            ("bucket-cors check --format sar", "check --format sarif"),
            ("bucket-cors check cors-of", "check cors-of-photos.json"),
            ("bucket-cors import --from cloudf", "import --from cloudformation"),
            (
                "bucket-cors explain --har cors-of",
                "explain --har cors-of-photos.json",
            ),
            (
                "bucket-cors explain --access-log cors-of",
                "explain --access-log cors-of-photos.json",
            ),
            ("bucket-cors man rec", "man recipe"),
        ] {
            for shell in ["bash", "zsh", "fish"] {
                let folder = &folder;
                scope.spawn(move || assert_eq!(typed(folder, shell, line), asked, "{shell}: {line}"));
            }
        }
    });
}

#[test]
fn what_is_installed_is_complete() {
    let folder = Folder::new("installed");
    let output = Command::new("make")
        .args(["--silent", "--old-file=sync", "install", "PREFIX=/usr"])
        .arg(concat!("TOOL=", env!("CARGO_BIN_EXE_bucket-cors")))
        .arg(format!("DESTDIR={}", folder.path().display()))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let share = folder.path().join("usr/share");
    for (shell, file) in [
        ("bash", "bash-completion/completions/bucket-cors"),
        ("zsh", "zsh/site-functions/_bucket-cors"),
        ("fish", "fish/vendor_completions.d/bucket-cors.fish"),
    ] {
        let installed = fs::read_to_string(share.join(file)).unwrap();
        assert_eq!(installed, folder.run(&["completions", shell]).stdout, "{shell}");
    }
    let pages = fs::read_dir(share.join("man/man1")).unwrap().count();
    let help = folder.run(&["--help"]).stdout;
    let commands = help.split("Commands:\n").nth(1).unwrap();
    let commands = commands.lines().take_while(|line| line.starts_with("  "));
    let commands = commands.filter(|line| !line.starts_with("   ") && !line.starts_with("  help"));
    assert_eq!(pages, commands.count() + 1);
    for (command, page) in [("", "bucket-cors.1"), ("check", "bucket-cors-check.1")] {
        let installed = fs::read_to_string(share.join("man/man1").join(page)).unwrap();
        let arguments: Vec<&str> = ["man", command]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect();
        assert_eq!(installed, folder.run(&arguments).stdout, "{page}");
    }
    let program = folder.path().join("usr/bin/bucket-cors");
    let version = Command::new(program).arg("--version").output().unwrap();
    assert!(version.status.success(), "{version:?}");
}
