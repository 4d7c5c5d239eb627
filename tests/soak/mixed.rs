//! Everything at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::answers::DIRECT;
use crate::client::{self, SharedByClients, SoakTally};
use crate::live_edge::{LISTENER, RulesFile, statistic, version_in_force, wait_for};
use crate::plan::{Timeline, Version};
use crate::store::SoakStore;
use crate::support::envoy::{self, Envoy, Listener};
use crate::support::ports;
use crate::wrk::Wrk;

const CLIENTS: u64 = 3;
const BETWEEN_CHANGES: Duration = Duration::from_millis(500);
const BETWEEN_STORE_RESTARTS: Duration = Duration::from_secs(8);
/// One change in so many is preceded by one that is refused.
const REFUSED_ONE_IN: u32 = 5;

/// How much more memory at the end than once everything has happened is noise: rules differ in size.
const SLACK_KIB: u64 = 16 * 1024;

type Rows = Vec<(String, String)>;

pub(crate) fn run(seconds: u64, rows: &mut Rows, problems: &mut Vec<String>) {
    let duration = Duration::from_secs(seconds);
    let first = Version::generate(0);
    let rules = RulesFile::new("0", &first.text);
    let shared = Arc::new(SharedByClients {
        port: ports::free_port(),
        timeline: Timeline::default(),
        store: SoakStore::start(),
        ends: AtomicBool::new(false),
        tally: SoakTally::default(),
    });
    shared.timeline.announce(first);
    shared.timeline.confirm();
    let mut fleet = Fleet::start(&rules, &shared);
    let pressure = Wrk::start(shared.port, 24);
    let clients: Vec<_> = (1..=CLIENTS)
        .map(|seed| {
            let shared = shared.clone();
            thread::spawn(move || client::run(&shared, seed))
        })
        .collect();

    let start = Instant::now();
    let (mut changes, mut refused, mut store_restarts) = (0, 0, 0);
    let mut next_store_restart = BETWEEN_STORE_RESTARTS;
    let mut memory = Vec::new();
    while start.elapsed() < duration {
        let round = Instant::now();
        changes += 1;
        if changes % REFUSED_ONE_IN == 0 {
            rules.replace(
                &format!("refused {changes}"),
                &format!(r#"{{"buckets": [{{"name": "", "hosts": ["number-{changes}.example"]}}]}}"#),
            );
            refused += 1;
            let envoy = fleet.newest();
            wait_for("a refusal", || {
                statistic(
                    envoy,
                    "extension_config_discovery.http_filter.bucket-cors.update_rejected",
                ) >= fleet.refused_before_newest(refused)
            });
        }
        let version = shared.timeline.announce(Version::generate(changes));
        let name = changes.to_string();
        rules.replace(&name, &version.text);
        wait_for(&name, || version_in_force(fleet.newest()) == name);
        shared.timeline.confirm();

        if fleet.epochs.len() == 1 && start.elapsed() > duration / 4 {
            fleet.restart_hot(&rules, &shared, refused);
        }
        if start.elapsed() > next_store_restart {
            shared.store.restart(Duration::from_millis(300));
            store_restarts += 1;
            next_store_restart = start.elapsed() + BETWEEN_STORE_RESTARTS;
        }
        if start.elapsed() > duration / 2 {
            memory.push(fleet.newest().resident_kib());
        }
        thread::sleep(BETWEEN_CHANGES.saturating_sub(round.elapsed()));
    }
    let pressure = pressure.finish();
    shared.ends.store(true, Ordering::Relaxed);
    for client in clients {
        client.join().unwrap();
    }

    let tally = &shared.tally;
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let failures = fleet.failures();
    let faults: u64 = fault_counters()
        .iter()
        .map(|name| statistic(fleet.newest(), name))
        .sum();
    // The means of the first and of the last third of the samples.
    let mean = |samples: &[u64]| samples.iter().sum::<u64>() / samples.len().max(1) as u64;
    let third = memory.len() / 3;
    let (early, late) = (mean(&memory[..third]), mean(&memory[memory.len() - third..]));
    let mut row = |name: &str, value: String| rows.push((name.to_owned(), value));
    row(
        "answers held against the oracle; wrong; connections that broke",
        format!(
            "{}; {}; {}",
            count(&tally.checked),
            count(&tally.wrong),
            count(&tally.broken)
        ),
    );
    row(
        "of these, 503 while the store was away",
        count(&tally.unavailable).to_string(),
    );
    row("hostile requests", count(&tally.hostile).to_string());
    row(
        "answers to wrk; wrong; connections that broke",
        format!("{}; {}; {}", pressure.requests, pressure.wrong, pressure.reset),
    );
    row(
        "wrk's requests/s; p50; p99",
        format!(
            "{}; {:.1} ms; {:.1} ms",
            pressure.per_second,
            pressure.p50_micros as f64 / 1000.0,
            pressure.p99_micros as f64 / 1000.0
        ),
    );
    row(
        "rule changes; of refused rules; store restarts; hot restarts",
        format!(
            "{changes}; {refused}; {store_restarts}; {}",
            fleet.epochs.len() - 1
        ),
    );
    row(
        "failures of the filter",
        format!("{}", failures.len() as u64 + faults),
    );
    row(
        "resident memory once half the time is over; at the end",
        format!("{} MiB; {} MiB", early / 1024, late / 1024),
    );

    problems.extend(failures);
    problems.extend(tally.examples.lock().unwrap().drain(..));
    if faults > 0 {
        problems.push(format!(
            "{faults} VMs had to be made anew, or requests failed in the library"
        ));
    }
    if pressure.wrong + pressure.reset + pressure.not_answered > 0 || pressure.requests == 0 {
        problems.push(format!("{pressure:?}"));
    }
    if late > early + SLACK_KIB {
        problems.push("memory is not level".to_owned());
    }
    if fleet.epochs.len() != 2 {
        problems.push("there was no time for the hot restart".to_owned());
    }
}

/// What Envoy counts where the filter fails: requests of the library, and VMs that it made anew, or tried to.
fn fault_counters() -> &'static [&'static str] {
    if envoy::is_native() {
        return &["dynamicmodulescustom.bucket_cors.failures"];
    }
    &[
        "wasm.bucket-cors.vm_reload_success",
        "wasm.bucket-cors.vm_reload_backoff",
        "wasm.bucket-cors.vm_reload_failure",
    ]
}

/// The process that serves, and the one before it.
struct Fleet {
    epochs: Vec<Envoy>,
    base_id: String,
    /// How many refusals the newest process has not seen.
    unseen: u64,
}

impl Fleet {
    fn start(rules: &RulesFile, shared: &SharedByClients) -> Self {
        let mut fleet = Self {
            epochs: Vec::new(),
            // What keeps those apart that restart hot on one machine; Envoy multiplies it by ten.
            base_id: (std::process::id() % 100_000_000).to_string(),
            unseen: 0,
        };
        fleet.add(rules, shared);
        fleet
    }

    /// A new process takes over the sockets; the old one tells its clients to go, and ends.
    fn restart_hot(&mut self, rules: &RulesFile, shared: &SharedByClients, refused: u64) {
        self.add(rules, shared);
        self.unseen = refused;
    }

    fn add(&mut self, rules: &RulesFile, shared: &SharedByClients) {
        let epoch = self.epochs.len().to_string();
        let arguments = [
            ["--concurrency", "2"],
            ["--base-id", &self.base_id],
            ["--restart-epoch", &epoch],
            ["--drain-strategy", "immediate"],
            ["--drain-time-s", "3"],
            ["--parent-shutdown-time-s", "6"],
        ];
        let envoy = Envoy::start_as(&bootstrap(rules, shared), &[], arguments.as_flattened())
            .unwrap_or_else(|refused| panic!("Envoy does not start, {}:\n{}", refused.status, refused.log));
        self.epochs.push(envoy);
    }

    fn newest(&self) -> &Envoy {
        self.epochs.last().unwrap()
    }

    /// What the newest process has to have counted once so many were refused in all.
    fn refused_before_newest(&self, refused: u64) -> u64 {
        refused - self.unseen
    }

    fn failures(&self) -> Vec<String> {
        self.epochs.iter().flat_map(Envoy::failures).collect()
    }
}

fn bootstrap(rules: &RulesFile, shared: &SharedByClients) -> Value {
    let listener = Listener::new(LISTENER, vec![rules.filter()]).with_routes(json!([
        {
            "match": { "prefix": "/", "headers": [
                { "name": ":authority", "string_match": { "exact": DIRECT } },
            ] },
            "direct_response": { "status": 200, "body": { "inline_string": "just for test" } },
        },
        { "match": { "prefix": "/" }, "route": { "cluster": "store", "timeout": "10s" } },
    ]));
    let mut bootstrap = envoy::bootstrap(&[listener], &[envoy::cluster("store", shared.store.address())]);
    // The same in both processes.
    bootstrap["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"] =
        shared.port.into();
    bootstrap
}
