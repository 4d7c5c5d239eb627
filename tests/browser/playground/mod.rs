//! The playground, in a real browser, as `make run` serves it: what it shows is what the edge does.

mod cases;
mod clients;
mod fetches;
mod files;
mod people;
mod static_files;
mod typed;
mod world;

use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Trial};

use world::PlaygroundWorld;

type Test = fn(&PlaygroundWorld);

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
    (
        "each client works with the rule that is shown for it",
        clients::as_a_client,
    ),
    (
        "the sample of S3 lets the AWS SDKs work",
        clients::the_sample_of_s3,
    ),
    ("what nobody can send gets no verdict", typed::impossible_input),
    ("a link brings back what was typed", typed::links),
    (
        "the page judges as the Fetch standard does",
        fetches::as_fetch_says,
    ),
    (
        "as static files it works in any folder, and so do its links",
        static_files::in_any_folder,
    ),
    (
        "a browser does what the page says it would",
        fetches::as_predicted,
    ),
    (
        "what a browser does not send, and what a store would say, is told",
        fetches::what_nobody_knows,
    ),
    (
        "a store's own document is taken for the bucket's rules",
        fetches::bare_documents,
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

/// Whether all of it holds.
pub(crate) fn run(arguments: &Arguments) -> bool {
    let mut arguments = arguments.clone();
    // They share a browser. On this thread, with which the browser and the Envoy would end.
    arguments.test_threads = Some(1);
    if arguments.list {
        return !libtest_mimic::run(&arguments, trials(None)).has_failed();
    }
    let world = Arc::new(Mutex::new(PlaygroundWorld::start()));
    !libtest_mimic::run(&arguments, trials(Some(&world))).has_failed()
}

fn trials(world: Option<&Arc<Mutex<PlaygroundWorld>>>) -> Vec<Trial> {
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
