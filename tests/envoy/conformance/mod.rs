//! What was gathered elsewhere, replayed twice: by the filter on a native host, and by the built module in a real
//! Envoy. Each case is a test of its own in both rings, and they have to give the same answer.
//!
//! `tests/conformance.md` holds the table that `make conformance` prints; `tests/differences.json` is the only place
//! where a case may be said not to hold.

mod comparison;
mod in_envoy;
mod natively;
mod table;

use std::collections::BTreeSet;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::support::answer::ClientAnswer;
use crate::support::conformance::{self, Difference, Gathered, LoadedDocument};

/// Prints the table and nothing else.
const TABLE_ONLY: &str = "--table";

/// What a ring gave for a case. `None`: it cannot be asked.
type RingResult = Option<Result<CaseOutcome, String>>;

/// What came of a case in a ring.
#[derive(Debug, Clone)]
enum CaseOutcome {
    Answer(ClientAnswer),
    Loaded(LoadedDocument),
}

/// A case's standing in a ring.
#[derive(Debug, Clone, PartialEq, Eq)]
enum RingStanding {
    Agrees,
    /// On purpose, so says the list.
    Differs,
    NotRun,
    Fails(String),
}

/// A case with its standing in both rings.
struct Row {
    id: String,
    source: String,
    natively: RingStanding,
    in_envoy: RingStanding,
}

/// Whether the table is wanted, and nothing else.
pub(crate) fn is_table_only() -> bool {
    std::env::args().any(|argument| argument == TABLE_ONLY)
}

/// Prints the table. A case that fails makes it a failure.
pub(crate) fn print_table() -> ExitCode {
    let found = ConformanceRun::look();
    print!("{}", found.table);
    ExitCode::from(u8::from(found.rows.iter().any(Row::fails)))
}

/// What came of every case.
struct ConformanceRun {
    gathered: Vec<Gathered>,
    differences: Vec<Difference>,
    natively: Vec<RingResult>,
    /// What the log of the Envoy says of failures.
    failures: Vec<String>,
    rows: Vec<Row>,
    table: String,
}

impl ConformanceRun {
    fn look() -> Self {
        let gathered = conformance::all();
        let differences = conformance::differences();
        let natively = natively::run(&gathered);
        let stand = in_envoy::start(&gathered);
        let in_envoy = in_envoy::run(&gathered, &stand);
        let rows = rows(&gathered, &differences, &natively, &in_envoy);
        let table = table::of(&rows, &differences);
        Self {
            failures: stand.envoy.failures(),
            gathered,
            differences,
            natively,
            rows,
            table,
        }
    }
}

/// Whether all of it holds.
pub(crate) fn run(arguments: &Arguments) -> bool {
    if conformance::folder().is_none() {
        eprintln!("The gathered conformance cases are not beside this checkout: they do not run.");
        return !libtest_mimic::run(arguments, vec![absent()]).has_failed();
    }
    let found = ConformanceRun::look();
    let mut trials = vec![
        closing("every case has a name of its own", unique(&found.gathered)),
        closing(
            "every listed difference is a case",
            all_found(&found.gathered, &found.differences),
        ),
        closing(
            "an edge that answers otherwise would be seen",
            comparison::sees(&found.gathered, &found.natively),
        ),
        closing("no VM failed", none(found.failures)),
        closing(
            "tests/conformance.md is what was found",
            table::is_current(&found.table),
        ),
    ];
    for row in found.rows {
        trials.push(trial("natively", &row, row.natively.clone()));
        trials.push(trial("in Envoy", &row, row.in_envoy.clone()));
    }
    !libtest_mimic::run(arguments, trials).has_failed()
}

fn absent() -> Trial {
    Trial::test("the gathered cases are not here", || Ok(()))
}

fn closing(sentence: &str, result: Result<(), String>) -> Trial {
    Trial::test(sentence, move || result.map_err(Failed::from))
}

fn trial(ring: &str, row: &Row, standing: RingStanding) -> Trial {
    Trial::test(
        format!("{}: {} ({ring})", row.source, row.id),
        move || match standing {
            RingStanding::Fails(problems) => Err(problems.into()),
            _ => Ok(()),
        },
    )
}

fn rows(
    gathered: &[Gathered],
    differences: &[Difference],
    natively: &[RingResult],
    in_envoy: &[RingResult],
) -> Vec<Row> {
    let row = |(case, (native, envoy)): (&Gathered, (&RingResult, &RingResult))| {
        let is_listed = differences.iter().any(|difference| difference.id == case.id);
        // What neither ring can be asked has to be listed.
        let is_excused = is_listed || native.is_some() || envoy.is_some();
        let standing = |given: &RingResult, extra: Vec<String>| match given {
            None if is_excused => RingStanding::NotRun,
            None => {
                RingStanding::Fails("it is not run, and tests/differences.json does not say why".to_owned())
            }
            Some(given) => standing(case, given, extra, is_listed),
        };
        Row {
            id: case.id.clone(),
            source: case.source.clone(),
            natively: standing(native, Vec::new()),
            in_envoy: standing(envoy, comparison::of_rings(native, envoy)),
        }
    };
    gathered
        .iter()
        .zip(natively.iter().zip(in_envoy))
        .map(row)
        .collect()
}

fn standing(
    case: &Gathered,
    given: &Result<CaseOutcome, String>,
    rings_differ: Vec<String>,
    is_listed: bool,
) -> RingStanding {
    if !rings_differ.is_empty() {
        return RingStanding::Fails(rings_differ.join("\n"));
    }
    let problems = match given {
        Ok(outcome) => comparison::problems(case, outcome),
        Err(problem) => return RingStanding::Fails(problem.clone()),
    };
    match (problems.is_empty(), is_listed) {
        (true, false) => RingStanding::Agrees,
        (false, true) => RingStanding::Differs,
        (false, false) => RingStanding::Fails(problems.join("\n")),
        (true, true) => RingStanding::Fails("it agrees: take it out of tests/differences.json".to_owned()),
    }
}

impl Row {
    fn fails(&self) -> bool {
        [&self.natively, &self.in_envoy]
            .iter()
            .any(|standing| matches!(standing, RingStanding::Fails(_)))
    }
}

fn unique(gathered: &[Gathered]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    none(
        gathered
            .iter()
            .filter(|case| !seen.insert(&case.id))
            .map(|case| case.id.clone())
            .collect(),
    )
}

fn all_found(gathered: &[Gathered], differences: &[Difference]) -> Result<(), String> {
    let is_known = |difference: &&Difference| gathered.iter().any(|case| case.id == difference.id);
    let unknown = differences.iter().filter(|difference| !is_known(difference));
    none(unknown.map(|difference| difference.id.clone()).collect())
}

fn none(problems: Vec<String>) -> Result<(), String> {
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("\n"))
    }
}
