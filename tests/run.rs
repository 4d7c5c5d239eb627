//! `make run`, as a user has it: what it prints can be pasted, answers as printed, and Ctrl-C leaves nothing.

// A test may fail by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/sample.rs"]
mod sample;

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use sample::Sample;

/// A line to paste, and what it should answer.
struct Try {
    command: String,
    answer: Vec<String>,
}

fn start(target: &str) -> Sample {
    Sample::start(target, &["PORT", "ADMIN_PORT", "ORIGIN_PORT"])
}

fn greeting(sample: &mut Sample) -> Vec<String> {
    sample.greeting("Serving on ")
}

/// The indented lines of the greeting: a command, and below it what it answers.
fn tries(greeting: &[String]) -> Vec<Try> {
    let mut tries: Vec<Try> = Vec::new();
    for line in greeting {
        if let Some(answer) = line.strip_prefix("    ") {
            tries.last_mut().unwrap().answer.push(answer.to_owned());
        } else if let Some(command) = line.strip_prefix("  ") {
            tries.push(Try {
                command: command.to_owned(),
                answer: Vec::new(),
            });
        }
    }
    tries
}

/// The status line and the headers that CORS is about, of what curl printed.
fn answer(command: &str) -> Vec<String> {
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n").map(str::to_owned);
    let status = lines.next().unwrap();
    let mut headers: Vec<String> = lines
        .filter(|line| line.starts_with("access-control-") || line.starts_with("vary:"))
        .collect();
    headers.sort();
    [vec![status], headers].concat()
}

#[test]
fn the_printed_lines_answer_as_printed_and_nothing_is_left() {
    let mut sample = start("run");
    let greeting = greeting(&mut sample);
    let page = format!("http://127.0.0.1:{}/playground/", sample.ports[0]);
    assert!(greeting.iter().any(|line| line.ends_with(&page)), "{greeting:#?}");
    assert_serves_the_page(&page);
    let tries = tries(&greeting);
    assert_eq!(tries.len(), 3);
    for Try {
        command,
        answer: mut printed,
    } in tries
    {
        printed[1..].sort();
        assert_eq!(answer(&command), printed, "{command}");
    }

    let body = answer_body(sample.ports[0]);
    assert_eq!(body, "just for test");

    sample.stop();
    let deadline = Instant::now() + Duration::from_secs(5);
    for &port in &sample.ports {
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            assert!(Instant::now() < deadline, "something still listens on {port}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn rules_change_while_it_runs_and_refused_ones_change_nothing() {
    let mut sample = start("run-live");
    let greeting = greeting(&mut sample);
    assert_serves_the_page(&format!("http://127.0.0.1:{}/playground/", sample.ports[0]));
    let hint = greeting.iter().find(|line| line.contains("make rules")).unwrap();
    let (port, admin) = (sample.ports[0], sample.ports[1]);
    assert!(hint.ends_with(&format!("ADMIN_PORT={admin}")), "{hint}");
    let command = tries(&greeting)[0].command.clone();
    let allowed = |origin: &str| {
        let command = command.replace("https://www.example.com", origin);
        answer(&command)
            .join(" ")
            .contains(&format!("allow-origin: {origin}"))
    };
    assert!(allowed("https://www.example.com"));

    let folder = format!("{}/target/run-live", env!("CARGO_MANIFEST_DIR"));
    let file = format!("{folder}/{port}.json");
    let make_rules = || make_rules(&[&format!("ADMIN_PORT={admin}"), &format!("RULES={file}")]);
    let put = |text: &str| {
        std::fs::write(&file, text).unwrap();
        make_rules()
    };
    let rules = include_str!("../envoy/cors.json");
    let (is_taken, said) = put(&rules.replace("*.example.com", "*.example.org"));
    assert!(is_taken, "{said}");
    assert!(allowed("https://www.example.org") && !allowed("https://www.example.com"));
    // Twice, since Envoy takes the same text again for no change.
    for _ in 0..2 {
        let (is_taken, said) = put(&rules.replace("*.example.com", "*.*.com"));
        assert!(!is_taken && said.contains("Refused"), "{said}");
        assert!(allowed("https://www.example.org"));
    }
    let (is_taken, said) = put(rules);
    assert!(is_taken && allowed("https://www.example.com"), "{said}");
    // In JSON's escapes this is two surrogates, of which Envoy's YAML knows nothing.
    let (is_taken, said) = put(&rules.replace("upload-from-the-app", "😀"));
    assert!(is_taken && allowed("https://www.example.com"), "{said}");
    std::fs::write(&file, b"{\"buckets\": \xff}").unwrap();
    let refused = format!("{file} cannot be read: byte 12 is not UTF-8\n");
    assert_eq!(make_rules(), (false, refused));
    std::fs::remove_file(&file).unwrap();
    let refused = format!("{file} cannot be read: No such file or directory\n");
    assert_eq!(make_rules(), (false, refused));
    sample.stop();
    std::fs::write(&file, rules).unwrap();
    let (is_taken, said) = make_rules();
    let (nothing, hint) = said.split_once(" (").unwrap();
    assert!(!is_taken);
    assert_eq!(nothing, format!("Nothing answers on 127.0.0.1:{admin}"));
    assert!(hint.ends_with(HINT), "{hint}");
    std::fs::remove_file(&file).unwrap();
}

const HINT: &str = ": make run-live starts it, and ADMIN_PORT says where it runs\n";

/// Whether it went well, and what it said.
fn outcome(program: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("MAKEFLAGS")
        // Make names itself by it.
        .env_remove("MAKELEVEL")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

fn make_rules(variables: &[&str]) -> (bool, String) {
    let (is_well, said) = outcome("make", &[&["--silent", "rules"], variables].concat());
    // Make's own line comes behind it.
    let own = said.split("make: *** ").next().unwrap_or_default();
    (is_well, own.to_owned())
}

#[test]
fn what_cannot_be_started_is_said_in_one_line() {
    let listeners = [0; 2].map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap());
    let [one, other] = listeners.map(|listener| listener.local_addr().unwrap().port().to_string());
    let names = "with PORT, ADMIN_PORT, ORIGIN_PORT\n";
    // What `make run` ends with; before that it builds.
    let run = |ports: &[&str]| outcome("envoy/run", &[&["envoy"], ports].concat());
    for port in ["abc", "0", "65536", "010000", "-1", "1e4"] {
        let refused = format!("'{port}' is no port from 1 to 65535: choose one {names}");
        assert_eq!(run(&[port, &one]), (false, refused));
    }
    let refused = format!("127.0.0.1:{one} is asked for twice: choose different ones {names}");
    assert_eq!(run(&[&one, &other, &one]), (false, refused));
    assert_eq!(
        make_rules(&[&format!("ADMIN_PORT=not-{one}")]),
        (
            false,
            format!("Nothing was started with its admin on 127.0.0.1:not-{one}{HINT}")
        )
    );
}

#[test]
fn where_only_requests_with_an_origin_enter_the_filter_the_answers_are_the_same() {
    let mut samples = ["run", "run-origin-only"].map(start);
    for sample in &mut samples {
        greeting(sample);
    }
    let requests = [
        "/oss-cors-test/o",
        "/oss-cors-test/o -X PUT",
        "/oss-cors-test/o -X OPTIONS",
        "/oss-cors-test/o -H 'Origin: https://www.example.com'",
        "/oss-cors-test/o -H 'Origin: https://app.example.com' -X PUT",
        "/oss-cors-test/o -H 'Origin: https://evil.example'",
        "/oss-cors-test/o -H 'Origin: null'",
        "/oss-cors-test/o -H 'Origin;'",
        "/oss-cors-test/o -X OPTIONS -H 'Origin: https://app.example.com'",
        "/oss-cors-test/o -X OPTIONS -H 'Origin: https://app.example.com' -H 'Access-Control-Request-Method: PUT'",
        "/oss-cors-test/o -X OPTIONS -H 'Origin: https://evil.example' -H 'Access-Control-Request-Method: PUT'",
        // Envoy's own reply: it takes no such path.
        "/oss-cors-test/%00 -H 'Origin: https://www.example.com'",
        "/oss-cors-test/%00",
    ];
    for request in requests {
        let [before, after] = [&samples[0], &samples[1]]
            .map(|sample| answer(&format!("curl -si http://127.0.0.1:{}{request}", sample.ports[0])));
        assert_eq!(before, after, "{request}");
    }
}

#[test]
fn a_load_test_without_an_image_says_what_names_one() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let docker = format!("{folder}/docker");
    // An engine that cannot have the images.
    std::fs::write(&docker, "#!/bin/sh\ncase \"$*\" in *\" up \"*) exit 18 ;; esac\n").unwrap();
    assert_eq!(outcome("chmod", &["+x", &docker]), (true, String::new()));
    let path = format!("PATH={folder}:{}", std::env::var("PATH").unwrap());
    let said = outcome("env", &[&path, "envoy/load-test", "target/bucket_cors.wasm"]);
    let hint = "Where an image cannot be had, ENVOY_IMAGE and LOAD_IMAGE can name ones of this machine\n";
    assert_eq!(said, (false, hint.to_owned()));
}

/// The module in it, which is the largest file, to the last byte.
fn assert_serves_the_page(page: &str) {
    let url = format!("{page}bucket_cors.wasm");
    let output = Command::new("curl").args(["-s", &url]).output().unwrap();
    let module = std::fs::read(format!("{}/target/bucket_cors.wasm", env!("CARGO_MANIFEST_DIR"))).unwrap();
    assert!(output.stdout == module, "{url}: {} bytes", output.stdout.len());
}

fn answer_body(port: u16) -> String {
    let url = format!("http://127.0.0.1:{port}/oss-cors-test/any/object.txt");
    String::from_utf8(Command::new("curl").args(["-s", &url]).output().unwrap().stdout).unwrap()
}
