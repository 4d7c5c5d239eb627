//! `make run`, as a user has it: what it prints can be pasted, answers as printed, and Ctrl-C leaves nothing.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::sample::{Sample, built_tool};

/// A line to paste, and what it should answer.
pub(crate) struct Try {
    command: String,
    answer: Vec<String>,
}

fn start(target: &str) -> Sample {
    Sample::start(target, &["PORT", "ADMIN_PORT", "ORIGIN_PORT"])
}

pub(crate) fn greeting(sample: &mut Sample) -> Vec<String> {
    sample.greeting("Serving on ")
}

/// The indented lines of the greeting: a command, and below it what it answers.
pub(crate) fn tries(greeting: &[String]) -> Vec<Try> {
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
pub(crate) fn answer(command: &str) -> Vec<String> {
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
    serves_what_it_prints("run");
}

#[test]
fn so_they_do_with_the_filter_as_a_library() {
    serves_what_it_prints("run-native");
}

fn serves_what_it_prints(target: &str) {
    let mut sample = start(target);
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

    let page = include_str!("../../envoy/deploy.md");
    let probe = page
        .lines()
        .find(|line| line.starts_with("curl -sf -X OPTIONS "))
        .unwrap();
    let probe = probe.replace("10000", &port.to_string());
    let is_ready = || outcome("sh", &["-c", &probe]).0;
    assert!(is_ready());

    let folder = format!("{}/target/run-live", env!("CARGO_MANIFEST_DIR"));
    let file = format!("{folder}/{port}.json");
    let make_rules = || make_rules(&[&format!("ADMIN_PORT={admin}"), &format!("RULES={file}")]);
    let put = |text: &str| {
        std::fs::write(&file, text).unwrap();
        make_rules()
    };
    let rules = include_str!("../../envoy/cors.json");
    let (is_taken, said) = put(&rules.replace("*.example.com", "*.example.org"));
    assert!(is_taken, "{said}");
    assert!(
        said.contains(&format!("{file}: good: 0 errors, 0 warnings\n")),
        "{said}"
    );
    assert!(allowed("https://www.example.org") && !allowed("https://www.example.com"));
    // Its preflight is that of the app, whose rule stands.
    assert!(is_ready());
    let (is_taken, said) = put(&rules.replace("*.example.com", "*.*.com"));
    assert!(
        !is_taken && said.contains(": error: /buckets/0/cors/CORSRules/1/"),
        "{said}"
    );
    assert!(
        said.ends_with(&format!("{file}: refused: 1 error, 0 warnings\n")),
        "{said}"
    );
    assert!(allowed("https://www.example.org"));
    let (is_taken, said) = put(&rules.replace("https://*.example.com", "https://*.example.com/"));
    assert!(
        is_taken && said.contains(": warning: /buckets/0/cors/CORSRules/1/"),
        "{said}"
    );
    let (is_taken, said) = put(rules);
    assert!(is_taken && allowed("https://www.example.com"), "{said}");
    // In JSON's escapes this is two surrogates, of which Envoy's YAML knows nothing.
    let (is_taken, said) = put(&rules.replace("upload-from-the-app", "😀"));
    assert!(is_taken && allowed("https://www.example.com"), "{said}");
    std::fs::write(&file, b"{\"buckets\": \xff}").unwrap();
    let (is_taken, said) = make_rules();
    assert!(
        !is_taken && said.starts_with(&format!("{file}:1:13: error: ")),
        "{said}"
    );
    std::fs::remove_file(&file).unwrap();
    let refused = format!("{file}: error: it cannot be read: No such file or directory (os error 2)\n");
    assert_eq!(make_rules(), (false, refused));

    // What comes to Envoy in another way, which takes the same text a second time for no change.
    let filter = format!("{folder}/{admin}/filter.yaml");
    let good = std::fs::read_to_string(&filter).unwrap();
    let version = version_of(&good);
    let (of_module, _) = version.split_once('-').unwrap();
    assert!(
        good.contains(&format!("target/modules/bucket_cors-{of_module}.wasm")),
        "{good}"
    );
    for bad in ["one", "another"] {
        let rules = good.replace("*.example.com", &format!("*.*.{bad}"));
        let bad = rules.replace(&version, bad);
        std::fs::write(format!("{folder}/{admin}.new"), bad).unwrap();
        std::fs::rename(format!("{folder}/{admin}.new"), &filter).unwrap();
        let refused = format!(
            "Refused: the rules in target/run-live/{admin}/filter.yaml; version {version} stays in force"
        );
        let [said, why] = refusal(&mut sample);
        assert_eq!(said, refused);
        assert!(
            why.starts_with("  /buckets/0/cors/CORSRules/1/AllowedOrigins/0: "),
            "{why}"
        );
        assert!(allowed("https://www.example.com"));
    }
    sample.stop();
    std::fs::write(&file, rules).unwrap();
    let (is_taken, said) = make_rules();
    let (nothing, hint) = said.lines().last().unwrap().split_once(" (").unwrap();
    assert!(!is_taken);
    assert_eq!(nothing, format!("Nothing answers on 127.0.0.1:{admin}"));
    assert!(hint.ends_with(HINT.trim_end()), "{hint}");
    std::fs::remove_file(&file).unwrap();
}

/// The version in a filter's file.
fn version_of(filter: &str) -> String {
    let version = filter
        .lines()
        .find_map(|line| line.strip_prefix("version_info: "));
    version.unwrap().trim_matches('"').to_owned()
}

/// What is said of a refusal, with its first reason; access logs stand before it.
pub(crate) fn refusal(sample: &mut Sample) -> [String; 2] {
    ["Refused: ", "  "].map(|start| sample.greeting(start).pop().unwrap())
}

const HINT: &str = ": make run-live starts it, and ADMIN_PORT says where it runs\n";

/// Whether it went well, and what it said.
pub(crate) fn outcome(program: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("MAKEFLAGS")
        // Make names itself by it.
        .env_remove("MAKELEVEL")
        .envs(built_tool())
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

/// A checkout by itself, in which nothing is built.
#[test]
fn where_no_cases_were_gathered_the_recorded_table_is_printed_at_once() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("checkout");
    std::fs::create_dir_all(folder.join("tests")).unwrap();
    std::fs::write(folder.join("Makefile"), include_str!("../../Makefile")).unwrap();
    let table = include_str!("../conformance.md");
    std::fs::write(folder.join("tests/conformance.md"), table).unwrap();
    let (is_well, said) = outcome(
        "make",
        &["--silent", "-C", folder.to_str().unwrap(), "conformance"],
    );
    assert!(is_well, "{said}");
    let (first, rest) = said.split_once('\n').unwrap();
    assert!(first.contains("no ../shared/conformance"), "{first}");
    assert_eq!(rest, table);
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
    let said = outcome(
        "env",
        &[
            &path,
            "envoy/load-test",
            "target/bucket_cors.wasm",
            "target/libbucket_cors.so",
        ],
    );
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
