//! A request's way: from the page through the edge to the store and back, and what the browser makes of it.

use bucket_cors::config::UpstreamCors;
use bucket_cors::http::header_names;

use super::browser::checks::{self, BrowserRefusal, CachedPreflight, PageRequest};
use super::browser::{sent, unsent};
use super::explanation::{Advice, BrowserVerdict, Exchange, Explanation, Question, RequestKind};
use super::request::{Headers, Request};
use super::served::{By, Served};
use super::site::Site;

impl Site<'_> {
    pub(crate) fn explain(&self, question: &Question) -> Explanation {
        let request = &question.request;
        let origin = request.header(header_names::ORIGIN).map(shown);
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
                .header(header_names::REQUEST_HEADERS)
                .map(shown)
                .unwrap_or_default();
            let names = names.split(',').map(|name| name.trim().to_owned());
            let method = request
                .header(header_names::REQUEST_METHOD)
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
        if request.header(header_names::ORIGIN).is_none() {
            not_cors = Some("without Origin it is no request of CORS, and the browser checks nothing");
        } else if request.is_same_origin() {
            not_cors = Some("it goes to the page's own origin, so the browser checks nothing");
        } else if sent::is_forbidden_method(&request.method) {
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
                    checks::cors_check(origin, question.credentials, headers).map(|()| None)
                })
                .0
            }
        };
        if exchange.verdict == BrowserVerdict::Allowed {
            exchange.readable = checks::readable(&bytes(&exchange.headers), question.credentials);
        }
        explanation.push(exchange);
    }

    fn explain_preflight(&self, question: &Question, explanation: &mut Explanation) {
        let request = &question.request;
        let names = question
            .unsafe_names
            .clone()
            .unwrap_or_else(|| sent::unsafe_names(&request.headers));
        if !sent::is_safelisted_method(&request.method) {
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
        preflight.push(
            header_names::ORIGIN,
            request.header(header_names::ORIGIN).unwrap_or_default(),
        );
        preflight.push(header_names::REQUEST_METHOD, request.method.as_bytes());
        if !names.is_empty() {
            preflight.push(header_names::REQUEST_HEADERS, names.join(",").as_bytes());
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
            checks::preflight_check(&asked, status, headers).map(Some)
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
        let bucket = self.bucket_of(&question.request);
        let keeps = bucket.is_some_and(|bucket| bucket.upstream_cors == UpstreamCors::Keep);
        let is_open = exchange.by == By::StoreAlone
            || exchange.by == By::Store && (keeps || exchange.kind == RequestKind::Preflight);
        if is_open && question.store.is_none() {
            let message = match exchange.kind {
                RequestKind::Preflight => "the store answers the preflight",
                RequestKind::Request if exchange.by == By::Store => {
                    "where the store sends CORS headers, they stand (\"upstream_cors\": \"keep\")"
                }
                RequestKind::Request => "the CORS headers are the store's",
            };
            let message = message.to_owned();
            return (BrowserVerdict::Unknown { message }, None);
        }
        let origin = question
            .request
            .header(header_names::ORIGIN)
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
        let asked = [
            header_names::ORIGIN,
            header_names::REQUEST_METHOD,
            header_names::REQUEST_HEADERS,
        ];
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
