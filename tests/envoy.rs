//! The built module in a real Envoy: every case, each a test of its own.
//!
//! One Envoy serves them all, with a listener for each configuration: they share a VM, so a configuration that leaked
//! into another, or a request that took the VM down, would be seen by the others.

// A test may fail by panicking, and reports on standard error.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#![allow(clippy::arithmetic_side_effects, clippy::string_slice, clippy::print_stderr)]

mod support;

use std::collections::BTreeMap;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::json;

use support::answer::Answer;
use support::case::{self, Case};
use support::conformance;
use support::envoy::{self, Envoy, Listener};
use support::http;
use support::upstream::{CASE_HEADER, Upstream};

/// What all trials share.
struct World {
    envoy: Envoy,
    upstream: Upstream,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let suites = suites();
    let listeners = Listeners::of(suites.iter().flat_map(|suite| &suite.cases));
    let upstream = Upstream::start();
    let envoy = Envoy::start(&listeners.all, upstream.address())
        .unwrap_or_else(|refused| panic!("Envoy does not start, {}:\n{}", refused.status, refused.log));
    let world = Arc::new(World { envoy, upstream });

    let mut trials = vec![
        Trial::test(
            "start: an invalid configuration is refused with all of its errors",
            invalid_configuration,
        ),
        Trial::test(
            "start: a Struct is refused, and says what to use instead",
            struct_configuration,
        ),
        Trial::test("start: no configuration is refused", no_configuration),
    ];
    for suite in suites {
        trials.extend(suite.cases.into_iter().map(|case| {
            let (world, listener) = (world.clone(), listeners.name_for(&case.configuration));
            let differs = suite.differs.contains(&case.name);
            Trial::test(format!("{}{}", suite.prefix, case.name), move || {
                verdict(world.problems(&listener, &case)?, differs)
            })
        }));
        trials.extend(suite.decided.into_iter().map(|(name, problem)| {
            let differs = suite.differs.contains(&name);
            let name = format!("{}{name}", suite.prefix);
            Trial::test(name, move || verdict(problem.into_iter().collect(), differs))
        }));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);

    // Once the others are through.
    let closing = vec![Trial::test("log: no VM failed", move || {
        match world.envoy.failures().as_slice() {
            [] => Ok(()),
            lines => Err(lines.join("\n").into()),
        }
    })];
    let closing = libtest_mimic::run(&arguments, closing);
    if conclusion.has_failed() || closing.has_failed() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// Cases of one source.
struct Suite {
    prefix: &'static str,
    cases: Vec<Case>,
    /// Cases that needed no request, with their problem.
    decided: Vec<(String, Option<String>)>,
    /// The names of those that the project answers differently on purpose.
    differs: Vec<String>,
}

fn suites() -> Vec<Suite> {
    let own = Suite {
        prefix: "",
        cases: case::load_all(),
        decided: Vec::new(),
        differs: Vec::new(),
    };
    if conformance::folder().is_none() {
        eprintln!("The gathered conformance cases are not beside this checkout: they do not run.");
        return vec![own];
    }
    let (origins, refused) = conformance::origins();
    let refused = refused.into_iter().map(|(name, admitted)| {
        (
            name,
            admitted.then(|| "the patterns are refused, so nothing is admitted".to_owned()),
        )
    });
    let gathered = |prefix, cases: Vec<Case>, decided: Vec<_>| {
        let differs = conformance::differences()
            .into_iter()
            .map(|difference| difference.id);
        Suite {
            prefix,
            cases,
            decided,
            differs: differs.collect(),
        }
    };
    vec![
        own,
        gathered("conformance: answers: ", conformance::answers("oss"), Vec::new()),
        gathered("conformance: answers: ", conformance::answers("s3"), Vec::new()),
        gathered("conformance: origins: ", origins, refused.collect()),
        gathered("conformance: hostile: ", conformance::hostile(), Vec::new()),
    ]
}

/// One listener for each configuration.
struct Listeners {
    all: Vec<Listener>,
    names: BTreeMap<Arc<str>, String>,
}

impl Listeners {
    fn of<'a>(cases: impl Iterator<Item = &'a Case>) -> Self {
        let mut listeners = Self {
            all: Vec::new(),
            names: BTreeMap::new(),
        };
        for case in cases {
            if !listeners.names.contains_key(&case.configuration) {
                let name = format!("{} and its like", case.name);
                listeners.all.push(Listener::new(
                    &name,
                    vec![envoy::bucket_cors(&case.configuration)],
                ));
                listeners.names.insert(case.configuration.clone(), name);
            }
        }
        listeners
    }

    fn name_for(&self, configuration: &str) -> String {
        self.names[configuration].clone()
    }
}

impl World {
    /// In what the answer to a case is wrong, and whether the worker lived to tell.
    fn problems(&self, listener: &str, case: &Case) -> io::Result<Vec<String>> {
        let port = self.envoy.port(listener);
        self.upstream.prepare(&case.name, case.upstream.clone());
        let response = http::exchange(port, &http::serialise(&case.request, (CASE_HEADER, &case.name)))?;
        let answer = Answer {
            reached_upstream: !self.upstream.received(&case.name).is_empty(),
            status: response.status,
            headers: response.headers,
            body: response.body,
        };
        let mut problems = case.expectation.problems(&answer);
        // A VM that failed answers 503 until it is made anew.
        let next = http::get(port, "/a-bucket-of-nobody/test.txt")?;
        if next.status != 200 {
            problems.push(format!(
                "the next request on the same worker gets {}",
                next.status
            ));
        }
        Ok(problems)
    }
}

fn verdict(problems: Vec<String>, differs_on_purpose: bool) -> Result<(), Failed> {
    match (problems.is_empty(), differs_on_purpose) {
        (true, false) | (false, true) => Ok(()),
        (false, false) => Err(problems.join("\n").into()),
        (true, true) => Err("this case agrees: take it out of tests/differences.json".into()),
    }
}

/// Envoy's log, where it does not start with our filter configured so.
fn refusal(filter: serde_json::Value) -> Result<String, Failed> {
    let nowhere = ([127, 0, 0, 1], 1).into();
    match Envoy::start(&[Listener::new("refused", vec![filter])], nowhere) {
        Ok(_) => Err("Envoy started".into()),
        Err(refused) if refused.status.code() == Some(1) => Ok(refused.log),
        Err(refused) => Err(format!("Envoy ended with {}:\n{}", refused.status, refused.log).into()),
    }
}

fn must_contain(log: &str, texts: &[&str]) -> Result<(), Failed> {
    let missing: Vec<_> = texts.iter().filter(|text| !log.contains(**text)).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("{missing:?} is not in the log:\n{log}").into())
    }
}

fn invalid_configuration() -> Result<(), Failed> {
    let configuration = json!({
        "bukets": [],
        "buckets": [
            { "name": "", "cors": null },
            { "name": "a", "cors": { "CORSRules": [
                { "AllowedOrigins": ["https://*.*.example"], "AllowedMethods": ["PATCH"], "MaxAgeSeconds": -1 },
            ] } },
        ],
    });
    let log = refusal(envoy::bucket_cors(&configuration.to_string()))?;
    let pointers = [
        "/bukets",
        "/buckets/0/name",
        "/buckets/1/cors/CORSRules/0/AllowedOrigins/0",
        "/buckets/1/cors/CORSRules/0/AllowedMethods/0",
        "/buckets/1/cors/CORSRules/0/MaxAgeSeconds",
    ];
    must_contain(&log, &pointers)
}

fn struct_configuration() -> Result<(), Failed> {
    let log = refusal(envoy::bucket_cors_with_struct(&json!({ "buckets": [] })))?;
    must_contain(&log, &["StringValue"])
}

fn no_configuration() -> Result<(), Failed> {
    must_contain(&refusal(envoy::bucket_cors(""))?, &["(document)"])
}
