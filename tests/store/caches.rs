//! Caches before the edge: in no order of requests do they hand anyone an answer that the edge would not have given.

use serde_json::{Value, json};

use crate::chain;
use crate::choices::Random;
use crate::server;
use crate::support::case::{UpstreamAnswer, WireRequest};
use crate::support::envoy::{Envoy, Listener, bucket_cors, cluster};
use crate::support::http;
use crate::support::ports;
use crate::support::upstream::{CASE_HEADER, Upstream};

/// How often the requests to a bucket are put into another order, each time for an object of its own.
const ORDERS: usize = 4;

const CASE: &str = "cached";

/// A cache that is asked.
struct Cache {
    name: &'static str,
    port: u16,
    /// Whether an answer is from its memory.
    is_hit: fn(&http::Response) -> bool,
}

pub(crate) fn give_nothing_else() {
    let store = Upstream::start();
    let sent = [
        ("cache-control", "max-age=600"),
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "x-stored"),
        ("vary", "Accept-Encoding"),
    ];
    let headers = sent
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    store.prepare(
        CASE,
        UpstreamAnswer {
            headers,
            ..UpstreamAnswer::default()
        },
    );

    for explain in [false, true] {
        let buckets = buckets();
        let rules = json!({ "explain": explain, "buckets": buckets }).to_string();
        let edge = chain::start(
            &[Listener::new("edge", vec![bucket_cors(&rules)])],
            &[cluster("upstream", store.address())],
        );
        let [varnish, nginx] = ports::free();
        let _varnish = server::varnish(varnish, edge.port("edge"));
        let _nginx = server::nginx(
            &format!(
                "proxy_cache_path cache keys_zone=all:1m;
                 server {{ listen 127.0.0.1:{nginx}; proxy_cache all; add_header x-cache $upstream_cache_status;
                 location / {{ proxy_pass http://127.0.0.1:{}; }} }}",
                edge.port("edge")
            ),
            nginx,
        );
        let caches = [
            Cache {
                name: "Varnish",
                port: varnish,
                // The number of the request that filled it is the second one.
                is_hit: |response| value(response, "x-varnish").contains(' '),
            },
            Cache {
                name: "nginx",
                port: nginx,
                is_hit: |response| value(response, "x-cache") == "HIT",
            },
        ];
        let mut problems = Vec::new();
        for bucket in &buckets {
            let name = bucket["name"].as_str().unwrap();
            problems.extend(caches.iter().flat_map(|cache| differences(&edge, cache, name)));
        }
        assert!(
            problems.is_empty(),
            "explain {explain}: {} are wrong:\n{}",
            problems.len(),
            problems[..problems.len().min(20)].join("\n")
        );
    }
}

/// A bucket for each profile and mode, with rules that tell requests apart in every way, rules for everyone, and none.
fn buckets() -> Vec<Value> {
    let rule = |origins: &[&str], methods: &[&str], headers: &[&str]| json!({ "AllowedOrigins": origins, "AllowedMethods": methods, "AllowedHeaders": headers, "ExposeHeaders": ["ETag"] });
    let several = json!([
        rule(&["https://a.example"], &["GET"], &[]),
        rule(
            &["https://b.example", "https://*.b.example"],
            &["GET", "PUT"],
            &["x-a"]
        ),
    ]);
    let documents = [
        ("several", several),
        ("everyone", json!([rule(&["*"], &["GET"], &["x-a"])])),
        ("none", Value::Null),
    ];
    let mut buckets = Vec::new();
    for profile in ["oss", "s3", "fetch"] {
        for (mode, upstream_cors) in [("enforce", "replace"), ("shadow", "replace"), ("enforce", "keep")] {
            for (document, rules) in &documents {
                buckets.push(json!({
                    "name": format!("{profile}-{mode}-{upstream_cors}-{document}"),
                    "profile": profile, "mode": mode, "upstream_cors": upstream_cors, "cors": rules,
                }));
            }
        }
    }
    buckets
}

/// The headers of every request to a bucket: each of these, or none of it, beside each of the others.
fn requests() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    let origins = [
        "",
        "https://a.example",
        "https://b.example",
        "https://evil.example",
    ];
    let mut requests = Vec::new();
    for origin in origins {
        for method in ["", "PUT", "DELETE"] {
            for names in ["", "x-a", "x-b"] {
                let headers = [
                    ("origin", origin),
                    ("access-control-request-method", method),
                    ("access-control-request-headers", names),
                ];
                let headers: Vec<_> = headers
                    .into_iter()
                    .filter(|(_, value)| !value.is_empty())
                    .collect();
                if names.is_empty() {
                    requests.push(("OPTIONS", headers.clone()));
                }
                requests.push(("GET", headers));
            }
        }
    }
    requests
}

fn differences(edge: &Envoy, cache: &Cache, bucket: &str) -> Vec<String> {
    let requests = requests();
    let ask = |port: u16, object: &str, (method, headers): &(&str, Vec<(&str, &str)>)| {
        let request = WireRequest {
            method: (*method).to_owned(),
            authority: "edge.example".to_owned(),
            path: format!("/{bucket}/{object}"),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
        };
        http::exchange(port, &http::serialise(&request, (CASE_HEADER, CASE))).unwrap()
    };
    let right: Vec<_> = requests
        .iter()
        .map(|request| said(&ask(edge.port("edge"), "fresh", request)))
        .collect();
    let (mut problems, mut hits) = (Vec::new(), 0);
    for number in 0..ORDERS {
        let object = number.to_string();
        let mut order: Vec<usize> = (0..requests.len()).collect();
        shuffle(&mut order, number as u64);
        // Twice, so that each of them is answered from memory where it may be.
        for &at in order.iter().chain(&order) {
            let response = ask(cache.port, &object, &requests[at]);
            hits += usize::from((cache.is_hit)(&response));
            if said(&response) != right[at] {
                let (name, is_hit) = (cache.name, (cache.is_hit)(&response));
                problems.push(format!(
                    "{name}, {bucket}, order {number}, {:?}, from memory: {is_hit}: {:?} instead of {:?}",
                    requests[at],
                    said(&response),
                    right[at]
                ));
            }
        }
    }
    let gets = requests.iter().filter(|(method, _)| *method == "GET").count();
    if hits < ORDERS * gets {
        problems.push(format!(
            "{}, {bucket}: only {hits} answers are from memory",
            cache.name
        ));
    }
    problems
}

/// The status, and the headers that the edge may set, line by line.
fn said(response: &http::Response) -> (u16, Vec<String>) {
    let is_ours =
        |name: &str| name.starts_with("access-control-") || matches!(name, "vary" | "x-bucket-cors");
    let lines = response.headers.iter().filter(|(name, _)| is_ours(name));
    let mut lines: Vec<_> = lines
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
        .collect();
    lines.sort();
    (response.status, lines)
}

fn value(response: &http::Response, name: &str) -> String {
    let value = response.headers.iter().find(|(line, _)| line == name);
    value
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        .unwrap_or_default()
}

fn shuffle(order: &mut [usize], seed: u64) {
    let mut random = Random(seed);
    for at in (1..order.len()).rev() {
        let other = usize::try_from(random.next() % (at as u64 + 1)).unwrap();
        order.swap(at, other);
    }
}
