//! A request's way: from the page through the edge to the store and back, and what the browser makes of it.

use bucket_cors::http::names;
use serde::Serialize;

use super::browser::{self, Asked, Kept, Refusal};
use super::request::{Headers, Request};
use super::site::{By, Decided, Owner, Served, Site};

/// Everything there is to say of a request.
#[derive(Debug, Serialize)]
pub(super) struct Explanation {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) origin: Option<String>,
    pub(super) credentials: bool,
    pub(super) owner: Owner,
    /// Why the browser asks first. Empty: it does not.
    pub(super) preflight_because: Vec<String>,
    /// The preflight, if there is one, then the request.
    pub(super) exchanges: Vec<Exchange>,
    pub(super) verdict: Verdict,
}

/// A request and its answer.
#[derive(Debug, Serialize)]
pub(super) struct Exchange {
    pub(super) kind: Kind,
    pub(super) method: String,
    /// Of the request: those that CORS looks at.
    pub(super) asked: Vec<(String, String)>,
    /// None: the bucket is not one of the configuration.
    pub(super) decision: Option<Decided>,
    pub(super) by: By,
    pub(super) status: Option<u32>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) set: Vec<(String, String)>,
    pub(super) removed: Vec<String>,
    pub(super) body: String,
    pub(super) verdict: Verdict,
    pub(super) kept: Option<Kept>,
    /// What a script may read beside the headers that it always may.
    pub(super) readable: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Preflight,
    Request,
}

/// What the browser makes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub(super) enum Verdict {
    Allowed,
    /// Refused by a check of the Fetch standard.
    Refused(Refusal),
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
pub(super) struct Question {
    pub(super) request: Request,
    /// Credentials mode "include".
    pub(super) credentials: bool,
    /// The header names that a preflight asks for; None: those of the request that are not safelisted.
    pub(super) unsafe_names: Option<Vec<String>>,
    /// What the store answers; None: unknown.
    pub(super) store: Option<StoreAnswer>,
}

#[derive(Clone)]
pub(super) struct StoreAnswer {
    pub(super) status: u32,
    pub(super) headers: Headers,
}

impl Site<'_> {
    pub(super) fn explain(&self, question: &Question) -> Explanation {
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
            verdict: Verdict::Allowed,
        };
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
            explanation.verdict = Verdict::Refused(Refusal {
                check: "forbidden-method",
                message,
            });
        } else {
            self.explain_preflight(question, explanation);
        }
        let mut exchange = self.exchange(Kind::Request, request, question);
        exchange.verdict = match not_cors {
            Some(message) => Verdict::NotCors {
                message: message.to_owned(),
            },
            None => {
                self.checked(&exchange, question, |origin, headers| {
                    browser::cors_check(origin, question.credentials, headers).map(|()| None)
                })
                .0
            }
        };
        if exchange.verdict == Verdict::Allowed {
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
        let mut exchange = self.exchange(Kind::Preflight, request, question);
        let of_the_store = question.store.as_ref().map_or(200, |store| store.status);
        let status = exchange.status.unwrap_or(of_the_store);
        let (verdict, kept) = self.checked(&exchange, question, |origin, headers| {
            let asked = Asked {
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
        check: impl FnOnce(&str, &Headers) -> Result<Option<Kept>, Refusal>,
    ) -> (Verdict, Option<Kept>) {
        let is_open =
            exchange.by == By::StoreAlone || exchange.kind == Kind::Preflight && exchange.by == By::Store;
        if is_open && question.store.is_none() {
            let message = match exchange.kind {
                Kind::Preflight => "the store answers the preflight",
                Kind::Request => "the CORS headers are the store's: --response-header can give them",
            };
            let message = message.to_owned();
            return (Verdict::Unknown { message }, None);
        }
        let origin = question
            .request
            .header(names::ORIGIN)
            .map(shown)
            .unwrap_or_default();
        match check(&origin, &bytes(&exchange.headers)) {
            Ok(kept) => (Verdict::Allowed, kept),
            Err(refusal) => (Verdict::Refused(refusal), None),
        }
    }

    fn exchange(&self, kind: Kind, request: &Request, question: &Question) -> Exchange {
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
            verdict: Verdict::Allowed,
            kept: None,
            readable: Vec::new(),
        }
    }
}

impl Explanation {
    /// Adds an exchange. The first that is refused decides, then the first that is not known.
    fn push(&mut self, exchange: Exchange) {
        let is_refused = matches!(exchange.verdict, Verdict::Refused(_));
        if self.verdict == Verdict::Allowed || is_refused && !self.is_refused() {
            self.verdict = exchange.verdict.clone();
        }
        self.exchanges.push(exchange);
    }

    pub(super) fn is_refused(&self) -> bool {
        matches!(self.verdict, Verdict::Refused(_))
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
