//! SARIF 2.1.0 (OASIS), which code scanning services take. A rule is a code of the core's.

use bucket_cors::config::{CODES, Severity};
use serde_json::{Value, json};

use super::{Checked, Finding};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn of(files: &[Checked<'_>]) -> Value {
    let results: Vec<Value> = files
        .iter()
        .flat_map(|file| {
            let findings = file.configurations.iter().flat_map(|it| &it.findings);
            findings.map(|finding| result(file.file, finding))
        })
        .collect();
    let troubles: Vec<Value> = files
        .iter()
        .filter_map(|file| {
            let trouble = file.trouble.as_ref()?;
            let mut place = json!({ "artifactLocation": artifact(file.file) });
            if let (Some(at), Some(place)) = (trouble.position, place.as_object_mut()) {
                place.insert(
                    "region".into(),
                    json!({ "startLine": at.line, "startColumn": at.column }),
                );
            }
            Some(json!({
                "level": "error",
                "message": { "text": trouble.message },
                "locations": [{ "physicalLocation": place }],
            }))
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "bucket-cors",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": CODES.iter().map(|code| json!({
                    "id": code.name,
                    "shortDescription": { "text": code.meaning },
                    "defaultConfiguration": { "level": level(code.severity) },
                })).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": troubles.is_empty(),
                "toolExecutionNotifications": troubles,
            }],
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn result(file: &str, it: &Finding) -> Value {
    let region = it.place.region;
    json!({
        "ruleId": it.finding.code,
        "ruleIndex": CODES.iter().position(|code| code.name == it.finding.code),
        "level": level(it.severity),
        "message": { "text": it.finding.message },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": artifact(file),
                "region": {
                    "startLine": region.start.line,
                    "startColumn": region.start.column,
                    "endLine": region.end.line,
                    "endColumn": region.end.column,
                },
            },
            "logicalLocations": [{ "fullyQualifiedName": it.finding.pointer }],
        }],
    })
}

/// A relative file is relative to where the tool runs, which the reader of the log knows; standard input has no name.
fn artifact(file: &str) -> Value {
    let mut uri = String::new();
    if file.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in file.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte))
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    json!({ "uri": if file == "-" { "stdin" } else { uri.as_str() } })
}
