//! SARIF 2.1.0 (OASIS), which code scanning services take. A rule is a code of the core's.

use bucket_cors::config::{CODES, Code, Severity};
use serde_json::{Value, json};

use super::checked::{Checked, LocatedFinding};
use crate::clients;
use crate::source::CODES_AROUND;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn of(files: &[Checked]) -> Value {
    let results: Vec<Value> = files
        .iter()
        .flat_map(|file| {
            let findings = file.configurations.iter().flat_map(|it| &it.findings);
            findings.map(|finding| result(&file.file, finding))
        })
        .collect();
    let troubles: Vec<Value> = files
        .iter()
        .filter_map(|file| {
            let trouble = file.trouble.as_ref()?;
            let mut place = json!({ "artifactLocation": artifact(&file.file) });
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
                "rules": codes().map(|code| json!({
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

/// The core's, those of what surrounds a configuration, and those of rules that miss part of a client.
fn codes() -> impl Iterator<Item = &'static Code> {
    let of_the_tool = CODES_AROUND.iter().copied().chain(clients::warnings::CODES);
    CODES.iter().chain(of_the_tool)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn result(file: &str, it: &LocatedFinding) -> Value {
    let region = it.place.region;
    let file = it.elsewhere.as_deref().unwrap_or(file);
    json!({
        "ruleId": it.finding.code,
        "ruleIndex": codes().position(|code| code.name == it.finding.code),
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
