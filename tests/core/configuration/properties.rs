//! What holds for every text, and for every document in every shape.

use std::fmt::Write;

use super::{parse, with_cors};
use crate::bodies::proofs::choices::{Choices, Random};

const SEEDS: [&str; 4] = [
    r#"{"profile": "s3", "endpoints": ["e.example"], "unmanaged": "refuse", "explain": true, "buckets": []}"#,
    r#"{"buckets": [{"name": "b", "hosts": ["a.example"], "mode": "shadow", "cors": {"CORSConfiguration": {"CORSRule": [
        {"ID": "a", "AllowedOrigin": "https://*.a.example:*", "AllowedMethod": "GET", "ExposeHeader": ["ETag"]},
        {"AllowedOrigin": ["http://[::1]:80"], "AllowedMethod": ["PUT"], "AllowedHeader": "x-*", "MaxAgeSeconds": 6e2}
    ], "ResponseVary": "false"}}}], "profile": "fetch"}"#,
    r#"{"buckets": [{"name": "*", "allow_credentials": true, "cors": [{"AllowedOrigins": ["null", "*", "a\u0041"],
        "AllowedMethods": ["PATCH"], "AllowedHeaders": ["*"], "ExposeHeaders": ["a&b"], "MaxAgeSeconds": -1}]}]}"#,
    "\u{feff}[{\"a\": [1, 2.5, null, true, \"\\n\"]}]",
];

/// Pieces that a change puts in: JSON's own bytes, and what fields look for.
const PIECES: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "*",
    "null",
    "1e999",
    "-0.0",
    "\\u0000",
    "\u{e9}",
    "\u{0}",
    "\u{7f}",
    "://",
    "[::",
    "..",
    "@",
    "\"profile\": \"s3\"",
    "\"cors\": null,",
    "\"CORSRules\":",
    "   ",
];

fn mutated(choices: &mut Choices<'_>) -> Vec<u8> {
    let mut text = choices.pick(&SEEDS).as_bytes().to_vec();
    for _ in 0..=choices.below(6) {
        let from = choices.below(text.len() + 1);
        let to = (from + choices.below(12)).min(text.len());
        let piece = match choices.below(4) {
            0 => Vec::new(),
            1 => choices.bytes(4),
            2 => choices.pick(&PIECES).as_bytes().to_vec(),
            _ => text[from..to].to_vec(),
        };
        text.splice(from..to, piece);
    }
    text
}

#[test]
fn no_text_makes_the_reader_panic_and_only_a_clean_one_loads() {
    let mut random = Random(20_261_124);
    for _ in 0..60_000 {
        let mut tape = [0; 64];
        random.fill(&mut tape);
        let mut choices = Choices::new(&tape);
        let text = if choices.once_in(8) {
            choices.bytes(60)
        } else {
            mutated(&mut choices)
        };
        let (configuration, report) = parse(&text);
        assert_eq!(
            configuration.is_some(),
            report.errors.is_empty(),
            "{}",
            String::from_utf8_lossy(&text)
        );
        for finding in report.errors.kept().iter().chain(report.warnings.kept()) {
            let line = finding.to_string();
            assert!(!line.contains(char::is_control), "{line:?}");
            assert!(line.len() < 1_000, "{line}");
        }
    }
}

/// One field of a rule: a list, or a bare string where there is one value.
fn field(text: &mut String, choices: &mut Choices<'_>, names: [&str; 2], values: &[&str]) {
    if values.is_empty() && choices.once_in(2) {
        return;
    }
    let name = choices.pick(&names);
    let separator = if text.ends_with('{') { "" } else { ", " };
    match values {
        [value] if choices.once_in(2) => write!(text, r#"{separator}"{name}": "{value}""#),
        _ => write!(text, r#"{separator}"{name}": {values:?}"#),
    }
    .expect("a String takes all");
}

struct ValueChoices {
    origins: Vec<&'static str>,
    methods: Vec<&'static str>,
    headers: Vec<&'static str>,
    exposed: Vec<&'static str>,
    max_age: Option<usize>,
}

fn shaped(rules: &[ValueChoices], vary: Option<bool>, choices: &mut Choices<'_>) -> String {
    let mut texts = Vec::new();
    for rule in rules {
        let mut text = String::from("{");
        field(
            &mut text,
            choices,
            ["AllowedOrigin", "AllowedOrigins"],
            &rule.origins,
        );
        field(
            &mut text,
            choices,
            ["AllowedMethod", "AllowedMethods"],
            &rule.methods,
        );
        field(
            &mut text,
            choices,
            ["AllowedHeader", "AllowedHeaders"],
            &rule.headers,
        );
        field(
            &mut text,
            choices,
            ["ExposeHeader", "ExposeHeaders"],
            &rule.exposed,
        );
        if let Some(seconds) = rule.max_age {
            let number = match choices.below(4) {
                0 => format!("{seconds}"),
                1 => format!("{seconds}.0"),
                2 => format!("{seconds}e0"),
                _ => format!("\"{seconds}\""),
            };
            write!(text, r#", "MaxAgeSeconds": {number}"#).expect("a String takes all");
        }
        texts.push(text + "}");
    }
    let list = match texts.as_slice() {
        [single] if choices.once_in(2) => single.clone(),
        _ => format!("[{}]", texts.join(", ")),
    };
    if vary.is_none() && list.starts_with('[') && choices.once_in(3) {
        return list;
    }
    let vary = match vary {
        None => String::new(),
        Some(flag) if choices.once_in(2) => format!(r#", "ResponseVary": "{flag}""#),
        Some(flag) => format!(r#", "ResponseVary": {flag}"#),
    };
    let document = format!(
        r#"{{"{}": {list}{vary}}}"#,
        choices.pick(&["CORSRule", "CORSRules"])
    );
    if choices.once_in(2) {
        format!(r#"{{"CORSConfiguration": {document}}}"#)
    } else {
        document
    }
}

#[test]
fn a_document_is_the_same_in_every_shape() {
    let mut random = Random(7);
    for _ in 0..5_000 {
        let mut tape = [0; 200];
        random.fill(&mut tape);
        let mut choices = Choices::new(&tape);
        let mut some = |least: usize, from: &[&'static str]| -> Vec<&'static str> {
            (0..least + choices.below(3))
                .map(|_| choices.pick(from))
                .collect()
        };
        let count = some(1, &[""]).len();
        let rules: Vec<ValueChoices> = (0..3)
            .map(|index| ValueChoices {
                origins: some(
                    1,
                    &[
                        "https://a.example",
                        "https://*.b.example",
                        "http://localhost:*",
                        "c",
                    ],
                ),
                methods: some(1, &["GET", "PUT", "HEAD"]),
                headers: some(0, &["*", "x-*", "content-type"]),
                exposed: some(0, &["ETag", "x-a"]),
                max_age: some(0, &[""]).first().map(|_| index * 300),
            })
            .take(count)
            .collect();
        let vary = [None, Some(true), Some(false)][choices.below(3)];
        let (one, other) = (
            shaped(&rules, vary, &mut choices),
            shaped(&rules, vary, &mut choices),
        );
        let (one, other) = (with_cors(&one), with_cors(&other));
        let (first, second) = (parse(one.as_bytes()), parse(other.as_bytes()));
        assert!(first.0.is_some(), "{one}: {:?}", first.1.errors);
        assert_eq!(first.0, second.0, "{one}\n{other}");
        let codes = |report: &super::Report| -> Vec<&str> {
            report
                .warnings
                .kept()
                .iter()
                .map(|finding| finding.code)
                .collect()
        };
        assert_eq!(codes(&first.1), codes(&second.1), "{one}\n{other}");
    }
}
