//! What a reader looks for first: why it ends so, and what to do.

use bucket_cors::config::Bucket;
use bucket_cors::http::header_names;
use url::Url;

use super::elsewhere;
use super::explanation::{Advice, BrowserVerdict, Exchange, Explanation, Question, RequestKind};
use super::near;
use super::ownership;
use super::page_origin;
use super::request::Request;
use super::served::By;
use super::site::Site;
use super::tried::{RulesTried, Tried};
use super::way_to_credentials;
use crate::clients::trial::Trial;

/// Sentences about rules that nearly match are for a person: more are not read.
const MOST_NOTES: usize = 3;

/// What there is to say first.
pub(super) fn of(site: &Site<'_>, question: &Question, it: &Explanation) -> Advice {
    let bucket = site.bucket_of(&question.request);
    let (cause, mut way_out) = match &it.verdict {
        BrowserVerdict::Allowed => (allowed(it), None),
        BrowserVerdict::NotCors { message } => {
            let of_no_preflight = it.status_of_no_preflight();
            let answered =
                of_no_preflight.map(|status| format!("no preflight, so the edge answers {status}; "));
            (format!("{}{message}", answered.unwrap_or_default()), None)
        }
        BrowserVerdict::Unknown { message } => {
            let whose = if bucket.is_some() {
                ""
            } else {
                ", as the request is for no listed bucket"
            };
            let asked = it
                .exchanges
                .iter()
                .find(|exchange| exchange.verdict == it.verdict);
            let way_out = if asked.is_some_and(|exchange| exchange.kind == RequestKind::Preflight)
                && it.exchanges.len() > 1
            {
                "ask for the preflight by itself, with --method OPTIONS, --request-method and what the store answers in \
                 --response-header 'NAME: VALUE'"
            } else {
                "say what the store answers with --response-header 'NAME: VALUE'"
            };
            (format!("{message}{whose}"), Some(way_out.to_owned()))
        }
        BrowserVerdict::Refused(refusal) => {
            let exchange = it
                .exchanges
                .iter()
                .find(|exchange| exchange.verdict == it.verdict);
            let cause = exchange.map_or_else(
                || refusal.message.clone(),
                |exchange| refused(it, exchange, &refusal.message),
            );
            let is_of_the_store = exchange.is_some_and(|exchange| exchange.by == By::StoreAlone);
            let way_out = by_check(refusal.check, bucket, it, exchange).or_else(|| match bucket {
                _ if is_of_the_store => {
                    Some("mend the store's own rules, or let the edge's stand in their place".to_owned())
                }
                Some(bucket) => Trial::of(bucket).change(&bucket.name, question),
                None if site.is_unclear(&question.request) => {
                    Some("write the path so that every server reads the same bucket in it".to_owned())
                }
                None if it.owner.how == ownership::NOT_THE_STORE_S => Some(format!(
                    "ask for an object in a bucket; if {} is a host of the store's, add it to \"endpoints\"",
                    question.request.host()
                )),
                None => Some("list the bucket in \"buckets\"".to_owned()),
            });
            match then(site, question, refusal.check) {
                Some(then) => {
                    let ways: Vec<String> = way_out.into_iter().chain(then.way_out).collect();
                    let way_out = (!ways.is_empty()).then(|| ways.join(", and then: "));
                    (format!("{cause}; and then: {}", then.cause), way_out)
                }
                None => (cause, way_out),
            }
        }
    };
    let mut notes = Vec::new();
    let to_ask_with = it.origin.as_deref().and_then(page_origin::to_ask_with);
    // What no browser sends is not to be listed, nor to be compared with what is.
    let is_sent = to_ask_with.is_none();
    notes.extend(to_ask_with);
    if let (Some(origin), Some(way)) = (&it.origin, &way_out) {
        if !is_sent {
            way_out = page_origin::as_sent(origin).map(|sent| format!("ask with --origin {sent}"));
        } else if way.contains(&format!("{origin:?}"))
            && let Err(why) = page_origin::of_a_page(origin)
        {
            way_out = None;
            notes.push(format!("no rule can list this origin: {why}"));
        }
    }
    let decisions = it
        .exchanges
        .iter()
        .filter_map(|exchange| exchange.decision.as_ref());
    for decision in decisions.filter(|decision| is_sent && decision.rule.is_none()) {
        for note in decision.rules.iter().flat_map(near_misses) {
            if notes.len() < MOST_NOTES && !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    // The page is to change, and no rule.
    if way_out.is_some() && notes.iter().any(|note| note.ends_with(near::IN_THE_PAGE)) {
        way_out = None;
    }
    if it.owner.bucket.as_deref().is_none_or(|name| name == "*") {
        notes.extend(elsewhere::notes(site, &question.request));
    }
    if let (None, Some(bucket), Some(last)) = (&it.origin, bucket, it.exchanges.last())
        && matches!(it.verdict, BrowserVerdict::NotCors { .. })
        && !it.is_refused()
    {
        notes.push(timing(bucket, last));
    }
    Advice {
        cause,
        way_out,
        notes,
    }
}

/// What there is to say of a request that is not sent, once it is.
fn then(site: &Site<'_>, question: &Question, check: &str) -> Option<Advice> {
    if !["mixed-content", "blocked-port"].contains(&check) {
        return None;
    }
    let mut url = Url::parse(&question.request.url).ok()?;
    url.set_scheme("https").ok()?;
    if check == "blocked-port" {
        url.set_port(None).ok()?;
    }
    let mut request = Request::new(&question.request.method, url.as_str()).ok()?;
    request.headers.clone_from(&question.request.headers);
    let sent = Question {
        request,
        ..question.clone()
    };
    let it = site.explain(&sent);
    it.is_refused().then(|| of(site, &sent, &it))
}

/// What Resource Timing tells pages of an object that they load without CORS.
fn timing(bucket: &Bucket<'_>, exchange: &Exchange) -> String {
    let mut headers = exchange.headers.iter();
    match headers.find(|(name, _)| name == header_names::TIMING_ALLOW_ORIGIN) {
        Some((_, origins)) => format!("Resource Timing tells how long it took to pages of {origins}"),
        None => format!(
            "Resource Timing tells pages of other origins nothing of how long it took: \"timing_allow_origin\" in the bucket {} \
             lists those that may know",
            bucket.name
        ),
    }
}

fn allowed(it: &Explanation) -> String {
    let Some(last) = it.exchanges.last() else {
        return String::new();
    };
    match (&last.decision, last.by) {
        (Some(decision), By::Edge | By::Store) => match decision
            .rules
            .iter()
            .find(|rule| Some(rule.index) == decision.rule)
        {
            Some(rule) => format!("{} of the bucket {} allows it", named(rule), owner(it)),
            None => "the answer has what a browser asks for".to_owned(),
        },
        _ => "the store's own CORS headers allow it, and the edge leaves them as they are".to_owned(),
    }
}

/// Why the first answer that a browser does not take is as it is.
fn refused(it: &Explanation, exchange: &Exchange, message: &str) -> String {
    let what = match exchange.kind {
        RequestKind::Preflight if it.exchanges.len() > 1 => "its preflight is refused: ",
        _ => "",
    };
    let bucket = owner(it);
    let asked = |name: &str| {
        let mut asked = exchange.asked.iter();
        asked
            .find(|(there, _)| there == name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    };
    let why = match exchange.decision.as_ref() {
        _ if exchange.by == By::StoreAlone => format!("{message}; the store's own CORS headers stand"),
        None if it.owner.bucket.is_none() => format!("the edge gives no CORS: bucket {}", it.owner.how),
        None => message.to_owned(),
        Some(decision) => match decision.reason {
            None => message.to_owned(),
            Some("origin") => format!(
                "no rule of the bucket {bucket} lists the origin {}",
                asked(header_names::ORIGIN)
            ),
            Some("method") => {
                let method = values(decision, "method").join(", ");
                format!("no rule of the bucket {bucket} that lists the origin lists the method {method}")
            }
            Some("header") => {
                let names = values(decision, "header");
                let s = if names.len() > 1 { "s" } else { "" };
                format!(
                    "no rule of the bucket {bucket} that lists origin and method lists the header{s} {}",
                    names.join(", ")
                )
            }
            Some("no-rules") => format!("the bucket {bucket} has no rules"),
            Some("malformed-origin") => format!(
                "{} is no origin that a browser sends",
                asked(header_names::ORIGIN)
            ),
            Some("malformed-header") => "a requested header name is none, or there are too many".to_owned(),
            Some(other) => format!("{message} ({other})"),
        },
    };
    format!("{what}{why}")
}

/// What the rule lacks that lacks least.
fn values(decision: &RulesTried, fails: &str) -> Vec<String> {
    let rules = decision.rules.iter().filter(|rule| rule.fails == Some(fails));
    let nearest = rules.min_by_key(|rule| rule.values.len());
    nearest.map(|rule| rule.values.clone()).unwrap_or_default()
}

/// The way out of what no list of a rule mends.
fn by_check(
    check: &str,
    bucket: Option<&Bucket<'_>>,
    it: &Explanation,
    exchange: Option<&Exchange>,
) -> Option<String> {
    let origin = it.origin.as_deref().unwrap_or_default();
    let decision = exchange.and_then(|exchange| exchange.decision.as_ref());
    let rule = decision.and_then(|decision| {
        decision
            .rules
            .iter()
            .find(|rule| Some(rule.index) == decision.rule)
    });
    Some(match (check, bucket, rule) {
        ("mixed-content", ..) => "ask the edge over https://".to_owned(),
        ("blocked-port", ..) => "serve the edge at another port".to_owned(),
        ("forbidden-method", ..) => "use another method: no rule can allow this one".to_owned(),
        ("any-origin-with-credentials" | "no-allow-credentials", Some(bucket), Some(rule)) => {
            way_to_credentials::way_out(bucket, origin, rule.index, &bucket.name)
        }
        _ if decision.is_some_and(|decision| decision.reason == Some("malformed-origin")) => {
            let sent = page_origin::as_sent(origin)?;
            format!("ask with --origin {sent}")
        }
        _ => return None,
    })
}

fn near_misses(rule: &Tried) -> Vec<String> {
    let value = rule.values.first().map(String::as_str).unwrap_or_default();
    match rule.fails {
        Some("origin") => rule
            .lists
            .iter()
            .filter_map(|pattern| near::origin(value, pattern))
            .collect(),
        Some("method") => near::method(value, &rule.lists).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn owner(it: &Explanation) -> &str {
    it.owner.bucket.as_deref().unwrap_or_default()
}

fn named(rule: &Tried) -> String {
    way_to_credentials::rule_name(rule.index, rule.id.as_deref())
}
