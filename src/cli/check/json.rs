//! Findings as programs read them.

use serde_json::{Value, json};

use super::checked::{Checked, CheckedConfiguration, LocatedFinding};
use crate::source::Trouble;

pub(super) fn of(files: &[Checked], has_clients: bool) -> Value {
    let all = || files.iter().flat_map(|file| &file.configurations);
    let mut document = json!({
        "errors": all().map(|it| it.errors).sum::<usize>(),
        "warnings": all().map(|it| it.warnings).sum::<usize>(),
        "files": files.iter().map(file).collect::<Vec<_>>(),
    });
    if let (true, Some(fields)) = (has_clients, document.as_object_mut()) {
        let lines = files.iter().flat_map(|file| &file.clients);
        fields.insert("clients".to_owned(), lines.map(|line| json!(line)).collect());
    }
    document
}

fn file(file: &Checked) -> Value {
    json!({
        "file": file.file,
        "problem": file.trouble.as_ref().map(trouble),
        "left_out": file.others.iter().map(trouble).collect::<Vec<_>>(),
        "configurations": file.configurations.iter().map(configuration).collect::<Vec<_>>(),
    })
}

fn trouble(trouble: &Trouble) -> Value {
    json!({
        "line": trouble.position.map(|at| at.line),
        "column": trouble.position.map(|at| at.column),
        "message": trouble.message,
    })
}

fn configuration(it: &CheckedConfiguration) -> Value {
    json!({
        "of": it.label,
        "at": it.pointer,
        "line": it.start.line,
        "column": it.start.column,
        "errors": it.errors,
        "warnings": it.warnings,
        "instead": it.instead,
        "findings": it.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn finding(it: &LocatedFinding) -> Value {
    let region = it.place.region;
    json!({
        "severity": it.severity(),
        "file": it.elsewhere,
        "code": it.finding.code,
        "pointer": it.finding.pointer,
        "line": region.start.line,
        "column": region.start.column,
        "end_line": region.end.line,
        "end_column": region.end.column,
        "value": it.place.value,
        "message": it.finding.message,
    })
}
