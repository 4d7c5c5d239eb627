//! Pressure: wrk on the versioned bucket, which checks every answer.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::support::http::PATIENCE;

/// wrk at work; stopped with the test.
pub(crate) struct Wrk {
    child: Child,
    output: BufReader<ChildStdout>,
}

/// What wrk found.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) requests: u64,
    pub(crate) per_second: u64,
    pub(crate) p50_micros: u64,
    pub(crate) p99_micros: u64,
    /// Connections that could not be made, and answers that came too late.
    pub(crate) not_answered: u64,
    /// Connections that broke, reading or writing.
    pub(crate) reset: u64,
    /// Answers of another status than 200, or not of one version.
    pub(crate) wrong: u64,
    /// How many versions were seen.
    pub(crate) versions: u64,
}

impl Wrk {
    /// Starts it, and waits for its first answer.
    pub(crate) fn start(port: u16, connections: u32) -> Self {
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "wrk", "--threads", "1", "--latency"])
            .args(["--connections", &connections.to_string()])
            // Until it is told to end.
            .args(["--duration", "24h"])
            // An answer that takes longer counts as a failure, although it comes. Without this, wrk allows 2 s: under
            // load, a pause of that length was 16 failures, one for each connection.
            .args(["--timeout", "20s"])
            .args([
                "--script",
                concat!(env!("CARGO_MANIFEST_DIR"), "/tests/envoy/live/wrk.lua"),
            ])
            .arg(format!("http://127.0.0.1:{port}"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("wrk: `make test` installs it");
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut wrk = Self { child, output };
        // An edge that never answers is not waited for.
        let (answered, waiting) = mpsc::channel();
        let id = wrk.child.id().to_string();
        thread::spawn(move || {
            if waiting.recv_timeout(PATIENCE).is_err() {
                Command::new("kill").args(["-KILL", &id]).status().ok();
            }
        });
        let mut said = String::new();
        while !said.ends_with("answered\n") {
            let count = wrk.output.read_line(&mut said).unwrap();
            assert!(count > 0, "wrk has ended:\n{said}");
        }
        answered.send(()).ok();
        wrk
    }

    /// Ends it.
    pub(crate) fn finish(mut self) -> Summary {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            // More than once: there is a moment in which wrk does not see that it came.
            let id = self.child.id().to_string();
            let sent = Command::new("kill").args(["-INT", &id]).status();
            assert!(sent.unwrap().success());
            thread::sleep(Duration::from_millis(50));
        };
        let mut text = String::new();
        self.output.read_to_string(&mut text).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("result "));
        let numbers = line.unwrap_or_else(|| panic!("wrk ended with {status}:\n{text}"));
        let numbers: Vec<u64> = numbers.split(' ').map(|number| number.parse().unwrap()).collect();
        let [
            requests,
            per_second,
            p50_micros,
            p99_micros,
            not_answered,
            read,
            write,
            status,
            wrong,
            versions,
        ] = numbers[..]
        else {
            panic!("{line:?}");
        };
        Summary {
            requests,
            per_second,
            p50_micros,
            p99_micros,
            not_answered,
            reset: read + write,
            wrong: wrong.max(status),
            versions,
        }
    }
}

impl Drop for Wrk {
    fn drop(&mut self) {
        // Neither can fail but for a process that is gone already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Summary {
    /// Not one request failed.
    pub(crate) fn assert_clean(&self) {
        assert!(
            self.requests > 0 && self.not_answered + self.reset + self.wrong == 0,
            "{self:?}"
        );
    }
}
