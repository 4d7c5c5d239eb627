//! `bucket-cors`: checks, explains and imports the CORS rules of buckets, on the core that the edge runs.

mod bare;
mod check;
mod clients;
mod duration;
mod explain;
mod folder;
mod import;
mod input;
mod manual;
mod output;
mod shared_arguments;
mod source;
#[cfg(feature = "sync")]
mod sync;
mod terminal;
#[cfg(any(test, not(feature = "sync")))]
mod without_sync;

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::{Command as Program, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

/// Checks, explains and imports the CORS rules of object-storage buckets
///
/// For the bucket-cors filter of Envoy, on the code that the filter itself runs: what `check` says is what the filter
/// would say, and what `explain` shows is what the edge would answer.
#[derive(Debug, Parser)]
#[command(name = "bucket-cors", version, after_help = EXAMPLES, after_long_help = LONG)]
struct CommandLine {
    #[command(flatten)]
    look: terminal::LookArguments,

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
  The tool has no file for settings. Arguments name every file that it reads. Only `sync` keeps a state, beside the
  file that it writes.

`bucket-cors help COMMAND` says more, and has more examples.";

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::CheckArguments),
    Explain(explain::ExplainArguments),
    Import(import::Arguments),
    Clients(clients::list::ListArguments),
    Recipe(clients::recipe::RecipeArguments),
    #[cfg(feature = "sync")]
    Sync(Box<sync::SyncArguments>),
    Completions(manual::CompletionArguments),
    Man(manual::ManArguments),
}

fn program() -> Program {
    manual::with_pages(CommandLine::command())
}

fn main() -> ExitCode {
    let colors = terminal::obey_color(terminal::arguments());
    let parsed = program()
        .color(colors)
        .try_get_matches()
        .and_then(|matches| CommandLine::from_arg_matches(&matches));
    #[cfg(not(feature = "sync"))]
    if let Some(code) = parsed.as_ref().err().and_then(without_sync::told) {
        return code;
    }
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() || io::stdout().is_terminal() => error.exit(),
        // Help and the version are results as well.
        Err(asked) => {
            return output::finish_for_people(ExitCode::SUCCESS, |out| {
                write!(out, "{}", asked.render().ansi())
            });
        }
    };
    let is_quiet = arguments.look.quiet;
    match arguments.command {
        Command::Check(arguments) => check::run(arguments, is_quiet),
        Command::Explain(arguments) => explain::run(&arguments, is_quiet),
        Command::Import(arguments) => import::run(&arguments, is_quiet),
        Command::Clients(arguments) => clients::list::run(&arguments),
        Command::Recipe(arguments) => clients::recipe::run(&arguments),
        #[cfg(feature = "sync")]
        Command::Sync(arguments) => sync::run(&arguments, is_quiet),
        Command::Completions(arguments) => manual::completions(&arguments, program()),
        Command::Man(arguments) => manual::man(&arguments, program()),
    }
}
