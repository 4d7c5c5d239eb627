//! Who answers: other filters, the router, the route table, our filter, the store with a redirect.

use super::chains::{ALLOWED, MAY_PUT, NOT_ALLOWED, SituationWorld};
use super::client::{Protocol, WorldRequest};
use super::{CheckResult, Situation, ask, connect, equal, expect};

pub(crate) const SITUATIONS: &[Situation] = &[
    (
        "a preflight needs no credentials, and the 401 of a filter behind ours tells the page so",
        unauthorised,
    ),
    (
        "behind a filter that asks for credentials ours sees neither preflight nor 401",
        unauthorised_before_ours,
    ),
    ("a 404 without a route has the bucket's headers", not_found),
    (
        "a 503 of an upstream that is down has the bucket's headers",
        unavailable,
    ),
    ("a 504 of an upstream that is late has the bucket's headers", late),
    (
        "a 429 has the bucket's headers, and preflights are not counted",
        limited,
    ),
    ("a redirect of the route's has the bucket's headers", redirect),
    (
        "a redirect of the store's keeps its location and has the bucket's headers",
        moved,
    ),
    (
        "a redirect that Envoy follows itself gives one set of headers",
        followed,
    ),
    ("a direct response has the bucket's headers", direct),
    ("our own answers have their headers once", once),
    (
        "a preflight says who answered, and how long the body is",
        complete,
    ),
    (
        "a gRPC client is told of an error as it expects, with the bucket's headers",
        grpc_error,
    ),
];

fn unauthorised(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let preflight = WorldRequest::preflight("/photos/o/object", "PUT")
        .line("access-control-request-headers", "authorization");
    let mut may_send_authorization = vec!["access-control-allow-headers: authorization"];
    may_send_authorization.extend(MAY_PUT);
    expect(
        &ask(world, "credentials", protocol, &preflight)?,
        200,
        &may_send_authorization,
    )?;
    let get = WorldRequest::get("/photos/o/object");
    expect(&ask(world, "credentials", protocol, &get)?, 401, &ALLOWED)?;
    let with_credentials = get.line("authorization", "Basic dXNlcjp0ZXN0");
    expect(
        &ask(world, "credentials", protocol, &with_credentials)?,
        200,
        &ALLOWED,
    )
}

fn unauthorised_before_ours(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let preflight = WorldRequest::preflight("/photos/o/object", "PUT");
    expect(&ask(world, "credentials first", protocol, &preflight)?, 401, &[])?;
    let get = WorldRequest::get("/photos/o/object");
    expect(&ask(world, "credentials first", protocol, &get)?, 401, &[])
}

fn not_found(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let get = WorldRequest::get("/photos/without-a-route");
    expect(&ask(world, "plain", protocol, &get)?, 404, &ALLOWED)?;
    let other = WorldRequest::new("GET", "/photos/without-a-route").line("origin", "https://evil.example");
    expect(&ask(world, "plain", protocol, &other)?, 404, &NOT_ALLOWED)
}

fn unavailable(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let get = WorldRequest::get("/photos/nowhere");
    expect(&ask(world, "plain", protocol, &get)?, 503, &ALLOWED)
}

fn late(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let get = WorldRequest::get("/photos/late");
    expect(&ask(world, "plain", protocol, &get)?, 504, &ALLOWED)
}

fn limited(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let preflight = WorldRequest::preflight("/photos/o/object", "PUT");
    for _ in 0..5 {
        expect(&ask(world, "limited", protocol, &preflight)?, 200, &MAY_PUT)?;
    }
    // Whoever comes first has the only token.
    let get = WorldRequest::get("/photos/o/object");
    ask(world, "limited", protocol, &get)?;
    expect(&ask(world, "limited", protocol, &get)?, 429, &ALLOWED)?;
    expect(&ask(world, "limited", protocol, &preflight)?, 200, &MAY_PUT)
}

fn redirect(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let response = ask(world, "plain", protocol, &WorldRequest::get("/photos/301"))?;
    equal(
        "location",
        &response.value("location"),
        &Some("http://edge.example/photos/o/object"),
    )?;
    expect(&response, 301, &ALLOWED)
}

fn moved(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let response = ask(world, "plain", protocol, &WorldRequest::get("/photos/o/moved"))?;
    equal(
        "location",
        &response.value("location"),
        &Some("https://elsewhere.example/"),
    )?;
    expect(&response, 307, &ALLOWED)
}

fn followed(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let response = ask(world, "plain", protocol, &WorldRequest::get("/photos/internal"))?;
    equal("location", &response.value("location"), &None)?;
    expect(&response, 200, &ALLOWED)
}

fn direct(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    expect(
        &ask(world, "plain", protocol, &WorldRequest::get("/photos/direct"))?,
        410,
        &ALLOWED,
    )
}

fn once(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    // On every path through the edge that ends in a reply of ours.
    let refused = WorldRequest::preflight("/photos/o/object", "DELETE");
    let not_a_preflight = WorldRequest::new("OPTIONS", "/photos/o/object");
    let mut connection = connect(world, "plain", protocol)?;
    for (request, status, cors) in [
        (
            WorldRequest::preflight("/photos/o/object", "PUT"),
            200,
            &MAY_PUT[..],
        ),
        (refused, 403, &NOT_ALLOWED),
        (not_a_preflight, 400, &NOT_ALLOWED),
    ] {
        let response = connection.exchange(&request).map_err(|error| error.to_string())?;
        expect(&response, status, cors)?;
        for name in ["content-type", "content-length", "date", "server"] {
            let lines = response.lines.iter().filter(|(line, _)| line == name).count();
            if lines > 1 {
                return Err(format!("{name} stands {lines} times"));
            }
        }
    }
    Ok(())
}

fn complete(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let allowed = ask(
        world,
        "plain",
        protocol,
        &WorldRequest::preflight("/photos/o/object", "PUT"),
    )?;
    equal("body", &allowed.body, &Vec::new())?;
    let refused = ask(
        world,
        "plain",
        protocol,
        &WorldRequest::preflight("/photos/o/object", "DELETE"),
    )?;
    equal(
        "content-length",
        &refused.value("content-length"),
        &Some(refused.body.len().to_string().as_str()),
    )?;
    equal(
        "content-type",
        &refused.value("content-type"),
        &Some("application/xml"),
    )
}

fn grpc_error(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let call = WorldRequest::new("POST", "/photos/nowhere")
        .line("origin", super::client::PAGE)
        .line("content-type", "application/grpc");
    let response = ask(world, "plain", protocol, &call)?;
    equal("grpc-status", &response.value("grpc-status"), &Some("14"))?;
    expect(&response, 200, &ALLOWED)
}
