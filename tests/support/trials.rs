//! Tests without the compiler's harness, which has no room for what several of them share: as suites that start it
//! once.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// The name of a suite, and what runs it and says whether all of it holds.
pub(crate) type Suite = (&'static str, fn(&Arguments) -> bool);

/// Functions that panic where they fail, as trials of the same name.
macro_rules! trials {
    ($($test:path),* $(,)?) => {
        vec![$((stringify!($test), $test as fn())),*]
    };
}
pub(crate) use trials;

/// Whether all of them hold. Those that take long are run where `--ignored` asks for them.
pub(crate) fn run_all(arguments: &Arguments, usual: Vec<(&str, fn())>, long: Vec<(&str, fn())>) -> bool {
    let trial = |(name, test): (&str, fn())| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    let usual = usual.into_iter().map(trial);
    let long = long.into_iter().map(|test| trial(test).with_ignored_flag(true));
    !libtest_mimic::run(arguments, usual.chain(long).collect()).has_failed()
}

/// Runs all suites, or the one that the command line names, one after the other: each starts what its tests share on
/// this thread, with which it ends.
pub(crate) fn run_suites(suites: &[Suite]) -> ExitCode {
    let mut arguments = Arguments::from_args();
    let is_named = |name: &str| arguments.filter.as_deref() == Some(name);
    let named: Vec<_> = suites.iter().filter(|(name, _)| is_named(name)).collect();
    let chosen = if named.is_empty() {
        suites.iter().collect()
    } else {
        arguments.filter = None;
        named
    };
    let mut all_hold = true;
    for (_, run) in chosen {
        all_hold &= run(&arguments);
    }
    if all_hold {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
