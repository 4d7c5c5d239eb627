//! The cases through the built module in a real Envoy: requests on one listener for each of their configurations, and
//! configurations as listeners that the running Envoy is asked to add.

use std::io;

use super::{CaseOutcome, RingResult};
use crate::support::case::Case;
use crate::support::conformance::{Gathered, GatheredCase, LoadedDocument};
use crate::support::envoy::{self, FilterLog, Listener};
use crate::support::http;
use crate::support::stand::EnvoyStand;

pub(crate) fn start(gathered: &[Gathered]) -> EnvoyStand {
    let cases = gathered.iter().filter_map(|case| match &case.what {
        GatheredCase::Exchange(case) => Some(case),
        _ => None,
    });
    let documents = gathered.iter().filter_map(|case| match &case.what {
        GatheredCase::Configuration(document) => {
            let filter = envoy::bucket_cors_named(&case.id, &document.bytes);
            Some(envoy::listener_resource(&Listener::new(&case.id, vec![filter])))
        }
        _ => None,
    });
    EnvoyStand::start(cases, &documents.collect::<Vec<_>>())
}

pub(crate) fn run(gathered: &[Gathered], stand: &EnvoyStand) -> Vec<RingResult> {
    let log = stand.envoy.log();
    let log = FilterLog::of(&log);
    let run = |case: &Gathered| match &case.what {
        GatheredCase::Exchange(case) => Some(exchange(stand, case).map_err(|error| error.to_string())),
        GatheredCase::Configuration(_) => {
            Some(loaded(stand, &log, &case.id).map_err(|error| error.to_string()))
        }
        GatheredCase::NotRun => None,
    };
    gathered.iter().map(run).collect()
}

fn exchange(stand: &EnvoyStand, case: &Case) -> io::Result<CaseOutcome> {
    let answer = stand.answer(case)?;
    if !stand.is_alive(case)? {
        return Err(io::Error::other(
            "the next request on the same worker is not answered",
        ));
    }
    Ok(CaseOutcome::Answer(answer))
}

/// Whether the listener was added and answers, and what its filter had to say.
fn loaded(stand: &EnvoyStand, log: &FilterLog<'_>, name: &str) -> io::Result<CaseOutcome> {
    let is_accepted = match stand.envoy.find_port(name) {
        Some(port) => http::get(port, "/a-bucket-of-nobody/test.txt")?.status == 200,
        None => false,
    };
    let lines = |level: &str| log.said_by(name, level);
    Ok(CaseOutcome::Loaded(LoadedDocument {
        is_accepted,
        errors: lines("error"),
        warnings: lines("warning"),
    }))
}
