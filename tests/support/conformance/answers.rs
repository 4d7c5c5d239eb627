//! `answers.json`: what stores answer, recorded or documented.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Gathered, GatheredCase, PERMISSIVE, bucket, in_one_configuration, permissive, read};
use crate::support::answer::{ClientAnswer, names_in};
use crate::support::case::{Case, UpstreamAnswer, WireRequest};
use crate::support::expect::{ErrorBody, Expectation};

/// Whose answers the file has: a tier, and what the table calls it.
const TIERS: [(&str, &str); 9] = [
    ("aws-snapshot", "AWS S3: recorded answers"),
    ("aws-live-suite", "AWS S3: suites that run against it"),
    ("s3-emulator", "AWS S3: emulators"),
    ("s3-tests", "Ceph: s3-tests"),
    ("rgw-unit", "Ceph: unit tests of its gateway"),
    ("rgw-legacy", "Ceph: what its gateway once did"),
    ("oss-live-suite", "OSS: suites that run against it"),
    ("oss-doc", "OSS: documents"),
    ("gcs-doc", "Google Cloud Storage: documents"),
];

#[derive(Deserialize)]
struct Answered {
    id: String,
    provider: String,
    tier: String,
    tags: Vec<String>,
    bucket_exists: bool,
    bucket_rules: Option<Vec<NeutralRule>>,
    request: NeutralRequest,
    expect: Documented,
    matched_rule: i64,
    upstream: Option<UpstreamAnswer>,
    #[serde(default)]
    model_disagrees: bool,
}

#[derive(Deserialize)]
struct NeutralRule {
    allowed_origins: Vec<String>,
    allowed_methods: Vec<String>,
    allowed_headers: Vec<String>,
    expose_headers: Vec<String>,
    max_age_seconds: Option<u32>,
    response_vary: Option<bool>,
}

#[derive(Deserialize)]
struct NeutralRequest {
    method: String,
    target: RequestTarget,
    headers: BTreeMap<String, String>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum RequestTarget {
    Object,
    Bucket,
    Service,
}

#[derive(Deserialize)]
struct Documented {
    status: u16,
    headers: BTreeMap<String, String>,
    absent: Vec<String>,
    /// List-based headers and a name that must be among theirs.
    #[serde(default)]
    contains: BTreeMap<String, String>,
    error: Option<ErrorBody>,
}

/// What a store's documentation, or a recording of it, fixes of an answer. Of other headers it says nothing.
pub(crate) struct RecordedAnswer {
    documented: Documented,
    /// Which rule applied, where one did.
    matched_rule: Option<usize>,
    is_preflight: bool,
    is_managed: bool,
    /// Ceph: which rule applies, and not in which words it says so.
    verdict_only: bool,
    /// The store sends no `Vary` where the contract has `Origin`.
    may_vary_by_origin: bool,
}

/// Every case, tier by tier. What another model documents, or nobody answers any more, is not run.
pub(crate) fn answers() -> Vec<Gathered> {
    let answered: Vec<Answered> = read("answers.json");
    if let Some(case) = answered.iter().find(|case| place_of(&case.tier).is_none()) {
        panic!("answers.json: {}: an unknown tier, {}", case.id, case.tier);
    }
    let (mut members, mut gathered) = (BTreeMap::<&str, Vec<_>>::new(), Vec::new());
    let mut places = BTreeMap::new();
    for case in answered {
        let place = place_of(&case.tier);
        places.insert(case.id.clone(), place);
        let profile = match case.provider.as_str() {
            "oss" => Some("oss"),
            "aws" | "ceph" => Some("s3"),
            _ => None,
        };
        match profile.filter(|_| case.tier != "rgw-legacy" && !case.model_disagrees) {
            Some(profile) => members.entry(profile).or_default().push(convert(case)),
            None => gathered.push((case.id, GatheredCase::NotRun)),
        }
    }
    for (profile, members) in members {
        let cases = in_one_configuration(profile, members);
        gathered.extend(
            cases
                .into_iter()
                .map(|case| (case.name.clone(), GatheredCase::Exchange(case))),
        );
    }
    gathered.sort_by_key(|(id, _)| places[id]);
    let name = |id: &str| TIERS[places[id].unwrap_or_default()].1.to_owned();
    gathered
        .into_iter()
        .map(|(id, what)| Gathered {
            source: name(&id),
            id,
            what,
        })
        .collect()
}

fn place_of(tier: &str) -> Option<usize> {
    TIERS.iter().position(|(name, _)| *name == tier)
}

fn convert(answered: Answered) -> (Value, Case) {
    let Answered {
        id,
        request,
        expect: documented,
        ..
    } = answered;
    let rules = answered.bucket_rules.unwrap_or_default();
    let response_vary = rules.iter().find_map(|rule| rule.response_vary);
    let documents: Vec<Value> = rules.iter().map(NeutralRule::to_json).collect();
    let is_managed = answered.bucket_exists && request.target != RequestTarget::Service;
    let is_preflight = request.method == "OPTIONS";
    let status = answered
        .upstream
        .map_or(documented.status, |upstream| upstream.status);
    let case = Case {
        name: id.clone(),
        configuration: "".into(),
        request: WireRequest {
            path: match request.target {
                RequestTarget::Object => format!("/{id}/test.txt"),
                RequestTarget::Bucket => format!("/{id}/"),
                RequestTarget::Service => "/".to_owned(),
            },
            method: request.method,
            authority: "store.example".to_owned(),
            headers: request
                .headers
                .into_iter()
                .map(|(name, value)| (name, value.into_bytes()))
                .collect(),
        },
        // Responses of a bucket that is not listed are never touched.
        upstream: match is_managed {
            true => permissive(status),
            false => UpstreamAnswer {
                status,
                ..UpstreamAnswer::default()
            },
        },
        expectation: Expectation::Recorded(Box::new(RecordedAnswer {
            matched_rule: usize::try_from(answered.matched_rule).ok(),
            is_preflight,
            is_managed,
            verdict_only: answered.provider == "ceph",
            may_vary_by_origin: response_vary != Some(false)
                && answered.tags.iter().any(|tag| tag == "expects-no-vary"),
            documented,
        })),
    };
    let bucket = if answered.bucket_exists {
        bucket(&id, &documents, response_vary)
    } else {
        Value::Null
    };
    (bucket, case)
}

impl NeutralRule {
    fn to_json(&self) -> Value {
        let mut rule = json!({
            "AllowedOrigins": self.allowed_origins,
            "AllowedMethods": self.allowed_methods,
            "AllowedHeaders": self.allowed_headers,
            "ExposeHeaders": self.expose_headers,
        });
        if let Some(seconds) = self.max_age_seconds {
            rule["MaxAgeSeconds"] = seconds.into();
        }
        rule
    }
}

impl RecordedAnswer {
    /// In what the answer is another than documented.
    pub(crate) fn problems(&self, answer: &ClientAnswer) -> Vec<String> {
        let mut problems = self.verdict_problems(answer);
        if !self.verdict_only {
            problems.extend(self.wording_problems(answer));
        }
        problems
    }

    fn verdict_problems(&self, answer: &ClientAnswer) -> Vec<String> {
        let mut problems = Vec::new();
        let lines: Vec<&str> = answer
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| name.starts_with("access-control-"))
            .collect();
        // Whatever else a store's documentation leaves open: no match, no CORS headers; and none of them twice.
        if self.is_managed && self.matched_rule.is_none() && !lines.is_empty() {
            problems.push(format!("no rule matches, and the answer has {lines:?}"));
        }
        // Nor does it say that a store's own headers are left standing.
        let left = PERMISSIVE[2..]
            .iter()
            .filter(|(name, value)| answer.values(name).iter().any(|given| given == value));
        problems.extend(left.map(|(name, value)| format!("the store's {name}: {value} is left")));
        if (1..lines.len()).any(|at| lines[..at].contains(&lines[at])) {
            problems.push(format!("a header stands twice among {lines:?}"));
        }
        if answer.reached_upstream == self.is_preflight {
            problems.push(format!("reached the upstream: {}", answer.reached_upstream));
        }
        let is_allowed = answer.status < 400;
        if self.is_preflight && is_allowed != (self.documented.status < 400) {
            problems.push(format!(
                "status {} instead of {}",
                answer.status, self.documented.status
            ));
        }
        // A preflight may be a bad request before any rule is looked at.
        if self.is_managed && answer.status != 400 {
            let explained = answer.values("x-bucket-cors").join(",");
            let rule = explained
                .strip_prefix("match; rule=")
                .map(|rest| rest.split(';').next().unwrap_or(rest));
            if rule.map(str::to_owned) != self.matched_rule.map(|rule| rule.to_string()) {
                problems.push(format!("{explained:?} instead of rule {:?}", self.matched_rule));
            }
            if answer.values("access-control-allow-origin").is_empty() == self.matched_rule.is_some() {
                problems.push(
                    "Access-Control-Allow-Origin is not where a rule matches, or where none does".to_owned(),
                );
            }
        }
        problems
    }

    fn wording_problems(&self, answer: &ClientAnswer) -> Vec<String> {
        let mut problems = Vec::new();
        if answer.status != self.documented.status {
            problems.push(format!(
                "status {} instead of {}",
                answer.status, self.documented.status
            ));
        }
        // The upstream's stand-in says nothing about its objects.
        let ours = |name: &str| self.is_preflight || is_cors(name);
        for (name, value) in self.documented.headers.iter().filter(|(name, _)| ours(name)) {
            let given = answer.values(&name.to_ascii_lowercase());
            let agrees = match is_list(name) {
                true => names_in(&given.join(",")) == names_in(value),
                false => given == [value.as_str()],
            };
            if !agrees {
                problems.push(format!("{name}: {given:?} instead of {value:?}"));
            }
        }
        for name in &self.documented.absent {
            let given = answer.names_in(&name.to_ascii_lowercase());
            let is_pardoned =
                name == "Vary" && self.may_vary_by_origin && given.iter().any(|given| given == "origin");
            if !given.is_empty() && !is_pardoned {
                problems.push(format!("{name}: {given:?} is one too many"));
            }
        }
        for (name, element) in &self.documented.contains {
            if !answer
                .names_in(&name.to_ascii_lowercase())
                .contains(&element.to_ascii_lowercase())
            {
                problems.push(format!("{name} does not name {element}"));
            }
        }
        if self.is_preflight {
            problems.extend(
                self.documented
                    .error
                    .iter()
                    .flat_map(|error| error.problems(answer)),
            );
        }
        problems
    }
}

fn is_cors(name: &str) -> bool {
    name.starts_with("Access-Control-") || name == "Vary"
}

fn is_list(name: &str) -> bool {
    matches!(
        name,
        "Access-Control-Allow-Methods"
            | "Access-Control-Allow-Headers"
            | "Access-Control-Expose-Headers"
            | "Vary"
    )
}
