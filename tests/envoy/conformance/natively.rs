//! The cases on the native host.

use super::{CaseOutcome, RingResult};
use crate::native_host::{HostLogLine, NativeVm};
use crate::ring::{Ring, texts};
use crate::support::case::Case;
use crate::support::conformance::{ConfigurationDocument, Gathered, GatheredCase, LoadedDocument};

pub(crate) fn run(gathered: &[Gathered]) -> Vec<RingResult> {
    let mut ring = Ring::start();
    let answers: Vec<RingResult> = gathered
        .iter()
        .map(|case| match &case.what {
            GatheredCase::Exchange(case) if !case.takes_an_envoy() && is_origin_form(case) => Some(
                ring.answer(case)
                    .map(CaseOutcome::Answer)
                    .map_err(|errors| errors.join("\n")),
            ),
            _ => None,
        })
        .collect();
    drop(ring);
    let vm = NativeVm::start();
    let load = |(case, answer): (&Gathered, RingResult)| match &case.what {
        GatheredCase::Configuration(document) => Some(Ok(CaseOutcome::Loaded(load(&vm, document)))),
        _ => answer,
    };
    gathered.iter().zip(answers).map(load).collect()
}

/// Of any other request target Envoy makes a path and an authority, or an error, before the filter sees it.
fn is_origin_form(case: &Case) -> bool {
    case.request.path.starts_with('/')
}

fn load(vm: &NativeVm, document: &ConfigurationDocument) -> LoadedDocument {
    vm.take_log();
    let is_accepted = vm.configure(&document.bytes).is_ok();
    let log = vm.take_log();
    LoadedDocument {
        is_accepted,
        errors: texts(&log, HostLogLine::ERROR),
        warnings: texts(&log, HostLogLine::WARN),
    }
}
