//! What the edge does with a request, and then with the store's response.

use bucket_cors::answer::Scratch;
use bucket_cors::config::{Bucket, Mode, UpstreamCors};
use bucket_cors::edge::{Outcome, ResponseHeaders};
use bucket_cors::http::head::RequestHead;
use bucket_cors::http::header_names;
use bucket_cors::http::pairs::{self, Pairs};
use bucket_cors::matcher;
use serde::Serialize;

use super::request::{Headers, Request};
use super::site::Site;
use super::tried::RulesTried;

/// What the edge does.
#[derive(Debug)]
pub(crate) struct Served {
    /// The rule that applies, where the bucket is one of the configuration.
    pub(crate) decision: Option<RulesTried>,
    pub(crate) answer: SiteAnswer,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum By {
    Edge,
    /// The store, and the edge changes its response.
    Store,
    /// The store, and the edge leaves its response as it is.
    StoreAlone,
}

#[derive(Debug, Clone)]
pub(crate) struct SiteAnswer {
    pub(crate) by: By,
    /// The edge's; what the store answers is its own.
    pub(crate) status: Option<u32>,
    /// All that there are in the end.
    pub(crate) headers: Headers,
    /// Those of them that are the edge's.
    pub(crate) set: Headers,
    /// Those of the store's that the edge took off.
    pub(crate) removed: Vec<String>,
    pub(crate) body: String,
}

impl Site<'_> {
    /// What the edge does with a request, and then with the store's response.
    pub(crate) fn serve(&self, request: &Request, store: &Headers) -> Served {
        let head = request.head();
        let decision = match self.located(&head) {
            matcher::Owner::Bucket(id, _) => self.decided(id, &head),
            matcher::Owner::Unlisted | matcher::Owner::Unclear => None,
        };
        Served {
            decision,
            answer: self.answer(&head, store),
        }
    }

    fn answer(&self, head: &RequestHead<'_>, store: &Headers) -> SiteAnswer {
        let mut scratch = Scratch::default();
        let mut response = FilteredResponse {
            headers: store.clone(),
            set: Vec::new(),
            removed: Vec::new(),
        };
        let by = match self.edge().on_request(head, &mut scratch, &()) {
            Outcome::Answer { answer, .. } => {
                let headers: Headers = answer
                    .headers
                    .iter()
                    .map(|(name, value)| (name.to_owned(), value.to_vec()))
                    .collect();
                return SiteAnswer {
                    by: By::Edge,
                    status: Some(answer.status),
                    set: headers.clone(),
                    headers,
                    removed: Vec::new(),
                    body: String::from_utf8_lossy(answer.body).into_owned(),
                };
            }
            Outcome::Untouched => By::StoreAlone,
            Outcome::Upstream(decided) => {
                let mut map = Vec::new();
                let lines = store.iter();
                pairs::serialise(
                    lines.map(|(name, value)| (name.as_str(), value.as_slice())),
                    &mut map,
                );
                let echo = decided.echo(self.edge(), head);
                let sent = Pairs::parse(&map);
                self.edge()
                    .on_response(decided, echo, &sent, &mut scratch, &mut response);
                let bucket = decided.bucket.and_then(|id| self.bucket(id));
                let stands = |bucket: &Bucket<'_>| {
                    bucket.mode == Mode::Shadow
                        || bucket.upstream_cors == UpstreamCors::Keep
                            && store.iter().any(|(name, _)| name == header_names::ALLOW_ORIGIN)
                };
                if bucket.is_some_and(stands) {
                    By::StoreAlone
                } else {
                    By::Store
                }
            }
        };
        SiteAnswer {
            by,
            status: None,
            headers: response.headers,
            set: response.set,
            removed: response.removed,
            body: String::new(),
        }
    }
}

/// A response as the filter chain sees it.
struct FilteredResponse {
    headers: Headers,
    set: Headers,
    removed: Vec<String>,
}

impl ResponseHeaders for FilteredResponse {
    fn set(&mut self, name: &'static str, value: &[u8]) {
        self.headers.retain(|(there, _)| there != name);
        self.headers.push((name.to_owned(), value.to_vec()));
        self.set.push((name.to_owned(), value.to_vec()));
    }

    fn remove(&mut self, name: &[u8]) {
        let name = String::from_utf8_lossy(name).into_owned();
        self.headers.retain(|(there, _)| *there != name);
        if !self.removed.contains(&name) {
            self.removed.push(name);
        }
    }
}
