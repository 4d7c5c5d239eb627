//! `bucket-cors`: checks, explains and imports the CORS rules of buckets, on the core that the edge runs.

mod check;
mod explain;
mod import;
mod input;
mod source;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Checks, explains and imports the CORS rules of object-storage buckets
#[derive(Debug, Parser)]
#[command(name = "bucket-cors", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
    Explain(explain::Arguments),
    Import(import::Arguments),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
    }
}
