//! A result that cannot be written.

use std::fs::OpenOptions;
use std::io::Read;
use std::process::{Command, Stdio};

/// A command of each kind that prints a result.
const COMMANDS: [&[&str]; 11] = [
    &["check", "envoy/cors.json"],
    &["check", "--format", "json", "envoy/cors.json"],
    &["check", "--format", "sarif", "envoy/cors.json"],
    &[
        "explain",
        "envoy/cors.json",
        "--url",
        "https://edge.example/oss-cors-test/a.txt",
        "--origin",
        "https://www.example.com",
    ],
    &[
        "import",
        "--from",
        "s3",
        "--bucket",
        "photos",
        "tests/tool/readme/cors.xml",
    ],
    &["clients"],
    &[
        "recipe",
        "all",
        "--profile",
        "fetch",
        "--origin",
        "https://a.example",
    ],
    &["completions", "bash"],
    &["man"],
    &["help", "check"],
    &["--version"],
];

fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bucket-cors"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

#[test]
fn a_full_disk_is_an_error_in_every_command() {
    for arguments in COMMANDS {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = tool(arguments)
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(
            said.contains("the result cannot be written: No space left"),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn a_closed_output_or_one_that_is_only_read_is_an_error() {
    for arguments in COMMANDS {
        for redirection in [">&-", "1</dev/null", "1<Cargo.toml"] {
            let script = format!("exec \"$@\" {redirection}");
            let output = Command::new("sh")
                .args(["-c", &script, "sh", env!("CARGO_BIN_EXE_bucket-cors")])
                .args(arguments)
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .output()
                .unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(
                output.status.code(),
                Some(2),
                "{redirection} {arguments:?}: {said}"
            );
            assert!(
                said.contains("the result cannot be written"),
                "{redirection} {arguments:?}: {said}"
            );
        }
    }
}

#[test]
fn nobody_to_read_it_is_no_error() {
    for arguments in COMMANDS {
        // Python's DEVNULL and Node's `ignore` are open for both.
        for is_read in [false, true] {
            let null = OpenOptions::new().read(is_read).write(true).open("/dev/null");
            let output = tool(arguments).stdout(null.unwrap()).output().unwrap();
            assert!(output.status.success(), "{arguments:?}: {output:?}");
        }
    }
    // A pipe whose reader goes away before all is written.
    let mut child = tool(&["man"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_pipe_and_a_link_stay_what_they_are_when_an_import_is_written_to_them() {
    let folder = crate::tool::Folder::new("kept")
        .with("photos.json", RULES)
        .with("target.json", "before");
    let path = |name: &str| folder.path().join(name);
    std::os::unix::fs::symlink("target.json", path("link.json")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(path("pipe"))
            .status()
            .unwrap()
            .success()
    );
    let reader = std::thread::spawn({
        let pipe = path("pipe");
        move || std::fs::read_to_string(pipe).unwrap()
    });
    for name in ["pipe", "link.json"] {
        let output = folder.run(&["import", "photos.json", "-o", name]);
        assert_eq!(output.code, 0, "{output:?}");
    }
    let written = reader.join().unwrap();
    assert!(written.contains("\"photos\""), "{written}");
    assert_eq!(std::fs::read_to_string(path("target.json")).unwrap(), written);
    assert!(path("link.json").is_symlink() && !std::fs::metadata(path("pipe")).unwrap().is_file());
}

const RULES: &str = r#"[{"AllowedOrigins": ["https://a.example"], "AllowedMethods": ["GET", "HEAD"]}]"#;

#[test]
fn of_two_files_with_rules_of_one_bucket_the_first_stands() {
    let other = RULES.replace("a.example", "b.example");
    let folder = crate::tool::Folder::new("twice")
        .with("photos.json", RULES)
        .with("photos.cors.json", &other);
    let output = folder.run(&["import", "photos.json", "photos.cors.json"]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(
        output.stdout.contains("a.example") && !output.stdout.contains("b.example"),
        "{output:?}"
    );
    let said = "photos.cors.json: not carried over: other rules of the bucket \"photos\": those at photos.json stand [second-policy]";
    assert!(output.stderr.contains(said), "{output:?}");
    folder.write("photos.cors.json", RULES);
    let output = folder.run(&["import", "photos.json", "photos.cors.json"]);
    assert_eq!(output.code, 0, "{output:?}");
}
