//! The case files through the decision core alone: no SDK, no host.

use std::collections::BTreeMap;

use crate::bodies::HostResponse;
use crate::support::answer::ClientAnswer;
use crate::support::case::{self, Case};
use bucket_cors::answer::Scratch;
use bucket_cors::config;
use bucket_cors::edge::{Edge, Outcome};
use bucket_cors::http::head::RequestHead;
use bucket_cors::http::header_names;
use bucket_cors::http::pairs::{self, Pairs};
use bucket_cors::matcher::MatcherBuilder;

/// A request's headers as Envoy hands them over: names in lower case, repeated lines of one name joined with a comma.
fn on_the_wire(case: &Case) -> Vec<(String, Vec<u8>)> {
    let request = &case.request;
    let mut headers: Vec<(String, Vec<u8>)> = [
        (":method", &request.method),
        (":authority", &request.authority),
        (":path", &request.path),
    ]
    .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
    .into();
    for (name, value) in &request.headers {
        let (name, value) = (name.to_ascii_lowercase(), value.trim_ascii());
        match headers.iter_mut().find(|(there, _)| *there == name) {
            Some((_, joined)) => {
                joined.push(b',');
                joined.extend_from_slice(value);
            }
            None => headers.push((name, value.to_vec())),
        }
    }
    // The proxy gives one to every request that comes without.
    if !headers.iter().any(|(name, _)| name == header_names::REQUEST_ID) {
        headers.push((
            header_names::REQUEST_ID.to_owned(),
            b"6ba7b810-9dad-41d1-80b4-00c04fd430c8".to_vec(),
        ));
    }
    headers
}

fn edge(configuration: &str) -> Edge {
    let mut builder = MatcherBuilder::default();
    let (settings, report) = config::read(configuration.as_bytes(), &mut builder);
    assert!(report.errors.is_empty(), "{:#?}", report.errors.kept());
    Edge::new(builder.finish(settings))
}

fn answer(edge: &Edge, case: &Case) -> ClientAnswer {
    let sent = on_the_wire(case);
    let head = RequestHead::read(
        sent.iter()
            .map(|(name, value)| (name.as_bytes(), value.as_slice())),
    );
    let mut scratch = Scratch::default();
    let decided = match edge.on_request(&head, &mut scratch, &()) {
        Outcome::Answer { answer, .. } => {
            let headers = answer
                .headers
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_vec()));
            return ClientAnswer {
                reached_upstream: false,
                status: answer.status.try_into().unwrap(),
                headers: headers.collect(),
                body: answer.body.to_vec(),
            };
        }
        Outcome::Upstream(decided) => Some(decided),
        Outcome::Untouched => None,
    };
    let store = case.upstream.headers.iter();
    let store: Vec<_> = store
        .map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes().to_vec()))
        .collect();
    let mut response = HostResponse(store.clone());
    if let Some(decided) = decided {
        let mut map = Vec::new();
        pairs::serialise(
            store
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_slice())),
            &mut map,
        );
        let echo = decided.echo(edge, &head);
        edge.on_response(decided, echo, &Pairs::parse(&map), &mut scratch, &mut response);
    }
    ClientAnswer {
        reached_upstream: true,
        status: case.upstream.status,
        headers: response.0,
        body: Vec::new(),
    }
}

#[test]
fn every_case_is_answered_as_it_says() {
    let cases = case::load_all();
    let mut edges = BTreeMap::new();
    let mut wrong = BTreeMap::new();
    let mut run = 0;
    for case in cases.iter().filter(|case| !case.takes_an_envoy()) {
        let edge = edges
            .entry(case.configuration.clone())
            .or_insert_with(|| edge(&case.configuration));
        let problems = case.expectation.problems(&answer(edge, case));
        run += 1;
        if !problems.is_empty() {
            wrong.insert(case.name.as_str(), problems);
        }
    }
    assert!(run > 350, "{run} cases");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
