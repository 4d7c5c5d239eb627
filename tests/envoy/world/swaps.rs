//! More than one set of rules in one VM: side by side, and one after the other.

use std::thread;
use std::time::{Duration, Instant};

use super::chains::{ALLOWED, NOT_ALLOWED, OTHER_PAGE, SWAPPED, SituationWorld, rules, rules_file};
use super::client::{PAGE, Protocol, WorldRequest};
use super::wire::PATIENCE;
use super::{CheckResult, Situation, ask, connect, equal, expect};
use crate::support::envoy;

pub(crate) const SITUATIONS: &[Situation] = &[
    (
        "two instances of the filter do not see each other's rules",
        side_by_side,
    ),
    (
        "a stream keeps the rules it began with, and the next one on its connection gets the new ones",
        swapped,
    ),
];

const OTHER_ALLOWED: [&str; 3] = [
    "access-control-allow-origin: https://other.example",
    "access-control-expose-headers: ETag",
    "vary: Origin",
];

fn get(origin: &str) -> WorldRequest {
    WorldRequest::new("GET", "/photos/o/object").line("origin", origin)
}

fn side_by_side(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    // Two VM ids, of which one has all instances but one: each has the VM that checks the code, the main thread's, and
    // that of the only worker.
    if !envoy::is_native() {
        let vms = world
            .envoy
            .admin("/stats?filter=^wasm.envoy.wasm.runtime.v8.active$");
        equal("VMs", &vms.trim(), &"wasm.envoy.wasm.runtime.v8.active: 6")?;
    }
    let mut connections = [
        connect(world, "plain", protocol)?,
        connect(world, "other rules", protocol)?,
    ];
    for _ in 0..20 {
        for (instance, origin, cors) in [
            (0, PAGE, &ALLOWED[..]),
            (1, OTHER_PAGE, &OTHER_ALLOWED),
            (0, OTHER_PAGE, &NOT_ALLOWED),
            (1, PAGE, &NOT_ALLOWED),
        ] {
            let response = connections[instance]
                .exchange(&get(origin))
                .map_err(|error| error.to_string())?;
            expect(&response, 200, cors)?;
        }
    }
    Ok(())
}

fn swapped(world: &SituationWorld, protocol: Protocol) -> CheckResult {
    let (listener, file) = SWAPPED[usize::from(protocol == Protocol::Http2)];
    let gate = format!("held-{listener}").replace(' ', "-");
    let mut connection = connect(world, listener, protocol)?;
    let held = WorldRequest::get(&format!("/photos/o/held?{gate}"));
    connection.send(&held).map_err(|error| error.to_string())?;
    world.store.wait_for_request(&gate)?;

    world
        .envoy
        .replace(file, &rules_file(listener, &rules(OTHER_PAGE)));
    until(|| {
        let response = ask(world, listener, protocol, &get(OTHER_PAGE))?;
        Ok(response.cors() == OTHER_ALLOWED)
    })?;

    world.store.open_gate(&gate);
    let mut response = connection.head().map_err(|error| error.to_string())?;
    connection
        .finish(&mut response)
        .map_err(|error| error.to_string())?;
    expect(&response, 200, &ALLOWED)?;
    let next = connection
        .exchange(&get(PAGE))
        .map_err(|error| error.to_string())?;
    expect(&next, 200, &NOT_ALLOWED)?;

    // Rules that are refused leave the ones there are.
    let failed = || {
        let stats = world
            .envoy
            .admin(&format!("/stats?filter={listener}.config_fail"));
        stats.lines().filter(|line| !line.ends_with(": 0")).count()
    };
    equal("refusals", &failed(), &0)?;
    let refused = rules_file(listener, r#"{"buckets": [{"name": ""}]}"#);
    world.envoy.replace(file, &refused);
    until(|| Ok(failed() > 0))?;
    let next = connection
        .exchange(&get(OTHER_PAGE))
        .map_err(|error| error.to_string())?;
    expect(&next, 200, &OTHER_ALLOWED)
}

fn until(holds: impl Fn() -> Result<bool, String>) -> CheckResult {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if holds()? {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Err("the rules were not taken, or not refused".to_owned())
}
