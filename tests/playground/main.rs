//! The playground, in a real browser, as `make run` serves it: what it shows is what the edge does.

// A test may fail by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice
)]

#[path = "../support/browser.rs"]
#[allow(dead_code)]
mod browser;
mod cases;
mod fetches;
mod files;
mod people;
#[path = "../support/sample.rs"]
#[allow(dead_code)]
mod sample;
#[path = "../support/mod.rs"]
mod support;
mod typed;
mod world;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Trial};

use world::World;

type Test = fn(&World);

const TESTS: &[(&str, Test)] = &[
    (
        "every file comes with its type and a strict policy",
        files::types_and_policy,
    ),
    (
        "rules for every host leave the page alone",
        files::rules_leave_the_page_alone,
    ),
    (
        "the page asks nobody but its own Envoy, and logs nothing",
        files::asks_nobody_else,
    ),
    (
        "every case is answered as a real Envoy answers it",
        cases::as_envoy_answers,
    ),
    (
        "the host takes modules with more and with fewer functions",
        cases::other_modules,
    ),
    (
        "every example is what curl gets from this Envoy",
        typed::examples_are_what_curl_gets,
    ),
    ("one types, and the answer follows", typed::answer_follows),
    ("each rule says which of its checks failed", typed::rule_by_rule),
    (
        "what loading says is shown with its place",
        typed::findings_have_places,
    ),
    ("rules that cannot be read break nothing", typed::broken_rules),
    (
        "megabytes of rules do not stop anybody from typing",
        typed::huge_rules,
    ),
    ("what nobody can send gets no verdict", typed::impossible_input),
    ("a link brings back what was typed", typed::links),
    (
        "a browser does what the page says it would",
        fetches::as_predicted,
    ),
    (
        "everything is reached with the keyboard, in order",
        people::keyboard,
    ),
    (
        "each field has a name, and the verdict is announced",
        people::names_and_roles,
    ),
    ("on a phone nothing is wider than the screen", people::phone),
    ("in the dark it is dark, and legible in both", people::contrast),
    ("nothing moves while it loads", people::no_shifts),
    (
        "the pictures for the README can be taken, and are small",
        people::pictures,
    ),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They share a browser. On this thread, with which the browser and the Envoy would end.
    arguments.test_threads = Some(1);
    if arguments.list {
        return libtest_mimic::run(&arguments, trials(None)).exit_code();
    }
    let world = Arc::new(Mutex::new(World::start()));
    libtest_mimic::run(&arguments, trials(Some(&world))).exit_code()
}

fn trials(world: Option<&Arc<Mutex<World>>>) -> Vec<Trial> {
    let trial = |&(name, test): &(&str, Test)| {
        let world = world.cloned();
        Trial::test(name, move || {
            // One test that failed is no reason for the next to fail.
            test(&world.unwrap().lock().unwrap_or_else(PoisonError::into_inner));
            Ok(())
        })
    };
    TESTS.iter().map(trial).collect()
}
