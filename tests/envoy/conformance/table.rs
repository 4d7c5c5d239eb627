//! The table of what was found, source by source.

use std::fmt::Write as _;

use super::{RingStanding, Row};
use crate::support::conformance::Difference;

/// The table that is in the repository.
const CURRENT: &str = include_str!("../../conformance.md");

/// What stands in a cell, one count each: agreed, differs on purpose, not run, fails.
#[derive(Default)]
struct Counts([usize; 4]);

impl Counts {
    fn add(&mut self, standing: &RingStanding) {
        let place = match standing {
            RingStanding::Agrees => 0,
            RingStanding::Differs => 1,
            RingStanding::NotRun => 2,
            RingStanding::Fails(_) => 3,
        };
        self.0[place] += 1;
    }

    fn cells(&self) -> String {
        self.0.map(|count| count.to_string()).join(" | ")
    }
}

pub(crate) fn of(rows: &[Row], differences: &[Difference]) -> String {
    let mut table = "\
| source | cases | natively: agreed | differs on purpose | not run | fails | in Envoy: agreed | differs on purpose | not run | fails |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|
".to_owned();
    let mut sources: Vec<&str> = rows.iter().map(|row| row.source.as_str()).collect();
    sources.dedup();
    for source in sources {
        line(&mut table, source, rows.iter().filter(|row| row.source == source));
    }
    line(&mut table, "**all**", rows.iter());

    let only_envoy = rows
        .iter()
        .filter(|row| row.natively == RingStanding::NotRun && row.in_envoy != RingStanding::NotRun)
        .count();
    writeln!(
        table,
        "\nNot run natively alone: {only_envoy} that Envoy answers itself, or changes before the filter sees them.\n"
    )
    .unwrap();
    table.push_str("| not run, or different on purpose | why | clause of the contract |\n|---|---|---|\n");
    for Difference { id, reason, clause } in differences {
        writeln!(table, "| `{id}` | {reason} | {clause} |").unwrap();
    }
    table
}

fn line<'a>(table: &mut String, source: &str, rows: impl Iterator<Item = &'a Row>) {
    let (mut cases, mut natively, mut in_envoy) = (0_usize, Counts::default(), Counts::default());
    for row in rows {
        cases += 1;
        natively.add(&row.natively);
        in_envoy.add(&row.in_envoy);
    }
    writeln!(
        table,
        "| {source} | {cases} | {} | {} |",
        natively.cells(),
        in_envoy.cells()
    )
    .unwrap();
}

pub(crate) fn is_current(table: &str) -> Result<(), String> {
    if table == CURRENT {
        Ok(())
    } else {
        Err(format!("tests/conformance.md is to say:\n{table}"))
    }
}
