//! The access log of the samples: an object of JSON on each line.

mod line;
pub(super) mod report;

use std::collections::HashMap;
use std::io::{self, BufRead, Read};

use super::explanation::{Explanation, Question};
use super::request::Request;
use super::served::By;
use super::site::Site;
use crate::input;
use crate::terminal::complain;
use line::LogLine;
use report::{LogGroup, LogReport};

/// Longer than any line that Envoy writes: it bounds the headers of a request.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// So many requests of a group are named.
const MOST_IDS: usize = 3;

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
    // The group of all requests that ask alike, so that these are explained once. `None`: they were not refused.
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
        let read = line::read(&bytes).and_then(|entry| Ok((line::question(&entry, credentials)?, entry)));
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
    // Groups of the same size stay in the order of the log.
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

/// How the log and these rules differ. Without the filter's words in `cors`, those of its answer are in `details`.
fn difference(entry: &LogLine, site: &Site<'_>, request: &Request) -> Option<String> {
    let (then, now) = match (entry.cors.as_deref(), line::answered(entry)) {
        (Some(then), _) => (then, Some(site.logged(request)).filter(|now| !now.is_empty())),
        (None, Some(_)) => (
            entry.details.as_deref().unwrap_or_default(),
            site.details(request),
        ),
        (None, None) => return None,
    };
    if now.as_deref().unwrap_or_default() == then {
        return None;
    }
    let now = now.unwrap_or_else(|| "nothing".to_owned());
    let why = match then {
        "bucket_cors_no_configuration" => "no rules were in force",
        "bucket_cors_failed" | "bucket_cors_unreadable_request" => "the filter could not decide",
        _ => "other rules were in force",
    };
    Some(format!(
        "the log says {then}, and by these rules it would say {now}: {why}"
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
    let is_unsaid = entry.cors.is_none() && line::answered(entry).is_none();
    let is_past_the_filter = is_unsaid && by_edge.exchanges.last().is_some_and(|last| last.by == By::Edge);
    if !by_edge.is_refused() && !line::is_refused(question, entry) && !is_past_the_filter {
        return None;
    }
    let note = if is_past_the_filter {
        let details = entry.details.as_deref().unwrap_or_default();
        Some(format!(
            "the log says {details:?}, which is not the filter's: something before it answered, or it was not there"
        ))
    } else if is_unsaid {
        Some(
            "the log does not say what it got: \"access_log\" was not on, or the filter was not there. This is what these rules \
             say"
            .to_owned(),
        )
    } else {
        difference(entry, site, &question.request)
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
