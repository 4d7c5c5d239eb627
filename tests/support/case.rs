//! Cases as data: a plugin configuration, a request, what the store answers, and what must come back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::expect::{AnsweredBy, Exact, Expectation};

/// One case, from `tests/cases/` or from a conformance suite.
pub(crate) struct Case {
    /// The file's topic and the case's sentence; unique.
    pub(crate) name: String,
    /// The text of the plugin configuration.
    pub(crate) configuration: Arc<str>,
    pub(crate) request: WireRequest,
    pub(crate) upstream: UpstreamAnswer,
    pub(crate) expectation: Expectation,
}

impl Case {
    /// Whether only a real Envoy can tell: where it answers itself, its router runs out of time, or its codec refuses
    /// or changes what was sent (control characters, more than 60 KiB of headers).
    pub(crate) fn takes_an_envoy(&self) -> bool {
        let values = || self.request.headers.iter().map(|(_, value)| value);
        matches!(&self.expectation, Expectation::Exact(exact) if exact.by == AnsweredBy::Envoy)
            || self.upstream.delay_ms > 0
            || values()
                .flatten()
                .any(|byte| byte.is_ascii_control() && *byte != b'\t')
            || values().map(Vec::len).sum::<usize>() > 60 * 1024
    }
}

/// A request as it goes on the wire.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "RequestText")]
pub(crate) struct WireRequest {
    pub(crate) method: String,
    pub(crate) authority: String,
    /// The request target: a path with its query, or an absolute URI.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

impl WireRequest {
    /// A header as Envoy shows it to the filter: without outer blanks, several lines folded with a comma.
    pub(crate) fn folded(&self, name: &str) -> Option<Vec<u8>> {
        let lines = self
            .headers
            .iter()
            .filter(|(line, _)| line.eq_ignore_ascii_case(name));
        let values: Vec<&[u8]> = lines.map(|(_, value)| value.trim_ascii()).collect();
        (!values.is_empty()).then(|| values.join(&b','))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestText {
    method: String,
    #[serde(default = "any_host")]
    authority: String,
    path: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// Values that are no text.
    #[serde(default)]
    headers_hex: Vec<(String, String)>,
    /// Long values: what they begin with, a unit, and how often that is repeated.
    #[serde(default)]
    headers_repeated: Vec<(String, String, String, usize)>,
}

fn any_host() -> String {
    "127.0.0.1".to_owned()
}

impl From<RequestText> for WireRequest {
    fn from(text: RequestText) -> Self {
        let plain = text
            .headers
            .into_iter()
            .map(|(name, value)| (name, value.into_bytes()));
        let hex = text
            .headers_hex
            .into_iter()
            .map(|(name, digits)| (name, from_hex(&digits)));
        let repeated = text
            .headers_repeated
            .into_iter()
            .map(|(name, start, unit, times)| (name, (start + &unit.repeat(times)).into_bytes()));
        Self {
            method: text.method,
            authority: text.authority,
            path: text.path,
            headers: plain.chain(hex).chain(repeated).collect(),
        }
    }
}

/// The bytes that pairs of hexadecimal digits stand for.
pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
    digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap())
        .collect()
}

/// What the store behind the filter answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpstreamAnswer {
    #[serde(default = "ok")]
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
    /// More of them, whose values need not be text.
    #[serde(skip)]
    pub(crate) raw_headers: Vec<(String, Vec<u8>)>,
    /// How long the store takes before it says anything.
    #[serde(default)]
    pub(crate) delay_ms: u64,
}

fn ok() -> u16 {
    200
}

impl Default for UpstreamAnswer {
    fn default() -> Self {
        Self {
            status: ok(),
            headers: Vec::new(),
            raw_headers: Vec::new(),
            delay_ms: 0,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[serde(rename = "about")]
    _about: String,
    configurations: BTreeMap<String, Value>,
    cases: Vec<CaseText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseText {
    name: String,
    configuration: String,
    request: WireRequest,
    #[serde(default)]
    upstream: UpstreamAnswer,
    expect: Exact,
}

/// The files of a folder, in the order of their names.
pub(crate) fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Every case of `tests/cases/*.json`, and what real clients send.
///
/// # Panics
/// Where a file does not have the format, or two cases have one name: a case that does not run is worse than one that
/// fails.
pub(crate) fn load_all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<Case> = files_in(&folder).iter().flat_map(|file| load(file)).collect();
    cases.extend(super::clients::cases());
    let mut names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        panic!("two cases are named {:?}", pair[0]);
    }
    cases
}

fn load(file: &Path) -> Vec<Case> {
    let topic = file.file_stem().unwrap().to_string_lossy();
    let text = fs::read_to_string(file).unwrap();
    let parsed: CaseFile =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let texts = parsed
        .configurations
        .into_iter()
        .map(|(name, document)| (name, document.to_string().into()));
    let configurations: BTreeMap<String, Arc<str>> = texts.collect();
    let case = |case: CaseText| Case {
        configuration: configurations
            .get(&case.configuration)
            .unwrap_or_else(|| panic!("{topic}: no configuration is named {:?}", case.configuration))
            .clone(),
        name: format!("{topic}: {}", case.name),
        request: case.request,
        upstream: case.upstream,
        expectation: Expectation::Exact(case.expect),
    };
    parsed.cases.into_iter().map(case).collect()
}
