//! Why no credentials were found, as far as the files and the program of a profile tell it. The library looks in the
//! next place without a word.

use std::fmt;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use reqsign_core::{CommandExecute, CommandOutput, Error, FileRead};
use reqsign_file_read_tokio::TokioFileRead;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;

/// What was met since the places were looked at last. Nothing in it is secret.
#[derive(Debug, Clone, Default)]
pub(super) struct Causes(Arc<Mutex<Vec<String>>>);

impl Causes {
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn add(&self, cause: String) {
        let mut causes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
}

impl fmt::Display for Causes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let causes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.write_str(&causes.join("; "))
    }
}

/// Reads the files of profiles.
#[derive(Debug)]
pub(super) struct ProfileFiles {
    pub(super) causes: Causes,
    /// The profile that is asked for by name, and the variable that names it.
    pub(super) named: Option<(&'static str, String)>,
}

impl FileRead for ProfileFiles {
    async fn file_read(&self, path: &str) -> reqsign_core::Result<Vec<u8>> {
        let read = TokioFileRead.file_read(path).await;
        match std::fs::metadata(path) {
            // Most people have one of several files alone.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => self.causes.add(format!("{path}: {error}")),
            Ok(_) => match &read {
                Err(_) => self.causes.add(format!("{path} cannot be read")),
                Ok(bytes) => self.look(path, &String::from_utf8_lossy(bytes)),
            },
        }
        read
    }
}

impl ProfileFiles {
    fn look(&self, path: &str, text: &str) {
        let lines = || text.lines().map(str::trim);
        // Tokens and caches are files too.
        if !lines().any(|line| line.starts_with('[')) {
            return;
        }
        let is_known = |line: &str| {
            line.is_empty() || line.starts_with(['#', ';']) || line.contains('=') || is_title(line)
        };
        if let Some(index) = lines().position(|line| !is_known(line)) {
            let number = index.saturating_add(1);
            self.causes
                .add(format!("{path}:{number} is no line of a profile"));
        }
        if let Some((variable, name)) = &self.named {
            let has = lines().any(|line| {
                let title = line.trim_start_matches('[').trim_end_matches(']').trim();
                is_title(line) && title.strip_prefix("profile ").unwrap_or(title).trim() == name
            });
            if !has {
                self.causes
                    .add(format!("{path} has no profile {name:?}, which {variable} names"));
            }
        }
    }
}

fn is_title(line: &str) -> bool {
    line.starts_with('[') && line.ends_with(']')
}

/// Runs a profile's program, which ends with all that it started where nobody waits for it any more.
#[derive(Debug)]
pub(super) struct ProfileProgram {
    pub(super) causes: Causes,
}

impl CommandExecute for ProfileProgram {
    async fn command_execute(
        &self,
        program: &str,
        arguments: &[&str],
    ) -> reqsign_core::Result<CommandOutput> {
        let failed = |why: String| {
            self.causes.add(format!("credential_process {program:?} {why}"));
            Error::unexpected("the program of a profile failed")
        };
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(format!("cannot be run: {error}")))?;
        let mut group = ProgramGroup {
            leader: child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)),
            unended: Some((&self.causes, program)),
        };
        let output = child.wait_with_output().await;
        group.leader = None;
        group.unended = None;
        let output = output.map_err(|error| failed(format!("cannot be waited for: {error}")))?;
        // It counts only where no credentials come of it.
        let said = if output.status.success() {
            "printed no credentials that are valid".to_owned()
        } else {
            // What it says may be secret.
            format!("failed with {}", output.status)
        };
        self.causes.add(format!("credential_process {program:?} {said}"));
        Ok(CommandOutput {
            status: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }
}

/// A program that has not ended, and what it started.
struct ProgramGroup<'a> {
    leader: Option<Pid>,
    unended: Option<(&'a Causes, &'a str)>,
}

impl Drop for ProgramGroup<'_> {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // It may have ended just now.
            let _ = kill_process_group(leader, Signal::KILL);
        }
        if let Some((causes, program)) = self.unended {
            causes.add(format!("credential_process {program:?} did not end in time"));
        }
    }
}
