//! Rules tried with what a client sends. Every answer is asked of the code that runs at the edge, with the rules as
//! they are and with what a rule lacks added to it, until it passes.

use std::borrow::Cow;

use bucket_cors::config::{Bucket, Configuration, Mode, Rule, Settings, UpstreamCors};
use bucket_cors::profile::{self, Methods, STORE_METHODS};
use bucket_cors::wildcard::Pattern;
use serde::Serialize;

use super::additions::Additions;
use super::lack::{Lack, RuleList};
use super::minimal;
use super::{ClientRequest, Operation};
use crate::explain::explanation::{Exchange, Explanation, Question, RequestKind};
use crate::explain::request::Request;
use crate::explain::site::Site;
use crate::explain::way_to_credentials;

/// Where the requests go: whatever bucket the first segment names. No page has this origin.
pub(super) const URL: &str = "https://edge.invalid/bucket/object";

/// How an operation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ending {
    Works,
    /// Something is missing, or slower.
    Less,
    Fails,
}

/// How an operation ends with the rules of a bucket, and what would mend it.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    pub(crate) ending: Ending,
    pub(crate) missing: Vec<Lack>,
    /// The smallest change with which all of it works.
    pub(crate) change: Option<String>,
}

/// The rules of a bucket, in force whatever the bucket's mode is and however it is addressed.
#[derive(Debug, Clone)]
pub(crate) struct Trial<'a> {
    bucket: Bucket<'a>,
}

impl<'a> Trial<'a> {
    pub(crate) fn of(bucket: &Bucket<'a>) -> Self {
        Self {
            bucket: Bucket {
                name: Cow::Borrowed("*"),
                hosts: Vec::new(),
                mode: Mode::Enforce,
                upstream_cors: UpstreamCors::Replace,
                ..bucket.clone()
            },
        }
    }

    fn with_rules(&self, rules: Vec<Rule<'a>>) -> Self {
        let bucket = Bucket {
            rules,
            ..self.bucket.clone()
        };
        Self { bucket }
    }

    fn ask(&self, question: &Question) -> Explanation {
        let site = Site::of(Configuration {
            settings: Settings::default(),
            buckets: vec![self.bucket.clone()],
        });
        site.explain(question)
    }

    /// The smallest change with which the edge lets a request pass, whatever its URL is.
    /// `name`: the bucket's.
    pub(crate) fn change(&self, name: &str, question: &Question) -> Option<String> {
        let mut request = Request::new(&question.request.method, URL).ok()?;
        request.headers.clone_from(&question.request.headers);
        let here = Question {
            request,
            store: None,
            ..question.clone()
        };
        let mut changes = Additions::default();
        let mut mended = self.clone();
        mended.let_pass(&here, &mut changes);
        let text = changes.text(&self.bucket.rules)?;
        let it = mended.ask(&here);
        let rule = it
            .refused_by()
            .filter(|(check, _)| check.ends_with("credentials"));
        Some(match (rule, &it.origin) {
            (Some((_, rule)), Some(origin)) => {
                let more = way_to_credentials::way_out(&mended.bucket, origin, rule, name);
                format!("{text}; and {more}")
            }
            _ => text,
        })
    }

    /// An origin that every rule admits, for which all of them can be tried.
    ///
    /// # Errors
    /// The origins of the rules, where no such origin is among them.
    pub(crate) fn origin(&self) -> Result<String, Vec<String>> {
        let patterns: Vec<&Pattern<'_>> = self
            .bucket
            .rules
            .iter()
            .flat_map(|rule| &rule.allowed_origins)
            .collect();
        if patterns.is_empty() {
            return Ok(example(""));
        }
        let simple = ClientRequest::simple();
        let is_admitted = |origin: &String| {
            let asked = simple.question(URL, origin).map(|question| self.ask(&question));
            let exchange = asked.as_ref().ok().and_then(|it| it.exchanges.first());
            let tried = exchange.and_then(|it| it.decision.as_ref());
            tried.is_some_and(|decided| decided.rules.iter().all(|rule| !is_of_origin(rule.fails)))
        };
        let examples = patterns.iter().map(|pattern| example(pattern.as_str()));
        examples
            .into_iter()
            .find(is_admitted)
            .ok_or_else(|| patterns.iter().map(|it| it.as_str().to_owned()).collect())
    }

    /// Plays an operation from a page of an origin.
    pub(crate) fn play(&self, operation: &Operation, origin: &str) -> Played {
        let mut mended = self.clone();
        let mut changes = Additions::default();
        let mut fails = false;
        let requests = operation.requests.iter().filter(|sent| !sent.no_cors);
        let requests = requests.filter_map(|sent| Some((sent, sent.question(URL, origin).ok()?)));
        let requests: Vec<(&ClientRequest, Question)> = requests.collect();
        for (_, question) in &requests {
            fails |= mended.let_pass(question, &mut changes);
        }
        for (sent, question) in &requests {
            fails |= mended.let_read(sent, question, &mut changes);
        }
        let ending = match fails {
            true => Ending::Fails,
            false if changes.of_rules.is_empty() => Ending::Works,
            false => Ending::Less,
        };
        Played {
            ending,
            missing: changes.missing(),
            change: changes.text(&self.bucket.rules),
        }
    }

    /// Adds what the request needs to pass, to the rule that lacks least of it. Whether it was refused.
    fn let_pass(&mut self, question: &Question, changes: &mut Additions) -> bool {
        let method = question.request.method_of_script();
        if self.bucket.profile.methods == Methods::Store && !STORE_METHODS.contains(&method.as_str()) {
            // To say what else it lacks.
            self.bucket.profile = &profile::FETCH;
            changes.beyond_stores.push(method);
        }
        if !self.ask(question).is_refused() {
            return false;
        }
        if self.bucket.rules.is_empty() {
            self.bucket.rules.push(Rule::default());
        }
        let rules = self.bucket.rules.iter();
        let lacking = rules.map(|rule| self.with_rules(vec![rule.clone()]).lacks(question));
        // A rule for other origins is for other pages.
        let cost = |lacks: &Vec<Lack>| {
            (
                lacks.iter().any(|lack| lack.what == RuleList::Origin),
                lacks.len(),
            )
        };
        if let Some((index, lacks)) = lacking.enumerate().min_by_key(|(_, lacks)| cost(lacks)) {
            for lack in lacks {
                self.add(index, lack, changes);
            }
        }
        true
    }

    /// What its one rule lacks to let the request pass.
    fn lacks(mut self, question: &Question) -> Vec<Lack> {
        let mut lacks = Vec::new();
        while let Some(lack) = self.first_lack(question) {
            // Nothing that a rule can list helps.
            if lacks.contains(&lack) {
                break;
            }
            if let Some(rule) = self.bucket.rules.first_mut() {
                lack.mend(rule);
            }
            lacks.push(lack);
        }
        lacks
    }

    /// The first thing by which the core refuses the request.
    fn first_lack(&self, question: &Question) -> Option<Lack> {
        let explanation = self.ask(question);
        let is_refused = |it: &&Exchange| it.verdict == explanation.verdict;
        let refused = explanation.exchanges.iter().find(is_refused)?;
        let tried = refused.decision.as_ref()?.rules.first()?;
        let what = match tried.fails? {
            "origin" => RuleList::Origin,
            "method" => RuleList::Method,
            "header" => RuleList::Header,
            _ => return None,
        };
        let name = tried.values.first()?.clone();
        Some(Lack { what, name })
    }

    /// Adds the response headers that the client has to read to the rule that the response gets them by. Whether it
    /// needs one.
    fn let_read(&mut self, sent: &ClientRequest, question: &Question, changes: &mut Additions) -> bool {
        let explanation = self.ask(question);
        let mut exchanges = explanation.exchanges.iter();
        let response = exchanges.find(|it| it.kind == RequestKind::Request);
        let Some((response, rule)) = response.and_then(|it| Some((it, it.decision.as_ref()?.rule?))) else {
            return false;
        };
        let is_readable = |name: &&String| minimal::is_exposed(name, &response.readable);
        let unread = |names: &[String]| -> Vec<String> {
            names.iter().filter(|name| !is_readable(name)).cloned().collect()
        };
        let (needs, wants) = (unread(&sent.needs), unread(&sent.wants));
        let fails = !needs.is_empty();
        for name in needs.into_iter().chain(wants) {
            let what = RuleList::Expose;
            self.add(rule, Lack { what, name }, changes);
        }
        fails
    }

    fn add(&mut self, index: usize, lack: Lack, changes: &mut Additions) {
        if let Some(rule) = self.bucket.rules.get_mut(index) {
            lack.mend(rule);
        }
        changes.of_rules.entry(index).or_default().push(lack);
    }
}

fn is_of_origin(fails: Option<&str>) -> bool {
    matches!(fails, Some("origin" | "malformed-origin"))
}

/// An origin that a pattern admits, and that a browser can send where the pattern admits one.
fn example(pattern: &str) -> String {
    match pattern.split_once('*') {
        None if pattern.is_empty() => "https://www.example.com".to_owned(),
        None => pattern.to_owned(),
        Some(("", "")) => example(""),
        Some((before, after)) => {
            let is_port = before.rsplit(':').next().is_some_and(|end| !end.contains('/'));
            let is_port = is_port && before.matches(':').count() > 1;
            let filler = if is_port { "80" } else { "www" };
            let scheme = if before.is_empty() { "https://" } else { "" };
            format!("{scheme}{before}{filler}{after}")
        }
    }
}
