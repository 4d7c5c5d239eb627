//! Unusual requests: of the whole server, with lines twice, of odd methods, with more headers than anybody sends.

use super::chains::{ALLOWED, MAY_PUT, NOT_ALLOWED, SituationWorld};
use super::client::{AUTHORITY, PAGE, Protocol, WorldConnection, WorldRequest};
use super::{CheckResult, Situation, ask, connect, equal, expect};

pub(crate) const SITUATIONS: &[Situation] = &[
    (
        "OPTIONS * is not for a bucket, and Envoy answers it without us",
        options_star,
    ),
    ("two origins match nothing", two_origins),
    ("a method in lower case is another method", lower_case),
    ("90 headers and 50 KB of cookies change nothing", ninety_headers),
    (
        "headers that the host hands over one by one only are enough",
        one_by_one,
    ),
    ("1,500 headers change nothing", many_headers),
    (
        "more than a megabyte of headers changes nothing",
        megabyte_of_headers,
    ),
    ("1,200 response headers change nothing", many_response_headers),
];

/// What HTTP/2 has no form for.
pub(crate) const OF_HTTP1: &[Situation] = &[
    ("a client of HTTP/1.0 gets the bucket's headers", http_1_0),
    ("an absolute request target is the path in it", absolute),
];

fn options_star(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let mut connection = connect(world, "plain", protocol)?;
    let mut request = WorldRequest::preflight("*", "PUT");
    let response = connection.exchange(&request).map_err(|error| error.to_string())?;
    expect(&response, 404, &[])?;
    request.path = "/photos/o/object".to_owned();
    let response = connection.exchange(&request).map_err(|error| error.to_string())?;
    expect(&response, 200, &MAY_PUT)
}

fn two_origins(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    for second in [PAGE, "https://evil.example"] {
        let get = WorldRequest::get("/photos/o/object").line("origin", second);
        expect(&ask(world, "plain", protocol, &get)?, 200, &NOT_ALLOWED)?;
        let preflight = WorldRequest::preflight("/photos/o/object", "PUT").line("origin", second);
        expect(&ask(world, "plain", protocol, &preflight)?, 403, &NOT_ALLOWED)?;
    }
    let twice =
        WorldRequest::preflight("/photos/o/object", "PUT").line("access-control-request-method", "GET");
    expect(&ask(world, "plain", protocol, &twice)?, 403, &NOT_ALLOWED)
}

fn lower_case(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let request = WorldRequest::new("options", "/photos/o/object")
        .line("origin", PAGE)
        .line("access-control-request-method", "PUT");
    let response = ask(world, "plain", protocol, &request)?;
    match protocol {
        // Envoy's codec knows no such method.
        Protocol::Http1 => expect(&response, 400, &[]),
        Protocol::Http2 => expect(&response, 200, &NOT_ALLOWED),
    }
}

fn with_headers(mut request: WorldRequest, count: usize, value: &str) -> WorldRequest {
    for at in 0..count {
        request = request.line(&format!("x-{at}"), value);
    }
    request
}

/// An actual request and both kinds of preflights, with more headers, are answered as without them.
fn expect_each(
    world: &SituationWorld,
    listener: &str,
    protocol: Protocol,
    with_more: impl Fn(WorldRequest) -> WorldRequest,
) -> CheckResult {
    const PATH: &str = "/photos/o/object";
    for (request, status, cors) in [
        (WorldRequest::get(PATH), 200, &ALLOWED[..]),
        (WorldRequest::preflight(PATH, "PUT"), 200, &MAY_PUT),
        (WorldRequest::preflight(PATH, "DELETE"), 403, &NOT_ALLOWED),
    ] {
        expect(
            &ask(world, listener, protocol, &with_more(request))?,
            status,
            cors,
        )?;
    }
    Ok(())
}

fn ninety_headers(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let cookies = "c=".to_owned() + &"x".repeat(50_000);
    expect_each(world, "plain", protocol, |request| {
        with_headers(request.line("cookie", &cookies), 85, "any")
    })
}

/// More than the filter could hand to its host, whose limits are 1,024 headers and 1 MiB: from the host there are none.
fn many_headers(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    large(world, protocol, "large", 1_500, "any")
}

fn one_by_one(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    large(world, protocol, "one by one", 5, "any")
}

fn megabyte_of_headers(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    large(world, protocol, "large", 2_400, &"x".repeat(500))
}

fn large(
    world: &SituationWorld,
    protocol: Protocol,
    listener: &str,
    count: usize,
    value: &str,
) -> CheckResult {
    expect_each(world, listener, protocol, |request| {
        with_headers(request, count, value)
    })
}

fn many_response_headers(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let response = ask(world, "plain", protocol, &WorldRequest::get("/photos/o/many"))?;
    if response.lines.len() < 1_200 {
        return Err(format!("only {} headers came", response.lines.len()));
    }
    expect(&response, 200, &ALLOWED)
}

fn raw(world: &SituationWorld, text: &str) -> Result<super::WorldResponse, String> {
    let WorldConnection::Http1(mut connection) = connect(world, "plain", Protocol::Http1)? else {
        return Err("not HTTP/1.1".to_owned());
    };
    connection
        .wire
        .write(text.as_bytes())
        .and_then(|()| connection.head())
        .and_then(|mut response| connection.finish(&mut response).map(|()| response))
        .map_err(|error| error.to_string())
}

fn http_1_0(world: &SituationWorld, _: Protocol) -> CheckResult {
    let get = format!("GET /photos/o/object HTTP/1.0\r\nhost: {AUTHORITY}\r\norigin: {PAGE}\r\n\r\n");
    let response = raw(world, &get)?;
    equal("body", &response.body.as_slice(), &super::store::BODY.as_bytes())?;
    expect(&response, 200, &ALLOWED)
}

fn absolute(world: &SituationWorld, _: Protocol) -> CheckResult {
    let get = format!(
        "GET http://{AUTHORITY}/photos/o/object HTTP/1.1\r\nhost: else.example\r\norigin: {PAGE}\r\n\r\n"
    );
    expect(&raw(world, &get)?, 200, &ALLOWED)
}
