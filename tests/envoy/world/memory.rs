//! Hundreds of thousands of requests through one Envoy: its memory is level.

use std::time::{Duration, Instant};
use std::{io, thread};

use serde_json::{Value, json};

use super::CheckResult;
use super::chains::rules;
use super::client::{PAGE, WorldRequest};
use super::{http1, http2};
use crate::support::envoy::{self, Envoy, Listener, bucket_cors, http_filter};

/// How many requests stand on a connection at once.
const BATCH: usize = 100;

/// By how much Envoy's own allocations may grow. A library that forgets no stream holds megabytes.
const SLACK_BYTES: u64 = 1_000_000;

/// By how much resident memory may grow. Without `proxy_on_delete` no stream is forgotten, and 160,000 of them take 9
/// MB of the VM's memory, which Envoy does not count. With it, it was 8 KiB, and 2 MB on a machine so busy that V8
/// compiled late.
const RESIDENT_SLACK_BYTES: u64 = 4_500_000;

/// How long Envoy may take to see that connections are closed.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn is_level() -> CheckResult {
    let envoy = start();
    let port = envoy.port("edge");
    run(port, 40_000)?;
    let mut before = Held::by(&envoy)?;
    let mut grown = Vec::new();
    // What a busy machine has put off, such as V8 its compiling, is caught up with once. What is never forgotten grows
    // each time.
    for _ in 0..3 {
        run(port, 160_000)?;
        let after = Held::by(&envoy)?;
        let total = counter(&envoy, "http.edge.downstream_rq_total");
        let aborted = counter(&envoy, "http.edge.downstream_rq_rx_reset");
        if total < 200_000 || aborted < 10_000 {
            return Err(format!("{total} requests, {aborted} of them aborted"));
        }
        if after.allocated <= before.allocated + SLACK_BYTES
            && after.resident <= before.resident + RESIDENT_SLACK_BYTES
        {
            return Ok(());
        }
        grown.push(std::mem::replace(&mut before, after));
    }
    Err(format!(
        "{grown:?} and {before:?} with 160,000 requests between each"
    ))
}

/// What Envoy holds, in bytes.
#[derive(Debug)]
struct Held {
    /// What Envoy itself has allocated and not freed, as it counts it: no busy machine changes that.
    allocated: u64,
    /// What the kernel counts, the memory of the VM included.
    resident: u64,
}

impl Held {
    /// Once no connection is left, with what hangs on it.
    fn by(envoy: &Envoy) -> Result<Self, String> {
        let deadline = Instant::now() + PATIENCE;
        while counter(envoy, "http.edge.downstream_cx_active") > 0 {
            if Instant::now() > deadline {
                return Err(format!("connections are left after {PATIENCE:?}"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        let memory: Value =
            serde_json::from_str(&envoy.admin("/memory")).map_err(|error| error.to_string())?;
        let allocated = memory["allocated"].as_str().and_then(|bytes| bytes.parse().ok());
        Ok(Self {
            allocated: allocated.ok_or_else(|| memory.to_string())?,
            resident: envoy.resident_kib() * 1024,
        })
    }
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
fn run(port: u16, count: usize) -> CheckResult {
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

fn kinds() -> [WorldRequest; 10] {
    let get = |path: &str| WorldRequest::new("GET", path);
    let long = "x-".to_owned() + &"y".repeat(500);
    [
        WorldRequest::get("/photos/a"),
        get("/photos/a").line("origin", "https://evil.example"),
        get("/photos/a"),
        WorldRequest::preflight("/photos/a", "PUT"),
        WorldRequest::preflight("/photos/a", "PUT").line("access-control-request-headers", &long),
        WorldRequest::preflight("/photos/a", "DELETE"),
        WorldRequest::new("OPTIONS", "/photos/a"),
        WorldRequest::get("/nobody/a"),
        WorldRequest::new("HEAD", "/photos/a").line("origin", PAGE),
        WorldRequest::get(&format!("/photos/{long}")),
    ]
}

fn side_by_side(port: u16, heads: &[http::Request<()>]) -> io::Result<()> {
    let mut connection = http2::Http2Connection::open(port)?;
    (0..9).try_for_each(|_| connection.batch(heads))
}

fn one_by_one(port: u16, kinds: &[WorldRequest]) -> io::Result<()> {
    let mut connection = http1::Http1Connection::open(port)?;
    for request in kinds {
        connection.send(request)?;
        let mut response = connection.head()?;
        connection.finish(&mut response)?;
        // So Envoy ends every 400 of its own or of a filter's over HTTP/1.1.
        if response.value("connection") == Some("close") {
            connection = http1::Http1Connection::open(port)?;
        }
    }
    Ok(())
}

/// Requests that are never answered, on a connection that is closed: over HTTP/2 most of the time, where one connection
/// carries many.
fn aborted(port: u16, round: usize) -> io::Result<()> {
    let held = WorldRequest::get("/photos/a").line("x-hold", "yes");
    if round.is_multiple_of(20) {
        for _ in 0..BATCH {
            http1::Http1Connection::open(port)?.send(&held)?;
        }
        return Ok(());
    }
    let mut connection = http2::Http2Connection::open(port)?;
    for _ in 0..BATCH - 1 {
        connection.send(&held)?;
    }
    // What comes after them is answered, so they have been seen.
    connection.send(&WorldRequest::get("/photos/a"))?;
    connection.head().map(drop)
}
