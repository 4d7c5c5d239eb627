//! Random paths through the edge and a second proxy to a store that says what it was asked for.

use std::collections::BTreeSet;
use std::thread;

use crate::chain::{self, NO_FILTER, Target, ask, manners};
use crate::choices::{Choices, Random};
use crate::readings;
use crate::rules::{RULES, Rules, origin_of};
use crate::spellings;
use crate::support::case::UpstreamAnswer;
use crate::support::envoy::Envoy;
use crate::support::upstream::Upstream;

/// Pages at a time.
const THREADS: u64 = 2;

struct PathsWorld {
    store: Upstream,
    _hop: Envoy,
    edge: Envoy,
}

/// One request to one of the listeners.
struct Ask {
    case: String,
    target: Target,
    server: &'static str,
    rules: Rules,
}

/// How many paths ended in which way.
#[derive(Default)]
struct PathsTally {
    reached: usize,
    ambiguous: usize,
    allowed: usize,
    /// Wrong without the filter.
    unfiltered: usize,
    problems: Vec<String>,
}

/// `PATHS` of them, from `SEED` on: some hundreds of the same ones by default.
pub(crate) fn mean_one_bucket() {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| {
            text.parse()
                .unwrap_or_else(|_| panic!("{name} is no number: {text}"))
        })
    };
    let (paths, seed) = (number("PATHS", 400), number("SEED", 1));
    let store = Upstream::start();
    let hop = chain::second_hop(store.address());
    let servers = manners().map(|(name, _)| (name, hop.port(name)));
    let world = PathsWorld {
        edge: chain::edge(&servers),
        _hop: hop,
        store,
    };
    let tallies: Vec<PathsTally> = thread::scope(|scope| {
        let world = &world;
        let workers: Vec<_> = (0..THREADS)
            .map(|first| {
                let seeds = (seed + first..seed + paths).step_by(THREADS as usize);
                scope.spawn(move || {
                    let mut tally = PathsTally::default();
                    seeds.for_each(|seed| world.try_path(seed, &mut tally));
                    tally
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let sum = |of: fn(&PathsTally) -> usize| tallies.iter().map(of).sum::<usize>();
    let problems: Vec<&str> = tallies
        .iter()
        .flat_map(|tally| &tally.problems)
        .map(String::as_str)
        .collect();
    let summary = format!(
        "{paths} paths from seed {seed} on: {} reached the store, {} of them name several buckets, {} answers allowed a \
         page to read, {} would have been wrong without the filter",
        sum(|tally| tally.reached),
        sum(|tally| tally.ambiguous),
        sum(|tally| tally.allowed),
        sum(|tally| tally.unfiltered),
    );
    assert!(
        problems.is_empty(),
        "{summary}; {} are wrong:\n{}",
        problems.len(),
        problems[..problems.len().min(20)].join("\n")
    );
    // Otherwise it shows nothing.
    for (what, count) in [
        ("reached", sum(|tally| tally.reached)),
        ("ambiguous", sum(|tally| tally.ambiguous)),
        ("allowed", sum(|tally| tally.allowed)),
        ("unfiltered", sum(|tally| tally.unfiltered)),
    ] {
        assert!(count as u64 > paths / 20, "too few {what}: {summary}");
    }
    assert!(world.edge.failures().is_empty(), "{:?}", world.edge.failures());
    println!("{summary}");
}

impl PathsWorld {
    fn try_path(&self, seed: u64, tally: &mut PathsTally) {
        let mut tape = [0; 256];
        Random(seed).fill(&mut tape);
        let mut choices = Choices::new(&tape);
        let ask = Ask {
            case: seed.to_string(),
            server: choices.pick(&manners().map(|(name, _)| name)),
            rules: choices.pick(&RULES),
            target: Target {
                authority: spellings::authority(&mut choices),
                path: spellings::path(&mut choices),
            },
        };
        let permissive = [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "*"),
        ];
        self.store.prepare(
            &ask.case,
            UpstreamAnswer {
                headers: permissive
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .to_vec(),
                ..UpstreamAnswer::default()
            },
        );
        let Some(buckets) = self.buckets(&ask) else {
            return;
        };
        tally.reached += 1;
        tally.ambiguous += usize::from(buckets.len() > 1);
        for bucket in ask.rules.listed {
            for method in ["GET", "OPTIONS"] {
                self.check(&ask, &buckets, method, &origin_of(bucket), tally);
            }
        }
    }

    /// What the store may have read in the request: nothing where it was not asked.
    fn buckets(&self, asked: &Ask) -> Option<BTreeSet<String>> {
        let port = self.edge.port(&format!("{NO_FILTER} before {}", asked.server));
        ask(port, "GET", &asked.target, "https://anyone.example", &asked.case).ok()?;
        let received = self.store.received(&asked.case);
        let received = received.first()?;
        let host = received.headers.iter().find(|(name, _)| name == "host");
        let authority = host
            .map(|(_, value)| String::from_utf8_lossy(value))
            .unwrap_or_default();
        Some(readings::buckets(
            &authority,
            &received.path,
            asked.rules.endpoints,
        ))
    }

    fn check(
        &self,
        asked: &Ask,
        buckets: &BTreeSet<String>,
        method: &str,
        origin: &str,
        tally: &mut PathsTally,
    ) {
        let before = self.store.received(&asked.case).len();
        let listener = format!("{} before {}", asked.rules.name, asked.server);
        let mut answer = match ask(
            self.edge.port(&listener),
            method,
            &asked.target,
            origin,
            &asked.case,
        ) {
            Ok(answer) => answer,
            Err(error) => return tally.problems.push(error),
        };
        answer.reached_upstream = self.store.received(&asked.case).len() > before;
        tally.allowed += usize::from(answer.values("access-control-allow-origin") == [origin]);
        if let Some(problem) = asked.rules.problem(buckets, origin, &answer) {
            tally.problems.push(format!(
                "seed {}: {method} {} of {} by {origin}, {listener}: {problem}; read as {buckets:?}",
                asked.case, asked.target.path, asked.target.authority
            ));
        }
        let mut unfiltered = answer;
        unfiltered.headers = vec![("access-control-allow-origin".to_owned(), b"*".to_vec())];
        tally.unfiltered += usize::from(asked.rules.problem(buckets, origin, &unfiltered).is_some());
    }
}
