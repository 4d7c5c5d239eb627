//! An Envoy with a listener for each configuration of some cases, in front of a store that answers them as they say.
//!
//! They share a VM, so a configuration that leaked into another, or a request that took the VM down, would be seen by
//! the others.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::answer::ClientAnswer;
use super::case::Case;
use super::envoy::{self, Envoy, Listener};
use super::http;
use super::upstream::{CASE_HEADER, LATE_HEADER, Upstream};

/// See the module.
pub(crate) struct EnvoyStand {
    pub(crate) envoy: Envoy,
    upstream: Upstream,
    /// The listener of each configuration.
    names: BTreeMap<Arc<str>, String>,
}

/// A store that takes longer is one that Envoy does not wait for.
const MOST_DELAY_MS: u64 = 1_000;

/// The file of the listeners that Envoy may refuse without ending.
const DYNAMIC: &str = "listeners.json";

impl EnvoyStand {
    /// `dynamic` are listeners that Envoy is asked to add once it runs.
    pub(crate) fn start<'a>(cases: impl Iterator<Item = &'a Case>, dynamic: &[Value]) -> Self {
        let (mut listeners, mut names) = (Vec::new(), BTreeMap::new());
        for case in cases {
            names.entry(case.configuration.clone()).or_insert_with(|| {
                let name = format!("{} and its like", case.name);
                listeners.push(Listener::new(
                    &name,
                    vec![envoy::bucket_cors(&case.configuration)],
                ));
                name
            });
        }
        let upstream = Upstream::start();
        let mut bootstrap = envoy::bootstrap(&listeners, &[envoy::cluster("upstream", upstream.address())]);
        bootstrap["dynamic_resources"] = json!({ "lds_config": envoy::from_file(DYNAMIC) });
        let files = [(DYNAMIC, envoy::resources(dynamic))];
        let envoy = Envoy::start_with(&bootstrap, &files)
            .unwrap_or_else(|refused| panic!("Envoy does not start, {}:\n{}", refused.status, refused.log));
        Self {
            envoy,
            upstream,
            names,
        }
    }

    /// What comes back for a case's request.
    pub(crate) fn answer(&self, case: &Case) -> io::Result<ClientAnswer> {
        self.upstream.prepare(&case.name, case.upstream.clone());
        let mut request = case.request.clone();
        if case.upstream.delay_ms > MOST_DELAY_MS {
            request.headers.push((LATE_HEADER.to_owned(), Vec::new()));
        }
        let request = http::serialise(&request, (CASE_HEADER, &case.name));
        let response = http::exchange(self.port(case), &request)?;
        // Envoy may have given up before the store came to read.
        let deadline = Instant::now() + http::PATIENCE;
        while response.status == 504
            && self.upstream.received(&case.name).is_empty()
            && Instant::now() < deadline
        {
            thread::sleep(Duration::from_millis(5));
        }
        Ok(ClientAnswer {
            reached_upstream: !self.upstream.received(&case.name).is_empty(),
            status: response.status,
            headers: response.headers,
            body: response.body,
        })
    }

    /// Whether the worker that answered the case lives: a VM that failed answers 503 until it is made anew.
    pub(crate) fn is_alive(&self, case: &Case) -> io::Result<bool> {
        Ok(http::get(self.port(case), "/a-bucket-of-nobody/test.txt")?.status == 200)
    }

    fn port(&self, case: &Case) -> u16 {
        self.envoy.port(&self.names[&case.configuration])
    }
}
