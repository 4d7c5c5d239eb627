//! What is asked of a request, and everything there is to say of it.

use serde::Serialize;

use super::browser::checks::{BrowserRefusal, CachedPreflight};
use super::ownership::Ownership;
use super::request::{Headers, Request};
use super::served::By;
use super::tried::RulesTried;
use super::warned::Warned;

/// Everything there is to say of a request.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) origin: Option<String>,
    pub(crate) credentials: bool,
    pub(crate) owner: Ownership,
    /// Why the browser asks first. Empty: it does not.
    pub(crate) preflight_because: Vec<String>,
    /// The preflight, if there is one, then the request.
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) verdict: BrowserVerdict,
    /// Empty until it is asked for.
    #[serde(flatten)]
    pub(crate) advice: Advice,
    /// What loading says of the rules that were tried.
    pub(crate) warnings: Vec<Warned>,
}

/// A request and its answer.
#[derive(Debug, Serialize)]
pub(crate) struct Exchange {
    pub(crate) kind: RequestKind,
    pub(crate) method: String,
    /// The request's headers that CORS looks at.
    pub(crate) asked: Vec<(String, String)>,
    /// None: the bucket is not one of the configuration.
    pub(crate) decision: Option<RulesTried>,
    pub(crate) by: By,
    pub(crate) status: Option<u32>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) set: Vec<(String, String)>,
    pub(crate) removed: Vec<String>,
    pub(crate) body: String,
    pub(crate) verdict: BrowserVerdict,
    pub(crate) kept: Option<CachedPreflight>,
    /// What a script may read beside the headers that it always may.
    pub(crate) readable: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RequestKind {
    Preflight,
    Request,
}

/// Why a request ends as it does, and the way out.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Advice {
    pub(crate) cause: String,
    pub(crate) way_out: Option<String>,
    /// What looks right and is not.
    pub(crate) notes: Vec<String>,
}

/// What the browser makes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub(crate) enum BrowserVerdict {
    Allowed,
    /// Refused by a check of the Fetch standard.
    Refused(BrowserRefusal),
    /// No request of CORS: the browser checks nothing.
    NotCors {
        message: String,
    },
    /// It depends on what the store answers, which nobody said.
    Unknown {
        message: String,
    },
}

/// A request, and what is known beside it.
#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) request: Request,
    /// Credentials mode "include".
    pub(crate) credentials: bool,
    /// The header names that a preflight asks for; None: those of the request that are not safelisted.
    pub(crate) unsafe_names: Option<Vec<String>>,
    /// The browser asks first in any case: Fetch, "use-CORS-preflight flag", which a listener for an upload's progress
    /// sets.
    pub(crate) use_preflight: bool,
    /// What the store answers; None: unknown.
    pub(crate) store: Option<StoreAnswer>,
}

#[derive(Clone)]
pub(crate) struct StoreAnswer {
    pub(crate) status: u32,
    pub(crate) headers: Headers,
}

impl Explanation {
    /// Adds an exchange. The first that is refused decides, then the first that is not known.
    pub(super) fn push(&mut self, exchange: Exchange) {
        let is_refused = |verdict: &BrowserVerdict| matches!(verdict, BrowserVerdict::Refused(_));
        if self.verdict == BrowserVerdict::Allowed
            || is_refused(&exchange.verdict) && !is_refused(&self.verdict)
        {
            self.verdict = exchange.verdict.clone();
        }
        self.exchanges.push(exchange);
    }

    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.verdict, BrowserVerdict::Refused(_)) || self.status_of_no_preflight().is_some()
    }

    /// The edge's own answer to what the browser does not check: OPTIONS that is no preflight.
    pub(super) fn status_of_no_preflight(&self) -> Option<u32> {
        let answered = self.exchanges.last().filter(|last| last.by == By::Edge);
        let answered = answered.filter(|last| matches!(last.verdict, BrowserVerdict::NotCors { .. }));
        answered.and_then(|last| last.status)
    }

    /// The check by which an answer is refused that a rule gave, and the index of that rule.
    pub(crate) fn refused_by(&self) -> Option<(&'static str, usize)> {
        let BrowserVerdict::Refused(refusal) = &self.verdict else {
            return None;
        };
        let mut exchanges = self.exchanges.iter();
        let exchange = exchanges.find(|exchange| exchange.verdict == self.verdict)?;
        Some((refusal.check, exchange.decision.as_ref()?.rule?))
    }
}
