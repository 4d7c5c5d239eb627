//! A request and its response. Shows the edge the headers, and does what it says.

use super::abi::HeaderType;
use super::changes::Collector;
use super::config::Config;
use super::grpc;
use super::host::EnvoyStream;
use super::worker::Worker;
use crate::edge::{Look, Outcome};
use crate::http::head::RequestHead;
use crate::kept::Kept;

/// Where Envoy's access log finds what became of a request: `%FILTER_STATE(bucket_cors:PLAIN)%`.
const ACCESS_LOG: &str = "bucket_cors";

/// Our side of a stream.
#[derive(Default)]
pub(super) struct Stream {
    /// Present from the request to its response, where the response is ours. Not for a request that was answered: Envoy
    /// may run the response hook for the module's own replies as well, and headers given twice are doubled.
    kept: Option<Kept>,
    /// For what is kept of a request, also of the next one: streams are used again.
    memory: Vec<u8>,
}

/// What becomes of a request.
pub(super) enum AfterRequest {
    Upstream,
    /// It is answered with this status: the headers of the answer are the worker's changes, its body and details the
    /// worker's.
    Answer(u32),
}

impl Stream {
    /// The request's headers are there; `None`: Envoy says no to what has to be done.
    pub(super) fn on_request(
        &mut self,
        config: &Config,
        host: &EnvoyStream,
        worker: &mut Worker,
    ) -> Option<AfterRequest> {
        let Worker {
            scratch,
            headers,
            changes,
            body,
            details,
        } = worker;
        let sent = host.headers(HeaderType::Request, headers)?;
        let head = RequestHead::read(sent.clone());
        let mut next = AfterRequest::Upstream;
        let decided = match config.edge.on_request(&head, scratch, &config.sums(host)) {
            Outcome::Untouched => None,
            Outcome::Upstream(decided) => Some(decided),
            Outcome::Answer { answer, .. } => {
                // The host's bytes are not lent to the host.
                changes.clear();
                for (name, value) in answer.headers.iter() {
                    changes.push_set(name, value);
                }
                if let Some(status) = grpc::status_of(answer.status)
                    && grpc::is_asked(sent)
                {
                    changes.push_set(grpc::STATUS, status);
                }
                answer.body.clone_into(body);
                answer.details.clone_into(details);
                next = AfterRequest::Answer(answer.status);
                None
            }
        };
        if let Some(text) = scratch.access_log() {
            host.set_filter_state(ACCESS_LOG, text);
        }
        self.kept = decided.map(|decided| {
            Kept::new(decided, decided.echo(&config.edge, &head), || {
                std::mem::take(&mut self.memory)
            })
        });
        Some(next)
    }

    /// Whether the response is ours.
    pub(super) fn awaits_response(&self) -> bool {
        self.kept.is_some()
    }

    /// The response's headers are there; `None`: Envoy says no to what has to be done.
    pub(super) fn on_response(
        &mut self,
        config: &Config,
        host: &mut EnvoyStream,
        worker: &mut Worker,
    ) -> Option<()> {
        let Some(kept) = self.kept.take() else {
            return Some(());
        };
        let Worker {
            scratch,
            headers,
            changes,
            ..
        } = worker;
        changes.clear();
        // One look at all costs less than one at `Vary` alone.
        let sent = match config.edge.looks_at(kept.decided) {
            Look::Nothing => None,
            Look::Vary | Look::Everything => Some(host.headers(HeaderType::Response, headers)?),
        };
        let mut collector = Collector {
            changes,
            sent: sent.clone(),
        };
        config.edge.on_response(
            kept.decided,
            kept.echo(),
            &sent.unwrap_or_default(),
            scratch,
            &mut collector,
        );
        let is_done = changes.apply(host);
        self.recycle(kept);
        is_done.then_some(())
    }

    /// Makes it as good as new.
    pub(super) fn end(&mut self) {
        if let Some(kept) = self.kept.take() {
            self.recycle(kept);
        }
    }

    fn recycle(&mut self, kept: Kept) {
        if let Some(memory) = kept.into_memory() {
            self.memory = memory;
        }
    }
}
