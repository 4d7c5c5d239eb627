//! A configuration at work: each question goes to the core that the edge runs.

use std::borrow::Cow;

use bucket_cors::addressing::{HostName, InPath, Style};
use bucket_cors::answer::Scratch;
use bucket_cors::config::{self, Bucket, Configuration, Findings, Mode, Rule, UpstreamCors};
use bucket_cors::decision::{self, Decision, NoRule};
use bucket_cors::edge::{Edge, Outcome, ResponseHeaders};
use bucket_cors::http::head::RequestHead;
use bucket_cors::http::list::RequestedNames;
use bucket_cors::http::names;
use bucket_cors::http::pairs::{self, Pairs};
use bucket_cors::matcher::{BucketId, MatcherBuilder, Place};
use serde::Serialize;

use super::request::{Headers, Request};

pub(super) struct Site<'a> {
    configuration: Configuration<'a>,
    edge: Edge,
}

/// Whose request it is.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Owner {
    /// The bucket's name in the configuration.
    pub(super) bucket: Option<String>,
    /// How it was found, or that it was not.
    pub(super) how: String,
    /// Whose answers it gets.
    pub(super) profile: Option<&'static str>,
    /// Whether its rules only are decided, and change nothing.
    pub(super) is_shadow: bool,
}

impl Owner {
    fn nobody(how: String) -> Self {
        Self {
            bucket: None,
            how,
            profile: None,
            is_shadow: false,
        }
    }
}

/// What the edge does.
#[derive(Debug)]
pub(super) struct Served {
    /// The rule that applies, where the bucket is one of the configuration.
    pub(super) decision: Option<Decided>,
    pub(super) answer: Answer,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Decided {
    /// The index of the rule that matches.
    pub(super) rule: Option<usize>,
    /// Why none does.
    pub(super) reason: Option<&'static str>,
    pub(super) rules: Vec<Tried>,
}

/// What became of a rule.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tried {
    pub(super) index: usize,
    pub(super) id: Option<String>,
    /// The first check that it fails: `origin`, `method` or `header`. None: it matches.
    pub(super) fails: Option<&'static str>,
    /// The value that fails it.
    pub(super) value: Option<String>,
    /// What the rule lists instead.
    pub(super) lists: Vec<String>,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum By {
    Edge,
    /// The store, and the edge changes its response.
    Store,
    /// The store, and the edge leaves its response as it is.
    StoreAlone,
}

#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) by: By,
    /// The edge's; what the store answers is its own.
    pub(super) status: Option<u32>,
    /// All that there are in the end.
    pub(super) headers: Headers,
    /// Those of them that are the edge's.
    pub(super) set: Headers,
    /// Those of the store's that the edge took off.
    pub(super) removed: Vec<String>,
    pub(super) body: String,
}

impl<'a> Site<'a> {
    /// Puts a configuration to work.
    ///
    /// # Errors
    /// Why the filter refuses it.
    pub(super) fn new(text: &'a [u8]) -> Result<Self, Findings> {
        let (configuration, report) = config::parse(text);
        let configuration = configuration.ok_or(report.errors)?;
        let mut builder = MatcherBuilder::default();
        for bucket in &configuration.buckets {
            builder.add(bucket);
        }
        let edge = Edge::new(builder.finish(configuration.settings.clone()));
        Ok(Self { configuration, edge })
    }

    fn place(&self, head: &RequestHead<'_>) -> Place {
        self.edge.matcher().locate(head.authority, head.path)
    }

    /// Whose request it is, and how that was found.
    pub(super) fn owner(&self, request: &Request) -> Owner {
        let head = request.head();
        let asked = self.asked_for(&head);
        let (bucket, style) = match self.place(&head) {
            Place::Nowhere => {
                let how = "none: it is for the service itself, or for a host that is not the store's";
                return Owner::nobody(how.to_owned());
            }
            Place::Unlisted => {
                return Owner::nobody(match asked {
                    Some(asked) => format!("{asked}, which is not listed"),
                    None => "none: its path does not say clearly for which bucket it is".to_owned(),
                });
            }
            Place::Bucket(id, style) => match self.bucket(id) {
                Some(bucket) => (bucket, style),
                None => return Owner::nobody(asked.unwrap_or_default()),
            },
        };
        let (way, is_by_own_host) = self.way(bucket, style, &head);
        let how = if bucket.name == "*" && !is_by_own_host {
            match asked {
                Some(asked) => format!("{way}, as \"*\" stands for {asked}, which is not listed"),
                None => format!("{way}, as \"*\" stands for whichever bucket its path is for"),
            }
        } else {
            way
        };
        Owner {
            bucket: Some(bucket.name.clone().into_owned()),
            how,
            profile: Some(bucket.profile.name),
            is_shadow: bucket.mode == Mode::Shadow,
        }
    }

    fn bucket(&self, id: BucketId) -> Option<&Bucket<'a>> {
        self.configuration.buckets.get(id.index())
    }

    /// How a request that the core gave to a bucket named it, and whether that was by a host of the bucket's own.
    fn way(&self, bucket: &Bucket<'_>, style: Style, head: &RequestHead<'_>) -> (String, bool) {
        if style == Style::Path {
            return ("path-style".to_owned(), false);
        }
        let host = head.authority.and_then(HostName::from_authority);
        let bytes = host.as_ref().map(HostName::as_bytes).unwrap_or_default();
        if let Some(own) = bucket.hosts.iter().find(|own| own.as_bytes() == bytes) {
            return (format!("custom domain {own}"), true);
        }
        match self.endpoint(head) {
            Some((_, endpoint)) => (
                format!("virtual-hosted-style under the endpoint {endpoint}"),
                false,
            ),
            None => (
                "by its host \"*\", which stands for every host that nothing else claims".to_owned(),
                true,
            ),
        }
    }

    /// The bucket and the endpoint that the host is read as, longest endpoint first.
    fn endpoint(&self, head: &RequestHead<'_>) -> Option<(String, &str)> {
        let host = head.authority.and_then(HostName::from_authority)?;
        host.splits().find_map(|(name, endpoint)| {
            let endpoints = &self.configuration.settings.endpoints;
            let endpoint = endpoints.iter().find(|known| known.as_bytes() == endpoint)?;
            Some((String::from_utf8_lossy(name).into_owned(), endpoint.as_str()))
        })
    }

    /// The bucket that the request names. `None`: its path does not say clearly.
    fn asked_for(&self, head: &RequestHead<'_>) -> Option<String> {
        if let Some((name, _)) = self.endpoint(head) {
            return Some(format!("{name:?}"));
        }
        match InPath::read(head.path.unwrap_or_default()) {
            InPath::Bucket(name) => Some(format!("{:?}", String::from_utf8_lossy(name.as_bytes()))),
            InPath::Unclear => None,
            InPath::Service => Some("no bucket".to_owned()),
        }
    }

    /// What the edge does with a request, and then with the store's response.
    pub(super) fn serve(&self, request: &Request, store: &Headers) -> Served {
        let head = request.head();
        let decision = match self.place(&head) {
            Place::Bucket(id, _) => self.decided(id, &head),
            Place::Unlisted | Place::Nowhere => None,
        };
        Served {
            decision,
            answer: self.answer(&head, store),
        }
    }

    fn answer(&self, head: &RequestHead<'_>, store: &Headers) -> Answer {
        let mut scratch = Scratch::default();
        let mut response = Response {
            headers: store.clone(),
            set: Vec::new(),
            removed: Vec::new(),
        };
        let by = match self.edge.on_request(head, &mut scratch) {
            Outcome::Answer { answer, .. } => {
                let headers: Headers = answer
                    .headers
                    .iter()
                    .map(|(name, value)| (name.to_owned(), value.to_vec()))
                    .collect();
                return Answer {
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
                let echo = decided.echo(&self.edge, head);
                let sent = Pairs::parse(&map);
                self.edge
                    .on_response(decided, echo, &sent, &mut scratch, &mut response);
                let bucket = self.bucket(decided.bucket);
                let stands = |bucket: &Bucket<'_>| {
                    bucket.mode == Mode::Shadow
                        || bucket.upstream_cors == UpstreamCors::Keep
                            && store.iter().any(|(name, _)| name == names::ALLOW_ORIGIN)
                };
                if bucket.is_some_and(stands) {
                    By::StoreAlone
                } else {
                    By::Store
                }
            }
        };
        Answer {
            by,
            status: None,
            headers: response.headers,
            set: response.set,
            removed: response.removed,
            body: String::new(),
        }
    }

    fn decided(&self, id: BucketId, head: &RequestHead<'_>) -> Option<Decided> {
        let bucket = self.bucket(id)?;
        let compiled = self.edge.matcher().bucket(id)?;
        let decision = decision::decide(self.edge.matcher(), id, compiled, head);
        let reason = decision.verdict().err().map(NoRule::reason);
        let rules = bucket.rules.iter().enumerate();
        Some(Decided {
            rule: decision.verdict().ok().map(|rule| rule.index()),
            reason,
            rules: rules
                .map(|(index, rule)| self.tried(bucket, index, rule, head, &decision))
                .collect(),
        })
    }

    /// What the core says where the bucket has this rule only.
    fn tried(
        &self,
        bucket: &Bucket<'a>,
        index: usize,
        rule: &Rule<'a>,
        head: &RequestHead<'_>,
        decision: &Decision<'_>,
    ) -> Tried {
        let alone = Bucket {
            rules: vec![rule.clone()],
            ..bucket.clone()
        };
        let mut builder = MatcherBuilder::default();
        builder.add(&alone);
        let matcher = builder.finish(self.configuration.settings.clone());
        let verdict = |head: &RequestHead<'_>| {
            let (_, id) = matcher.bucket_names().next()?;
            Some(decision::decide(&matcher, id, matcher.bucket(id)?, head).verdict())
        };
        let fails = verdict(head).and_then(Result::err);
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let texts = |list: &[Cow<'_, str>]| list.iter().map(|text| text.clone().into_owned()).collect();
        let patterns = |list: &[bucket_cors::wildcard::Pattern<'_>]| {
            list.iter().map(|pattern| pattern.as_str().to_owned()).collect()
        };
        let (value, lists) = match fails {
            Some(NoRule::Origin) => (head.origin.map(shown), patterns(&rule.allowed_origins)),
            Some(NoRule::Method) => {
                let asks =
                    !matches!(decision, Decision::Actual(_)) || bucket.profile.preflight_headers_on_actual;
                let method = head.request_method.filter(|_| asks).unwrap_or(head.method);
                (Some(shown(method)), texts(&rule.allowed_methods))
            }
            Some(NoRule::Header) => {
                let names = RequestedNames::parsed_before(head.request_headers.unwrap_or_default());
                let first = names.iter().find(|name| {
                    let one = RequestHead {
                        request_headers: Some(name),
                        ..*head
                    };
                    verdict(&one) == Some(Err(NoRule::Header))
                });
                (first.map(shown), patterns(&rule.allowed_headers))
            }
            _ => (None, Vec::new()),
        };
        Tried {
            index,
            id: rule.id.as_ref().map(|id| id.clone().into_owned()),
            fails: fails.map(NoRule::reason),
            value,
            lists,
        }
    }
}

/// A response as the filter chain sees it.
struct Response {
    headers: Headers,
    set: Headers,
    removed: Vec<String>,
}

impl ResponseHeaders for Response {
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
