//! What is compared with what.

use super::{CaseOutcome, RingResult};
use crate::support::answer::ClientAnswer;
use crate::support::conformance::{Gathered, GatheredCase};

/// In what an outcome is another than its case's.
pub(crate) fn problems(case: &Gathered, outcome: &CaseOutcome) -> Vec<String> {
    match (&case.what, outcome) {
        (GatheredCase::Exchange(case), CaseOutcome::Answer(answer)) => case.expectation.problems(answer),
        (GatheredCase::Configuration(document), CaseOutcome::Loaded(loaded)) => document.problems(loaded),
        _ => unreachable!("a request has an answer, a configuration is loaded"),
    }
}

/// In what the rings do not agree, whatever the case says: the status and every header of CORS, the body, and every
/// finding of a configuration.
pub(crate) fn of_rings(natively: &RingResult, in_envoy: &RingResult) -> Vec<String> {
    match (natively, in_envoy) {
        (Some(Ok(CaseOutcome::Answer(native))), Some(Ok(CaseOutcome::Answer(envoy)))) => {
            let (native, envoy) = (essence(native), essence(envoy));
            difference(native == envoy, &native, &envoy)
        }
        (Some(Ok(CaseOutcome::Loaded(native))), Some(Ok(CaseOutcome::Loaded(envoy)))) => {
            difference(native == envoy, native, envoy)
        }
        _ => Vec::new(),
    }
}

fn difference(agrees: bool, native: &impl std::fmt::Debug, envoy: &impl std::fmt::Debug) -> Vec<String> {
    match agrees {
        true => Vec::new(),
        false => vec![format!("natively {native:#?}, in Envoy {envoy:#?}")],
    }
}

/// What both hosts have to give alike.
#[derive(Debug, PartialEq, Eq)]
struct Essence {
    reached_upstream: bool,
    status: u16,
    headers: Vec<(String, String)>,
    error: Vec<Option<String>>,
}

fn essence(answer: &ClientAnswer) -> Essence {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with("access-control-") || name == "vary" || name == "x-bucket-cors")
        .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
        .collect();
    headers.sort();
    // Of the body all but the id that each host gives its request.
    let elements = ["Code", "Message", "Method", "ResourceType", "HostId", "Resource"];
    Essence {
        reached_upstream: answer.reached_upstream,
        status: answer.status,
        headers,
        error: elements.map(|element| answer.error_element(element)).to_vec(),
    }
}

/// Whether the comparison can fail at all: an answer that allows what the right one does not, or does not allow what it
/// does, must be a problem of its case.
pub(crate) fn sees(gathered: &[Gathered], natively: &[RingResult]) -> Result<(), String> {
    let is_blind = |(gathered, given): &(&Gathered, &RingResult)| match (&gathered.what, given) {
        (GatheredCase::Exchange(case), Some(Ok(CaseOutcome::Answer(answer)))) => {
            let is_content = |answer| case.expectation.problems(answer).is_empty();
            case.expectation.fixes_the_verdict() && is_content(answer) && is_content(&contrary(answer))
        }
        _ => false,
    };
    let blind = gathered.iter().zip(natively).filter(is_blind);
    super::none(blind.map(|(case, _)| case.id.clone()).collect())
}

fn contrary(answer: &ClientAnswer) -> ClientAnswer {
    let mut contrary = answer.clone();
    if answer.values("access-control-allow-origin").is_empty() {
        let allowed = ("access-control-allow-origin".to_owned(), b"*".to_vec());
        contrary.headers.push(allowed);
    } else {
        contrary
            .headers
            .retain(|(name, _)| !name.starts_with("access-control-"));
    }
    contrary
}
