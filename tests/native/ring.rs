//! The filter on its native host, asked as the real Envoy is.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::native_host::{HostHeaders, HostLogLine, NativeResponse, NativeVm, Plugin};
use crate::support::answer::ClientAnswer;
use crate::support::case::Case;

/// The filter with every configuration that was asked for.
pub(crate) struct Ring {
    vm: NativeVm,
    plugins: BTreeMap<Arc<str>, Result<Plugin, Vec<String>>>,
}

impl Ring {
    pub(crate) fn start() -> Self {
        Self {
            vm: NativeVm::start(),
            plugins: BTreeMap::new(),
        }
    }

    /// What comes back for a case's request; the errors, where its configuration is refused.
    pub(crate) fn answer(&mut self, case: &Case) -> Result<ClientAnswer, Vec<String>> {
        let plugin = self.plugins.entry(case.configuration.clone()).or_insert_with(|| {
            self.vm.take_log();
            let loaded = self.vm.configure(case.configuration.as_bytes());
            loaded.map_err(|_| texts(&self.vm.take_log(), HostLogLine::ERROR))
        });
        plugin
            .as_ref()
            .map(|plugin| answer(plugin, case))
            .map_err(Clone::clone)
    }
}

/// The lines of one level.
pub(crate) fn texts(log: &[HostLogLine], level: u32) -> Vec<String> {
    let lines = log.iter().filter(|line| line.level == level);
    lines.map(|line| line.text.clone()).collect()
}

fn on_the_wire(case: &Case) -> HostHeaders {
    let request = &case.request;
    let headers = request.headers.iter();
    HostHeaders::request(
        &request.method,
        &request.authority,
        &request.path,
        headers.map(|(name, value)| (name.as_bytes(), value.trim_ascii())),
    )
}

fn answer(plugin: &Plugin, case: &Case) -> ClientAnswer {
    let headers = case.upstream.headers.iter();
    let upstream = NativeResponse::new(
        case.upstream.status.into(),
        headers.map(|(name, value)| (name.as_bytes(), value.as_bytes())),
    );
    let answered = plugin.exchange(on_the_wire(case), &upstream);
    let headers = answered.response.headers.into_iter();
    ClientAnswer {
        reached_upstream: !answered.is_edge,
        status: answered.response.status.try_into().unwrap(),
        headers: headers
            .map(|(name, value)| (String::from_utf8_lossy(&name).into_owned(), value))
            .collect(),
        body: answered.response.body,
    }
}
