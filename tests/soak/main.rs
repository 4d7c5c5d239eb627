//! Full load for SOAK_SECONDS (60) over mixed traffic, while rules change, refused ones come between, the store
//! restarts, Envoy restarts hot, and clients send what they should not: no VM fails, every answer is the one that the
//! naive edge gives, and memory is level. `make soak` runs it and prints what it found.

// A test may fail by panicking, and prints its figures.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr
)]
// The tests in tests/envoy/live use the rest.
#![allow(dead_code)]

mod answers;
#[path = "../envoy/live/changes.rs"]
mod changes;
mod client;
mod hostile;
#[path = "../envoy/live/live_edge.rs"]
mod live_edge;
mod mixed;
mod plan;
#[path = "../support/proofs.rs"]
mod proofs;
#[path = "../support/render.rs"]
mod render;
mod store;
#[path = "../support/mod.rs"]
mod support;
#[path = "../envoy/live/versions.rs"]
mod versions;
#[path = "../envoy/live/wrk.rs"]
mod wrk;

use std::process::ExitCode;

/// Of a configuration of a megabyte.
const MOST_CHANGES: u32 = 1_000;

fn main() -> ExitCode {
    let seconds =
        std::env::var("SOAK_SECONDS").map_or(60, |text| text.parse().expect("SOAK_SECONDS is a number"));
    let mut rows = vec![("seconds of mixed traffic".to_owned(), seconds.to_string())];

    eprintln!("200 changes under load");
    let summary = changes::under_load(200);
    rows.push((
        "200 changes under load: requests; failed; connections closed".to_owned(),
        format!("{}; 0; 0", summary.requests),
    ));

    let count = u32::try_from(seconds * 2).map_or(MOST_CHANGES, |count| count.clamp(50, MOST_CHANGES));
    eprintln!("{count} changes of a megabyte");
    let memory = changes::of_a_megabyte(count / 5, count);
    let mib = |kib: u64| kib / 1024;
    rows.push((
        format!(
            "{count} changes of {} bytes: resident memory at the start; after {} of them; at the end",
            memory.configuration_bytes,
            count / 5
        ),
        format!(
            "{} MiB; {} MiB; {} MiB",
            mib(memory.at_start_kib),
            mib(memory.warm_kib),
            mib(memory.at_end_kib)
        ),
    ));
    if let Some((warm, end)) = memory.wasm_bytes {
        rows.push((
            "linear memory of a VM after those; at the end".to_owned(),
            format!("{} KiB; {} KiB", warm / 1024, end / 1024),
        ));
    }
    let mut problems = Vec::new();
    if memory.at_end_kib > memory.warm_kib + 10_240 {
        problems.push("changes of a megabyte leave memory behind".to_owned());
    }

    eprintln!("{seconds} s of mixed traffic");
    mixed::run(seconds, &mut rows, &mut problems);

    println!("| soak | |\n|---|--:|");
    for (name, value) in rows {
        println!("| {name} | {value} |");
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
