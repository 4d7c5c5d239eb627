//! What needs a Docker engine: the load test of docker-compose.yaml, run for real, and the Dockerfile. Where no engine runs,
//! these are ignored, and the output says so.
//!
//! No image is pulled: the load test's are built of Debian's packages and the Envoy that the other tests use.

// A test may fail by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::print_stdout
)]

// Two paths of it are all that is used.
#[allow(unused_imports)]
mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::{Arguments, Trial};

fn main() {
    let missing = ["docker info", "apt-get --version", "dpkg-deb --version"]
        .into_iter()
        .find(|command| !succeeds(command));
    let trial = |name: &str, test: fn()| {
        let trial = Trial::test(name, move || {
            test();
            Ok(())
        });
        match missing {
            Some(command) => trial
                .with_kind(format!("`{command}` fails here"))
                .with_ignored_flag(true),
            None => trial,
        }
    };
    let trials = vec![
        trial(
            "the_load_test_measures_both_sides_without_an_error_and_leaves_nothing",
            load_test,
        ),
        trial("the_dockerfile_makes_an_image_of_the_module_alone", dockerfile),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn succeeds(command: &str) -> bool {
    let mut words = command.split(' ');
    Command::new(words.next().unwrap())
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a command prints; it has to succeed.
fn output(command: &mut Command) -> String {
    let output = command
        .current_dir(checkout())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}\n{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

fn docker(arguments: &[&str]) -> String {
    output(Command::new("docker").args(arguments)).trim().to_owned()
}

/// The numbers in a line.
fn numbers(line: &str) -> Vec<f64> {
    line.split([' ', ','])
        .filter_map(|word| word.parse().ok())
        .collect()
}

fn load_test() {
    let images = output(Command::new(".ci/load-images").arg(support::envoy::binary()));
    let (envoy, load) = images.trim().split_once(' ').unwrap();
    let project = format!("bucket-cors-test-{}", std::process::id());
    let printed = output(
        // It removes what it started when it is told to end, too.
        Command::new("timeout")
            .args(["180", "envoy/load-test"])
            .arg(support::envoy::module())
            .arg(&project)
            .env("ENVOY_IMAGE", envoy)
            .env("LOAD_IMAGE", load)
            .env("LOAD_SECONDS", "1")
            .env("LOAD_CONNECTIONS", "16"),
    );
    println!("{printed}");

    let label = format!("label=com.docker.compose.project={project}");
    for kind in ["container", "network", "volume"] {
        let mut list = vec![kind, "ls", "--quiet", "--filter", &label];
        if kind == "container" {
            list.push("--all");
        }
        assert_eq!(docker(&list), "", "a {kind} is left");
    }

    for side in [
        "without the filter",
        "with the filter",
        "with the filter, preflights",
    ] {
        let line = |follows: &str| {
            let begin = format!("{side}{follows}");
            let line = printed.lines().find(|line| line.starts_with(&begin));
            numbers(
                line.unwrap_or_else(|| panic!("{side}: {printed}"))
                    .strip_prefix(&begin)
                    .unwrap(),
            )
        };
        let [answers, wrong, errors] = line(":")[..] else {
            panic!("{printed}");
        };
        assert!(answers > 0.0 && wrong == 0.0 && errors == 0.0, "{printed}");
        let [throughput, p50, p90, p99, max, errors] = line("  ")[..] else {
            panic!("{printed}");
        };
        assert!(throughput > 0.0 && errors == 0.0, "{printed}");
        assert!(0.0 < p50 && p50 <= p90 && p90 <= p99 && p99 <= max, "{printed}");
    }
}

fn dockerfile() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dockerfile");
    fs::create_dir_all(&folder).unwrap();
    let module = fs::read(support::envoy::module()).unwrap();
    fs::write(folder.join("bucket_cors.wasm"), &module).unwrap();

    let tag = format!("bucket-cors-test/module:{}", std::process::id());
    let folder = folder.to_str().unwrap();
    docker(&[
        "build",
        "--quiet",
        "--file",
        "envoy/Dockerfile",
        "--tag",
        &tag,
        folder,
    ]);
    let layers = docker(&["image", "inspect", "--format", "{{len .RootFS.Layers}}", &tag]);
    // An image without a command needs one for its container to exist; it is not run.
    let container = docker(&["create", &tag, "nothing"]);
    let copied = format!("{folder}/copied.wasm");
    docker(&["cp", &format!("{container}:/plugin.wasm"), &copied]);
    docker(&["rm", &container]);
    docker(&["rmi", &tag]);
    assert_eq!(layers, "1");
    assert!(fs::read(copied).unwrap() == module);
}
