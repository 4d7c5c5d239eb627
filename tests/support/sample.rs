//! What a make target serves, as a user has it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::support::ports::free_port;

/// A make target that runs until it is stopped; dropping it stops it.
pub(crate) struct Sample {
    make: Child,
    output: BufReader<ChildStdout>,
    pub(crate) ports: Vec<u16>,
}

impl Sample {
    /// Starts a target with free ports as these variables.
    ///
    /// It is stopped with the thread that started it, so that nothing is left even of a test that is killed.
    pub(crate) fn start(target: &str, variables: &[&str]) -> Self {
        Self::start_with(target, variables, &[])
    }

    /// The same with more variables, as `NAME=value`.
    pub(crate) fn start_with(target: &str, variables: &[&str], more: &[&str]) -> Self {
        let ports: Vec<u16> = variables.iter().map(|_| free_port()).collect();
        let chosen = variables.iter().zip(&ports);
        let mut make = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "make", target])
            .args(chosen.map(|(name, port)| format!("{name}={port}")))
            .args(more)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            // This test may itself be run by make, whose flags are not for that one.
            .env_remove("MAKEFLAGS")
            .envs(built_tool())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(make.stdout.take().unwrap());
        Self { make, output, ports }
    }

    /// The lines that it prints, up to one that begins so.
    pub(crate) fn greeting(&mut self, last: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for line in self.output.by_ref().lines() {
            lines.push(line.unwrap());
            if lines.last().unwrap().starts_with(last) {
                return lines;
            }
        }
        panic!("it ended: {lines:#?}");
    }

    /// Stops it as `kill` would. Ctrl-C takes the same way out of the launcher.
    pub(crate) fn stop(&mut self) {
        Command::new("kill")
            .arg(self.make.id().to_string())
            .status()
            .unwrap();
        self.make.wait().unwrap();
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        if matches!(self.make.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

/// The tool, which these tests have built already where they have it, as the variable that spares make that.
pub(crate) fn built_tool() -> Option<(&'static str, &'static str)> {
    let tool = option_env!("CARGO_BIN_EXE_bucket-cors").filter(|_| cfg!(feature = "sync"));
    tool.map(|tool| ("SYNC_TOOL", tool))
}
