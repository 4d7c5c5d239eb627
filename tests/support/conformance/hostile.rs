//! `hostile.json`: what attackers send and broken stores answer. For its configurations see `configurations`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Gathered, GatheredCase, permissive, read};
use crate::support::answer::{ClientAnswer, names_in};
use crate::support::case::{Case, UpstreamAnswer, WireRequest, from_hex};
use crate::support::expect::Expectation;

/// The bucket whose rules a case has, where the case does not say.
const BUCKET: &str = "bucket";

#[derive(Deserialize)]
struct Attack {
    id: String,
    kind: String,
    input: Value,
    expected: Value,
}

#[derive(Deserialize)]
struct HostileInput {
    rules: Vec<Value>,
    request: Option<WrittenRequest>,
    /// A request that [`WrittenRequest`] cannot say.
    raw: Option<String>,
    generate: Option<Generated>,
    upstream_response: Option<UpstreamAnswer>,
    local_reply: Option<String>,
    bucket_of_rules: Option<String>,
}

#[derive(Deserialize)]
struct WrittenRequest {
    method: String,
    path: String,
    host: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    headers_hex: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Generated {
    /// `'text' + 'x'*count`.
    origin: String,
}

/// What a hostile request may and may not achieve. A field that is absent asks nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hostile {
    #[serde(rename = "level")]
    _level: String,
    #[serde(rename = "note")]
    _note: Option<String>,
    /// Which of several profiles; the contract's is the one that it asks for.
    #[serde(rename = "profile")]
    _profile: Option<String>,
    #[serde(rename = "bounded")]
    _answers_at_all: Option<bool>,
    #[serde(rename = "must_not")]
    _never: Option<Vec<String>>,
    #[serde(rename = "match")]
    matches: Option<bool>,
    allowed: Option<bool>,
    /// A boolean, or `"profile"`.
    answered_at_edge: Option<Value>,
    #[serde(default)]
    absent: Vec<String>,
    status: Option<u16>,
    by: Option<String>,
    status_in: Option<Vec<u16>>,
    acao: Option<String>,
    acao_one_of: Option<Vec<String>>,
    acah_contains: Option<String>,
    max_age: Option<u32>,
    single_acao: Option<bool>,
    never_echo: Option<bool>,
    vary_contains: Option<String>,
    vary_tokens: Option<Vec<String>>,
    max_response_header_bytes: Option<usize>,
    bucket: Option<String>,
    bucket_in: Option<Vec<Option<String>>>,
}

/// The hostile requests.
pub(crate) fn hostile() -> Vec<Gathered> {
    let attacks: Vec<Attack> = read("hostile.json");
    attacks
        .into_iter()
        .filter(|attack| attack.kind == "request")
        .map(|attack| Gathered {
            source: "Hostile requests".to_owned(),
            id: attack.id.clone(),
            what: GatheredCase::Exchange(convert(attack)),
        })
        .collect()
}

fn convert(attack: Attack) -> Case {
    let input: HostileInput = serde_json::from_value(attack.input)
        .unwrap_or_else(|error| panic!("hostile.json: {}: {error}", attack.id));
    let expected: Hostile = serde_json::from_value(attack.expected)
        .unwrap_or_else(|error| panic!("hostile.json: {}: {error}", attack.id));
    let configuration = json!({
        "endpoints": ["oss.example"],
        "buckets": [{
            "name": input.bucket_of_rules.as_deref().unwrap_or(BUCKET),
            "cors": { "CORSRule": input.rules },
        }],
    });
    let mut upstream = input.upstream_response.unwrap_or_else(|| permissive(200));
    if input.local_reply.is_some() {
        // The store never answers what would take so long.
        upstream.delay_ms = 2_000;
    }
    if expected.is_elsewhere() {
        upstream.headers.clear();
    }
    let mut request = match (input.request, input.raw) {
        (Some(request), _) => request.into_request(),
        (None, Some(raw)) => from_raw(&raw),
        (None, None) => panic!("hostile.json: {}: no request", attack.id),
    };
    if let Some(generated) = input.generate {
        request.headers.retain(|(name, _)| name != "origin");
        request
            .headers
            .push(("origin".to_owned(), evaluate(&generated.origin)));
    }
    Case {
        name: attack.id,
        configuration: configuration.to_string().into(),
        request,
        upstream,
        expectation: Expectation::Hostile(Box::new(expected)),
    }
}

impl WrittenRequest {
    fn into_request(self) -> WireRequest {
        let plain = self
            .headers
            .into_iter()
            .map(|(name, value)| (name, value.into_bytes()));
        let hex = self
            .headers_hex
            .into_iter()
            .map(|(name, digits)| (name, from_hex(&digits)));
        WireRequest {
            method: self.method,
            authority: self.host,
            path: self.path,
            headers: plain.chain(hex).collect(),
        }
    }
}

/// A request line and a `Host`, made an allowed preflight: what follows them is left out in the file.
fn from_raw(raw: &str) -> WireRequest {
    let mut lines = raw.split("\\r\\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let host = lines
        .find_map(|line| line.strip_prefix("Host: "))
        .unwrap_or_default();
    let headers = [
        ("origin", "https://app.example.com"),
        ("access-control-request-method", "PUT"),
    ];
    WireRequest {
        method: words.next().unwrap_or_default().to_owned(),
        path: words.next().unwrap_or_default().to_owned(),
        authority: host.to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
            .to_vec(),
    }
}

fn evaluate(expression: &str) -> Vec<u8> {
    let term = |term: &str| {
        let (text, count) = term.rsplit_once('*').unwrap_or((term, "1"));
        text.trim()
            .trim_matches('\'')
            .repeat(count.trim().parse().unwrap())
    };
    expression.split(" + ").map(term).collect::<String>().into_bytes()
}

impl Hostile {
    /// Whether the request is for a bucket that has no rules here, whose responses are not touched.
    fn is_elsewhere(&self) -> bool {
        let other = self.bucket.as_deref().is_some_and(|bucket| bucket != BUCKET);
        let none_of_ours =
            |buckets: &Vec<Option<String>>| !buckets.iter().any(|name| name.as_deref() == Some(BUCKET));
        other || self.bucket_in.as_ref().is_some_and(none_of_ours)
    }

    /// Whether it says if an origin is allowed.
    pub(crate) fn fixes_the_verdict(&self) -> bool {
        self.matches.is_some() || self.allowed.is_some() || self.acao.is_some() || self.bucket.is_some()
    }

    /// In what the answer is more or less than it may be.
    pub(crate) fn problems(&self, answer: &ClientAnswer) -> Vec<String> {
        let mut problems = Vec::new();
        let mut ask = |holds: bool, sentence: &str| {
            if !holds {
                problems.push(format!("not so: {sentence}"));
            }
        };
        let origins = answer.values("access-control-allow-origin");
        let is_allowed = !origins.is_empty();
        if let Some(matches) = self.matches {
            ask(is_allowed == matches, &format!("a rule matches: {matches}"));
        }
        if let Some(allowed) = self.allowed {
            ask(
                is_allowed == allowed && (answer.status < 300) == allowed,
                &format!("allowed: {allowed}"),
            );
        }
        if let Some(at_edge) = self.answered_at_edge.as_ref().and_then(Value::as_bool) {
            ask(
                answer.reached_upstream != at_edge,
                &format!("answered at the edge: {at_edge}"),
            );
        }
        if self.by.is_some() {
            ask(!answer.reached_upstream && !is_allowed, "Envoy answers by itself");
        }
        for name in &self.absent {
            ask(answer.values(name).is_empty(), &format!("no {name}"));
        }
        if let Some(status) = self.status {
            ask(answer.status == status, &format!("status {status}"));
        }
        if let Some(statuses) = &self.status_in {
            ask(
                statuses.contains(&answer.status),
                &format!("status in {statuses:?}"),
            );
        }
        if let Some(origin) = &self.acao {
            ask(
                origins == [origin.as_str()],
                &format!("Access-Control-Allow-Origin: {origin}"),
            );
        }
        if let Some(allowed) = &self.acao_one_of {
            let [origin] = origins.as_slice() else {
                return vec![format!("allowed origins: {origins:?}")];
            };
            ask(
                allowed.contains(origin),
                &format!("Access-Control-Allow-Origin among {allowed:?}"),
            );
        }
        if self.single_acao == Some(true) || self.never_echo == Some(true) {
            ask(
                origins.len() <= 1 && !origins.iter().any(|origin| origin.contains(',')),
                "one origin at most",
            );
        }
        if let Some(name) = &self.acah_contains {
            ask(
                answer.names_in("access-control-allow-headers").contains(name),
                &format!("{name} is allowed"),
            );
        }
        if let Some(seconds) = self.max_age {
            ask(
                answer.values("access-control-max-age") == [seconds.to_string()],
                &format!("{seconds} s"),
            );
        }
        let vary = answer.names_in("vary");
        if let Some(name) = &self.vary_contains {
            ask(vary.contains(name), &format!("Vary has {name}"));
        }
        if let Some(names) = &self.vary_tokens {
            ask(vary == names_in(&names.join(",")), &format!("Vary is {names:?}"));
        }
        if let Some(most) = self.max_response_header_bytes {
            let bytes: usize = answer
                .headers
                .iter()
                .map(|(name, value)| name.len() + value.len())
                .sum();
            ask(bytes <= most, &format!("at most {most} bytes of headers"));
        }
        if self.bucket.is_some() || self.bucket_in.is_some() {
            let may_be_ours = self
                .bucket_in
                .iter()
                .flatten()
                .flatten()
                .any(|bucket| bucket == BUCKET);
            ask(
                may_be_ours || is_allowed != self.is_elsewhere(),
                "the rules of that bucket",
            );
        }
        problems
    }
}
