//! What a page in a real browser makes of the answers of the edge.

// A test may fail by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

#[path = "../support/browser.rs"]
#[allow(dead_code)]
mod browser;
mod demo;
mod driven;
#[path = "../support/sample.rs"]
mod sample;
#[path = "../support/mod.rs"]
mod support;
mod walk;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Trial};

use demo::Demo;
use walk::WALK;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They share a page.
    arguments.test_threads = Some(1);
    if arguments.list {
        return libtest_mimic::run(&arguments, trials(&Arc::default())).exit_code();
    }
    let demo = Arc::new(Mutex::new(Some(Demo::start())));
    libtest_mimic::run(&arguments, trials(&demo)).exit_code()
}

/// The last of them stops the demo.
fn trials(demo: &Arc<Mutex<Option<Demo>>>) -> Vec<Trial> {
    let with_demo = |name: String, check: Box<dyn Fn(&Demo) + Send>| {
        let demo = demo.clone();
        Trial::test(name, move || {
            // One that failed leaves a page that the next one loads again.
            check(
                demo.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .as_ref()
                    .unwrap(),
            );
            Ok(())
        })
    };
    let mut trials = vec![
        Trial::test("the browser does what a test asks of it", || {
            driven::does_what_it_is_asked();
            Ok(())
        }),
        with_demo("the page has every attempt".to_owned(), Box::new(walk::is_whole)),
    ];
    trials.extend(
        WALK.iter()
            .map(|expected| with_demo(expected.name(), Box::new(|demo| expected.check(demo)))),
    );
    trials.push(with_demo(
        "all of it in one go".to_owned(),
        Box::new(walk::in_one_go),
    ));
    trials.push(with_demo(
        "refused rules change nothing".to_owned(),
        Box::new(walk::refused_rules),
    ));
    let demo = demo.clone();
    trials.push(Trial::test("stopped, it leaves nothing", move || {
        walk::ends(
            demo.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take()
                .unwrap(),
        );
        Ok(())
    }));
    trials
}
