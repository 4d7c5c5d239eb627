//! A recording of one's own as clients: one for each bucket and each origin of pages.

use std::collections::BTreeMap;

use bucket_cors::http::header_names;
use bucket_cors::http::token::is_token;
use url::Url;

use super::{Client, ClientRequest, Operation};
use crate::bare;
use crate::explain::explanation::Question;
use crate::explain::{har, page_origin};

/// What was asked of a bucket.
#[derive(Default)]
pub(super) struct RecordedBucket {
    /// Its hosts, where no path names it.
    pub(super) hosts: Vec<String>,
    /// By the pages of each origin: an operation for each method and host.
    pub(super) pages: BTreeMap<String, Client>,
    /// Whether a browser sent cookies, or an `Authorization` of its own.
    pub(super) with_credentials: bool,
}

/// What a recording gives.
#[derive(Default)]
pub(super) struct RecordedBuckets {
    pub(super) buckets: BTreeMap<String, RecordedBucket>,
    /// What no rule can let work.
    pub(super) impossible: Vec<String>,
    /// What it leaves open.
    pub(super) remarks: Vec<String>,
}

/// The cross-origin requests of a HAR recording, to one bucket where one is named.
///
/// # Errors
/// Why there are none.
pub(super) fn read(bytes: &[u8], bucket: Option<&str>) -> Result<RecordedBuckets, String> {
    let recording = har::read(bytes, false)?;
    let mut recorded = RecordedBuckets {
        remarks: recording.problems,
        ..RecordedBuckets::default()
    };
    let requests = recording.questions.iter();
    let requests: Vec<&Question> = requests.filter(|it| !it.request.is_preflight()).collect();
    let in_paths = requests.iter().map(|it| bare::bucket_of(&it.request.url, None));
    let in_paths: Vec<String> = in_paths
        .filter(|(_, hosts)| hosts.is_empty())
        .map(|(name, _)| name)
        .collect();
    for question in requests {
        let url = &question.request.url;
        // A request for the bucket itself may have nothing else in its path.
        let first = first_segment(url);
        let known = in_paths.iter().find(|name| **name == first);
        let (name, hosts) = bare::bucket_of(url, bucket.or(known.map(String::as_str)));
        recorded.add(question, bucket, name, hosts);
    }
    if recorded.buckets.is_empty() && recorded.impossible.is_empty() {
        recorded
            .remarks
            .push("no cross-origin request is in it".to_owned());
        return Err(recorded.remarks.join("\n"));
    }
    recorded.remarks.push(
        "a recording does not say which response headers the page reads: expose those that it needs"
            .to_owned(),
    );
    Ok(recorded)
}

fn first_segment(url: &str) -> String {
    let url = Url::parse(url).ok();
    let first = url.as_ref().and_then(|url| url.path_segments()?.next());
    first.unwrap_or_default().to_owned()
}

impl RecordedBuckets {
    fn add(&mut self, question: &Question, wanted: Option<&str>, bucket: String, hosts: Vec<String>) {
        let request = &question.request;
        let operation = format!("{} to {}", request.method, request.host());
        let origin = request.header(header_names::ORIGIN).unwrap_or_default();
        let origin = String::from_utf8_lossy(origin).into_owned();
        if wanted.is_some_and(|wanted| wanted != bucket) {
            let remark = format!("{operation} is left out: it is for the bucket {bucket:?}");
            return note(&mut self.remarks, remark);
        }
        if let Some(why) = unfit(&request.method, &origin) {
            return note(&mut self.impossible, format!("{operation} is left out: {why}"));
        }
        let mut names = question.unsafe_names.clone().unwrap_or_default();
        let with_credentials = question.credentials || has_own_authorization(question, &names);
        let asks = question.use_preflight || !names.is_empty();
        names.retain(|name| {
            let why = if !is_token(name.as_bytes()) {
                "it is no header's name"
            } else if name.contains('*') {
                "a rule takes a * for any text, so it cannot list this name alone"
            } else {
                return true;
            };
            let remark = format!("{operation}: the header {name:?} is left out: {why}");
            note(&mut self.impossible, remark);
            false
        });
        let sent = ClientRequest {
            method: request.method.clone(),
            preflight: asks.then_some(names),
            range: request.header("range").is_some(),
            ..ClientRequest::simple()
        };
        let of_bucket = self.buckets.entry(bucket).or_default();
        of_bucket.with_credentials |= with_credentials;
        for host in hosts {
            note(&mut of_bucket.hosts, host);
        }
        let client = of_bucket.pages.entry(origin).or_insert_with(recorded);
        match client.operations.iter_mut().find(|known| known.name == operation) {
            Some(known) => known.requests.push(sent),
            None => client.operations.push(Operation {
                name: operation,
                remark: None,
                requests: vec![sent],
            }),
        }
    }
}

/// A client that has done nothing yet.
fn recorded() -> Client {
    Client {
        name: "recorded".to_owned(),
        title: String::new(),
        version: String::new(),
        recorded: String::new(),
        operations: Vec::new(),
    }
}

fn note(lines: &mut Vec<String>, line: String) {
    if !lines.contains(&line) {
        lines.push(line);
    }
}

/// Why no rule is made for such requests.
fn unfit(method: &str, origin: &str) -> Option<String> {
    if !is_token(method.as_bytes()) || method.contains('*') {
        return Some("no rule can list its method".to_owned());
    }
    let why = page_origin::of_a_website(origin).err()?;
    Some(format!("its origin is {origin:?}: {why}"))
}

/// Whether the browser sent an `Authorization` that no script asked for.
fn has_own_authorization(question: &Question, asked: &[String]) -> bool {
    let is_asked = asked
        .iter()
        .any(|name| name.eq_ignore_ascii_case("authorization"));
    question.request.header("authorization").is_some() && !is_asked
}
