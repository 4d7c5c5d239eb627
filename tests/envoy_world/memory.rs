//! Two hundred thousand requests through one Envoy: its memory is level.

use std::io;

use serde_json::json;

use crate::Check;
use crate::chains::rules;
use crate::client::{PAGE, Request};
use crate::support::envoy::{self, Envoy, Listener, bucket_cors, http_filter};
use crate::{http1, http2};

/// How many requests stand on a connection at once.
const BATCH: usize = 100;

/// Without `proxy_on_delete`, no stream is forgotten and 160,000 of them take 9 MB. With it, it was 8 KiB.
const SLACK_KIB: u64 = 2_048;

pub(crate) fn is_level() -> Check {
    let envoy = start();
    let port = envoy.port("edge");
    run(port, 40_000)?;
    let before = envoy.resident_kib();
    run(port, 160_000)?;
    let after = envoy.resident_kib();
    let total = counter(&envoy, "http.edge.downstream_rq_total");
    let aborted = counter(&envoy, "http.edge.downstream_rq_rx_reset");
    if total < 200_000 || aborted < 10_000 {
        return Err(format!("{total} requests, {aborted} of them aborted"));
    }
    if after > before + SLACK_KIB {
        return Err(format!(
            "{before} KiB after 40,000 requests, {after} KiB after 200,000"
        ));
    }
    Ok(())
}

/// Every request is answered by Envoy itself, or held for an hour where it asks for that.
fn start() -> Envoy {
    let fault = json!({
        "delay": { "fixed_delay": "3600s", "percentage": { "numerator": 100 } },
        "headers": [{ "name": "x-hold", "present_match": true }],
    });
    let filters = vec![
        bucket_cors(&rules("https://*.example.com")),
        http_filter("envoy.filters.http.fault", "fault.v3.HTTPFault", fault),
    ];
    let routes = json!([{ "match": { "prefix": "/" }, "direct_response": { "status": 200 } }]);
    let listeners = [Listener::new("edge", filters).with_routes(routes)];
    Envoy::start_with(&envoy::bootstrap(&listeners, &[]), &[])
        .unwrap_or_else(|refused| panic!("Envoy does not start, {}:\n{}", refused.status, refused.log))
}

fn counter(envoy: &Envoy, name: &str) -> u64 {
    let line = envoy.admin(&format!("/stats?filter=^{name}$"));
    line.trim()
        .rsplit(' ')
        .next()
        .and_then(|count| count.parse().ok())
        .unwrap_or_default()
}

/// Nine in ten requests are answered; one in ten is aborted, its connection closed.
fn run(port: u16, count: usize) -> Check {
    let kinds = kinds();
    let heads: Result<Vec<_>, _> = (0..BATCH)
        .map(|at| http2::head(&kinds[at % kinds.len()]))
        .collect();
    let heads = heads.map_err(|error| error.to_string())?;
    for round in 0..count / (10 * BATCH) {
        side_by_side(port, &heads)
            .and_then(|()| one_by_one(port, &kinds))
            .and_then(|()| aborted(port, round))
            .map_err(|error| format!("round {round}: {error}"))?;
    }
    Ok(())
}

fn kinds() -> [Request; 10] {
    let get = |path: &str| Request::new("GET", path);
    let long = "x-".to_owned() + &"y".repeat(500);
    [
        Request::get("/photos/a"),
        get("/photos/a").line("origin", "https://evil.example"),
        get("/photos/a"),
        Request::preflight("/photos/a", "PUT"),
        Request::preflight("/photos/a", "PUT").line("access-control-request-headers", &long),
        Request::preflight("/photos/a", "DELETE"),
        Request::new("OPTIONS", "/photos/a"),
        Request::get("/nobody/a"),
        Request::new("HEAD", "/photos/a").line("origin", PAGE),
        Request::get(&format!("/photos/{long}")),
    ]
}

fn side_by_side(port: u16, heads: &[http::Request<()>]) -> io::Result<()> {
    let mut connection = http2::Connection::open(port)?;
    (0..9).try_for_each(|_| connection.batch(heads))
}

fn one_by_one(port: u16, kinds: &[Request]) -> io::Result<()> {
    let mut connection = http1::Connection::open(port)?;
    for request in kinds {
        connection.send(request)?;
        let mut response = connection.head()?;
        connection.finish(&mut response)?;
        // So Envoy ends every 400 of its own or of a filter's over HTTP/1.1.
        if response.value("connection") == Some("close") {
            connection = http1::Connection::open(port)?;
        }
    }
    Ok(())
}

/// Requests that are never answered, on a connection that is closed: over HTTP/2 most of the time, where one connection
/// carries many.
fn aborted(port: u16, round: usize) -> io::Result<()> {
    let held = Request::get("/photos/a").line("x-hold", "yes");
    if round.is_multiple_of(20) {
        for _ in 0..BATCH {
            http1::Connection::open(port)?.send(&held)?;
        }
        return Ok(());
    }
    let mut connection = http2::Connection::open(port)?;
    for _ in 0..BATCH - 1 {
        connection.send(&held)?;
    }
    // What comes after them is answered, so they have been seen.
    connection.send(&Request::get("/photos/a"))?;
    connection.head().map(drop)
}
