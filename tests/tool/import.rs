//! `bucket-cors import`.

#[path = "import/beside.rs"]
mod beside;
#[path = "import/by_hand.rs"]
mod by_hand;
#[path = "import/chain.rs"]
mod chain;
#[path = "import/codes.rs"]
mod codes;
#[path = "import/delegation.rs"]
mod delegation;
#[path = "import/documents.rs"]
mod documents;
#[path = "import/drawn_envoy_gateway.rs"]
mod drawn_envoy_gateway;
#[path = "import/drawn_istio.rs"]
mod drawn_istio;
#[path = "import/envoy.rs"]
mod envoy;
#[path = "import/envoy_gateway.rs"]
mod envoy_gateway;
#[path = "import/envoy_levels.rs"]
mod envoy_levels;
#[path = "import/exports.rs"]
mod exports;
#[path = "import/field_places.rs"]
mod field_places;
#[path = "import/fields.rs"]
mod fields;
#[path = "import/gateway_listeners.rs"]
mod gateway_listeners;
#[path = "import/gateway_reach.rs"]
mod gateway_reach;
#[path = "import/held.rs"]
mod held;
#[path = "import/held_envoy_gateway.rs"]
mod held_envoy_gateway;
#[path = "import/held_istio.rs"]
mod held_istio;
#[path = "import/host_ports.rs"]
mod host_ports;
#[path = "import/hostile.rs"]
mod hostile;
#[path = "import/hosts.rs"]
mod hosts;
#[path = "import/imported.rs"]
mod imported;
#[path = "import/ingress_class.rs"]
mod ingress_class;
#[path = "import/ingress_nginx.rs"]
mod ingress_nginx;
#[path = "import/ingress_order.rs"]
mod ingress_order;
#[path = "import/istio.rs"]
mod istio;
#[path = "import/istio_ingress.rs"]
mod istio_ingress;
#[path = "import/met.rs"]
mod met;
#[path = "import/most_particular.rs"]
mod most_particular;
#[path = "import/mounted_texts.rs"]
mod mounted_texts;
#[path = "import/nginx_held.rs"]
mod nginx_held;
#[path = "import/no_object.rs"]
mod no_object;
#[path = "import/one_host.rs"]
mod one_host;
#[path = "import/options.rs"]
mod options;
#[path = "import/origins.rs"]
mod origins;
#[path = "import/own_buckets.rs"]
mod own_buckets;
#[path = "import/patches.rs"]
mod patches;
#[path = "import/paths.rs"]
mod paths;
#[path = "import/plans.rs"]
mod plans;
#[path = "import/reach.rs"]
mod reach;
#[path = "import/real_envoy.rs"]
mod real_envoy;
#[path = "import/samples.rs"]
mod samples;
#[path = "import/second.rs"]
mod second;
#[path = "import/templates.rs"]
mod templates;
#[path = "import/together.rs"]
mod together;
#[path = "import/told.rs"]
mod told;
#[path = "import/unusable_hosts.rs"]
mod unusable_hosts;
#[path = "import/values.rs"]
mod values;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use bucket_cors::config;

/// Samples, as the tools named in them print them; beside each what is printed for it.
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tool/import");

/// What a run printed.
#[derive(Debug, PartialEq)]
struct Printed {
    status: i32,
    stdout: String,
    stderr: String,
}

/// How many seconds of a processor any import may take, without optimisation: work that grows with the square of what
/// is read takes minutes. Of a processor, since a busy machine does not change that.
const LONGEST: &str = "--cpu=20";

/// Runs `bucket-cors import` among the samples, with something on standard input.
fn import(arguments: &[&str], stdin: &[u8]) -> Printed {
    let mut child = Command::new("prlimit")
        .args([LONGEST, env!("CARGO_BIN_EXE_bucket-cors"), "import"])
        .args(arguments)
        .current_dir(SAMPLES)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.to_vec();
    // What a run does not read to its end is its own matter.
    let writer = std::thread::spawn(move || _ = pipe.write_all(&stdin));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let mut printed = Printed {
        status: output.status.code().expect("no exit status: a signal ended it"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    if !printed.stdout.is_empty() {
        take_summary(&mut printed);
    }
    assert!(!printed.stderr.contains("panicked"), "{}", printed.stderr);
    printed
}

/// Takes the last line off, which says how much there was of everything.
fn take_summary(printed: &mut Printed) {
    let stderr = printed.stderr.trim_end();
    let (rest, summary) = stderr.rsplit_once('\n').unwrap_or(("", stderr));
    let buckets = config::parse(printed.stdout.as_bytes()).0.unwrap().buckets;
    let said = |weight: &str| rest.lines().filter(|line| line.contains(weight)).count();
    let rules: usize = buckets.iter().map(|bucket| bucket.rules.len()).sum();
    let start = format!("buckets: {}, rules: {rules}, not carried over: ", buckets.len());
    let counts = summary
        .strip_prefix(&start)
        .unwrap_or_else(|| panic!("{summary}"));
    let (lost, less) = counts.split_once(", loses meaning: ").unwrap();
    if !rest.contains("\nand ") {
        assert_eq!(lost.parse(), Ok(said(": not carried over: ")), "{stderr}");
        assert_eq!(less.parse(), Ok(said(": loses meaning: ")), "{stderr}");
    }
    let end = if rest.is_empty() { 0 } else { rest.len() + 1 };
    printed.stderr.truncate(end);
}

/// The same with the file that comes first among the arguments on standard input.
fn import_text(from: &str, text: &str) -> Printed {
    import(&["--from", from, "--bucket", "b", "-"], text.as_bytes())
}

/// Holds a run against the files `expected/<name>.json` and `expected/<name>.txt`.
fn assert_prints(name: &str, arguments: &[&str], status: i32) {
    let printed = import(arguments, b"");
    let expected = |kind: &str| {
        let path = Path::new(SAMPLES).join(format!("expected/{name}.{kind}"));
        std::fs::read_to_string(path).unwrap_or_default()
    };
    assert_eq!(printed.stderr, expected("txt"), "{name}");
    assert_eq!(printed.stdout, expected("json"), "{name}");
    assert_eq!(printed.status, status, "{name}");
    assert_loads(&printed.stdout);
}

/// The core takes what was printed, if anything was.
fn assert_loads(stdout: &str) {
    if !stdout.is_empty() {
        let (_, report) = config::read(stdout.as_bytes(), &mut Vec::new());
        assert!(report.errors.is_empty(), "{:?}", report.errors);
    }
}

/// What Envoy's routes become: the buckets, with what they have beside their rules, and the remarks.
fn of_envoy(text: &str) -> (Vec<String>, String) {
    let printed = import(&["--from", "envoy", "-"], text.as_bytes());
    assert_loads(&printed.stdout);
    let parsed = config::parse(printed.stdout.as_bytes()).0;
    let buckets = parsed
        .map(|configuration| configuration.buckets)
        .unwrap_or_default();
    let shown = buckets.iter().map(|bucket| {
        let origins: Vec<_> = bucket
            .rules
            .iter()
            .flat_map(|rule| &rule.allowed_origins)
            .collect();
        let origins: Vec<_> = origins.iter().map(|origin| origin.as_str()).collect();
        format!("{} on {:?}: {origins:?}", bucket.name, bucket.hosts)
    });
    (shown.collect(), printed.stderr)
}
