//! The compiled core answers exactly as the naive edge does, on a million generated requests; and the generator would
//! notice if either were wrong.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::bodies::proofs::choices::{Choices, Random};
use crate::bodies::proofs::generate::{self, GeneratedCase};
use crate::bodies::proofs::oracle::{FAULTS, NaiveFault, Oracle};
use crate::bodies::proofs::requests::Treatment;
use crate::bodies::proofs::{compiled_edge, shrink};
use bucket_cors::answer::Scratch;

const CONFIGURATIONS: u64 = 20_000;
const REQUESTS: usize = 50;

/// Long enough for the largest configuration; past its end requests become simple.
const TAPE_BYTES: usize = 16 * 1024;

/// How many configurations a fault may stay unnoticed, of the 20,000 that a run looks at.
const UNNOTICED: u64 = 1_000;

fn generated(seed: u64) -> GeneratedCase {
    let mut tape = vec![0; TAPE_BYTES];
    Random(seed).fill(&mut tape);
    generate::case(&mut Choices::new(&tape), REQUESTS)
}

/// The index of the first request on which the compiled core and the naive edge differ.
fn difference(case: &GeneratedCase, fault: Option<NaiveFault>) -> Option<usize> {
    let core = compiled_edge::compile(&case.settings, &case.buckets);
    let oracle = Oracle {
        fault,
        ..Oracle::new(&case.settings, &case.buckets)
    };
    let mut scratch = Scratch::default();
    case.requests
        .iter()
        .position(|request| compiled_edge::serve(&core, request, &mut scratch) != oracle.serve(request))
}

fn explain(seed: u64, case: &GeneratedCase) -> String {
    let case = shrink::shrink(case.clone(), |case| difference(case, None).is_some());
    let request = &case.requests[difference(&case, None).unwrap_or_default()];
    let core = compiled_edge::compile(&case.settings, &case.buckets);
    format!(
        "the core and the oracle differ; ORACLE_SEED={seed} repeats it; made small:\n{case}\ncore:   {:?}\noracle: {:?}",
        compiled_edge::serve(&core, request, &mut Scratch::default()),
        Oracle::new(&case.settings, &case.buckets).serve(request),
    )
}

/// `ORACLE_SEED` repeats a run; otherwise every run looks elsewhere.
fn seed() -> u64 {
    match std::env::var("ORACLE_SEED") {
        Ok(seed) => seed.parse().expect("ORACLE_SEED is a number"),
        Err(_) => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("it is past 1970")
            .as_secs(),
    }
}

#[test]
fn the_compiled_core_answers_as_the_naive_edge_does() {
    let first = seed();
    println!("ORACLE_SEED={first}: {CONFIGURATIONS} configurations with {REQUESTS} requests each");
    // Neighbouring seeds must not repeat one another's cases.
    let start = Random(first).next();
    for number in 0..CONFIGURATIONS {
        // The seed itself is the first case, so that a printed one repeats its case at once.
        let seed = if number == 0 {
            first
        } else {
            start.wrapping_add(number)
        };
        let case = generated(seed);
        assert!(difference(&case, None).is_none(), "{}", explain(seed, &case));
    }
}

#[test]
fn every_deliberate_fault_is_noticed() {
    let mut unnoticed: Vec<NaiveFault> = FAULTS.to_vec();
    let mut noticed = Vec::new();
    for number in 0..UNNOTICED {
        if unnoticed.is_empty() {
            break;
        }
        let case = generated(number);
        unnoticed.retain(|&fault| {
            let is_noticed = difference(&case, Some(fault)).is_some();
            if is_noticed {
                noticed.push((fault, number + 1));
            }
            !is_noticed
        });
    }
    for (fault, configurations) in noticed {
        println!("{fault:?} noticed after {configurations} configurations");
    }
    assert!(
        unnoticed.is_empty(),
        "the generator does not notice {unnoticed:?}"
    );
}

/// A generator whose requests all fail at the first hurdle would agree with anything.
#[test]
fn the_generator_reaches_every_kind_of_answer() {
    let mut tally = BTreeMap::<String, usize>::new();
    for seed in 0..200 {
        let case = generated(seed);
        let oracle = Oracle::new(&case.settings, &case.buckets);
        for request in &case.requests {
            let outcome = oracle.serve(request);
            let kind = match &outcome {
                Treatment::Untouched => "untouched".to_owned(),
                Treatment::Answered { status, .. } => format!("answered {status}"),
                Treatment::Upstream { headers: None, .. } => "shadow".to_owned(),
                Treatment::Upstream { .. } => {
                    match outcome.header("access-control-allow-origin").as_deref() {
                        Some("*") => "actual, any origin".to_owned(),
                        Some(_) => "actual, echoed origin".to_owned(),
                        None => "actual, no rule".to_owned(),
                    }
                }
            };
            *tally.entry(kind).or_default() += 1;
        }
    }
    println!("{tally:#?}");
    for kind in [
        "untouched",
        "answered 200",
        "answered 204",
        "answered 400",
        "answered 403",
        "shadow",
        "actual, any origin",
        "actual, echoed origin",
        "actual, no rule",
    ] {
        let count = tally.get(kind).copied().unwrap_or_default();
        assert!(count >= 100, "{kind}: only {count} of 10,000 requests");
    }
}

#[test]
fn a_failing_case_shrinks_to_what_matters() {
    let fault = Some(NaiveFault::OverlapAllowed);
    let case = (0..)
        .map(generated)
        .find(|case| difference(case, fault).is_some())
        .expect("the fault is noticed");
    let small = shrink::shrink(case, |case| difference(case, fault).is_some());
    assert_eq!(small.buckets.len(), 1, "{small}");
    assert_eq!(small.requests.len(), 1, "{small}");
    assert_eq!(small.buckets[0].rules.len(), 1, "{small}");
    assert_eq!(small.buckets[0].rules[0].allowed_origins.len(), 1, "{small}");
}
