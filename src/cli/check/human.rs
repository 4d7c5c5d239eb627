//! Findings as people read them, and editors, which look for `file:line:column:`.

use std::io::{self, Write};

use bucket_cors::config::Severity;

use super::checked::{Checked, CheckedConfiguration};
use crate::clients;
use crate::clients::to_try::OperationLine;
use crate::source::Trouble;
use crate::terminal::{BAD, DOUBTFUL, GOOD, styled};

pub(super) fn write(files: &[Checked], is_quiet: bool, out: &mut impl Write) -> io::Result<()> {
    for file in files {
        if let Some(trouble) = &file.trouble {
            write_trouble(&file.file, &styled(BAD, "error"), trouble, out)?;
        }
        for other in file.others.iter().filter(|_| !is_quiet) {
            write_trouble(&file.file, "note", other, out)?;
        }
        for configuration in &file.configurations {
            write_findings(&file.file, configuration, out)?;
            if !is_quiet {
                write_end(&file.file, configuration, out)?;
            }
        }
        let is_said = |line: &&OperationLine| !is_quiet || line.fails();
        clients::to_try::write(file.clients.iter().filter(is_said), out)?;
    }
    Ok(())
}

fn write_trouble(file: &str, severity: &str, trouble: &Trouble, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}: {severity}: {}", trouble.place(file), trouble.message)
}

fn write_findings(file: &str, it: &CheckedConfiguration, out: &mut impl Write) -> io::Result<()> {
    for finding in &it.findings {
        let at = finding.place.region.start;
        let severity = match finding.severity {
            Severity::Error => styled(BAD, "error"),
            Severity::Warning => styled(DOUBTFUL, "warning"),
        };
        let file = finding.elsewhere.as_deref().unwrap_or(file);
        writeln!(
            out,
            "{file}:{}:{}: {severity}: {}",
            at.line, at.column, finding.finding
        )?;
    }
    if it.left_out() > 0 {
        writeln!(out, "{file}: {} more are not shown", it.left_out())?;
    }
    Ok(())
}

fn write_end(file: &str, it: &CheckedConfiguration, out: &mut impl Write) -> io::Result<()> {
    let name = if it.label.is_empty() {
        file.to_owned()
    } else {
        format!("{file}:{}: {}", it.start.line, it.label)
    };
    let verdict = if it.errors > 0 {
        styled(BAD, "refused")
    } else {
        styled(GOOD, "good")
    };
    let instead = it.instead.map(|instead| format!("; {instead}"));
    writeln!(
        out,
        "{name}: {verdict}: {}, {}{}",
        counted(it.errors, "error"),
        counted(it.warnings, "warning"),
        instead.unwrap_or_default()
    )
}

fn counted(count: usize, what: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {what}{end}")
}
