//! What is in a body does not concern the filter: it waits for none, holds none back, and changes none.

use super::chains::{ALLOWED, MAY_PUT, SituationWorld};
use super::client::{PAGE, Protocol, WorldRequest};
use super::store::BODY;
use super::{CheckResult, Situation, ask, connect, equal, expect};

pub(crate) const SITUATIONS: &[Situation] = &[
    ("a 304 has the bucket's headers", unchanged),
    ("HEAD has the bucket's headers and no body", head),
    (
        "a streaming response has its headers at once and its body later",
        streaming,
    ),
    ("a large upload goes through whole", upload),
    (
        "a WebSocket is opened, with the bucket's headers, and carries bytes",
        upgrade,
    ),
    ("a gRPC call keeps its trailers, both ways", trailers),
    (
        "a connection goes on after a preflight: the upload and the download that follow",
        keep_alive,
    ),
];

fn unchanged(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let get = WorldRequest::get("/photos/o/unchanged").line("if-none-match", "\"1\"");
    expect(&ask(world, "plain", protocol, &get)?, 304, &ALLOWED)
}

fn head(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let head = WorldRequest::new("HEAD", "/photos/o/object").line("origin", PAGE);
    let response = ask(world, "plain", protocol, &head)?;
    equal("body", &response.body, &Vec::new())?;
    equal(
        "content-length",
        &response.value("content-length"),
        &Some(BODY.len().to_string().as_str()),
    )?;
    expect(&response, 200, &ALLOWED)
}

fn streaming(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let gate = format!("stream over {}", protocol.name()).replace([' ', '/'], "-");
    let mut connection = connect(world, "plain", protocol)?;
    let get = WorldRequest::get(&format!("/photos/o/stream?{gate}"));
    // The store has more to say only once the client has this.
    let mut response = connection.start(&get).map_err(|error| error.to_string())?;
    expect(&response, 200, &ALLOWED)?;
    world.store.open_gate(&gate);
    connection
        .finish(&mut response)
        .map_err(|error| error.to_string())?;
    equal("body", &response.body.as_slice(), &BODY.as_bytes())
}

fn upload(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    // More than Envoy would buffer for a filter that waits for the whole.
    let size = 8 << 20;
    let put = WorldRequest::new("PUT", "/photos/o/upload")
        .line("origin", PAGE)
        .body(vec![b'x'; size]);
    let response = ask(world, "plain", protocol, &put)?;
    equal("body", &response.body.as_slice(), &size.to_string().as_bytes())?;
    expect(&response, 200, &ALLOWED)
}

fn upgrade(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let mut connection = connect(world, "plain", protocol)?;
    let mut get = WorldRequest::get("/photos/o/socket");
    get.upgrades = true;
    let response = connection.start(&get).map_err(|error| error.to_string())?;
    // Over HTTP/2 it is an extended CONNECT (RFC 8441), which Envoy shows its filters as the GET that HTTP/1.1 has.
    let status = match protocol {
        Protocol::Http1 => 101,
        Protocol::Http2 => 200,
    };
    expect(&response, status, &ALLOWED)?;
    let echoed = connection
        .echo(b"over and out")
        .map_err(|error| error.to_string())?;
    equal("echo", &echoed.as_slice(), &b"over and out".as_slice())
}

fn trailers(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let mut call = WorldRequest::new("POST", "/photos/o/call")
        .line("origin", PAGE)
        .line("content-type", "application/grpc")
        .line("te", "trailers")
        .body(b"\0\0\0\0\x02hi".to_vec());
    call.trailers = vec![("x-checksum".to_owned(), "1".to_owned())];
    let response = ask(world, "plain", protocol, &call)?;
    expect(&response, 200, &ALLOWED)?;
    equal("body", &response.body, &call.body)?;
    let trailer = |name: &str| response.trailers.iter().any(|(line, _)| line == name);
    equal("grpc-status", &trailer("grpc-status"), &true)?;
    equal("the request's trailer", &trailer("x-checksum-seen"), &true)
}

fn keep_alive(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let mut connection = connect(world, "plain", protocol)?;
    let put = WorldRequest::new("PUT", "/photos/o/upload")
        .line("origin", PAGE)
        .body(vec![b'x'; 1_000]);
    for _ in 0..3 {
        for (request, cors) in [
            (WorldRequest::preflight("/photos/o/upload", "PUT"), &MAY_PUT[..]),
            (put.clone(), &ALLOWED),
            (WorldRequest::get("/photos/o/object"), &ALLOWED),
        ] {
            let response = connection.exchange(&request).map_err(|error| error.to_string())?;
            expect(&response, 200, cors)?;
        }
    }
    Ok(())
}
