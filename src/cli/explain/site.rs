//! A configuration at work: each question goes to the core that the edge runs.

use std::borrow::Cow;

use bucket_cors::addressing::{HostName, InPath, Style};
use bucket_cors::answer::Scratch;
use bucket_cors::config::{
    self, Bucket, Configuration, Finding, Findings, Mode, Rule, Settings, UpstreamCors,
};
use bucket_cors::decision::{self, Decision};
use bucket_cors::edge::{Edge, Outcome, ResponseHeaders};
use bucket_cors::http::head::RequestHead;
use bucket_cors::http::list::RequestedNames;
use bucket_cors::http::names;
use bucket_cors::http::pairs::{self, Pairs};
use bucket_cors::matcher::{self, BucketId, MatcherBuilder};
use bucket_cors::verdict::NoRule;
use serde::{Serialize, Serializer};

use super::request::{Headers, Request};

pub(crate) struct Site<'a> {
    configuration: Configuration<'a>,
    /// What loading warns of.
    warnings: Findings,
    edge: Edge,
}

/// Whose request it is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Ownership {
    /// The bucket's name in the configuration.
    pub(crate) bucket: Option<String>,
    /// How it was found, or that it was not.
    pub(crate) how: String,
    /// Whose answers it gets.
    pub(crate) profile: Option<&'static str>,
    /// Whether its rules only are decided, and change nothing.
    pub(crate) is_shadow: bool,
}

impl Ownership {
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
pub(crate) struct Served {
    /// The rule that applies, where the bucket is one of the configuration.
    pub(crate) decision: Option<RulesTried>,
    pub(crate) answer: SiteAnswer,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct RulesTried {
    /// The index of the rule that matches.
    pub(crate) rule: Option<usize>,
    /// Why none does.
    pub(crate) reason: Option<&'static str>,
    pub(crate) rules: Vec<Tried>,
}

/// What became of a rule.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Tried {
    pub(crate) index: usize,
    pub(crate) id: Option<String>,
    /// The first check that it fails: `origin`, `method` or `header`. None: it matches.
    pub(crate) fails: Option<&'static str>,
    /// What fails it: of headers, each that it does not list.
    #[serde(rename = "value", serialize_with = "joined")]
    pub(crate) values: Vec<String>,
    /// What the rule lists instead.
    pub(crate) lists: Vec<String>,
}

#[allow(clippy::ptr_arg)] // serde's signature.
fn joined<S: Serializer>(values: &Vec<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let joined = (!values.is_empty()).then(|| values.join(", "));
    joined.serialize(serializer)
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

impl<'a> Site<'a> {
    /// Puts a configuration to work.
    ///
    /// # Errors
    /// Why the filter refuses it.
    pub(crate) fn new(text: &'a [u8]) -> Result<Self, Findings> {
        let (configuration, report) = config::parse(text);
        Ok(Self {
            warnings: report.warnings,
            ..Self::of(configuration.ok_or(report.errors)?)
        })
    }

    /// Puts a configuration to work that is read already.
    pub(crate) fn of(configuration: Configuration<'a>) -> Self {
        let mut builder = MatcherBuilder::default();
        for bucket in &configuration.buckets {
            builder.add(bucket);
        }
        // What the edge would log is asked for whether it would be logged or not: it changes no answer.
        let settings = Settings {
            access_log: true,
            ..configuration.settings.clone()
        };
        let edge = Edge::new(builder.finish(settings));
        Self {
            configuration,
            warnings: Findings::default(),
            edge,
        }
    }

    fn located(&self, head: &RequestHead<'_>) -> matcher::Owner {
        self.edge.matcher().locate(head.authority, head.path)
    }

    /// Whose request it is, and how that was found.
    pub(crate) fn owner(&self, request: &Request) -> Ownership {
        let head = request.head();
        let asked = self.asked_for(&head);
        let (bucket, style) = match self.located(&head) {
            matcher::Owner::Unclear => {
                let how = "none: servers read its path or host in different ways, so that it may be a listed bucket's";
                return Ownership::nobody(how.to_owned());
            }
            matcher::Owner::Unlisted => {
                return Ownership::nobody(match asked {
                    Ok(asked) => format!("{asked}, which is not listed"),
                    Err(why) => why.to_owned(),
                });
            }
            matcher::Owner::Bucket(id, style) => match self.bucket(id) {
                Some(bucket) => (bucket, style),
                None => return Ownership::nobody(asked.unwrap_or_default()),
            },
        };
        let (way, is_by_own_host) = self.way(bucket, style, &head);
        let how = if bucket.name == "*" && !is_by_own_host {
            match asked {
                Ok(asked) => format!("{way}, as \"*\" stands for {asked}, which is not listed"),
                Err(_) => format!("{way}, as \"*\" stands for whichever bucket its path is for"),
            }
        } else {
            way
        };
        Ownership {
            bucket: Some(bucket.name.clone().into_owned()),
            how,
            profile: Some(bucket.profile.name),
            is_shadow: bucket.mode == Mode::Shadow,
        }
    }

    /// The bucket whose rules the request gets.
    pub(crate) fn bucket_of(&self, request: &Request) -> Option<&Bucket<'a>> {
        self.configuration.buckets.get(self.index_of(request)?)
    }

    fn index_of(&self, request: &Request) -> Option<usize> {
        match self.located(&request.head()) {
            matcher::Owner::Bucket(id, _) => Some(id.index()),
            matcher::Owner::Unlisted | matcher::Owner::Unclear => None,
        }
    }

    /// Whether servers may read another bucket in the request than the edge.
    pub(crate) fn is_unclear(&self, request: &Request) -> bool {
        matches!(self.located(&request.head()), matcher::Owner::Unclear)
    }

    /// What loading warns of in the bucket whose rules the request gets.
    pub(crate) fn warnings_for(&self, request: &Request) -> impl Iterator<Item = &Finding> {
        let place = self.index_of(request).map(|index| format!("/buckets/{index}/"));
        let is_of_it = move |finding: &&Finding| {
            let place = place.as_deref();
            place.is_some_and(|place| finding.pointer.starts_with(place))
        };
        self.warnings.kept().iter().filter(is_of_it)
    }

    /// What is in force.
    pub(crate) fn configuration(&self) -> &Configuration<'a> {
        &self.configuration
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
            let endpoint = endpoints.iter().find(|known| known.has_buckets_below(endpoint))?;
            Some((String::from_utf8_lossy(name).into_owned(), endpoint.host.as_str()))
        })
    }

    /// The bucket that the request names, or why it names none.
    fn asked_for(&self, head: &RequestHead<'_>) -> Result<String, &'static str> {
        const NONE: &str = "none: it is for the service itself, or for a host that is not the store's";
        if let Some((name, _)) = self.endpoint(head) {
            return Ok(format!("{name:?}"));
        }
        let endpoints = &self.configuration.settings.endpoints;
        let host = head.authority.and_then(HostName::from_authority);
        let is_endpoint = host.is_some_and(|host| {
            endpoints
                .iter()
                .any(|known| known.host.as_bytes() == host.as_bytes())
        });
        if !endpoints.is_empty() && !is_endpoint {
            return Err(NONE);
        }
        match InPath::read(head.path.unwrap_or_default()) {
            InPath::Bucket(name) => Ok(format!("{:?}", String::from_utf8_lossy(name.as_bytes()))),
            InPath::Unclear => Err("none: its path does not say clearly for which bucket it is"),
            InPath::Service => Err(NONE),
        }
    }

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

    /// What the edge tells the proxy's access log of a request. Empty: nothing.
    pub(crate) fn logged(&self, request: &Request) -> String {
        let mut scratch = Scratch::default();
        self.edge.on_request(&request.head(), &mut scratch, &());
        String::from_utf8_lossy(scratch.access_log().unwrap_or_default()).into_owned()
    }

    fn answer(&self, head: &RequestHead<'_>, store: &Headers) -> SiteAnswer {
        let mut scratch = Scratch::default();
        let mut response = Response {
            headers: store.clone(),
            set: Vec::new(),
            removed: Vec::new(),
        };
        let by = match self.edge.on_request(head, &mut scratch, &()) {
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
                let echo = decided.echo(&self.edge, head);
                let sent = Pairs::parse(&map);
                self.edge
                    .on_response(decided, echo, &sent, &mut scratch, &mut response);
                let bucket = decided.bucket.and_then(|id| self.bucket(id));
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
        SiteAnswer {
            by,
            status: None,
            headers: response.headers,
            set: response.set,
            removed: response.removed,
            body: String::new(),
        }
    }

    fn decided(&self, id: BucketId, head: &RequestHead<'_>) -> Option<RulesTried> {
        let bucket = self.bucket(id)?;
        let decision = decision::decide(self.edge.matcher(), id, head);
        let reason = decision.verdict().err().map(NoRule::reason);
        let rules = bucket.rules.iter().enumerate();
        Some(RulesTried {
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
            Some(decision::decide(&matcher, id, head).verdict())
        };
        let fails = verdict(head).and_then(Result::err);
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let texts = |list: &[Cow<'_, str>]| list.iter().map(|text| text.clone().into_owned()).collect();
        let patterns = |list: &[bucket_cors::wildcard::Pattern<'_>]| {
            list.iter().map(|pattern| pattern.as_str().to_owned()).collect()
        };
        let (values, lists) = match fails {
            Some(NoRule::Origin) => (
                head.origin.map(shown).into_iter().collect(),
                patterns(&rule.allowed_origins),
            ),
            Some(NoRule::Method) => {
                let asks =
                    !matches!(decision, Decision::Actual(_)) || bucket.profile.preflight_headers_on_actual;
                let method = head.request_method.filter(|_| asks).unwrap_or(head.method);
                (vec![shown(method)], texts(&rule.allowed_methods))
            }
            Some(NoRule::Header) => {
                let names = RequestedNames::parsed_before(head.request_headers.unwrap_or_default());
                let missing = names.iter().filter(|name| {
                    let one = RequestHead {
                        request_headers: Some(name),
                        ..*head
                    };
                    verdict(&one) == Some(Err(NoRule::Header))
                });
                (missing.map(shown).collect(), patterns(&rule.allowed_headers))
            }
            _ => (Vec::new(), Vec::new()),
        };
        Tried {
            index,
            id: rule.id.as_ref().map(|id| id.clone().into_owned()),
            fails: fails.map(NoRule::reason),
            values,
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
