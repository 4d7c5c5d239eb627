//! `bucket-cors check --client`.

use std::io::{self, Write};

use bucket_cors::config::{self, Bucket};
use clap::ValueHint;
use serde::Serialize;

use super::lack::{Lack, RuleList};
use super::trial::{Ending, Played, Trial};
use super::{Client, Operation};
use crate::explain::page_origin;
use crate::terminal::{BAD, DOUBTFUL, GOOD, styled};

/// What `check` is asked of clients.
#[derive(Debug, clap::Args)]
pub(crate) struct ClientsToTry {
    /// Try the rules with what these clients send: `bucket-cors clients` lists them, and `all` stands for every one
    #[arg(long = "client", value_name = "NAME", num_args = 1.., value_delimiter = ',', value_hint = ValueHint::Other)]
    names: Vec<String>,

    /// The page's origin, where no origin stands in every rule
    #[arg(long, requires = "names", value_parser = page_origin::of_a_page, value_hint = ValueHint::Other)]
    origin: Option<String>,

    /// Try these buckets instead of all
    #[arg(long, value_name = "NAME", requires = "names", value_hint = ValueHint::Other)]
    bucket: Vec<String>,
}

/// How an operation ends in a bucket.
#[derive(Debug, Serialize)]
pub(crate) struct OperationLine {
    file: String,
    bucket: String,
    origin: String,
    client: String,
    operation: String,
    verdict: Ending,
    missing: Vec<Lack>,
    change: Option<String>,
    remark: Option<String>,
}

impl ClientsToTry {
    pub(crate) fn is_given(&self) -> bool {
        !self.names.is_empty()
    }

    /// `--client NAME FILE`: the files, where none stands elsewhere, are what is no client's name behind the last one.
    pub(crate) fn give_back_files(&mut self, files: &mut Vec<String>) {
        let known = super::all();
        let is_client = |name: &String| name == "all" || known.iter().any(|client| client.name == *name);
        let last = self.names.iter().rposition(is_client);
        if let (true, Some(last)) = (files.is_empty(), last) {
            *files = self.names.split_off(last.saturating_add(1));
        }
    }

    /// The clients.
    ///
    /// # Errors
    /// Which name is none.
    pub(crate) fn clients(&self) -> Result<Vec<Client>, String> {
        super::named(&self.names)
    }

    /// Tries the buckets of a configuration that the filter would load.
    ///
    /// # Errors
    /// A bucket that is none, or whose rules no one origin can try.
    pub(crate) fn check(
        &self,
        file: &str,
        text: &[u8],
        clients: &[Client],
    ) -> Result<Vec<OperationLine>, String> {
        let (Some(configuration), _) = config::parse(text) else {
            return Ok(Vec::new());
        };
        let is_wanted = |bucket: &&Bucket<'_>| {
            self.bucket.is_empty() || self.bucket.iter().any(|name| *name == *bucket.name)
        };
        if let Some(unknown) = self
            .bucket
            .iter()
            .find(|name| !configuration.buckets.iter().any(|bucket| **name == bucket.name))
        {
            return Err(format!("{file}: it lists no bucket {unknown:?}"));
        }
        let mut lines = Vec::new();
        if clients.is_empty() {
            return Ok(lines);
        }
        for bucket in configuration.buckets.iter().filter(is_wanted) {
            let trial = Trial::of(bucket);
            let origin = match &self.origin {
                Some(origin) => origin.clone(),
                None => trial.origin().map_err(|origins| {
                    format!(
                        "{file}: bucket {:?}: no origin stands in every rule: name the page's with --origin. The rules list {}",
                        bucket.name,
                        origins.join(", ")
                    )
                })?,
            };
            for client in clients {
                let operations = client.operations.iter();
                lines.extend(
                    operations.map(|it| OperationLine::of(file, bucket, &trial, &origin, client, it)),
                );
            }
        }
        Ok(lines)
    }
}

impl OperationLine {
    /// Plays an operation with the rules of a bucket.
    pub(super) fn of(
        file: &str,
        bucket: &Bucket<'_>,
        trial: &Trial<'_>,
        origin: &str,
        client: &Client,
        operation: &Operation,
    ) -> Self {
        let Played {
            ending,
            missing,
            change,
        } = trial.play(operation, origin);
        Self {
            file: file.to_owned(),
            bucket: bucket.name.clone().into_owned(),
            origin: origin.to_owned(),
            client: client.name.clone(),
            operation: operation.name.clone(),
            verdict: ending,
            missing,
            change,
            remark: operation.remark.clone(),
        }
    }

    pub(crate) fn fails(&self) -> bool {
        self.verdict == Ending::Fails
    }
}

pub(crate) fn write<'l>(
    lines: impl IntoIterator<Item = &'l OperationLine>,
    out: &mut impl Write,
) -> io::Result<()> {
    let lines: Vec<&OperationLine> = lines.into_iter().collect();
    for of_a_bucket in lines.chunk_by(|a, b| (&a.file, &a.bucket) == (&b.file, &b.bucket)) {
        if let Some(first) = of_a_bucket.first() {
            writeln!(
                out,
                "\n{}: bucket {}, from a page of {}:",
                first.file, first.bucket, first.origin
            )?;
        }
        for line in of_a_bucket {
            write_line(line, out)?;
        }
    }
    Ok(())
}

fn write_line(line: &OperationLine, out: &mut impl Write) -> io::Result<()> {
    write!(out, "  {} {}: ", line.client, line.operation)?;
    match line.verdict {
        Ending::Works => writeln!(out, "{}", styled(GOOD, "works"))?,
        Ending::Less => {
            let works = styled(DOUBTFUL, "works with less");
            writeln!(out, "{works}, without {}", missing(&line.missing))?;
        }
        Ending::Fails => writeln!(
            out,
            "{}, without {}",
            styled(BAD, "fails"),
            missing(&line.missing)
        )?,
    }
    if let Some(change) = &line.change {
        writeln!(out, "    {change}")?;
    }
    if let (Some(remark), true) = (&line.remark, line.verdict != Ending::Works) {
        writeln!(out, "    {remark}")?;
    }
    Ok(())
}

fn missing(missing: &[Lack]) -> String {
    let words: Vec<String> = missing
        .chunk_by(|a, b| a.what == b.what)
        .filter_map(|lacks| {
            let names: Vec<&str> = lacks.iter().map(|lack| lack.name.as_str()).collect();
            let what = match lacks.first()?.what {
                RuleList::Origin => "the origin",
                RuleList::Method => "the method",
                RuleList::Header => "the header",
                RuleList::Expose => "exposed",
            };
            let s = if names.len() > 1 && lacks.first()?.what != RuleList::Expose {
                "s"
            } else {
                ""
            };
            Some(format!("{what}{s} {}", names.join(", ")))
        })
        .collect();
    words.join("; ")
}
