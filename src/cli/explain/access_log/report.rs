//! What there is to say of a log.

use std::io::{self, Write};

use serde::Serialize;

use crate::explain::explanation::Explanation;
use crate::explain::human::{self, printable};

/// The requests of a log that were refused or got no CORS headers.
#[derive(Default, Serialize)]
pub(crate) struct LogReport {
    /// Lines that are requests.
    pub(super) requests: usize,
    /// How many of them were refused or got no CORS headers.
    pub(super) refused: usize,
    pub(crate) groups: Vec<LogGroup>,
}

/// Requests that are alike but for the object.
#[derive(Serialize)]
pub(crate) struct LogGroup {
    pub(super) count: usize,
    /// The first request's.
    pub(super) line: usize,
    pub(super) time: Option<String>,
    /// Those of the first few requests.
    pub(super) request_ids: Vec<String>,
    #[serde(flatten)]
    pub(super) explanation: Explanation,
}

impl LogReport {
    pub(crate) fn write(&self, file: &str, is_quiet: bool, out: &mut impl Write) -> io::Result<()> {
        for group in &self.groups {
            let requests = if group.count == 1 { "request" } else { "requests" };
            write!(out, "{} {requests}, first at {file}:{}", group.count, group.line)?;
            if let Some(time) = &group.time {
                write!(out, ", {}", printable(time))?;
            }
            if !group.request_ids.is_empty() {
                write!(out, ", x-request-id {}", printable(&group.request_ids.join(", ")))?;
            }
            writeln!(out)?;
            if is_quiet {
                human::write_end(&group.explanation, out)?;
            } else {
                human::write(&group.explanation, out)?;
                writeln!(out)?;
            }
        }
        if is_quiet {
            return Ok(());
        }
        writeln!(
            out,
            "requests: {}, refused or without CORS headers: {}",
            self.requests, self.refused
        )
    }
}
