//! The cases on the native host.

use super::{Given, Outcome};
use crate::native_host::{Line, Vm};
use crate::ring::{Ring, texts};
use crate::support::case::Case;
use crate::support::conformance::{Document, Gathered, Loaded, What};

pub(crate) fn run(gathered: &[Gathered]) -> Vec<Given> {
    let mut ring = Ring::start();
    let answers: Vec<Given> = gathered
        .iter()
        .map(|case| match &case.what {
            What::Exchange(case) if !case.takes_an_envoy() && is_origin_form(case) => Some(
                ring.answer(case)
                    .map(Outcome::Answer)
                    .map_err(|errors| errors.join("\n")),
            ),
            _ => None,
        })
        .collect();
    drop(ring);
    let vm = Vm::start();
    let load = |(case, answer): (&Gathered, Given)| match &case.what {
        What::Configuration(document) => Some(Ok(Outcome::Loaded(load(&vm, document)))),
        _ => answer,
    };
    gathered.iter().zip(answers).map(load).collect()
}

/// Of any other request target Envoy makes a path and an authority, or an error, before the filter sees it.
fn is_origin_form(case: &Case) -> bool {
    case.request.path.starts_with('/')
}

fn load(vm: &Vm, document: &Document) -> Loaded {
    vm.take_log();
    let is_accepted = vm.configure(&document.bytes).is_ok();
    let log = vm.take_log();
    Loaded {
        is_accepted,
        errors: texts(&log, Line::ERROR),
        warnings: texts(&log, Line::WARN),
    }
}
