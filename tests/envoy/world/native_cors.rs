//! Envoy's own CORS filter in the same chain. The sample says not to; this is what happens to whoever does.

use super::chains::{ALLOWED, MAY_PUT, NOT_ALLOWED, OTHER_PAGE, SituationWorld};
use super::client::{Protocol, WorldRequest};
use super::{CheckResult, Situation, ask, expect};

pub(crate) const SITUATIONS: &[Situation] = &[
    ("Envoy's own CORS filter behind ours changes nothing", behind),
    (
        "Envoy's own CORS filter before ours answers preflights in our place, and writes over our headers",
        before,
    ),
];

fn behind(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let preflight = WorldRequest::preflight("/photos/o/object", "PUT");
    expect(&ask(world, "native behind", protocol, &preflight)?, 200, &MAY_PUT)?;
    let get = WorldRequest::get("/photos/o/object");
    expect(&ask(world, "native behind", protocol, &get)?, 200, &ALLOWED)?;
    // It would allow this one.
    let other = WorldRequest::new("GET", "/photos/o/object").line("origin", OTHER_PAGE);
    expect(&ask(world, "native behind", protocol, &other)?, 200, &NOT_ALLOWED)?;
    let other = WorldRequest::new("OPTIONS", "/photos/o/object")
        .line("origin", OTHER_PAGE)
        .line("access-control-request-method", "PUT");
    expect(&ask(world, "native behind", protocol, &other)?, 403, &NOT_ALLOWED)
}

fn before(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let preflight = WorldRequest::preflight("/photos/o/object", "PUT");
    let native = [
        "access-control-allow-credentials: true",
        "access-control-allow-headers: x-native",
        "access-control-allow-methods: DELETE",
        "access-control-allow-origin: https://app.example.com",
        "access-control-expose-headers: x-native",
        "access-control-max-age: 7",
    ];
    expect(&ask(world, "native before", protocol, &preflight)?, 200, &native)?;
    // A page that it does not know gets to ours.
    let unknown = WorldRequest::new("OPTIONS", "/photos/o/object")
        .line("origin", "https://unknown.example")
        .line("access-control-request-method", "PUT");
    expect(
        &ask(world, "native before", protocol, &unknown)?,
        403,
        &NOT_ALLOWED,
    )?;
    let get = WorldRequest::get("/photos/o/object");
    let mixed = [
        "access-control-allow-credentials: true",
        "access-control-allow-origin: https://app.example.com",
        "access-control-expose-headers: x-native",
        "vary: Origin",
    ];
    expect(&ask(world, "native before", protocol, &get)?, 200, &mixed)
}
