//! Rule documents that stores, suites and attackers were seen to hold, replayed from beside the checkout where they are.

use std::path::PathBuf;

use bucket_cors::config::{Report, parse};
use serde_json::{Value, json};

/// A case that is answered differently on purpose: its id and the clause of the contract.
type Different = (&'static str, &'static str);

const CONFIGURATIONS_DIFFERENT: &[Different] = &[
    (
        "cfg-sw-schemeless-star",
        "warned about: an origin without a scheme",
    ),
    ("cfg-ga-expose-star", "invalid: a * in an exposed header"),
    (
        "cfg-oss-11-rules",
        "warned about: more than 10 rules in the oss profile",
    ),
    (
        "cfg-oss-ec-empty",
        "null or no rules: the bucket is managed and has no CORS",
    ),
];

/// Cases that hold no configuration of this filter: what they say in prose is for the one who reads them.
const NOT_A_DOCUMENT: &[Different] = &[
    (
        "cfg-sc-64k",
        "a body of so many bytes, without the body; 16 KB is a warning in the oss profile",
    ),
    ("imp-tf-order", "Terraform's state belongs to an importer"),
    (
        "dep-fail-open",
        "a setting of Envoy's, which the filter does not see",
    ),
    (
        "dep-shared-vm",
        "a setting of Envoy's, which the filter does not see",
    ),
    (
        "dep-phase-unspecified",
        "a setting of Istio's, which the filter does not see",
    ),
    (
        "dep-with-builtin-cors",
        "the filter chain, which the filter does not see",
    ),
    (
        "dep-env-config",
        "the VM's environment, which the filter does not read",
    ),
    (
        "dep-old-latest",
        "a setting of Istio's, which the filter does not see",
    ),
];

const HOSTILE_DIFFERENT: &[Different] = &[
    (
        "imp-oss-xml",
        "a CORS document is accepted as JSON; XML belongs to an importer",
    ),
    (
        "imp-s3-xmlns",
        "a CORS document is accepted as JSON; XML belongs to an importer",
    ),
    (
        "imp-gcs",
        "invalid: an unknown field; Google's rules belong to an importer",
    ),
];

fn cases(file: &str) -> Option<Vec<Value>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()?
        .join("shared/conformance")
        .join(file);
    match std::fs::read(&path) {
        Ok(text) => Some(serde_json::from_slice(&text).expect("a list of cases")),
        Err(_) => {
            println!("skipped: no {file} beside the checkout");
            None
        }
    }
}

fn document(cors: Value, profile: &str) -> String {
    json!({"profile": profile, "buckets": [{"name": "b", "cors": cors}]}).to_string()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Accept,
    Warn,
    Reject,
}

fn verdict(id: &str, report: &Report) -> Verdict {
    // Almost every case lists GET alone; only one is about that.
    let warned = report
        .warnings
        .kept()
        .iter()
        .any(|finding| finding.code != "get-without-head" || id == "cfg-method-get-only");
    if !report.errors.is_empty() {
        Verdict::Reject
    } else if warned {
        Verdict::Warn
    } else {
        Verdict::Accept
    }
}

/// Compares; what differs must be in the list, and what is in the list must differ.
fn settle(id: &str, agrees: bool, different: &[Different], report: &Report) {
    let listed = different.iter().find(|(listed, _)| *listed == id);
    match (agrees, listed) {
        (true, None) | (false, Some(_)) => {}
        (true, Some((_, clause))) => panic!("{id} no longer differs; its entry says: {clause}"),
        (false, None) => panic!("{id} differs: {report:?}"),
    }
}

fn assert_all_found(lists: &[&[Different]], cases: &[Value]) {
    for (id, _) in lists.iter().flat_map(|list| list.iter()) {
        assert!(
            cases.iter().any(|case| case["id"] == *id),
            "{id} is listed here and is no case"
        );
    }
}

#[test]
fn rule_documents_are_taken_as_stores_take_them() {
    let Some(cases) = cases("configurations.json") else {
        return;
    };
    let mut replayed = 0;
    for case in &cases {
        let id = case["id"].as_str().expect("an id");
        let Some(rules) = case["rules"].as_array() else {
            assert!(NOT_A_DOCUMENT.iter().any(|(listed, _)| *listed == id), "{id}");
            continue;
        };
        let max_age_text = id == "cfg-vg-maxage-text";
        let rules: Vec<Value> = rules
            .iter()
            .map(|rule| {
                json!({
                    "AllowedOrigins": rule["allowed_origins"],
                    "AllowedMethods": rule["allowed_methods"],
                    "AllowedHeaders": rule["allowed_headers"],
                    "ExposeHeaders": rule["expose_headers"],
                    // The neutral form has no text here; the case's XML does.
                    "MaxAgeSeconds": if max_age_text { json!("a") } else { rule["max_age_seconds"].clone() },
                })
            })
            .collect();
        let profile = if case["provider"] == "oss" { "oss" } else { "s3" };
        let text = document(json!({"CORSRules": rules}), profile);
        let (_, report) = parse(text.as_bytes());
        let accepted = case["expect"]["accept"].as_bool().expect("a verdict");
        settle(
            id,
            report.errors.is_empty() == accepted,
            CONFIGURATIONS_DIFFERENT,
            &report,
        );
        replayed += 1;
    }
    assert_all_found(&[CONFIGURATIONS_DIFFERENT], &cases);
    println!("{replayed} of {} replayed", cases.len());
}

/// A hostile case's configuration as this filter takes it: its documents are in a form of their own.
fn hostile_text(id: &str, config: &Value) -> Option<Vec<u8>> {
    match config {
        Value::String(text) => Some(match text.strip_prefix("hex:") {
            Some(digits) => {
                let digit =
                    |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
                (0..digits.len()).step_by(2).map(digit).collect()
            }
            None if id.starts_with("imp-s3-cli") || id == "imp-gcs" => {
                document(serde_json::from_str(text).expect("JSON"), "oss").into_bytes()
            }
            None if id == "cfg-dup-key" => document(Value::Null, "oss")
                .replace("null", &text.replace("rules", "CORSRules"))
                .into_bytes(),
            None => text.clone().into_bytes(),
        }),
        Value::Array(_) => Some(document(config.clone(), "oss").into_bytes()),
        Value::Object(fields) => {
            if let Some(generate) = fields.get("generate").and_then(Value::as_str) {
                let count: usize = generate.split(' ').next()?.parse().ok()?;
                let rule = |index| json!({"AllowedOrigin": [format!("https://{index}.example")], "AllowedMethod": ["PUT"]});
                return Some(document((0..count).map(rule).collect(), "oss").into_bytes());
            }
            if fields.contains_key("buckets") {
                return Some(config.to_string().replace("\"rules\"", "\"cors\"").into_bytes());
            }
            if fields.contains_key("rules") {
                let cors = config.to_string().replace("\"rules\"", "\"CORSRules\"");
                return Some(document(serde_json::from_str(&cors).expect("JSON"), "oss").into_bytes());
            }
            None
        }
        _ => None,
    }
}

#[test]
fn hostile_configurations_are_refused_or_warned_about() {
    let Some(mut cases) = cases("hostile.json") else {
        return;
    };
    cases.retain(|case| case["kind"] == "config");
    let mut replayed = 0;
    for case in &cases {
        let id = case["id"].as_str().expect("an id");
        let Some(text) = hostile_text(id, &case["input"]["config"]) else {
            assert!(NOT_A_DOCUMENT.iter().any(|(listed, _)| *listed == id), "{id}");
            continue;
        };
        let (_, report) = parse(&text);
        let agrees = match case["expected"]["verdict"].as_str() {
            // To accept leaves warnings open.
            Some("accept") => verdict(id, &report) != Verdict::Reject,
            Some("warn") => verdict(id, &report) == Verdict::Warn,
            Some("reject") => verdict(id, &report) == Verdict::Reject,
            other => panic!("{id}: {other:?}"),
        };
        settle(id, agrees, HOSTILE_DIFFERENT, &report);
        replayed += 1;
    }
    assert_all_found(&[HOSTILE_DIFFERENT], &cases);
    println!("{replayed} of {} replayed", cases.len());
}

#[test]
fn origins_of_other_suites_are_accepted() {
    let Some(cases) = cases_of_origins() else {
        return;
    };
    for pattern in cases
        .iter()
        .flat_map(|case| case["patterns"].as_array().expect("patterns"))
    {
        let rule = json!([{"AllowedOrigin": [pattern], "AllowedMethod": ["GET"]}]);
        let text = document(rule, "oss");
        let (_, report) = parse(text.as_bytes());
        assert!(report.errors.is_empty(), "{pattern}: {:?}", report.errors);
    }
}

fn cases_of_origins() -> Option<Vec<Value>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()?
        .join("shared/conformance/origins.json");
    let text = std::fs::read(path).ok()?;
    let file: Value = serde_json::from_slice(&text).expect("JSON");
    file["cases"].as_array().cloned()
}
