//! `sync` while it runs.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::http::{self, Response};

/// Rounds a second apart take no longer than this, on a machine with much else to do.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Gives a command the environment and the folder of another.
pub(super) fn run_as(command: &mut Command, other: &Command) {
    for (name, value) in other.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(other.get_current_dir().unwrap());
}

/// A process that listens. Dropping it stops it; so does the end of the thread that started it.
pub(super) struct Syncing {
    child: Child,
    pub(super) port: u16,
    said: Arc<Mutex<String>>,
}

impl Syncing {
    pub(super) fn start(command: Command, address: &str) -> Self {
        let mut bound = Command::new("setpriv");
        bound.args(["--pdeathsig", "KILL"]).arg(command.get_program());
        bound.args(command.get_args()).args(["--listen", address]);
        run_as(&mut bound, &command);
        let mut child = bound.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let port = first
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("{first}"));
        let port = port.rsplit_once(':').unwrap().1.parse().unwrap();
        let said: Arc<Mutex<String>> = Arc::default();
        let shared = said.clone();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                shared.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Self { child, port, said }
    }

    /// What it said on standard error so far, but for its first line.
    pub(super) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it has said this: what it says is read a little later.
    pub(super) fn wait_until_said(&self, what: &str) {
        wait_for(what, || self.said().contains(what));
    }

    /// Ends as the kernel ends it where memory is short.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends as Kubernetes ends it, and says how.
    pub(super) fn terminate(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        Command::new("kill").arg(id).status().unwrap();
        self.child.wait().unwrap().code()
    }

    /// What an Envoy that has a version gets.
    pub(super) fn discover(&self, version: &str, name: &str) -> Response {
        self.discover_with(
            &json!({ "version_info": version, "resource_names": [name], "node": { "id": "test" } }),
            "",
        )
    }

    /// `headers`: lines of the request.
    pub(super) fn discover_with(&self, body: &Value, headers: &str) -> Response {
        let body = body.to_string();
        let head = format!(
            "POST /v3/discovery:extension_configs HTTP/1.1\r\nhost: sync\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        http::exchange(self.port, (head + &body).as_bytes()).unwrap()
    }

    pub(super) fn metrics(&self) -> String {
        String::from_utf8(http::get(self.port, "/metrics").unwrap().body).unwrap()
    }

    /// The value of one of its metrics without labels.
    pub(super) fn metric(&self, name: &str) -> u64 {
        let metrics = self.metrics();
        let name = format!("bucket_cors_sync_{name} ");
        let value = metrics.lines().find_map(|line| line.strip_prefix(&name));
        let value = value.unwrap_or_else(|| panic!("{name}{metrics}"));
        value.parse().unwrap()
    }

    /// Waits until it has done some more rounds.
    pub(super) fn wait_for_rounds(&self, more: u64) {
        let begun = self.metric("rounds_total");
        wait_for("more rounds", || self.metric("rounds_total") >= begun + more);
    }

    /// Waits until its metrics have this line.
    pub(super) fn wait_for_metric(&self, line: &str) {
        wait_for(line, || self.metrics().lines().any(|known| known == line));
    }
}

impl Drop for Syncing {
    fn drop(&mut self) {
        // It may have ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub(super) fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "not in {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}
