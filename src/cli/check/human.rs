//! For people, and for editors, which find `file:line:column:`.

use std::io::{self, Write};

use super::{Checked, CheckedConfiguration};
use crate::source::Trouble;

pub(super) fn write(files: &[Checked<'_>], out: &mut impl Write) -> io::Result<()> {
    for file in files {
        if let Some(trouble) = &file.trouble {
            write_trouble(file.file, "error", trouble, out)?;
        }
        for other in &file.others {
            write_trouble(file.file, "note", other, out)?;
        }
        for configuration in &file.configurations {
            write_configuration(file.file, configuration, out)?;
        }
    }
    Ok(())
}

fn write_trouble(file: &str, severity: &str, trouble: &Trouble, out: &mut impl Write) -> io::Result<()> {
    match trouble.position {
        Some(at) => writeln!(
            out,
            "{file}:{}:{}: {severity}: {}",
            at.line, at.column, trouble.message
        ),
        None => writeln!(out, "{file}: {severity}: {}", trouble.message),
    }
}

fn write_configuration(file: &str, it: &CheckedConfiguration, out: &mut impl Write) -> io::Result<()> {
    for finding in &it.findings {
        let at = finding.place.region.start;
        let severity = finding.severity();
        writeln!(
            out,
            "{file}:{}:{}: {severity}: {}",
            at.line, at.column, finding.finding
        )?;
    }
    if it.left_out() > 0 {
        writeln!(out, "{file}: {} more are not shown", it.left_out())?;
    }
    let name = if it.label.is_empty() {
        file.to_owned()
    } else {
        format!("{file}:{}: {}", it.start.line, it.label)
    };
    let verdict = if it.errors > 0 { "refused" } else { "good" };
    writeln!(
        out,
        "{name}: {verdict}: {}, {}",
        counted(it.errors, "error"),
        counted(it.warnings, "warning")
    )
}

fn counted(count: usize, what: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {what}{end}")
}
