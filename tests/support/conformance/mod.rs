//! Cases gathered from public suites, recordings and documents, which stand beside the checkout.
//!
//! Their rules are neutral; here they become plugin configurations and requests. What their files mean, and which of
//! their fields are compared how, their README says.

mod answers;
mod configurations;
mod hostile;
mod origins;

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(crate) use answers::RecordedAnswer;
#[allow(unused_imports)] // Not every test binary loads configurations.
pub(crate) use configurations::{ConfigurationDocument, LoadedDocument};
pub(crate) use hostile::Hostile;

use super::case::{Case, UpstreamAnswer};

/// Where the gathered cases are, if they are here at all.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    folder.is_dir().then_some(folder)
}

fn read<T: DeserializeOwned>(file: &str) -> T {
    let file = folder().expect("the gathered cases are here").join(file);
    let text = std::fs::read_to_string(&file).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A case of the gathered files.
pub(crate) struct Gathered {
    pub(crate) id: String,
    /// Where it was gathered, as the table says it.
    pub(crate) source: String,
    pub(crate) what: GatheredCase,
}

/// What a gathered case asks.
#[allow(clippy::large_enum_variant)] // There are hundreds, not millions.
pub(crate) enum GatheredCase {
    /// For the answer to a request.
    Exchange(Case),
    /// Whether a configuration is taken.
    Configuration(ConfigurationDocument),
    /// Nothing that this filter could be asked.
    NotRun,
}

/// Every case of every file.
pub(crate) fn all() -> Vec<Gathered> {
    let mut all = answers::answers();
    all.extend(origins::origins());
    all.extend(hostile::hostile());
    all.extend(configurations::configurations());
    all
}

/// A case that the project answers differently on purpose, or that is not run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Difference {
    /// The gathered case.
    pub(crate) id: String,
    /// Why.
    pub(crate) reason: String,
    /// The sentence of the contract that asks for it.
    pub(crate) clause: String,
}

/// `tests/differences.json`: the only place where a gathered case may be said not to hold.
pub(crate) fn differences() -> Vec<Difference> {
    serde_json::from_str(include_str!("../../differences.json")).unwrap()
}

/// What a permissive store sends of its own, on which nothing may depend. Where a rule lists `*`, the first may be the
/// edge's own, and with credentials the second; the others are what no rule here says.
const PERMISSIVE: [(&str, &str); 6] = [
    ("access-control-allow-origin", "*"),
    ("access-control-allow-credentials", "true"),
    (
        "access-control-allow-methods",
        "GET, PUT, POST, DELETE, HEAD, PATCH",
    ),
    ("access-control-allow-headers", "*"),
    ("access-control-expose-headers", "*"),
    ("access-control-max-age", "31536000"),
];

fn permissive(status: u16) -> UpstreamAnswer {
    UpstreamAnswer {
        status,
        headers: PERMISSIVE
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        ..UpstreamAnswer::default()
    }
}

/// One bucket of a plugin configuration.
fn bucket(name: &str, rules: &[Value], response_vary: Option<bool>) -> Value {
    let mut document = json!({ "CORSRules": rules });
    if let Some(vary) = response_vary {
        document["ResponseVary"] = vary.into();
    }
    json!({ "name": name, "cors": document })
}

/// Cases whose buckets stand in one configuration, each under a name of its own.
fn in_one_configuration(profile: &str, members: Vec<(Value, Case)>) -> Vec<Case> {
    let (buckets, mut cases): (Vec<Value>, Vec<Case>) = members.into_iter().unzip();
    let buckets: Vec<Value> = buckets.into_iter().filter(|bucket| !bucket.is_null()).collect();
    let configuration =
        json!({ "profile": profile, "unmanaged": "refuse", "explain": true, "buckets": buckets });
    let configuration: Arc<str> = configuration.to_string().into();
    for case in &mut cases {
        case.configuration = configuration.clone();
    }
    cases
}
