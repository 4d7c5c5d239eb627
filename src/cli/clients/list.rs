//! `bucket-cors clients`.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::output;

/// Lists the clients whose requests are known
///
/// Each with its operations, the version that was recorded, and the day. `check --client`, `recipe` and
/// `explain --client` take the names.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct ListArguments {
    /// What to print
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    format: ListFormat,
}

const EXAMPLES: &str = "\
Examples:
  bucket-cors clients
  bucket-cors clients --format json | jq -r '.[].name'";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ListFormat {
    Human,
    /// The recordings themselves
    Json,
}

pub(crate) fn run(arguments: &ListArguments) -> ExitCode {
    output::finish(ExitCode::SUCCESS, |mut out| match arguments.format {
        ListFormat::Human => write(&mut out),
        ListFormat::Json => write!(out, "{}", super::RECORDED),
    })
}

fn write(out: &mut impl Write) -> io::Result<()> {
    for client in super::all() {
        writeln!(
            out,
            "{}: {}, {}, recorded on {}",
            client.name, client.title, client.version, client.recorded
        )?;
        for operation in &client.operations {
            writeln!(out, "  {}", operation.name)?;
        }
    }
    Ok(())
}
