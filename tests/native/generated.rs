//! The whole filter, from the text of a configuration to the headers on the wire, answers as the naive edge does.
//!
//! The core is held against that edge elsewhere, with everything that a request says. Here the filter chooses what to
//! read, and what it does to a response goes through the host.

use bucket_cors::config::{Mode, UpstreamCors};

use crate::native_host::{HostHeaders, NativeResponse, NativeVm};
use crate::proofs::choices::{Choices, Random};
use crate::proofs::generate;
use crate::proofs::oracle::Oracle;
use crate::proofs::requests::{CorsRequest, Treatment};
use crate::render::{self, text};

const CONFIGURATIONS: usize = 200;
const REQUESTS: usize = 30;
const TAPE_BYTES: usize = 16 * 1024;

fn on_the_wire(request: &CorsRequest) -> HostHeaders {
    let target = [
        (":authority", request.authority.as_deref()),
        (":path", request.path.as_deref()),
        (":method", Some(&request.method[..])),
    ];
    let target = target
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let given = target.chain(request.lines());
    given.map(|(name, value)| (name.as_bytes(), value)).collect()
}

/// What the store says of its own accord.
fn store(choices: &mut Choices<'_>, may_allow: bool) -> NativeResponse {
    let mut headers = HostHeaders::default();
    headers.add(b"etag", b"\"1\"");
    let vary = choices.pick(&["", "Accept-Encoding", "accept, ORIGIN", "*", "x-origin,Accept"]);
    if !vary.is_empty() {
        headers.add(b"vary", vary.as_bytes());
    }
    if choices.once_in(2) {
        headers.add(b"access-control-max-age", b"5");
        headers.add(b"access-control-unheard-of", b"1");
    }
    if may_allow && choices.once_in(2) {
        headers.add(b"access-control-allow-origin", b"*");
        headers.add(b"access-control-allow-origin", b"https://a.example");
    }
    NativeResponse {
        status: 200,
        headers,
        body: Vec::new(),
    }
}

/// Does to the store's response what the route does where it prepares them.
fn prepare(headers: &mut HostHeaders) {
    let of_the_store = std::mem::take(headers).into_iter();
    headers.extend(of_the_store.filter(|(name, _)| !name.starts_with(b"access-control-")));
    let vary = headers.get(b"vary").map(|vary| [vary, b", Origin"].concat());
    headers.replace(b"vary", vary.as_deref().unwrap_or(b"Origin"));
}

/// The response to the client: whether the edge gave it, its status, its headers in the order of their names, its body.
type SeenByClient = (bool, u32, Vec<(Vec<u8>, Vec<u8>)>, Vec<u8>);

fn seen(is_edge: bool, response: NativeResponse) -> SeenByClient {
    let mut headers = response.headers;
    headers.remove(b"content-length");
    let mut lines: Vec<_> = headers.into_iter().collect();
    lines.sort();
    (is_edge, response.status, lines, response.body)
}

fn expected(outcome: Treatment, mut upstream: NativeResponse) -> SeenByClient {
    let (cors, vary, explanation) = match outcome {
        Treatment::Untouched => (None, None, None),
        Treatment::Answered {
            status,
            headers,
            body,
        } => {
            let lines = headers.iter().map(|(name, value)| (name.as_bytes(), &value[..]));
            let headers = lines.collect();
            return seen(
                true,
                NativeResponse {
                    status,
                    headers,
                    body,
                },
            );
        }
        Treatment::Upstream {
            headers,
            vary,
            explanation,
        } => (headers, vary, explanation),
    };
    if let Some(cors) = cors {
        let of_the_store = upstream.headers.into_iter();
        let mut headers = HostHeaders::default();
        headers.extend(of_the_store.filter(|(name, _)| !name.starts_with(b"access-control-")));
        headers.extend(cors.into_iter().map(|(name, value)| (name.into_bytes(), value)));
        upstream.headers = headers;
    }
    if let Some(vary) = vary {
        let present = upstream.headers.get(b"vary").unwrap_or_default();
        let mut merged = String::from_utf8(present.to_vec()).unwrap();
        for name in vary.split(", ") {
            let mut names = merged.split(',').map(str::trim);
            if !names.any(|present| present == "*" || present.eq_ignore_ascii_case(name)) {
                merged += if merged.is_empty() { "" } else { ", " };
                merged += name;
            }
        }
        upstream.headers.replace(b"vary", merged.as_bytes());
    }
    if let Some(text) = explanation {
        upstream.headers.add(b"x-bucket-cors", &text);
    }
    seen(false, upstream)
}

#[test]
fn the_filter_answers_as_the_naive_edge_does() {
    let vm = NativeVm::start();
    let mut seeds = 0..;
    let mut served = 0;
    let mut by_edge = 0;
    while served < CONFIGURATIONS {
        let seed = seeds.next().unwrap();
        assert!(
            seed < 10 * CONFIGURATIONS as u64,
            "the reader takes {served} of {seed}"
        );
        let mut tape = vec![0; TAPE_BYTES];
        Random(seed).fill(&mut tape);
        let mut choices = Choices::new(&tape);
        let (mut settings, mut buckets) = generate::configuration(&mut choices);
        // A store without CORS headers gets the same answers whether they are looked for or not.
        let has_none = seed % 3 == 0;
        if has_none {
            for bucket in &mut buckets {
                bucket.upstream_cors = UpstreamCors::None;
            }
        }
        settings.route_prepares = seed % 3 == 1;
        if settings.route_prepares {
            for bucket in &mut buckets {
                bucket.upstream_cors = UpstreamCors::Replace;
                bucket.mode = Mode::Enforce;
            }
        }
        render::make_writable(&mut buckets);
        let Ok(plugin) = vm.configure(text(&settings, &buckets).as_bytes()) else {
            continue;
        };
        served += 1;
        let keeps = buckets
            .iter()
            .any(|bucket| bucket.upstream_cors == UpstreamCors::Keep);
        let oracle = Oracle::new(&settings, &buckets);
        for _ in 0..REQUESTS {
            let request = generate::request(&mut choices, &settings, &buckets);
            let mut upstream = store(&mut choices, !keeps && !has_none);
            if has_none {
                upstream.headers.remove(b"access-control-max-age");
                upstream.headers.remove(b"access-control-unheard-of");
            }
            if settings.route_prepares {
                prepare(&mut upstream.headers);
            }
            let answer = plugin.exchange(on_the_wire(&request), &upstream);
            by_edge += usize::from(answer.is_edge);
            let mut expected = expected(oracle.serve(&request), upstream);
            if settings.route_prepares && answer.is_edge {
                // The route adds this to what the edge answers, too.
                expected
                    .2
                    .retain(|(name, value)| name != b"vary" || value != b"Origin");
            }
            assert_eq!(
                seen(answer.is_edge, answer.response),
                expected,
                "seed {seed}\n{request:#?}\n{}",
                text(&settings, &buckets)
            );
        }
    }
    assert!(by_edge > CONFIGURATIONS, "{by_edge}");
}
