//! The command-line tool, run as a person runs it.

mod check;
mod explain;
mod import;
