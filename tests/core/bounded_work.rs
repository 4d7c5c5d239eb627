//! Whatever a client or a store sends, one request costs little: the worst that the limits let through is within a
//! fixed multiple of an ordinary preflight, and time per byte does not grow with length.

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use bucket_cors::answer::Scratch;
use bucket_cors::config::{Bucket, Mode, Rule, Settings, UpstreamCors};
use bucket_cors::edge::{Edge, Outcome, ResponseHeaders};
use bucket_cors::http::head::RequestHead;
use bucket_cors::http::pairs::{self, Pairs};
use bucket_cors::http::{origin, requested_headers};
use bucket_cors::matcher::MatcherBuilder;
use bucket_cors::profile::{PROFILES, Profile};
use bucket_cors::vary;
use bucket_cors::wildcard::Pattern;

/// What the worst request may cost, in ordinary preflights.
const MOST: f64 = 20.0;

/// By how much time per byte may grow from a short input to one many times as long. A quadratic step grows as the
/// length does; this leaves room for caches and for a noisy neighbour.
const GROWTH: f64 = 3.0;

const ROUNDS: usize = 41;

/// How often a measurement that is over its limit is taken again. A machine that others use too can spoil one; what is
/// really slow is so each time.
const ATTEMPTS: usize = 5;

/// Measurements do not disturb one another.
static TURN: Mutex<()> = Mutex::new(());

/// The least nanoseconds per call of each of the works, which take turns: neighbours only ever add.
fn time(works: &mut [&mut dyn FnMut()], calls: usize) -> Vec<f64> {
    let mut least = vec![f64::INFINITY; works.len()];
    for _ in 0..ROUNDS {
        for (work, least) in works.iter_mut().zip(&mut least) {
            let start = Instant::now();
            (0..calls).for_each(|_| work());
            *least = least.min(start.elapsed().as_nanos() as f64 / calls as f64);
        }
    }
    least
}

/// Measures until the figure is within its limit, or for the last time.
fn within(limit: f64, mut measure: impl FnMut() -> f64) -> f64 {
    let mut figure = measure();
    for _ in 1..ATTEMPTS {
        if figure <= limit {
            break;
        }
        figure = measure();
    }
    figure
}

fn pattern(text: &str) -> Pattern<'static> {
    Pattern::new(text.to_owned().into()).expect("one star at most")
}

/// A bucket such as operators have, and patterns that make a walk go as far as it can: what stands before and after
/// their `*` repeats, and each is a part of the next.
fn edge(profile: &'static Profile) -> Edge {
    let mut builder = MatcherBuilder::default();
    let mut origins: Vec<_> = [
        "https://app.example.com",
        "https://*.example.com",
        "http://localhost:*",
    ]
    .map(pattern)
    .into();
    for length in 1..8 {
        origins.push(pattern(&format!("{}*{}", "a".repeat(length), "b".repeat(length))));
    }
    builder.add(&Bucket {
        name: "b".into(),
        hosts: Vec::new(),
        profile,
        allow_credentials: true,
        allow_private_network: true,
        upstream_cors: UpstreamCors::Replace,
        resource_policy: "",
        timing_allow_origin: String::new(),
        mode: Mode::Enforce,
        // Two rules, so that no look-up can stop at the first pattern that admits a name.
        rules: [
            &["authorization", "content-*", "*x", "*xx", "x*x", "xx*xx"][..],
            &["*"],
        ]
        .map(|headers| Rule {
            id: Some("browser-upload".into()),
            allowed_origins: origins.clone(),
            allowed_methods: vec!["GET".into(), "PUT".into()],
            allowed_headers: headers.iter().map(|name| pattern(name)).collect(),
            expose_headers: vec!["ETag".into()],
            max_age_seconds: Some(600),
        })
        .into(),
        response_vary: None,
    });
    Edge::new(builder.finish(Settings {
        explain: true,
        ..Settings::default()
    }))
}

/// One request, from its address to its answer; 0 where it goes upstream.
fn serve(edge: &Edge, request: &RequestHead<'_>, scratch: &mut Scratch) -> u32 {
    match edge.on_request(request, scratch, &()) {
        Outcome::Answer { answer, .. } => black_box(answer).status,
        Outcome::Untouched => 0,
        Outcome::Upstream(decided) => {
            let echo = decided.echo(edge, request);
            edge.on_response(decided, echo, &Pairs::parse(b""), scratch, &mut Unseen);
            0
        }
    }
}

struct Unseen;

impl ResponseHeaders for Unseen {
    fn set(&mut self, name: &'static str, value: &[u8]) {
        black_box((name, value));
    }

    fn remove(&mut self, name: &[u8]) {
        black_box(name);
    }
}

/// Header lists that fill the limits, each in its own way, and whether they are within them.
fn worst_lists() -> Vec<(&'static str, bool, Vec<u8>)> {
    let elements = |element: &[u8], count: usize| vec![element; count].join(&b","[..]);
    let longest = requested_headers::MAX_BYTES / requested_headers::MAX_NAMES - 1;
    let name = b"x".repeat(longest);
    let blank_name = [b"x", &b" ".repeat(longest - 1)[..]].concat();
    let long_names = requested_headers::MAX_BYTES / (requested_headers::MAX_NAME_BYTES + 1);
    let blanks = b" ".repeat(requested_headers::MAX_BYTES - 1);
    vec![
        (
            "as many names as there may be, and as long",
            true,
            elements(&name, requested_headers::MAX_NAMES),
        ),
        (
            "the same in capitals",
            true,
            elements(&name.to_ascii_uppercase(), requested_headers::MAX_NAMES),
        ),
        (
            "as many names as there may be, of one byte",
            true,
            elements(b"x", requested_headers::MAX_NAMES),
        ),
        (
            "the longest names",
            true,
            elements(&b"x".repeat(requested_headers::MAX_NAME_BYTES), long_names),
        ),
        (
            "as many names as there may be, and blanks",
            true,
            elements(&blank_name, requested_headers::MAX_NAMES),
        ),
        ("one name behind blanks", true, [&blanks[..], b"x"].concat()),
        ("one name before blanks", true, [b"x", &blanks[..]].concat()),
        (
            "blanks between two names",
            true,
            [b"x,", &blanks[3..], b",x"].concat(),
        ),
        ("blanks", true, b" \t".repeat(requested_headers::MAX_BYTES / 2)),
        ("commas", true, b",".repeat(requested_headers::MAX_NAMES - 1)),
        (
            "one element too many",
            false,
            elements(b"x", requested_headers::MAX_NAMES + 1),
        ),
        (
            "one byte too many",
            false,
            b" ".repeat(requested_headers::MAX_BYTES + 1),
        ),
        ("a bad last name", false, [&blanks[..], b"("].concat()),
    ]
}

fn worst_origins() -> Vec<(&'static str, Vec<u8>)> {
    let half = origin::MAX_BYTES / 2;
    vec![
        (
            "the longest that matches",
            [
                b"https://",
                &b"a".repeat(origin::MAX_BYTES - 20)[..],
                b".example.com",
            ]
            .concat(),
        ),
        ("the longest that misses", b"a".repeat(origin::MAX_BYTES)),
        (
            "every pattern in one another",
            [b"a".repeat(half), b"b".repeat(half)].concat(),
        ),
        (
            "a byte that none may have, at the end",
            [&b"a".repeat(origin::MAX_BYTES - 1)[..], b","].concat(),
        ),
        ("one byte too long", b"a".repeat(origin::MAX_BYTES + 1)),
        ("60 KiB", b"a".repeat(60 * 1024)),
    ]
}

#[test]
fn the_worst_request_costs_a_few_ordinary_preflights() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for profile in PROFILES {
        let edge = edge(profile);
        let mut scratch = Scratch::default();
        let ordinary = RequestHead {
            method: b"OPTIONS",
            path: Some(b"/b/object"),
            request_id: Some(b"7c1bd0a8-91ff-4bd0-8ab1-67d9b5c6b8f9"),
            origin: Some(b"https://app.example.com"),
            request_method: Some(b"PUT"),
            request_headers: Some(b"authorization,content-md5,content-type,x-oss-date,x-oss-meta-author"),
            ..RequestHead::default()
        };
        assert!(serve(&edge, &ordinary, &mut scratch) < 300);
        let mut worst = 0.0_f64;
        let mut check = |what: &str, request: &RequestHead<'_>| {
            let mut other = Scratch::default();
            let mut times = Vec::new();
            let ratio = within(MOST, || {
                times = time(
                    &mut [
                        &mut || {
                            black_box(serve(&edge, black_box(&ordinary), &mut scratch));
                        },
                        &mut || {
                            black_box(serve(&edge, black_box(request), &mut other));
                        },
                    ],
                    50,
                );
                times[1] / times[0]
            });
            worst = worst.max(ratio);
            println!(
                "{:<6} {what:<75} {:>8.0} ns, {ratio:>5.2} ordinary ones ({:.0} ns)",
                profile.name, times[1], times[0]
            );
            assert!(
                ratio <= MOST,
                "{}: {what}: {ratio:.1} times an ordinary preflight",
                profile.name
            );
        };
        for (what, is_allowed, request_headers) in worst_lists() {
            let request_headers = Some(&request_headers[..]);
            let request = RequestHead {
                request_headers,
                ..ordinary
            };
            let status = serve(&edge, &request, &mut Scratch::default());
            assert_eq!(status < 300, is_allowed, "{what}");
            check(&format!("header list: {what}"), &request);
        }
        for (what, origin) in worst_origins() {
            let origin = Some(&origin[..]);
            check(&format!("origin: {what}"), &RequestHead { origin, ..ordinary });
            check(
                &format!("origin of a GET: {what}"),
                &RequestHead {
                    origin,
                    method: b"GET",
                    ..ordinary
                },
            );
        }
        let lists = worst_lists();
        let origins = worst_origins();
        let both = RequestHead {
            origin: Some(&origins[0].1),
            request_headers: Some(&lists[0].2),
            ..ordinary
        };
        check("the longest of both", &both);
        let long = b"Z".repeat(60 * 1024);
        check(
            "a method of 60 KiB",
            &RequestHead {
                request_method: Some(&long),
                ..ordinary
            },
        );
        println!("{}: at most {worst:.1} ordinary preflights", profile.name);
    }
}

/// Time per byte for inputs that double in length, of which the longest may not be much dearer than the shortest.
fn per_byte(what: &str, lengths: &[usize], make: impl Fn(usize) -> Vec<u8>, mut work: impl FnMut(&[u8])) {
    let work = std::cell::RefCell::new(&mut work);
    let inputs: Vec<Vec<u8>> = lengths.iter().map(|&length| make(length)).collect();
    let longest = inputs.iter().map(Vec::len).max().unwrap_or_default();
    let mut works: Vec<_> = inputs
        .iter()
        .map(|input| {
            let work = &work;
            // As many bytes in a round whatever the length, so that no round is the likelier to be disturbed.
            move || (0..longest / input.len()).for_each(|_| (work.borrow_mut())(black_box(input)))
        })
        .collect();
    let mut works: Vec<&mut dyn FnMut()> = works.iter_mut().map(|work| work as &mut dyn FnMut()).collect();
    let mut times = Vec::new();
    let growth = within(GROWTH, || {
        times = time(&mut works, 1)
            .into_iter()
            .zip(&inputs)
            .map(|(time, input)| time / (longest / input.len() * input.len()) as f64)
            .collect();
        times[times.len() - 1] / times[0]
    });
    println!("{what}: ns per byte at {lengths:?} bytes: {times:.3?}");
    assert!(
        growth <= GROWTH,
        "{what}: time per byte grows {growth:.1} times: {times:.3?}"
    );
}

#[test]
fn time_per_byte_does_not_grow() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let edge = edge(PROFILES[1]);
    let mut scratch = Scratch::default();
    let request = RequestHead {
        method: b"OPTIONS",
        path: Some(b"/b/object"),
        origin: Some(b"https://app.example.com"),
        request_method: Some(b"PUT"),
        ..RequestHead::default()
    };

    let limit = origin::MAX_BYTES;
    for (what, byte) in [("a", b"a"), ("%", b"%")] {
        per_byte(
            &format!("origin of {what}"),
            &[limit / 4, limit / 2, limit],
            |n| byte.repeat(n),
            |value| {
                black_box(serve(
                    &edge,
                    &RequestHead {
                        origin: Some(value),
                        ..request
                    },
                    &mut scratch,
                ));
            },
        );
    }
    let limit = requested_headers::MAX_BYTES;
    for (what, element) in [
        ("names", &b"x-amz-meta-some-thing-or-other-a,"[..]),
        ("blanks", b" \t"),
        ("long names", &[b'x'; 255]),
    ] {
        let make = |n: usize| {
            let mut field = element.repeat(n / element.len() + 1);
            for at in (element.len().max(255)..field.len()).step_by(256) {
                field[at] = b',';
            }
            field.truncate(n);
            field
        };
        per_byte(
            &format!("header list of {what}"),
            &[limit / 8, limit / 4, limit / 2, limit],
            make,
            |value| {
                black_box(serve(
                    &edge,
                    &RequestHead {
                        request_headers: Some(value),
                        ..request
                    },
                    &mut scratch,
                ));
            },
        );
    }
    let lengths = [1024, 4096, 16 * 1024, 64 * 1024];
    for (what, segment) in [
        ("one segment", &b"a"[..]),
        ("slashes", b"/"),
        ("segments", b"/.a"),
        ("near dot segments", b"/%2e%2e%2e"),
        ("escapes of escapes", b"%25"),
        ("parameters", b";x"),
    ] {
        let make = |n: usize| [b"/b/", &segment.repeat(n / segment.len())[..]].concat();
        per_byte(&format!("path of {what}"), &lengths, make, |path| {
            black_box(edge.matcher().locate(None, Some(path)));
        });
    }
    let mut out = Vec::new();
    for (what, member) in [
        ("names", &b"accept-encoding, "[..]),
        ("commas", b","),
        ("blanks", b" \t"),
        ("near misses", b"origi,"),
    ] {
        per_byte(
            &format!("one Vary line of {what}"),
            &lengths,
            |n| member.repeat(n / member.len()),
            |line| {
                black_box(vary::merge(
                    [(&b"vary"[..], line)].into_iter(),
                    "Origin, X-A, X-B",
                    &mut out,
                ));
            },
        );
        per_byte(
            &format!("Vary lines of {what}"),
            &lengths,
            |n| member.repeat(n / member.len()),
            |lines| {
                black_box(vary::merge(
                    lines.chunks(member.len()).map(|line| (&b"vary"[..], line)),
                    "Origin, X-A, X-B",
                    &mut out,
                ));
            },
        );
    }
    let map = |n: usize| {
        let mut map = Vec::new();
        pairs::serialise(vec![("x-header", &b"value"[..]); n / 23].into_iter(), &mut map);
        map
    };
    per_byte("header pairs", &lengths, map, |map| {
        black_box(
            Pairs::parse(map)
                .map(|(name, value)| name.len() + value.len())
                .sum::<usize>(),
        );
    });
}
