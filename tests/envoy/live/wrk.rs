//! Pressure: wrk on the versioned bucket, which checks every answer.

use std::process::{Child, Command, Stdio};

/// wrk at work; stopped with the test.
pub(crate) struct Wrk {
    child: Option<Child>,
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
    pub(crate) fn start(port: u16, seconds: u64, connections: u32) -> Self {
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "wrk", "--threads", "1", "--latency"])
            .args(["--connections", &connections.to_string()])
            .args(["--duration", &format!("{seconds}s")])
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
        Self { child: Some(child) }
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Summary {
        let output = self.child.take().unwrap().wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("result "));
        let numbers = line.unwrap_or_else(|| panic!("wrk ended with {}:\n{text}", output.status));
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
        if let Some(child) = &mut self.child {
            child.kill().ok();
            child.wait().ok();
        }
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
