//! The access log of the samples: an object of JSON on each line.

use std::collections::HashMap;
use std::io::{self, BufRead, Read, Write};

use bucket_cors::http::names;
use serde::{Deserialize, Serialize};

use super::explanation::{Explanation, Question};
use super::human::{self, printable};
use super::request::Request;
use super::site::{By, Site};
use crate::input;
use crate::terminal::complain;

/// Longer than any line that Envoy writes: it bounds the headers of a request.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Of a group, so many requests are named.
const MOST_IDS: usize = 3;

/// What a line says, by the names of the samples.
#[derive(Deserialize)]
struct LogLine {
    time: Option<String>,
    method: String,
    host: String,
    path: String,
    request_id: Option<String>,
    origin: Option<String>,
    requested_method: Option<String>,
    requested_headers: Option<String>,
    details: Option<String>,
    /// What the filter says, where the rules' document has `access_log` on.
    cors: Option<String>,
}

/// What there is to say of a log.
#[derive(Default, Serialize)]
pub(super) struct LogReport {
    /// Lines that are requests.
    requests: usize,
    /// Of them, those that were refused or got no CORS headers.
    refused: usize,
    pub(super) groups: Vec<LogGroup>,
}

/// Requests that are alike but for the object.
#[derive(Serialize)]
pub(super) struct LogGroup {
    count: usize,
    /// Of the first.
    line: usize,
    time: Option<String>,
    /// Of the first few.
    request_ids: Vec<String>,
    #[serde(flatten)]
    pub(super) explanation: Explanation,
}

/// What makes requests alike.
type Alike = (Vec<Option<String>>, Vec<String>);

/// Explains each request of a log that was refused or got no CORS headers.
///
/// # Errors
/// That there is no request in it, or why it cannot be read.
pub(super) fn read(
    file: &str,
    credentials: bool,
    site: &Site<'_>,
    explain: impl Fn(&Question) -> Explanation,
) -> Result<LogReport, String> {
    let unreadable = |error: io::Error| format!("{file}: it cannot be read: {error}");
    let mut lines = input::open(file).map_err(unreadable)?;
    let (mut report, mut known) = (LogReport::default(), HashMap::<Alike, usize>::new());
    // The group of all that is asked alike, so that it is explained once: none of what was not refused.
    let mut asked = HashMap::<Alike, Option<usize>>::new();
    let (mut bytes, mut left_out) = (Vec::new(), LeftOut::default());
    for number in 1_usize.. {
        bytes.clear();
        let length = lines.by_ref().take(MOST_BYTES).read_until(b'\n', &mut bytes);
        if length.map_err(unreadable)? == 0 {
            break;
        }
        if bytes.len() as u64 == MOST_BYTES {
            let most = MOST_BYTES / 1024 / 1024;
            return Err(format!(
                "{file}:{number}: longer than {most} MiB: this is no access log"
            ));
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let read = entry(&bytes).and_then(|entry| Ok((question(&entry, credentials)?, entry)));
        let (question, entry) = match read {
            Ok(read) => read,
            Err(problem) => {
                left_out.add(file, number, problem);
                continue;
            }
        };
        left_out.say(file);
        report.requests = report.requests.saturating_add(1);
        let at = *asked.entry(asked_of(site, &question, &entry)).or_insert_with(|| {
            let explanation = explained(site, &explain, &question, &entry)?;
            let next = report.groups.len();
            let at = *known.entry(alike(&explanation, &entry)).or_insert(next);
            if at == next {
                report.groups.push(LogGroup {
                    count: 0,
                    line: number,
                    time: entry.time.clone(),
                    request_ids: Vec::new(),
                    explanation,
                });
            }
            Some(at)
        });
        if let Some(group) = at.and_then(|at| report.groups.get_mut(at)) {
            report.refused = report.refused.saturating_add(1);
            group.count = group.count.saturating_add(1);
            let has_room = group.request_ids.len() < MOST_IDS;
            group.request_ids.extend(entry.request_id.filter(|_| has_room));
        }
    }
    left_out.say(file);
    if report.requests == 0 {
        return Err(format!(
            "{file}: there is no line of the samples' access log in it"
        ));
    }
    // Of equally many, the first comes first.
    report.groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    Ok(report)
}

/// Lines, one below the other, that are not explained for the same reason.
#[derive(Default)]
struct LeftOut {
    first: usize,
    count: usize,
    problem: String,
}

impl LeftOut {
    fn add(&mut self, file: &str, number: usize, problem: String) {
        if problem != self.problem {
            self.say(file);
            (self.first, self.problem) = (number, problem);
        }
        self.count = self.count.saturating_add(1);
    }

    fn say(&mut self, file: &str) {
        let Self {
            first,
            count,
            problem,
        } = std::mem::take(self);
        let below = match count {
            0 => return,
            1 => String::new(),
            more => format!(", nor are {} below it", more.saturating_sub(1)),
        };
        complain([&format!(
            "warning: {file}:{first}: not explained{below}: {problem}"
        )]);
    }
}

/// # Errors
/// What a line lacks.
fn entry(line: &[u8]) -> Result<LogLine, String> {
    // Containers' tools write the container's name before each line.
    let start = line.iter().position(|byte| *byte == b'{');
    let object = start.and_then(|start| line.get(start..)).unwrap_or_default();
    serde_json::from_slice(object).map_err(|error| {
        let why = if error.is_data() {
            error.to_string()
        } else {
            "it is no object of JSON".to_owned()
        };
        format!("this is no line of the samples' access log: {why}")
    })
}

/// # Errors
/// What is wrong with the URL.
fn question(entry: &LogLine, credentials: bool) -> Result<Question, String> {
    // The page's: a page of https: sends nothing to http:, and a proxy in front may have ended TLS.
    let is_plain = entry
        .origin
        .as_deref()
        .is_some_and(|origin| origin.starts_with("http:"));
    let scheme = if is_plain { "http" } else { "https" };
    let mut request = Request::new(&entry.method, &format!("{scheme}://{}{}", entry.host, entry.path))?;
    for (name, value) in [
        (names::ORIGIN, &entry.origin),
        (names::REQUEST_METHOD, &entry.requested_method),
        (names::REQUEST_HEADERS, &entry.requested_headers),
    ] {
        if let Some(value) = value {
            request.push(name, value.as_bytes());
        }
    }
    Ok(Question {
        request,
        credentials,
        // A log does not have the headers that the page set. What they needed was a preflight, which is another line.
        unsafe_names: Some(Vec::new()),
        use_preflight: false,
        store: None,
    })
}

/// Whether the log says that the edge refused it, or gave it no CORS headers.
fn is_refused(question: &Question, entry: &LogLine) -> bool {
    let request = &question.request;
    let is_refused = answered(entry).is_some_and(|words| words != "allowed");
    let is_cross_origin = entry.origin.is_some() && (request.is_preflight() || !request.is_same_origin());
    let says = entry.cors.as_deref().unwrap_or_default();
    // Without the bucket.
    let words = says
        .strip_prefix("bucket=")
        .and_then(|rest| rest.split_once("; "));
    let words = words.map_or(says, |(_, words)| words);
    is_refused || is_cross_origin && words.starts_with("no-match; ")
}

/// What became of it, where the edge answered.
fn answered(entry: &LogLine) -> Option<&str> {
    entry.details.as_deref()?.strip_prefix("bucket_cors_")
}

/// In what the log and these rules differ.
fn difference(entry: &LogLine, now: &str) -> Option<String> {
    let then = entry.cors.as_deref().filter(|then| *then != now)?;
    let now = if now.is_empty() { "nothing" } else { now };
    Some(format!(
        "the log says {then}, and by these rules it would say {now}: other rules were in force"
    ))
}

/// What there is to say of a request, if it was refused or got no CORS headers.
fn explained(
    site: &Site<'_>,
    explain: impl Fn(&Question) -> Explanation,
    question: &Question,
    entry: &LogLine,
) -> Option<Explanation> {
    let by_edge = site.explain(question);
    let is_past_the_filter = entry.cors.is_none()
        && answered(entry).is_none()
        && by_edge.exchanges.last().is_some_and(|last| last.by == By::Edge);
    if !by_edge.is_refused() && !is_refused(question, entry) && !is_past_the_filter {
        return None;
    }
    let note = if is_past_the_filter {
        let details = entry.details.as_deref().unwrap_or_default();
        Some(format!(
            "the log says {details:?}, which is not the filter's: something before it answered, or it was not there"
        ))
    } else {
        difference(entry, &site.logged(&question.request))
    };
    let mut explanation = explain(question);
    explanation.advice.notes.extend(note);
    Some(explanation)
}

/// All that an explanation depends on.
fn asked_of(site: &Site<'_>, question: &Question, entry: &LogLine) -> Alike {
    let owner = site.owner(&question.request);
    let asked = [
        &entry.origin,
        &entry.requested_method,
        &entry.requested_headers,
        &entry.details,
        &entry.cors,
        &owner.bucket,
    ];
    let said = [&entry.method, &entry.host, &owner.how];
    (
        asked.into_iter().cloned().collect(),
        said.into_iter().cloned().collect(),
    )
}

/// What a group shares.
fn alike(it: &Explanation, entry: &LogLine) -> Alike {
    let asked = [&entry.origin, &entry.requested_method, &entry.requested_headers];
    let asked = asked.into_iter().chain([&it.owner.bucket, &it.advice.way_out]);
    let said = [&it.method, &it.advice.cause].into_iter().chain(&it.advice.notes);
    (asked.cloned().collect(), said.cloned().collect())
}

impl LogReport {
    pub(super) fn write(&self, file: &str, is_quiet: bool, out: &mut impl Write) -> io::Result<()> {
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
