//! What was explained, as it is printed.

use std::io::{self, Write};

use super::access_log::report::LogReport;
use super::arguments::ExplainArguments;
use super::explanation::Explanation;
use super::human;
use crate::clients::to_try::{self, OperationLine};

/// What was asked for.
pub(super) enum Explained {
    /// The requests, and how a client's operation ends, where one was asked for.
    Requests(Vec<Explanation>, Option<OperationLine>),
    Log(LogReport),
}

impl Explained {
    /// Whether anything of it is refused.
    pub(super) fn is_bad(&self) -> bool {
        match self {
            Self::Requests(all, played) => {
                all.iter().any(Explanation::is_refused) || played.as_ref().is_some_and(OperationLine::fails)
            }
            Self::Log(report) => !report.groups.is_empty(),
        }
    }

    pub(super) fn write_for_people(
        &self,
        arguments: &ExplainArguments,
        is_quiet: bool,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let (all, played) = match self {
            Self::Requests(all, played) => (all, played),
            Self::Log(report) => {
                let log = arguments.access_log.as_deref().unwrap_or_default();
                return report.write(log, is_quiet, out);
            }
        };
        if is_quiet {
            let mut refused = all.iter().filter(|it| it.is_refused());
            return refused.try_for_each(|it| human::write_end(it, out));
        }
        if arguments.har.is_some() {
            return write_recording(all, out);
        }
        for (index, it) in all.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            human::write(it, out)?;
        }
        to_try::write(played.as_ref(), out)
    }

    pub(super) fn write_json(&self, arguments: &ExplainArguments, out: &mut impl Write) -> io::Result<()> {
        let value = match self {
            Self::Log(report) => serde_json::json!(report),
            Self::Requests(all, played) => match all.as_slice() {
                all if arguments.client.is_given() => {
                    serde_json::json!({ "client": played, "requests": all })
                }
                [it] if arguments.har.is_none() => serde_json::json!(it),
                all => serde_json::json!(all),
            },
        };
        writeln!(out, "{value:#}")
    }
}

/// Writes a line for each request, then all there is to say of those that are refused.
fn write_recording(all: &[Explanation], out: &mut impl Write) -> io::Result<()> {
    let refused = all.iter().filter(|it| it.is_refused()).count();
    for it in all {
        human::write_line(it, out)?;
    }
    for it in all.iter().filter(|it| it.is_refused()) {
        writeln!(out)?;
        human::write(it, out)?;
    }
    writeln!(out, "\ncross-origin requests: {}, refused: {refused}", all.len())
}
