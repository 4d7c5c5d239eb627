//! What fuzzing has found worth keeping, through the built module in a real Envoy: every configuration of the corpus is
//! taken or refused as it is natively, and every request that gets through Envoy's codec is answered as the naive edge
//! answers it.

mod codec;
mod exchanges;
mod tapes;

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::{Arguments, Trial};
use serde_json::json;

use crate::bodies::proofs::oracle::{FAULTS, NaiveFault};
use crate::native_host::{HostLogLine, NativeVm};
use crate::support::conformance::LoadedDocument;
use crate::support::envoy::{self, Envoy, FilterLog, Listener};
use crate::support::http;
use crate::support::upstream::Upstream;
use exchanges::CorpusExchange;
use tapes::Tape;

/// The file of the listeners, which Envoy may refuse without ending.
const LISTENERS: &str = "listeners.json";

/// Whether all of it holds.
pub(crate) fn run(arguments: &Arguments) -> bool {
    let tapes = tapes::all();
    let upstream = Upstream::start();
    let envoy = start(&tapes, &upstream);
    let log = envoy.log();
    let log = FilterLog::of(&log);
    let (vm, mut natively) = (NativeVm::start(), Vec::new());
    let (mut loads, mut exchanges, mut skipped) = (Vec::new(), Vec::new(), BTreeMap::new());
    for tape in &tapes {
        let loaded = load(&vm, tape);
        loads.extend(difference(tape, &loaded, &in_envoy(&envoy, &log, tape)));
        if let (Some(case), Some(port)) = (&tape.case, envoy.find_port(&tape.name)) {
            exchanges::of(tape, case, port, &upstream, &mut exchanges, &mut skipped);
        }
        natively.push(loaded);
    }
    let unnoticed = FAULTS.iter().filter(|fault| !is_noticed(&exchanges, **fault));
    let unnoticed: Vec<String> = unnoticed.map(|fault| format!("{fault:?}")).collect();
    let mut stale = envoy.failures();
    // The same VM once more, after all of them.
    stale.extend(tapes.iter().filter_map(|tape| not_serving(&envoy, tape)));
    report(&tapes, &natively, &exchanges, &skipped, &unnoticed);

    let problems: Vec<String> = exchanges
        .iter()
        .filter_map(|exchange| exchange.problem(None))
        .collect();
    let trials = vec![
        trial(
            "every configuration is taken or refused as natively, in the same words",
            loads,
        ),
        trial("every request is answered as the naive edge answers it", problems),
        trial("a fault of the naive edge would be seen", unnoticed),
        trial("no VM failed, and every listener still answers", stale),
        trial("most of the corpus gets to the filter", too_few(&exchanges)),
    ];
    // Before this thread ends, with which Envoy would.
    drop(envoy);
    !libtest_mimic::run(arguments, trials).has_failed()
}

fn trial(sentence: &str, problems: Vec<String>) -> Trial {
    Trial::test(sentence, move || match problems.is_empty() {
        true => Ok(()),
        false => Err(format!("{}:\n{}", problems.len(), problems.join("\n")).into()),
    })
}

fn start(tapes: &[Tape], upstream: &Upstream) -> Envoy {
    let listener = |tape: &Tape| {
        let filter = envoy::bucket_cors_named(&tape.name, &tape.text);
        // Methods are compared by the byte, so those that no standard knows are to get to the filter too.
        let manager = json!({ "http_protocol_options": { "allow_custom_methods": true } });
        envoy::listener_resource(&Listener::new(&tape.name, vec![filter]).with_manager(manager))
    };
    let listeners: Vec<_> = tapes.iter().map(listener).collect();
    let mut bootstrap = envoy::bootstrap(&[], &[envoy::cluster("upstream", upstream.address())]);
    bootstrap["dynamic_resources"] = json!({ "lds_config": envoy::from_file(LISTENERS) });
    Envoy::start_with(&bootstrap, &[(LISTENERS, envoy::resources(&listeners))])
        .unwrap_or_else(|refused| panic!("Envoy does not start, {}:\n{}", refused.status, refused.log))
}

fn load(vm: &NativeVm, tape: &Tape) -> LoadedDocument {
    vm.take_log();
    let is_accepted = vm.configure(&tape.text).is_ok();
    let log = vm.take_log();
    // As of Envoy's log, where each thread repeats them, each line once.
    let lines = |level| {
        let mut seen = BTreeSet::new();
        let lines = log.iter().filter(|line: &&HostLogLine| line.level == level);
        lines
            .filter(|line| seen.insert(&line.text))
            .map(|line| line.text.clone())
            .collect()
    };
    LoadedDocument {
        is_accepted,
        errors: lines(HostLogLine::ERROR),
        warnings: lines(HostLogLine::WARN),
    }
}

fn in_envoy(envoy: &Envoy, log: &FilterLog<'_>, tape: &Tape) -> LoadedDocument {
    LoadedDocument {
        is_accepted: envoy.find_port(&tape.name).is_some(),
        errors: log.said_by(&tape.name, "error"),
        warnings: log.said_by(&tape.name, "warning"),
    }
}

fn difference(tape: &Tape, natively: &LoadedDocument, in_envoy: &LoadedDocument) -> Option<String> {
    (natively != in_envoy).then(|| format!("{}: natively {natively:#?}, in Envoy {in_envoy:#?}", tape.name))
}

fn not_serving(envoy: &Envoy, tape: &Tape) -> Option<String> {
    let port = envoy.find_port(&tape.name)?;
    match http::get(port, "/a-bucket-of-nobody/test.txt") {
        Ok(response) if response.status == 200 => None,
        otherwise => Some(format!("{}: {otherwise:?}", tape.name)),
    }
}

fn is_noticed(exchanges: &[CorpusExchange<'_>], fault: NaiveFault) -> bool {
    exchanges
        .iter()
        .any(|exchange| exchange.problem(Some(fault)).is_some())
}

/// Where the codec would let nothing through any more, nothing would fail.
fn too_few(exchanges: &[CorpusExchange<'_>]) -> Vec<String> {
    let by_edge = exchanges
        .iter()
        .filter(|exchange| !exchange.reached_upstream())
        .count();
    let is_enough = exchanges.len() > 500 && by_edge > 100;
    let few = || {
        format!(
            "{} requests, {by_edge} of them answered by the filter",
            exchanges.len()
        )
    };
    (!is_enough).then(few).into_iter().collect()
}

fn report(
    tapes: &[Tape],
    natively: &[LoadedDocument],
    exchanges: &[CorpusExchange<'_>],
    skipped: &BTreeMap<&str, usize>,
    unnoticed: &[String],
) {
    for target in ["configuration", "decision", "response", "addressing"] {
        let of_target = |name: &str| name.starts_with(target);
        let texts = tapes
            .iter()
            .zip(natively)
            .filter(|(tape, _)| of_target(&tape.name));
        let accepted = texts.clone().filter(|(_, loaded)| loaded.is_accepted).count();
        let requests = exchanges.iter().filter(|exchange| of_target(exchange.file()));
        let by_edge = requests.clone().filter(|exchange| !exchange.reached_upstream());
        println!(
            "{target}: {} texts of {} files, {accepted} of them accepted; {} requests, {} of them answered by the filter",
            texts.clone().count(),
            texts.filter(|(tape, _)| !tape.is_second()).count(),
            requests.clone().count(),
            by_edge.count()
        );
    }
    for (why, count) in skipped {
        println!("{count} requests not sent, {why}");
    }
    let mended = exchanges.iter().filter(|exchange| exchange.is_mended()).count();
    println!(
        "{mended} requests sent with a host or a target that HTTP/1.1 can carry in place of the tape's own"
    );
    println!(
        "{} of {} faults of the naive edge would be seen",
        FAULTS.len() - unnoticed.len(),
        FAULTS.len()
    );
}
