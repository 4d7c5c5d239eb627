//! What each fuzz target does with its bytes. libFuzzer looks for new bytes with it; `tests/core/corpus.rs` replays the
//! old ones, and `tests/envoy/corpus` what they stand for.
#![allow(dead_code, unreachable_pub)] // Every fuzz target uses one of these.
// A test that panics has failed, which is what it is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing
)]

#[path = "../support/proofs.rs"]
pub mod proofs;

use bucket_cors::answer::Scratch;
use bucket_cors::config::{self, Bucket, Mode, Rule, Settings};
use bucket_cors::edge::{Edge, Outcome, ResponseHeaders};
use bucket_cors::http::head::RequestHead;
use bucket_cors::http::pairs::{self, Pairs};
use bucket_cors::http::token;
use bucket_cors::matcher::MatcherBuilder;
use bucket_cors::profile;
use bucket_cors::vary;

use proofs::choices::Choices;
use proofs::generate::{self, GeneratedCase};
use proofs::oracle::Oracle;
use proofs::requests::{CorsRequest, SortedHeaders, Treatment};
use proofs::{compiled_edge, oracle};

/// Any text is read or refused, the same each time; what is accepted is within the limits, and serves requests as the
/// naive edge does.
pub fn configuration(text: &[u8]) {
    let mut buckets: Vec<Bucket<'_>> = Vec::new();
    let (settings, report) = config::read(text, &mut buckets);
    let mut builder = MatcherBuilder::default();
    let (again, same) = config::read(text, &mut builder);
    assert_eq!((&settings, &report), (&again, &same), "read twice");
    for finding in report.errors.kept().iter().chain(report.warnings.kept()) {
        let line = finding.to_string();
        assert!(!line.contains(char::is_control), "fit for a log: {line:?}");
    }
    if !report.errors.is_empty() {
        return;
    }
    for bucket in &buckets {
        assert!(bucket.rules.len() <= profile::MAX_RULES);
        for rule in &bucket.rules {
            assert!(!rule.allowed_origins.is_empty() && !rule.allowed_methods.is_empty());
            let names = rule.allowed_methods.iter().chain(&rule.expose_headers);
            assert!(names.into_iter().all(|name| token::is_token(name.as_bytes())));
        }
    }
    let core = Edge::new(builder.finish(settings.clone()));
    for request in asked_of(text, &settings, &buckets) {
        agrees(&core, &settings, &buckets, &request);
    }
}

/// What is asked of a configuration that was accepted: the text is the tape too.
pub fn asked_of(text: &[u8], settings: &Settings, buckets: &[Bucket<'_>]) -> Vec<CorsRequest> {
    let mut choices = Choices::new(text);
    (0..4)
        .map(|_| generate::request(&mut choices, settings, buckets))
        .collect()
}

/// Generated configurations and requests are answered as the naive edge answers them.
pub fn decision(tape: &[u8]) {
    let case = decided(tape);
    let core = compiled_edge::compile(&case.settings, &case.buckets);
    for request in &case.requests {
        agrees(&core, &case.settings, &case.buckets, request);
    }
}

pub fn decided(tape: &[u8]) -> GeneratedCase {
    generate::case(&mut Choices::new(tape), 8)
}

/// Any host and any path find the bucket that the naive edge finds.
pub fn addressing(tape: &[u8]) {
    let case = addressed(tape);
    let core = compiled_edge::compile(&case.settings, &case.buckets);
    for request in &case.requests {
        agrees(&core, &case.settings, &case.buckets, request);
    }
}

pub fn addressed(tape: &[u8]) -> GeneratedCase {
    let mut choices = Choices::new(tape);
    let (mut settings, mut buckets) = generate::configuration(&mut choices);
    // The rule's name tells which bucket it was, and the error document how it was addressed.
    settings.explain = true;
    for bucket in &mut buckets {
        bucket.profile = &profile::S3;
        bucket.mode = Mode::Enforce;
        bucket.rules = vec![Rule {
            id: Some(bucket.name.clone()),
            allowed_origins: vec![generate::pattern("https://a.example".to_owned())],
            allowed_methods: vec!["GET".into()],
            ..Rule::default()
        }];
    }
    let mut requests = Vec::new();
    let authority = choices.bytes(300);
    let path = choices.rest().to_vec();
    for (authority, path) in [
        (Some(&authority), Some(&path)),
        (None, Some(&path)),
        (Some(&authority), None),
        (Some(&path), Some(&authority)),
    ] {
        for origin in ["https://a.example", "https://b.example"] {
            requests.push(CorsRequest {
                authority: authority.cloned(),
                path: path.cloned(),
                ..CorsRequest::preflight(origin, "GET")
            });
        }
    }
    GeneratedCase {
        settings,
        buckets,
        requests,
    }
}

/// Whatever a store sends, its response ends up with the headers that the naive edge gives it, and keeps all others.
pub fn response(tape: &[u8]) {
    survives(tape);
    let (case, sent) = responded(tape);
    let GeneratedCase {
        settings,
        buckets,
        requests,
    } = &case;
    let core = compiled_edge::compile(settings, buckets);
    let request = &requests[0];
    let mut map = Vec::new();
    pairs::serialise(
        sent.iter().map(|(name, value)| (name.as_str(), &value[..])),
        &mut map,
    );
    let read: SortedHeaders = Pairs::parse(&map)
        .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), value.to_vec()))
        .collect();
    assert_eq!(read, sent, "a map survives the round trip");

    let head = compiled_edge::head(request);
    let mut scratch = Scratch::default();
    let Outcome::Upstream(decided) = core.on_request(&head, &mut scratch, &()) else {
        return;
    };
    let mut response = HostResponse(sent.clone());
    let echo = decided.echo(&core, &head);
    core.on_response(decided, echo, &Pairs::parse(&map), &mut scratch, &mut response);
    let oracle = Oracle::new(settings, buckets);
    let expected = naive_response(sent, oracle.keeps(request), oracle.serve(request));
    response.0.sort();
    assert_eq!(response.0, expected);
}

/// One request, and what the store sends for it.
pub fn responded(tape: &[u8]) -> (GeneratedCase, SortedHeaders) {
    let mut choices = Choices::new(tape);
    let case = generate::case(&mut choices, 1);
    (case, sent_headers(&mut choices))
}

/// What is read from bytes that nobody serialised: no more than is there, and no end to the world.
fn survives(bytes: &[u8]) {
    let read: usize = Pairs::parse(bytes)
        .map(|(name, value)| name.len() + value.len())
        .sum();
    assert!(read <= bytes.len());
    let head = RequestHead::read(Pairs::parse(bytes));
    assert!(head.method.len() <= bytes.len());
    let mut merged = Vec::new();
    for wanted in ["Origin", profile::S3.vary] {
        let lines = bytes.split(|&byte| byte == b'\n');
        let pairs = lines.clone().map(|line| (&b"vary"[..], line));
        let value = vary::merge(pairs, wanted, &mut merged);
        let lines: Vec<&[u8]> = lines.collect();
        assert_eq!(value, naive_vary(&lines, wanted).as_deref());
    }
}

fn sent_headers(choices: &mut Choices<'_>) -> SortedHeaders {
    const NAMES: [&str; 12] = [
        "vary",
        "access-control-allow-origin",
        "content-type",
        "Vary",
        "Access-Control-Allow-Origin",
        "access-control-allow-credentials",
        "access-control-expose-headers",
        "access-control-",
        "access-control-x",
        "access-control",
        "x-bucket-cors",
        "timing-allow-origin",
    ];
    const VALUES: [&[u8]; 10] = [
        b"*",
        b"Origin",
        b"",
        b"Accept-Encoding",
        b"accept , ORIGIN",
        b"X-Origin, Origins",
        b" , ,",
        b"https://a.example",
        b"access-control-request-method",
        b"\xff",
    ];
    (0..choices.below(6))
        .map(|_| (choices.pick(&NAMES).to_owned(), choices.pick(&VALUES).to_vec()))
        .collect()
}

/// A response as a host keeps it: names compare in any case.
pub struct HostResponse(pub SortedHeaders);

impl ResponseHeaders for HostResponse {
    fn set(&mut self, name: &'static str, value: &[u8]) {
        self.remove(name.as_bytes());
        self.0.push((name.to_owned(), value.to_vec()));
    }

    fn remove(&mut self, name: &[u8]) {
        self.0
            .retain(|(kept, _)| !kept.as_bytes().eq_ignore_ascii_case(name));
    }
}

/// What the client gets of what a store sent, where the request went there.
pub fn naive_response(mut sent: SortedHeaders, keeps: bool, outcome: Treatment) -> SortedHeaders {
    let Treatment::Upstream {
        headers,
        vary,
        explanation,
    } = outcome
    else {
        return sent;
    };
    let is = |name: &str, wanted: &str| name.eq_ignore_ascii_case(wanted);
    let stands = keeps
        && sent
            .iter()
            .any(|(name, _)| is(name, "access-control-allow-origin"));
    let is_cors = |name: &str| name.to_ascii_lowercase().starts_with("access-control-");
    if headers.is_some() && !stands {
        sent.retain(|(name, _)| !is_cors(name));
    }
    for (name, value) in headers.into_iter().flatten() {
        if !is_cors(&name) {
            // A policy of the bucket's, which keeps nothing of the store's.
            sent.retain(|(there, _)| !is(there, &name));
        } else if stands {
            continue;
        }
        sent.push((name, value));
    }
    if let Some(wanted) = vary {
        let lines: Vec<&[u8]> = sent
            .iter()
            .filter(|(name, _)| is(name, "vary"))
            .map(|(_, value)| &value[..])
            .collect();
        if let Some(merged) = naive_vary(&lines, &wanted) {
            sent.retain(|(name, _)| !is(name, "vary"));
            sent.push(("vary".to_owned(), merged));
        }
    }
    if let Some(text) = explanation {
        sent.retain(|(name, _)| !is(name, "x-bucket-cors"));
        sent.push(("x-bucket-cors".to_owned(), text));
    }
    sent.sort();
    sent
}

/// The lines joined, and each wanted name behind them that none of them has; `None` where nothing is missing.
fn naive_vary(lines: &[&[u8]], wanted: &str) -> Option<Vec<u8>> {
    let mut members: Vec<Vec<u8>> = Vec::new();
    for line in lines {
        members.extend(
            line.split(|&byte| byte == b',')
                .map(|member| oracle::text::trimmed(member).to_ascii_lowercase()),
        );
    }
    if members.iter().any(|member| member == b"*") {
        return None;
    }
    let mut parts: Vec<Vec<u8>> = lines
        .iter()
        .map(|line| oracle::text::trimmed(line).to_vec())
        .filter(|line| !line.is_empty())
        .collect();
    let before = parts.len();
    for name in wanted.split(", ") {
        if !members.contains(&name.to_ascii_lowercase().into_bytes()) {
            parts.push(name.into());
        }
    }
    (parts.len() > before).then(|| parts.join(&b", "[..]))
}

fn agrees(core: &Edge, settings: &Settings, buckets: &[Bucket<'_>], request: &CorsRequest) {
    let outcome = compiled_edge::serve(core, request, &mut Scratch::default());
    assert_eq!(
        outcome,
        Oracle::new(settings, buckets).serve(request),
        "{request:?}"
    );
    is_fit_to_send(&outcome);
}

/// What holds of every answer, whatever the rules.
fn is_fit_to_send(outcome: &Treatment) {
    let (headers, explanation) = match outcome {
        Treatment::Untouched => return,
        Treatment::Answered { status, headers, .. } => {
            assert!([200, 204, 400, 403].contains(status), "{status}");
            (Some(headers), None)
        }
        Treatment::Upstream {
            headers, explanation, ..
        } => (headers.as_ref(), explanation.as_ref()),
    };
    let values = headers.into_iter().flatten().map(|(_, value)| value);
    for value in values.chain(explanation) {
        assert!(
            value.iter().all(|byte| (b' '..=b'~').contains(byte)),
            "no line break and no raw byte in {:?}",
            value.escape_ascii()
        );
    }
    let credentials = outcome.header("access-control-allow-credentials");
    let origin = outcome.header("access-control-allow-origin");
    assert!(credentials.is_none() || credentials.as_deref() == Some("true"));
    assert!(
        credentials.is_none() || !matches!(origin.as_deref(), None | Some("*" | "null")),
        "credentials beside {origin:?}"
    );
}
