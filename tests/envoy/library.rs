//! The filter as a library in a real Envoy: what no case can show. The cases themselves run against it with `NATIVE=1`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::support::envoy::{self, Envoy, Listener};
use crate::support::http::{self, Response};
use crate::trials::{run_all, trials};
use libtest_mimic::Arguments;
use serde_json::{Value, json};

/// Whether all of it holds.
pub(crate) fn run(arguments: &Arguments) -> bool {
    run_all(
        arguments,
        trials![
            every_line_of_the_stores_is_replaced,
            a_struct_is_read_as_its_text,
            a_filter_whose_answer_another_one_looks_at_answers_all_the_same,
            a_client_of_grpc_is_told_what_the_module_would_tell_it,
            a_panic_fails_its_request_closed_and_is_counted,
            a_panic_in_a_hook_that_ends_something_leaves_the_others_alone,
            a_panic_while_loading_refuses_the_configuration,
            nothing_is_exported_but_hooks_of_envoys,
            an_old_c_library_is_enough,
        ],
        Vec::new(),
    )
}

const LISTENER: &str = "edge";
const PAGE: &str = "https://app.example.com";

/// A bucket whose rule admits [`PAGE`], in the `fetch` profile, where an incomplete preflight goes upstream.
fn rules(bucket: &str, profile: &str) -> Value {
    json!({ "profile": profile, "buckets": [{ "name": bucket, "cors": { "CORSRules": [{
        "AllowedOrigins": [PAGE], "AllowedMethods": ["GET", "PUT"], "MaxAgeSeconds": 60.0,
    }] } }] })
}

fn text(rules: &Value) -> Value {
    json!({ "@type": "type.googleapis.com/google.protobuf.StringValue", "value": rules.to_string() })
}

fn filter(library: &Path, name: &str, rules: &Value) -> Value {
    envoy::library_filter(library, name, text(rules))
}

/// The library with faults, whose hook of this name panics.
fn panicking_in(hook: &str) -> Value {
    let name = format!("panic in {hook}");
    filter(&envoy::library_with_faults(), &name, &rules("b", "oss"))
}

/// An Envoy with one listener, in front of a store whose CORS headers let everybody in.
fn start(filters: Vec<Value>) -> Result<Envoy, envoy::NotStarted> {
    let everybody = |name: &str| json!({ "header": { "key": name, "value": "*" } });
    let routes = json!([{
        "match": { "prefix": "/" },
        "direct_response": { "status": 200 },
        "response_headers_to_add": [
            // Three lines: what is read of them must not be read any more once the first one is removed.
            everybody("access-control-allow-origin"),
            everybody("access-control-allow-origin"),
            everybody("access-control-allow-origin"),
            everybody("access-control-expose-headers"),
            everybody("access-control-of-no-standard"),
        ],
    }]);
    let listener = Listener::new(LISTENER, filters).with_routes(routes);
    Envoy::start_with(&envoy::bootstrap(&[listener], &[]), &[])
}

fn started(filters: Vec<Value>) -> Envoy {
    start(filters).unwrap_or_else(|refused| panic!("{}:\n{}", refused.status, refused.log))
}

fn ask(envoy: &Envoy, method: &str, path: &str, lines: &[(&str, &str)]) -> std::io::Result<Response> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: edge.example\r\nconnection: close\r\n");
    for (name, value) in lines {
        request += &format!("{name}: {value}\r\n");
    }
    http::exchange(envoy.port(LISTENER), (request + "\r\n").as_bytes())
}

fn get(envoy: &Envoy) -> std::io::Result<Response> {
    ask(envoy, "GET", "/b/o", &[("origin", PAGE)])
}

/// The headers that a browser looks at, as lines.
fn cors(response: &Response) -> Vec<String> {
    let lines = response.headers.iter();
    let mut lines: Vec<String> = lines
        .filter(|(name, _)| name.starts_with("access-control-") || name == "vary")
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
        .collect();
    lines.sort();
    lines
}

fn statistic(envoy: &Envoy, name: &str) -> u64 {
    let prefix = "dynamicmodulescustom.bucket_cors";
    let line = envoy.admin(&format!("/stats?filter=^{prefix}.{name}$"));
    line.trim().rsplit(' ').next().unwrap().parse().unwrap()
}

const ALLOWED: [&str; 2] = [
    "access-control-allow-origin: https://app.example.com",
    "vary: Origin",
];

fn every_line_of_the_stores_is_replaced() {
    let envoy = started(vec![filter(&envoy::library(), "", &rules("b", "oss"))]);
    let response = get(&envoy).unwrap();
    assert_eq!(
        (response.status, cors(&response)),
        (200, ALLOWED.map(str::to_owned).to_vec())
    );
    let other = ask(&envoy, "GET", "/b/o", &[("origin", "https://other.example")]).unwrap();
    assert_eq!(cors(&other), ["vary: Origin"]);
    assert_eq!(envoy.failures(), Vec::<String>::new());
}

fn a_struct_is_read_as_its_text() {
    let of_text = started(vec![filter(&envoy::library(), "", &rules("b", "s3"))]);
    let given = json!({ "@type": "type.googleapis.com/google.protobuf.Struct", "value": rules("b", "s3") });
    let of_struct = started(vec![envoy::library_filter(&envoy::library(), "", given)]);
    let [text, given] = [of_text, of_struct].map(|envoy| cors(&get(&envoy).unwrap()));
    assert!(
        text.contains(&"access-control-max-age: 60".to_owned()),
        "{text:?}"
    );
    assert_eq!(text, given);
}

/// While one filter answers, Envoy has the other one look at the answer: hook within hook.
fn a_filter_whose_answer_another_one_looks_at_answers_all_the_same() {
    let envoy = started(vec![
        filter(&envoy::library(), "first", &rules("b", "fetch")),
        filter(&envoy::library(), "second", &rules("b", "oss")),
    ]);
    for _ in 0..3 {
        let response = ask(&envoy, "OPTIONS", "/b/o", &[("origin", PAGE)]).unwrap();
        assert_eq!(response.status, 400);
        assert_eq!(cors(&response), ["vary: Origin"]);
        assert!(String::from_utf8(response.body).unwrap().contains("BadRequest"));
        assert_eq!(cors(&get(&envoy).unwrap()), ALLOWED);
    }
    assert_eq!(envoy.failures(), Vec::<String>::new());
}

fn grpc_status(response: &Response) -> Option<String> {
    let mut headers = response.headers.iter();
    let (_, value) = headers.find(|(name, _)| name == "grpc-status")?;
    Some(String::from_utf8_lossy(value).into_owned())
}

fn a_client_of_grpc_is_told_what_the_module_would_tell_it() {
    let envoy = started(vec![filter(&envoy::library(), "", &rules("b", "oss"))]);
    for (asked, content_type, status) in [
        ("PUT", "application/grpc", Some("0")),
        ("PATCH", "application/grpc", Some("7")),
        ("PATCH", "application/grpc+proto", Some("7")),
        ("", "application/grpc", Some("13")),
        ("PATCH", "application/grpc-web", None),
        ("PATCH", "text/plain", None),
    ] {
        let mut lines = vec![("origin", PAGE), ("content-type", content_type)];
        if !asked.is_empty() {
            lines.push(("access-control-request-method", asked));
        }
        let response = ask(&envoy, "OPTIONS", "/b/o", &lines).unwrap();
        assert_eq!(
            grpc_status(&response).as_deref(),
            status,
            "{asked} {content_type}"
        );
    }
}

fn a_panic_fails_its_request_closed_and_is_counted() {
    for hook in ["new", "request_headers", "response_headers"] {
        let envoy = started(vec![panicking_in(hook)]);
        for _ in 0..3 {
            // Not a header of the store's; whether there is a response depends on how far it had come.
            let response = get(&envoy);
            let response = response.unwrap_or_else(|error| panic!("{hook}: {error}"));
            assert!(response.status >= 500, "{hook}: {response:?}");
            assert_eq!(cors(&response), Vec::<String>::new(), "{hook}");
            assert_eq!(response.body, b"", "{hook}");
            assert_eq!(
                response.headers.iter().find(|(name, _)| name == "grpc-status"),
                None
            );
            // A client of gRPC is told in another way.
            let response = ask(&envoy, "GET", "/b/o", &[("content-type", "application/grpc")]).unwrap();
            let status = grpc_status(&response);
            assert!(status.is_some_and(|status| status != "0"), "{hook}: {response:?}");
        }
        assert_eq!(statistic(&envoy, "failures"), 6, "{hook}");
        assert!(
            envoy.log().contains(&format!("was caught in {hook}")),
            "{}",
            envoy.log()
        );
    }
}

fn a_panic_in_a_hook_that_ends_something_leaves_the_others_alone() {
    for hook in ["destroy", "config_destroy"] {
        let envoy = started(vec![panicking_in(hook)]);
        for _ in 0..3 {
            assert_eq!(cors(&get(&envoy).unwrap()), ALLOWED, "{hook}");
        }
    }
}

fn a_panic_while_loading_refuses_the_configuration() {
    let refused = start(vec![panicking_in("config_new")]);
    let log = refused.err().unwrap().log;
    assert!(log.contains("was caught in config_new"), "{log}");
    assert!(log.contains("Failed to initialize dynamic module"), "{log}");
}

/// What a library asks of the system and offers to it, as `nm -D` prints it.
fn symbols(option: &str) -> Vec<String> {
    let output = Command::new("nm")
        .args(["-D", option])
        .arg(envoy::library())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| line.rsplit(' ').next().unwrap().to_owned())
        .collect()
}

fn nothing_is_exported_but_hooks_of_envoys() {
    let exported = symbols("--defined-only");
    let foreign: Vec<_> = exported
        .iter()
        .filter(|name| !name.starts_with("envoy_dynamic_module_on_"))
        .collect();
    assert_eq!(foreign, Vec::<&String>::new());
    assert!(exported.len() > 10);
}

/// What the README promises: any Linux with a C library as old as that, and nothing else.
fn an_old_c_library_is_enough() {
    const GLIBC: (u32, u32) = (2, 35);
    let needed = symbols("--undefined-only");
    let versions = needed.iter().filter_map(|name| name.rsplit_once("@GLIBC_"));
    let newest = versions
        .map(|(name, version)| {
            let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap());
            ((numbers.next().unwrap(), numbers.next().unwrap()), name)
        })
        .max()
        .unwrap();
    assert!(newest.0 <= GLIBC, "{newest:?}");
    let others: BTreeSet<_> = needed
        .iter()
        .filter(|name| !name.contains("@GLIBC_") && !name.starts_with("envoy_dynamic_module_callback_"))
        .collect();
    let of_every_library = [
        "_ITM_deregisterTMCloneTable",
        "_ITM_registerTMCloneTable",
        "__gmon_start__",
    ];
    assert!(
        others
            .iter()
            .all(|name| of_every_library.contains(&name.as_str())),
        "{others:?}"
    );
}
