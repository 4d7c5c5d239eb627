//! What `bucket-cors explain` says that a browser makes of an answer, held against a real one: Chromium, which fetches
//! through an Envoy with the same configuration.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::browser::Browser;
use crate::support::case::UpstreamAnswer;
use crate::support::envoy::{self, Envoy, Listener};
use crate::support::upstream::Upstream;
use crate::trials::{run_all, trials};
use libtest_mimic::Arguments;
use serde_json::{Value, json};

/// Whether all of it holds.
pub(crate) fn run(arguments: &Arguments) -> bool {
    run_all(
        arguments,
        trials![chromium_makes_of_each_answer_what_is_explained],
        Vec::new(),
    )
}

/// A request that a script makes.
struct Fetch {
    method: &'static str,
    headers: &'static [(&'static str, &'static str)],
}

const fn fetch(method: &'static str, headers: &'static [(&'static str, &'static str)]) -> Fetch {
    Fetch { method, headers }
}

const FETCHES: &[Fetch] = &[
    fetch("GET", &[]),
    fetch("HEAD", &[]),
    fetch("get", &[("x-a", "1")]),
    fetch("GET", &[("Authorization", "Basic eA==")]),
    fetch("GET", &[("range", "bytes=0-1")]),
    fetch("GET", &[("range", "bytes=-1")]),
    fetch("GET", &[("accept", "a:b")]),
    fetch("GET", &[("accept-language", "de;q=0.5")]),
    fetch("GET", &[("accept-language", "de_DE")]),
    fetch("POST", &[("content-type", "text/plain;charset=utf-8")]),
    fetch("POST", &[("content-type", "Application/JSON")]),
    fetch("put", &[]),
    fetch(
        "PUT",
        &[("content-type", "application/json"), ("X-B", "2"), ("x-a", "1")],
    ),
    fetch("DELETE", &[]),
    fetch("patch", &[]),
    fetch("PATCH", &[]),
    fetch("TRACE", &[]),
];

/// What Chromium's console says where a check fails.
fn said(check: &str) -> &'static [&'static str] {
    match check {
        "no-allow-origin" => &["No 'Access-Control-Allow-Origin' header is present"],
        "any-origin-with-credentials" => {
            &["must not be the wildcard '*' when the request's credentials mode is 'include'"]
        }
        "no-allow-credentials" => &["'Access-Control-Allow-Credentials' header in the response is"],
        "other-allow-origin" => &[
            "that is not equal to the supplied origin",
            "contains the invalid value",
        ],
        "several-allow-origins" => &["contains multiple values"],
        "method-not-allowed" => &["is not allowed by Access-Control-Allow-Methods"],
        "header-not-allowed" => &["is not allowed by Access-Control-Allow-Headers"],
        "malformed-list" => &["Cannot parse Access-Control-Allow-"],
        "forbidden-method" => &[],
        other => panic!("{other}"),
    }
}

struct ExplainedWorld {
    browser: Browser,
    envoy: Envoy,
    store: Upstream,
    origin: String,
    folder: std::path::PathBuf,
    /// So that no answer is kept from one attempt for another.
    attempts: std::cell::Cell<u32>,
}

/// Configurations: each with the name of its listener.
fn configurations(origin: &str) -> Vec<(&'static str, Value)> {
    let rule = |origin: &str, methods: &[&str]| {
        json!({ "AllowedOrigins": [origin], "AllowedMethods": methods,
                "AllowedHeaders": ["content-type", "X-*"], "MaxAgeSeconds": 600 })
    };
    let bucket = |cors: Value| json!({ "name": "b", "cors": cors });
    let store = &["GET", "HEAD", "PUT", "POST"][..];
    let with = |mut bucket: Value, field: &str, value: Value| {
        bucket[field] = value;
        bucket
    };
    let buckets = [
        ("echo", bucket(json!([rule(origin, store)]))),
        ("star", bucket(json!([rule("*", store)]))),
        (
            "credentials",
            with(
                bucket(json!([rule(origin, store)])),
                "allow_credentials",
                json!(true),
            ),
        ),
        (
            "s3",
            with(
                bucket(json!([rule(origin, &["GET"]), rule("*", store)])),
                "profile",
                json!("s3"),
            ),
        ),
        (
            "fetch",
            with(
                bucket(json!([rule(origin, &["GET", "PATCH", "DELETE", "TRACE"])])),
                "profile",
                json!("fetch"),
            ),
        ),
        (
            "elsewhere",
            bucket(json!([rule("https://elsewhere.example", store)])),
        ),
        ("closed", bucket(json!([]))),
    ];
    buckets
        .into_iter()
        .map(|(name, bucket)| (name, json!({ "buckets": [bucket] })))
        .collect()
}

impl ExplainedWorld {
    fn start() -> Self {
        let store = Upstream::start();
        let origin = format!("http://app.example:{}", store.address().port());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explained");
        fs::create_dir_all(&folder).unwrap();
        let listeners: Vec<Listener> = configurations(&origin)
            .iter()
            .map(|(name, configuration)| {
                fs::write(folder.join(format!("{name}.json")), configuration.to_string()).unwrap();
                Listener::new(name, vec![envoy::bucket_cors(&configuration.to_string())])
            })
            .collect();
        let envoy = Envoy::start(&listeners, store.address())
            .unwrap_or_else(|refused| panic!("Envoy does not start, {}:\n{}", refused.status, refused.log));
        let browser = Browser::start();
        browser.open(&format!("{origin}/page"));
        Self {
            browser,
            envoy,
            store,
            origin,
            folder,
            attempts: std::cell::Cell::new(0),
        }
    }

    fn url(&self, configuration: &str, bucket: &str) -> String {
        self.attempts.set(self.attempts.get() + 1);
        let port = self.envoy.port(configuration);
        format!("http://store.example:{port}/{bucket}/{}", self.attempts.get())
    }

    /// Whether the page may see the response, and what the console says.
    fn in_chromium(&self, url: &str, fetch: &Fetch, credentials: bool) -> (bool, String) {
        self.browser.console();
        let script = "const [url, method, headers, credentials] = arguments;
                      await fetch(url, { method, headers, credentials: credentials ? 'include' : 'omit', cache: 'no-store' })";
        let arguments = [
            json!(url),
            json!(fetch.method),
            json!(fetch.headers),
            json!(credentials),
        ];
        let outcome = self.browser.run(script, &arguments);
        (
            outcome.is_ok(),
            format!("{outcome:?} {}", self.browser.console().join("\n")),
        )
    }

    fn explained(&self, configuration: &str, arguments: &[&str]) -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_bucket-cors"))
            .args(["explain", "--format", "json", "--origin", &self.origin])
            .arg(self.folder.join(format!("{configuration}.json")))
            .args(arguments)
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }
}

fn compare(what: &str, explanation: &Value, (is_seen, console): (bool, String), wrong: &mut Vec<String>) {
    let verdict = &explanation["verdict"];
    let agrees = match verdict["outcome"].as_str().unwrap() {
        "allowed" => is_seen,
        // The one place where Chromium does less than the standard asks of it.
        "refused"
            if verdict["message"]
                .as_str()
                .unwrap()
                .ends_with(", except in Chromium") =>
        {
            is_seen
        }
        "refused" => {
            let phrases = said(verdict["check"].as_str().unwrap());
            !is_seen && (phrases.is_empty() || phrases.iter().any(|phrase| console.contains(phrase)))
        }
        _ => false,
    };
    if !agrees {
        wrong.push(format!("{what}: {verdict}, but Chromium: {console}"));
    }
}

fn chromium_makes_of_each_answer_what_is_explained() {
    let world = ExplainedWorld::start();
    let mut wrong = Vec::new();
    let mut outcomes = [0, 0];
    for (name, _) in configurations(&world.origin) {
        for fetch in FETCHES {
            for credentials in [false, true] {
                let url = world.url(name, "b");
                let mut arguments = vec!["--url", &url, "--method", fetch.method];
                let headers: Vec<String> = fetch
                    .headers
                    .iter()
                    .map(|(header, value)| format!("{header}: {value}"))
                    .collect();
                headers.iter().for_each(|header| arguments.extend(["-H", header]));
                arguments.extend(credentials.then_some("--credentials"));
                let explanation = world.explained(name, &arguments);
                let seen = world.in_chromium(&url, fetch, credentials);
                outcomes[usize::from(seen.0)] += 1;
                let what = format!("{name}: {} {headers:?} {credentials}", fetch.method);
                compare(&what, &explanation, seen, &mut wrong);
            }
        }
    }
    answers_of_the_store(&world, &mut wrong);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(outcomes[0] > 50 && outcomes[1] > 50, "{outcomes:?}");
}

/// Answers to a preflight that the edge would never give: of a bucket that is not listed.
fn answers_of_the_store(world: &ExplainedWorld, wrong: &mut Vec<String>) {
    let put = Fetch {
        method: "PUT",
        headers: &[("authorization", "x"), ("x-a", "1")],
    };
    let both = "authorization, X-A";
    let origin = world.origin.as_str();
    let other = format!("{origin}0");
    let answers: &[(&str, &str, &str, &str)] = &[
        (origin, "true", "PUT", both),
        (origin, "True", "PUT", both),
        (origin, "", "PUT", both),
        ("*", "", "PUT", both),
        ("*", "true", "PUT", both),
        (&other, "true", "PUT", both),
        (origin, "true", "put", both),
        (origin, "true", "*", both),
        (origin, "true", "", both),
        (origin, "true", "GET", both),
        (origin, "true", "PUT", "*"),
        (origin, "true", "PUT", "*, authorization"),
        (origin, "true", "PUT", "authorization"),
        (origin, "true", "PUT", ""),
        (origin, "true", "PUT;", both),
        (origin, "true", "PUT", "authorization, x a"),
        ("null", "true", "PUT", both),
        ("", "true", "PUT", both),
    ];
    for (allow_origin, allow_credentials, methods, names) in answers {
        let headers: Vec<(String, String)> = [
            ("access-control-allow-origin", allow_origin),
            ("access-control-allow-credentials", allow_credentials),
            ("access-control-allow-methods", methods),
            ("access-control-allow-headers", names),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), (*value).to_owned()))
        .collect();
        let lines: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        // Of every request that names no case.
        world.store.prepare(
            "",
            UpstreamAnswer {
                headers,
                ..UpstreamAnswer::default()
            },
        );
        for credentials in [false, true] {
            let url = world.url("echo", "unlisted");
            let mut arguments = vec!["--url", &url, "--method", "OPTIONS", "--request-method", "PUT"];
            arguments.extend(["--request-headers", "authorization,x-a"]);
            lines
                .iter()
                .for_each(|line| arguments.extend(["--response-header", line]));
            arguments.extend(credentials.then_some("--credentials"));
            let explanation = world.explained("echo", &arguments);
            let seen = world.in_chromium(&url, &put, credentials);
            compare(&format!("{lines:?} {credentials}"), &explanation, seen, wrong);
        }
    }
}
