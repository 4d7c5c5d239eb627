//! `bucket-cors`: checks, explains and imports the CORS rules of buckets, on the core that the edge runs.

mod check;
mod explain;
mod import;
mod input;
mod pages;
mod source;

use std::process::ExitCode;

use clap::{Command as Program, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

/// Checks, explains and imports the CORS rules of object-storage buckets
///
/// For the bucket-cors filter of Envoy, on the code that the filter itself runs: what `check` says is what the filter would
/// say, and what `explain` shows is what the edge would answer.
#[derive(Debug, Parser)]
#[command(name = "bucket-cors", version, after_help = EXAMPLES, after_long_help = LONG)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  bucket-cors check envoy.yaml
  bucket-cors explain cors.json \\
      --url https://edge.example/bucket/a.txt --origin https://www.example.com
  bucket-cors import --from s3 --bucket photos cors.xml >cors.json

`bucket-cors help COMMAND` says more, and has more examples.";

const LONG: &str = "\
Examples:
  bucket-cors check envoy.yaml
  bucket-cors explain cors.json \\
      --url https://edge.example/bucket/a.txt --origin https://www.example.com
  bucket-cors import --from s3 --bucket photos cors.xml >cors.json

Exit status:
  0  all is well
  1  there is something to report: an error in a configuration, a request that a browser refuses
  2  a file cannot be read, or an argument is wrong

Files:
  none of its own, neither for settings nor for state; what is read is named by arguments

`bucket-cors help COMMAND` says more, and has more examples.";

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
    Explain(explain::Arguments),
    Import(import::Arguments),
    Completions(pages::CompletionArguments),
    Man(pages::ManArguments),
}

fn program() -> Program {
    pages::with_pages(Arguments::command())
}

fn main() -> ExitCode {
    let arguments =
        Arguments::from_arg_matches(&program().get_matches()).unwrap_or_else(|error| error.exit());
    match arguments.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Completions(arguments) => pages::completions(&arguments, program()),
        Command::Man(arguments) => pages::man(&arguments, program()),
    }
}
