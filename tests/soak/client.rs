//! A client that checks every answer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::answers;
use crate::hostile;
use crate::live_edge::LiveConnection;
use crate::plan::Timeline;
use crate::proofs::choices::Random;
use crate::store::SoakStore;

/// What all clients share.
pub(crate) struct SharedByClients {
    pub(crate) port: u16,
    pub(crate) timeline: Timeline,
    pub(crate) store: SoakStore,
    pub(crate) ends: AtomicBool,
    pub(crate) tally: SoakTally,
}

#[derive(Default)]
pub(crate) struct SoakTally {
    pub(crate) checked: AtomicU64,
    /// Of these, Envoy's own while the store was away.
    pub(crate) unavailable: AtomicU64,
    pub(crate) hostile: AtomicU64,
    pub(crate) wrong: AtomicU64,
    pub(crate) broken: AtomicU64,
    /// The first few of what was wrong.
    pub(crate) examples: Mutex<Vec<String>>,
}

impl SoakTally {
    fn add(&self, counter: &AtomicU64, example: impl FnOnce() -> String) {
        counter.fetch_add(1, Ordering::Relaxed);
        let mut examples = self.examples.lock().unwrap();
        if examples.len() < 5 {
            examples.push(example());
        }
    }
}

/// Asks until the end.
pub(crate) fn run(shared: &Arc<SharedByClients>, seed: u64) {
    let mut random = Random(seed);
    let mut connection = LiveConnection::open(shared.port).unwrap();
    let tally = &shared.tally;
    while !shared.ends.load(Ordering::Relaxed) {
        if random.next().is_multiple_of(20) {
            tally.hostile.fetch_add(1, Ordering::Relaxed);
            if let Err(problem) = hostile::attack(shared.port, &mut random) {
                tally.add(&tally.wrong, || problem);
            }
            continue;
        }
        let newest = shared.timeline.newest();
        let request = answers::request(&mut random, &newest.settings, &newest.buckets);
        let sent = Instant::now();
        let response = connection
            .send(&answers::bytes(&request))
            .and_then(|()| connection.receive(request.method == b"HEAD"));
        let response = match response {
            Ok(response) => response,
            Err(error) => {
                tally.add(&tally.broken, || format!("{request:?}\n{error}"));
                connection = LiveConnection::open(shared.port).unwrap();
                continue;
            }
        };
        tally.checked.fetch_add(1, Ordering::Relaxed);
        let may_be_missing = shared.store.may_be_missing(sent);
        if response.status == 503 {
            tally.unavailable.fetch_add(1, Ordering::Relaxed);
        }
        let mut first = None;
        let candidates = shared.timeline.candidates(sent);
        let is_right = candidates.iter().any(|version| {
            let difference = answers::difference(version, &request, &response, may_be_missing);
            let is_right = difference.is_none();
            first = first.take().or(difference);
            is_right
        });
        if !is_right {
            tally.add(&tally.wrong, || {
                let rules = &candidates[0].text;
                format!(
                    "{}\n{}\nof {} versions, the newest:\n{rules}",
                    answers::bytes(&request).escape_ascii(),
                    first.unwrap_or_default(),
                    candidates.len()
                )
            });
        }
    }
}
