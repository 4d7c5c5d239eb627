//! The tool as a process, with nothing of this machine's environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// A folder that the tool writes into, and its environment.
pub(super) struct SyncPlace {
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

/// How it ended, and what it said.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ended {
    /// Nothing of these is in anything that it said.
    pub(super) fn keeps_secret(&self, secrets: &[&str]) {
        for secret in secrets {
            assert!(
                !self.stdout.contains(secret) && !self.stderr.contains(secret),
                "{self:?}"
            );
        }
    }
}

impl SyncPlace {
    pub(super) fn new(environment: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/store-tests");
        let folder = target.join(format!("sync-{}-{number}", std::process::id()));
        // Envoy watches it.
        fs::create_dir_all(folder.join("watched")).unwrap();
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            folder,
            environment: environment.iter().map(own).collect(),
        }
    }

    /// A file beside the one that is written.
    pub(super) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub(super) fn watched(&self) -> PathBuf {
        self.folder.join("watched")
    }

    /// Where it writes.
    pub(super) fn file(&self) -> PathBuf {
        self.watched().join("output.json")
    }

    /// What it wrote.
    pub(super) fn output(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    fn command(&self, environment: &[(&str, &str)], arguments: &[String]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bucket-cors"));
        command
            .arg("sync")
            .args(arguments)
            .arg("--output")
            .arg(self.file())
            .env_clear()
            // No role of the machine that this runs on.
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn environment(&self) -> Vec<(&str, &str)> {
        let variables = self.environment.iter();
        variables
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    /// Lets it ask once.
    pub(super) fn once(&self, arguments: &[String]) -> Ended {
        self.once_with(&self.environment(), arguments)
    }

    pub(super) fn once_with(&self, environment: &[(&str, &str)], arguments: &[String]) -> Ended {
        let output = self
            .command(environment, arguments)
            .arg("--once")
            .output()
            .unwrap();
        Ended {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Lets it ask every second.
    pub(super) fn follow(&self, arguments: &[String]) -> Following {
        let mut command = self.command(&self.environment(), arguments);
        command
            .args(["--interval", "1s"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Following(command.spawn().unwrap())
    }
}

impl Drop for SyncPlace {
    fn drop(&mut self) {
        // What a failed test leaves is there to be read.
        if !thread::panicking() {
            fs::remove_dir_all(&self.folder).ok();
        }
    }
}

/// A process that goes on until it is killed.
pub(super) struct Following(Child);

impl Drop for Following {
    fn drop(&mut self) {
        // `kill -9`: it can do nothing about that.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
