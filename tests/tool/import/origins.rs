//! An imported policy admits exactly the origins that the proxy's own matchers admit, unless the import says
//! otherwise.

use std::collections::HashSet;

use bucket_cors::config;
use bucket_cors::http::origin::is_sendable;
use regex_lite::Regex;
use serde_json::{Value, json};

use super::import;
use crate::choices::{Choices, Random};

/// How many policies a run of the tool gets.
const POLICIES: usize = 300;

/// A matcher, as Envoy compares (`StringMatcher`) and as its CORS filter asks: for `*` first.
#[derive(Debug)]
pub(super) enum OriginMatcher {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    Regex(String, Regex),
}

impl OriginMatcher {
    fn generate(choices: &mut Choices<'_>, envoy: bool) -> Self {
        match choices.below(if envoy { 9 } else { 7 }) {
            0 => Self::Exact(plain(choices)),
            1 => Self::Prefix(plain(choices)),
            7 => Self::Suffix(plain(choices)),
            8 => Self::Contains(plain(choices)),
            _ => loop {
                let text = expression(choices);
                // Envoy takes no empty one.
                if text.is_empty() {
                    break Self::Exact("https://a.example".to_owned());
                }
                if let Ok(regex) = Regex::new(&format!("^(?:{text})$")) {
                    break Self::Regex(text, regex);
                }
                if !choices.any_left() {
                    break Self::Exact(text);
                }
            },
        }
    }

    pub(super) fn json(&self, envoy: bool) -> Value {
        match self {
            Self::Exact(text) => json!({ "exact": text }),
            Self::Prefix(text) => json!({ "prefix": text }),
            Self::Suffix(text) => json!({ "suffix": text }),
            Self::Contains(text) => json!({ "contains": text }),
            Self::Regex(text, _) if envoy => json!({ "safe_regex": { "regex": text } }),
            Self::Regex(text, _) => json!({ "regex": text }),
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(own) => text == own,
            Self::Prefix(own) => text.starts_with(own.as_str()),
            Self::Suffix(own) => text.ends_with(own.as_str()),
            Self::Contains(own) => text.contains(own.as_str()),
            Self::Regex(_, regex) => regex.is_match(text),
        }
    }

    pub(super) fn admits(&self, origin: &str) -> bool {
        self.matches("*") || self.matches(origin)
    }
}

/// A text without the syntax of expressions.
fn plain(choices: &mut Choices<'_>) -> String {
    const PARTS: &[&str] = &[
        "https://",
        "http://",
        "app",
        "www.",
        "a.",
        "example.com",
        ".example.com",
        "example",
        ":8080",
        "*",
        ".",
        "localhost",
    ];
    (0..=choices.below(4)).map(|_| choices.pick(PARTS)).collect()
}

/// A regular expression as people write them, and as they should not.
fn expression(choices: &mut Choices<'_>) -> String {
    const SCHEMES: &[&str] = &[
        "https://",
        "https?://",
        "http://",
        "^https://",
        "(http|https)://",
        ".*",
        "",
        "(?i)https://",
    ];
    const PARTS: &[&str] = &[
        ".*",
        ".*\\.",
        ".+",
        ".+\\.",
        "(.*\\.)?",
        "[^.]+\\.",
        "[^/]+\\.",
        "[^/]*",
        "[^.]*",
        "[^.]*\\.",
        "\\S*",
        "[a-z0-9-]+\\.",
        "(www|app)\\.",
        "app",
        "a",
        "[ab]",
        "[ab]*",
        "a?",
        "a{1,2}",
        "(a|b){2}",
        ".",
        "\\.",
        "(?:x|)",
        "example",
        "localhost",
        "[^:/]+",
        "[^,]*",
        "\\*",
        "()",
        "^",
        "$",
        "(^|a)",
        "($|b)",
    ];
    const ENDS: &[&str] = &[
        "example\\.com",
        "example.com",
        "\\.example\\.com",
        "example\\.(com|org)",
        "com",
        "(:[0-9]+)?",
        ":\\d+",
        ":8080",
        "$",
        "",
        "example\\.com$",
        "example\\.com(:8080)?",
        "\\.example\\.com.*",
    ];
    let mut text = choices.pick(SCHEMES).to_owned();
    for _ in 0..choices.below(4) {
        text += choices.pick(PARTS);
    }
    text + choices.pick(ENDS)
}

/// Origins around what the matchers hold.
pub(super) fn origins() -> Vec<String> {
    let mut origins = vec![
        "null".to_owned(),
        "*".to_owned(),
        "https://".to_owned(),
        "a".to_owned(),
    ];
    for scheme in ["https://", "http://", "", "app://"] {
        for host in [
            "example.com",
            "www.example.com",
            "app.example.com",
            "a.example.com",
            "a.b.example.com",
            ".example.com",
            "aexample.com",
            "aaexample.com",
            "bexample.com",
            "ab.example.com",
            "app.a.example.com",
            "example.com.evil.org",
            "exampleXcom",
            "appexample.com",
            "app",
            "a",
            "aa",
            "ab",
            "localhost",
            "example.org",
            "evil.org",
            "a..example.com",
            "x.example.com:80.example.com",
            "App.Example.com",
            "a_b.example.com",
            "*.example.com",
            "com",
            "example",
        ] {
            for port in ["", ":8080", ":80801", ":", ":443"] {
                origins.push(format!("{scheme}{host}{port}"));
            }
        }
    }
    origins.retain(|origin| is_sendable(origin.as_bytes()));
    origins
}

/// Matchers for a seed.
pub(super) fn generated(seed: u64, count: usize, envoy: bool) -> Vec<OriginMatcher> {
    let mut tape = vec![0; 64 * count];
    Random(seed).fill(&mut tape);
    tape.chunks(64)
        .map(|tape| OriginMatcher::generate(&mut Choices::new(tape), envoy))
        .collect()
}

/// The lines of standard input that something is said of.
pub(super) fn remarked_lines(stderr: &str) -> HashSet<usize> {
    let lines = stderr.lines();
    lines
        .filter_map(|line| {
            line.strip_prefix("(standard input):")?
                .split(':')
                .next()?
                .parse()
                .ok()
        })
        .collect()
}

/// The policies of a file with one on each line, behind some lines that start it, and one before whose remarks are
/// those that are made once.
fn assert_equal(from: &str, seed: u64, start: &str, line: fn(usize, &Value) -> String) {
    let matchers = generated(seed, POLICIES, from == "envoy");
    let mut file = start.to_owned();
    let first_line = file.lines().count() + 2;
    file += &line(POLICIES, &json!({ "exact": "https://a.example" }));
    for (index, matcher) in matchers.iter().enumerate() {
        file += &line(index, &matcher.json(from == "envoy"));
    }
    let printed = import(&["--from", from, "-"], file.as_bytes());
    let (configuration, report) = config::parse(printed.stdout.as_bytes());
    let configuration = configuration.unwrap_or_else(|| panic!("{}: {report:?}", printed.stderr));

    let (origins, mut compared, mut admitted) = (origins(), 0, 0);
    let said = remarked_lines(&printed.stderr);
    let last = printed.stderr.lines().last().unwrap();
    assert!(
        last.starts_with("(standard input):"),
        "remarks were left out: {last}"
    );
    for (index, matcher) in matchers.iter().enumerate() {
        if said.contains(&(first_line + index)) {
            continue;
        }
        let name = format!("b{index}");
        let bucket = configuration.buckets.iter().find(|bucket| bucket.name == name);
        let rule = &bucket
            .unwrap_or_else(|| panic!("no {name} for {matcher:?}"))
            .rules[0];
        for origin in &origins {
            let admits = rule
                .allowed_origins
                .iter()
                .any(|pattern| pattern.matches(origin.as_bytes()));
            assert_eq!(
                admits,
                matcher.admits(origin),
                "{origin} by {matcher:?}: {:?}",
                rule.allowed_origins
            );
            admitted += usize::from(admits);
        }
        compared += 1;
    }
    let figures = format!("{from}: {compared} of {POLICIES} compared, {admitted} origins admitted");
    println!("{figures}");
    assert!(compared > POLICIES / 10 && admitted > compared, "{figures}");
}

#[test]
fn envoy_s_matchers() {
    let start = "virtual_hosts:\n- domains: [a.example]\n  routes:\n";
    for seed in 0..10 {
        assert_equal("envoy", seed, start, |index, matcher| {
            format!(
                "  - {{match: {{prefix: /b{index}/}}, typed_per_filter_config: {{cors: {{\"@type\": x.CorsPolicy, \
                 allow_methods: GET, allow_origin_string_match: [{matcher}]}}}}}}\n"
            )
        });
    }
}

#[test]
fn istio_s_matchers() {
    let start = "kind: VirtualService\nspec:\n  hosts: [a.example]\n  http:\n";
    for seed in 10..20 {
        assert_equal("istio", seed, start, |index, matcher| {
            format!(
                "  - {{match: [{{uri: {{prefix: /b{index}/}}}}], corsPolicy: {{allowMethods: [GET], allowOrigins: \
                 [{matcher}]}}}}\n"
            )
        });
    }
}
