//! What a page in a real browser makes of the answers of the edge.

mod driven;
mod page;
mod walk;

use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Trial};

use page::Demo;
use walk::WALK;

/// Whether all of it holds.
pub(crate) fn run(arguments: &Arguments) -> bool {
    let mut arguments = arguments.clone();
    // They share a page.
    arguments.test_threads = Some(1);
    if arguments.list {
        return !libtest_mimic::run(&arguments, trials(&Arc::default())).has_failed();
    }
    let demo = Arc::new(Mutex::new(Some(Demo::start())));
    !libtest_mimic::run(&arguments, trials(&demo)).has_failed()
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
