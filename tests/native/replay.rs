//! The cases that a real Envoy answers as well, without it: the loop in which a rule of the filter is changed.

use std::collections::BTreeMap;

use crate::ring::Ring;
use crate::support::case;

#[test]
fn every_case_is_answered_as_it_says() {
    let cases = case::load_all();
    assert!(cases.len() > 100, "{} cases", cases.len());
    let mut ring = Ring::start();
    let mut wrong = BTreeMap::new();
    for case in cases.iter().filter(|case| !case.takes_an_envoy()) {
        let problems = ring
            .answer(case)
            .map_or_else(|errors| errors, |answer| case.expectation.problems(&answer));
        if !problems.is_empty() {
            wrong.insert(case.name.as_str(), problems);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
