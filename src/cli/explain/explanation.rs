//! A request's way: from the page through the edge to the store and back, and what the browser makes of it.

use bucket_cors::http::names;
use serde::Serialize;

use super::browser::{self, BrowserRefusal, CachedPreflight, PageRequest};
use super::request::{Headers, Request};
use super::site::{By, Ownership, RulesTried, Served, Site};
use super::unsent;
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
    /// Of the request: those that CORS looks at.
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
    /// The browser asks first in any case: Fetch, "use-CORS-preflight flag", which a listener for an upload's progress sets.
    pub(crate) use_preflight: bool,
    /// What the store answers; None: unknown.
    pub(crate) store: Option<StoreAnswer>,
}

#[derive(Clone)]
pub(crate) struct StoreAnswer {
    pub(crate) status: u32,
    pub(crate) headers: Headers,
}

impl Site<'_> {
    pub(crate) fn explain(&self, question: &Question) -> Explanation {
        let request = &question.request;
        let origin = request.header(names::ORIGIN).map(shown);
        let owner = self.owner(request);
        let mut explanation = Explanation {
            method: request.method.clone(),
            url: request.url.clone(),
            origin,
            credentials: question.credentials,
            owner,
            preflight_because: Vec::new(),
            exchanges: Vec::new(),
            verdict: BrowserVerdict::Allowed,
            advice: Advice::default(),
            warnings: Vec::new(),
        };
        let origin = explanation.origin.as_deref().unwrap_or_default();
        if let Err(refusal) = unsent::check(origin, &request.url) {
            explanation.verdict = BrowserVerdict::Refused(refusal);
        }
        if request.is_preflight() {
            let names = request
                .header(names::REQUEST_HEADERS)
                .map(shown)
                .unwrap_or_default();
            let names = names.split(',').map(|name| name.trim().to_owned());
            let method = request
                .header(names::REQUEST_METHOD)
                .map(shown)
                .unwrap_or_default();
            let names = names.filter(|name| !name.is_empty()).collect();
            explanation.push(self.preflight(request, &method, names, question));
        } else {
            self.explain_request(question, &mut explanation);
        }
        explanation
    }

    fn explain_request(&self, question: &Question, explanation: &mut Explanation) {
        let request = &question.request;
        let mut not_cors = None;
        if request.header(names::ORIGIN).is_none() {
            not_cors = Some("without Origin it is no request of CORS, and the browser checks nothing");
        } else if request.is_same_origin() {
            not_cors = Some("it goes to the page's own origin, so the browser checks nothing");
        } else if browser::is_forbidden_method(&request.method) {
            let message = format!("no script can send {}", request.method);
            explanation.verdict = BrowserVerdict::Refused(BrowserRefusal {
                check: "forbidden-method",
                message,
            });
        } else {
            self.explain_preflight(question, explanation);
        }
        let mut exchange = self.exchange(RequestKind::Request, request, question);
        exchange.verdict = match not_cors {
            Some(message) => BrowserVerdict::NotCors {
                message: message.to_owned(),
            },
            None => {
                self.checked(&exchange, question, |origin, headers| {
                    browser::cors_check(origin, question.credentials, headers).map(|()| None)
                })
                .0
            }
        };
        if exchange.verdict == BrowserVerdict::Allowed {
            exchange.readable = browser::readable(&bytes(&exchange.headers), question.credentials);
        }
        explanation.push(exchange);
    }

    fn explain_preflight(&self, question: &Question, explanation: &mut Explanation) {
        let request = &question.request;
        let names = question
            .unsafe_names
            .clone()
            .unwrap_or_else(|| browser::unsafe_names(&request.headers));
        if !browser::is_safelisted_method(&request.method) {
            explanation
                .preflight_because
                .push(format!("the method {} is not safelisted", request.method));
        }
        for name in &names {
            explanation
                .preflight_because
                .push(format!("the header {name} is not safelisted"));
        }
        if explanation.preflight_because.is_empty() && question.use_preflight {
            let message = "the page listens to the upload, or streams it";
            explanation.preflight_because.push(message.to_owned());
        }
        if explanation.preflight_because.is_empty() {
            return;
        }
        let Ok(mut preflight) = Request::new("OPTIONS", &request.url) else {
            return;
        };
        preflight.push(names::ORIGIN, request.header(names::ORIGIN).unwrap_or_default());
        preflight.push(names::REQUEST_METHOD, request.method.as_bytes());
        if !names.is_empty() {
            preflight.push(names::REQUEST_HEADERS, names.join(",").as_bytes());
        }
        // What the store answers is known of the request, not of its preflight.
        let unknown = Question {
            request: preflight.clone(),
            credentials: question.credentials,
            unsafe_names: None,
            use_preflight: false,
            store: None,
        };
        explanation.push(self.preflight(&preflight, &request.method, names, &unknown));
    }

    fn preflight(
        &self,
        request: &Request,
        method: &str,
        names: Vec<String>,
        question: &Question,
    ) -> Exchange {
        let mut exchange = self.exchange(RequestKind::Preflight, request, question);
        let of_the_store = question.store.as_ref().map_or(200, |store| store.status);
        let status = exchange.status.unwrap_or(of_the_store);
        let (verdict, kept) = self.checked(&exchange, question, |origin, headers| {
            let asked = PageRequest {
                origin,
                method,
                names,
                credentials: question.credentials,
            };
            browser::preflight_check(&asked, status, headers).map(Some)
        });
        (exchange.verdict, exchange.kept) = (verdict, kept);
        exchange
    }

    /// What the browser makes of an answer, where that is known.
    fn checked(
        &self,
        exchange: &Exchange,
        question: &Question,
        check: impl FnOnce(&str, &Headers) -> Result<Option<CachedPreflight>, BrowserRefusal>,
    ) -> (BrowserVerdict, Option<CachedPreflight>) {
        let is_open = exchange.by == By::StoreAlone
            || exchange.kind == RequestKind::Preflight && exchange.by == By::Store;
        if is_open && question.store.is_none() {
            let message = match exchange.kind {
                RequestKind::Preflight => "the store answers the preflight",
                RequestKind::Request => "the CORS headers are the store's",
            };
            let message = message.to_owned();
            return (BrowserVerdict::Unknown { message }, None);
        }
        let origin = question
            .request
            .header(names::ORIGIN)
            .map(shown)
            .unwrap_or_default();
        match check(&origin, &bytes(&exchange.headers)) {
            Ok(kept) => (BrowserVerdict::Allowed, kept),
            Err(refusal) => (BrowserVerdict::Refused(refusal), None),
        }
    }

    fn exchange(&self, kind: RequestKind, request: &Request, question: &Question) -> Exchange {
        let store = question.store.as_ref().map(|store| store.headers.clone());
        let store = store.unwrap_or_default();
        let Served { decision, answer } = self.serve(request, &store);
        let asked = [names::ORIGIN, names::REQUEST_METHOD, names::REQUEST_HEADERS];
        let asked = asked.into_iter();
        Exchange {
            kind,
            method: request.method.clone(),
            asked: asked
                .filter_map(|name| Some((name.to_owned(), shown(request.header(name)?))))
                .collect(),
            decision,
            by: answer.by,
            status: answer.status,
            headers: texts(&answer.headers),
            set: texts(&answer.set),
            removed: answer.removed,
            body: answer.body,
            verdict: BrowserVerdict::Allowed,
            kept: None,
            readable: Vec::new(),
        }
    }
}

impl Explanation {
    /// Adds an exchange. The first that is refused decides, then the first that is not known.
    fn push(&mut self, exchange: Exchange) {
        let is_refused = matches!(exchange.verdict, BrowserVerdict::Refused(_));
        if self.verdict == BrowserVerdict::Allowed || is_refused && !self.is_refused() {
            self.verdict = exchange.verdict.clone();
        }
        self.exchanges.push(exchange);
    }

    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.verdict, BrowserVerdict::Refused(_))
    }
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn texts(headers: &Headers) -> Vec<(String, String)> {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.clone(), shown(value)))
        .collect()
}

fn bytes(headers: &[(String, String)]) -> Headers {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.clone(), value.clone().into_bytes()))
        .collect()
}
