//! The edge before stores: it and the store mean the same bucket, whatever stands between them, and no cache makes one
//! page's answer another's.

// A test may fail by panicking, and prints its figures.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::print_stdout
)]

#[path = "../support/browser.rs"]
#[allow(dead_code)]
mod browser;
mod caches;
mod chain;
#[path = "../support/choices.rs"]
#[allow(dead_code, unreachable_pub)]
mod choices;
mod clients;
mod fronts;
mod pages;
mod production;
mod random_paths;
mod readings;
mod rules;
mod server;
mod spellings;
#[path = "../support/mod.rs"]
mod support;
#[cfg(feature = "sync")]
mod sync;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use support::answer;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each has servers of its own, and waits for them most of the time.
    arguments.test_threads = arguments.test_threads.or(Some(3));
    let trial = |name: &str, check: fn()| {
        Trial::test(name, move || {
            check();
            Ok(())
        })
    };
    let long = |name: &str, check: fn()| trial(name, check).with_ignored_flag(true);
    #[allow(unused_mut)] // Without the tool's `sync`.
    let mut trials = vec![
        trial(
            "random paths mean one bucket to the edge, a second proxy and the store",
            random_paths::mean_one_bucket,
        ),
        trial(
            "random paths mean one bucket to the edge, nginx and SeaweedFS",
            fronts::mean_one_bucket,
        ),
        trial(
            "a page in Chromium cannot read or write past the rules",
            pages::cannot_read_or_write,
        ),
        trial(
            "axios and PDF.js in Chromium work with their recipes",
            clients::of_debian_s,
        ),
        trial(
            "Varnish and nginx give nobody an answer that the edge would not give",
            caches::give_nothing_else,
        ),
        long(
            "the production samples pass on all that boto3 signs, whole and in constant memory",
            production::pass_on_everything,
        ),
    ];
    #[cfg(feature = "sync")]
    trials.extend([
        trial("sync reads SeaweedFS as boto3 writes it", sync::reads_seaweedfs),
        trial(
            "sync keeps the last good rules, whatever the store's answers become",
            sync::keeps_the_last_good_rules,
        ),
        trial(
            "sync outlives a key that the store takes back and gives again",
            sync::outlives_a_key,
        ),
        trial(
            "sync reads OSS, and OSS's own SDK takes its signatures",
            sync::reads_oss,
        ),
        long(
            "an edge follows SeaweedFS, over an outage of it and 200 kills of sync",
            sync::an_edge_follows,
        ),
        long(
            "sync reads 1,000 buckets of SeaweedFS",
            sync::reads_a_thousand_buckets,
        ),
    ]);
    libtest_mimic::run(&arguments, trials).exit_code()
}
