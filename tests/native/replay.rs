//! The cases that a real Envoy answers as well, without it: the loop in which a rule of the filter is changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lines;
use crate::native_host::{Headers, Line, Plugin, Response, Vm};
use crate::support::answer::Answer;
use crate::support::case::{self, Case};
use crate::support::conformance;
use crate::support::expect::{By, Expectation};

fn on_the_wire(case: &Case) -> Headers {
    let request = &case.request;
    let headers = request.headers.iter();
    Headers::request(
        &request.method,
        &request.authority,
        &request.path,
        headers.map(|(name, value)| (name.as_bytes(), value.trim_ascii())),
    )
}

fn answer(plugin: &Plugin, case: &Case) -> Answer {
    let headers = case.upstream.headers.iter();
    let upstream = Response::new(
        case.upstream.status.into(),
        headers.map(|(name, value)| (name.as_bytes(), value.as_bytes())),
    );
    let answered = plugin.exchange(on_the_wire(case), &upstream);
    let headers = answered.response.headers.into_iter();
    Answer {
        reached_upstream: !answered.is_edge,
        status: answered.response.status.try_into().unwrap(),
        headers: headers
            .map(|(name, value)| (String::from_utf8_lossy(&name).into_owned(), value))
            .collect(),
        body: answered.response.body,
    }
}

/// Whether only a real Envoy can tell: where it answers itself, its router runs out of time, or its codec refuses or
/// changes what was sent (control characters, more than 60 KiB of headers).
fn takes_an_envoy(case: &Case) -> bool {
    let values = || case.request.headers.iter().map(|(_, value)| value);
    matches!(&case.expectation, Expectation::Exact(exact) if exact.by == By::Envoy)
        || case.upstream.delay_ms > 0
        || values()
            .flatten()
            .any(|byte| byte.is_ascii_control() && *byte != b'\t')
        || values().map(Vec::len).sum::<usize>() > 60 * 1024
}

/// The cases that are not answered as they say, each with what is wrong.
fn wrong(cases: &[Case]) -> BTreeMap<&str, Vec<String>> {
    let vm = Vm::start();
    let mut plugins = BTreeMap::<Arc<str>, Result<Plugin, Vec<Line>>>::new();
    let mut wrong = BTreeMap::new();
    for case in cases.iter().filter(|case| !takes_an_envoy(case)) {
        let plugin = plugins.entry(case.configuration.clone()).or_insert_with(|| {
            vm.take_log();
            let loaded = vm.configure(case.configuration.as_bytes());
            loaded.map_err(|_| vm.take_log())
        });
        let problems = match plugin {
            Ok(plugin) => case.expectation.problems(&answer(plugin, case)),
            Err(log) => lines(log, Line::ERROR).iter().map(ToString::to_string).collect(),
        };
        if !problems.is_empty() {
            wrong.insert(case.name.as_str(), problems);
        }
    }
    wrong
}

#[test]
fn every_case_is_answered_as_it_says() {
    let cases = case::load_all();
    assert!(cases.len() > 100, "{} cases", cases.len());
    let wrong = wrong(&cases);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_gathered_cases_are_answered_as_they_say_but_for_the_known_differences() {
    if conformance::folder().is_none() {
        eprintln!("The gathered conformance cases are not beside this checkout: they do not run.");
        return;
    }
    let differences = conformance::differences();
    let (origins, _) = conformance::origins();
    for cases in [
        conformance::answers("oss"),
        conformance::answers("s3"),
        origins,
        conformance::hostile(),
    ] {
        assert!(!cases.is_empty());
        let mut wrong = wrong(&cases);
        for difference in &differences {
            let is_here = cases.iter().any(|case| case.name == difference.id);
            let differs = wrong.remove(difference.id.as_str()).is_some();
            assert_eq!(differs, is_here, "{}", difference.id);
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
