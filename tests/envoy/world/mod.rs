//! The rest of Envoy's world: our filter among Envoy's others, on every kind of reply, over HTTP/1.1 and HTTP/2, in one
//! real Envoy. Each situation is a test of its own; what is counted are raw header lines.

mod bodies;
mod chains;
mod client;
mod http1;
mod http2;
mod memory;
mod native_cors;
mod replies;
mod store;
mod swaps;
mod wire;
mod wire_forms;

use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use chains::SituationWorld;
use client::{Protocol, WorldConnection, WorldRequest, WorldResponse};

type CheckResult = Result<(), String>;

/// A sentence, and what shows that it holds.
type Situation = (&'static str, fn(&SituationWorld, Protocol) -> CheckResult);

/// Whether all of it holds.
pub(crate) fn run(arguments: &Arguments) -> bool {
    let world = Arc::new(SituationWorld::start());
    let situations = [
        replies::SITUATIONS,
        bodies::SITUATIONS,
        wire_forms::SITUATIONS,
        native_cors::SITUATIONS,
        swaps::SITUATIONS,
    ];
    let mut trials = Vec::new();
    for (sentence, check) in situations.into_iter().flatten() {
        for protocol in [Protocol::Http1, Protocol::Http2] {
            let world = world.clone();
            let name = format!("{sentence} ({})", protocol.name());
            trials.push(Trial::test(name, move || {
                check(&world, protocol).map_err(Into::into)
            }));
        }
    }
    for (sentence, check) in wire_forms::OF_HTTP1 {
        let world = world.clone();
        trials.push(Trial::test(*sentence, move || {
            check(&world, Protocol::Http1).map_err(Into::into)
        }));
    }
    trials.push(Trial::test(
        "a request leaves no memory behind, answered or aborted",
        || memory::is_level().map_err(Into::into),
    ));
    let conclusion = libtest_mimic::run(arguments, trials);

    // Once the others are through.
    let closing = vec![Trial::test("log: no VM failed", move || {
        match world.envoy.failures().as_slice() {
            [] => Ok(()),
            lines => Err(lines.join("\n").into()),
        }
    })];
    let closing = libtest_mimic::run(arguments, closing);
    !conclusion.has_failed() && !closing.has_failed()
}

/// One exchange on a connection of its own.
fn ask(
    world: &SituationWorld,
    listener: &str,
    protocol: Protocol,
    request: &WorldRequest,
) -> Result<WorldResponse, String> {
    connect(world, listener, protocol)?
        .exchange(request)
        .map_err(|error| format!("{} {}: {error}", request.method, request.path))
}

fn connect(world: &SituationWorld, listener: &str, protocol: Protocol) -> Result<WorldConnection, String> {
    WorldConnection::open(protocol, world.envoy.port(listener)).map_err(|error| error.to_string())
}

/// The status and, line by line, the headers of CORS.
fn expect(response: &WorldResponse, status: u16, cors: &[&str]) -> CheckResult {
    equal("status", &response.status, &status)?;
    equal(
        "headers",
        &response.cors(),
        &cors.iter().map(ToString::to_string).collect(),
    )
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, given: &T, expected: &T) -> CheckResult {
    if given == expected {
        Ok(())
    } else {
        Err(format!("{what}: {given:?} instead of {expected:?}"))
    }
}
