//! What an import came to, and how it is handed over.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::code::Weight;
use super::remarks::Remarks;
use crate::output::{self, Format};
use crate::terminal::complain;

/// Remarks that are printed. Nobody reads more, and a document can be made to give one for every few bytes.
const PRINTED: usize = 1_000;

/// What an import came to.
#[derive(Debug)]
pub(crate) struct Imported {
    /// The configuration. `None`: there is none.
    pub(crate) text: Option<String>,
    pub(crate) buckets: usize,
    pub(crate) rules: usize,
    /// Why there is none.
    pub(crate) errors: Vec<String>,
}

impl Imported {
    pub(crate) fn nothing(errors: Vec<String>) -> Self {
        Self {
            text: None,
            buckets: 0,
            rules: 0,
            errors,
        }
    }

    /// Prints it, or writes it where it was asked for, and ends with the status.
    ///
    /// # Errors
    /// That the file cannot be written.
    pub(crate) fn deliver(
        &self,
        status: ExitCode,
        output: Option<&Path>,
        format: Format,
        is_quiet: bool,
        remarks: &Remarks,
    ) -> Result<ExitCode, String> {
        if let (Some(path), Some(text)) = (output, &self.text) {
            output::write_whole(path, format!("{text}\n").as_bytes())
                .map_err(|error| format!("{}: {error}", path.display()))?;
        }
        let printed = match format {
            Format::Human => {
                complain(&self.lines(is_quiet, remarks));
                self.text.clone().filter(|_| output.is_none())
            }
            Format::Json => serde_json::to_string_pretty(&self.json(remarks)).ok(),
        };
        Ok(match printed {
            Some(printed) => output::finish(status, |out| writeln!(out, "{printed}")),
            None => status,
        })
    }

    fn lines(&self, is_quiet: bool, remarks: &Remarks) -> Vec<String> {
        let taken = remarks.taken().iter().filter(|_| !is_quiet);
        let mut lines: Vec<_> = taken
            .map(|(file, source)| format!("{file}: read as --from {source}"))
            .collect();
        let mut sorted = remarks.sorted();
        sorted.retain(|remark| !is_quiet || remark.matters());
        lines.extend(sorted.iter().take(PRINTED).map(|remark| remark.styled()));
        if let Some(more) = sorted.len().checked_sub(PRINTED).filter(|&more| more > 0) {
            lines.push(format!("and {more} more"));
        }
        lines.extend(self.errors.iter().cloned());
        if self.text.is_some() && !is_quiet {
            lines.push(format!(
                "buckets: {}, rules: {}, not carried over: {}, loses meaning: {}",
                self.buckets,
                self.rules,
                remarks.count(Weight::NotCarriedOver),
                remarks.count(Weight::LosesMeaning)
            ));
        }
        lines
    }

    fn json(&self, remarks: &Remarks) -> Value {
        let configuration: Option<Value> = self
            .text
            .as_ref()
            .and_then(|text| serde_json::from_str(text).ok());
        let taken = remarks.taken().iter();
        json!({
            "configuration": configuration,
            "buckets": self.buckets,
            "rules": self.rules,
            "not_carried_over": remarks.count(Weight::NotCarriedOver),
            "loses_meaning": remarks.count(Weight::LosesMeaning),
            "errors": self.errors,
            "told": taken.map(|(file, source)| json!({ "file": file, "from": source })).collect::<Vec<_>>(),
            "remarks": remarks.sorted().iter().map(|remark| remark.json()).collect::<Vec<_>>(),
        })
    }
}
