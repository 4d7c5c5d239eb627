//! The host of a thread: what it knows, what it was asked, and what it objects to.
//!
//! Violations are: an import that a CORS filter has no use for, reading a request's headers in its response callback
//! (Envoy allows that on local replies only), touching a response in the request callback, changing a request, and
//! writing a header that would break the message.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::headers::HostHeaders;
use super::owner::{self, CodeOwner};

/// `proxy_result_t`.
pub(super) const OK: u32 = 0;
pub(super) const NOT_FOUND: u32 = 1;
pub(super) const BAD_ARGUMENT: u32 = 2;
pub(super) const INTERNAL_FAILURE: u32 = 10;

/// `proxy_header_map_type_t`.
pub(super) const REQUEST_HEADERS: u32 = 0;
pub(super) const RESPONSE_HEADERS: u32 = 2;

/// A call of the host into the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callback {
    ContextCreate,
    Configure,
    Tick,
    RequestHeaders,
    ResponseHeaders,
    Delete,
}

/// An import of the request path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Import {
    GetHeader,
    GetHeaders,
    ReplaceHeader,
    RemoveHeader,
    SendLocalResponse,
    SetProperty,
}

impl Import {
    pub(crate) const ALL: [Import; 6] = [
        Import::GetHeader,
        Import::GetHeaders,
        Import::ReplaceHeader,
        Import::RemoveHeader,
        Import::SendLocalResponse,
        Import::SetProperty,
    ];
}

/// A call of the module into the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// During which callback.
    pub(crate) during: Callback,
    /// What was called.
    pub(crate) import: Import,
    /// The header, the status of a local response, or the property and its value.
    pub(crate) subject: String,
    /// How many bytes the host handed over in a block that the module allocated for them.
    pub(crate) handed_over: usize,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostLogLine {
    /// `proxy_log_level_t`: 2 is info, 3 warn, 4 error.
    pub(crate) level: u32,
    pub(crate) text: String,
}

impl HostLogLine {
    pub(crate) const INFO: u32 = 2;
    pub(crate) const WARN: u32 = 3;
    pub(crate) const ERROR: u32 = 4;
}

/// What a stream's callbacks see and do.
#[derive(Debug, Default)]
pub(super) struct StreamExchange {
    pub(super) request: HostHeaders,
    pub(super) response: Option<HostHeaders>,
    pub(super) reply: Option<LocalReply>,
    pub(super) calls: Vec<Call>,
}

/// A local response, as the module asked for it.
#[derive(Debug)]
pub(super) struct LocalReply {
    pub(super) status: u32,
    pub(super) headers: HostHeaders,
    pub(super) body: Vec<u8>,
}

/// The host's statistics.
#[derive(Debug, Default)]
pub(super) struct HostMetrics {
    /// Whether a metric can be defined, as a capability would say.
    pub(super) are_denied: bool,
    /// The name and the value.
    pub(super) defined: Vec<(String, u64)>,
    /// By id: which of these. As in Envoy, each definition makes another id, and none is ever given back.
    pub(super) ids: Vec<usize>,
    /// How many milliseconds apart the root context wants its ticks.
    pub(super) tick_period: Option<u32>,
    /// How often a metric was changed.
    pub(super) changes: usize,
}

/// What the host calls the plugin, and keeps for all VMs.
#[derive(Debug, Default)]
pub(super) struct PluginState {
    pub(super) plugin_name: String,
    pub(super) root_id: String,
    pub(super) values: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The import that the module is not given.
    pub(super) denied: Option<&'static str>,
}

impl PluginState {
    /// The error is the status of a call that is denied, or that no request may make.
    pub(super) fn begin(&self, during: Option<Callback>, import: &str) -> Result<(), u32> {
        match during {
            Some(Callback::Configure) if self.denied == Some(import) => Err(INTERNAL_FAILURE),
            Some(Callback::Configure) => Ok(()),
            _ => Err(BAD_ARGUMENT),
        }
    }
}

/// The host of this thread.
#[derive(Debug, Default)]
pub(super) struct NativeHost {
    last_context: u32,
    overruled: Vec<(Import, u32)>,
    pub(super) configuration: Vec<u8>,
    pub(super) callback: Option<Callback>,
    pub(super) exchange: StreamExchange,
    pub(super) log: Vec<HostLogLine>,
    pub(super) metrics: HostMetrics,
    pub(super) shared: PluginState,
    pub(super) violations: Vec<String>,
}

thread_local!(static HOST: RefCell<NativeHost> = RefCell::default());

/// The host of this thread, at work.
pub(super) fn with_host<R>(work: impl FnOnce(&mut NativeHost) -> R) -> R {
    owner::scoped(CodeOwner::Host, || HOST.with_borrow_mut(work))
}

impl NativeHost {
    /// Forgets everything but which context ids this thread has used: the module's contexts outlive a test.
    pub(super) fn reset(&mut self) {
        *self = Self {
            last_context: self.last_context,
            ..Self::default()
        };
    }

    pub(super) fn next_context(&mut self) -> u32 {
        self.last_context += 1;
        self.last_context
    }

    pub(super) fn overrule(&mut self, import: Import, status: Option<u32>) {
        self.overruled.retain(|(overruled, _)| *overruled != import);
        self.overruled.extend(status.map(|status| (import, status)));
    }

    pub(super) fn note(&mut self, violation: String) -> u32 {
        self.violations.push(violation);
        BAD_ARGUMENT
    }

    /// Notes the call. The error is the status that a test wants instead of what the import does, or that of a call
    /// outside of a stream, by which the module may find out whether it would be given.
    pub(super) fn begin(&mut self, import: Import, subject: String) -> Result<(), u32> {
        match self.callback {
            Some(Callback::Configure) => {}
            Some(during @ (Callback::RequestHeaders | Callback::ResponseHeaders)) => {
                self.exchange.calls.push(Call {
                    during,
                    import,
                    subject,
                    handed_over: 0,
                });
            }
            during => self
                .violations
                .push(format!("{import:?} {subject} in {during:?}")),
        }
        let overruled = self.overruled.iter().find(|(overruled, _)| *overruled == import);
        match overruled {
            Some((_, status)) => Err(*status),
            None if self.callback == Some(Callback::Configure) => Err(BAD_ARGUMENT),
            None => Ok(()),
        }
    }

    /// The map that a call is about, if this is the phase for it.
    pub(super) fn map(&mut self, map: u32, subject: &str) -> Result<&mut HostHeaders, u32> {
        let is_response = self.callback == Some(Callback::ResponseHeaders);
        match map {
            REQUEST_HEADERS if !is_response => Ok(&mut self.exchange.request),
            REQUEST_HEADERS => Err(self.note(format!(
                "request header {subject} read in the response callback, where a proxied response has none"
            ))),
            RESPONSE_HEADERS if is_response => self.exchange.response.as_mut().ok_or(BAD_ARGUMENT),
            RESPONSE_HEADERS => Err(self.note(format!(
                "response header {subject} touched before there is a response"
            ))),
            other => Err(self.note(format!("{subject} of header map {other}"))),
        }
    }

    /// The response, which alone may be changed.
    pub(super) fn writable(&mut self, map: u32, subject: &str) -> Result<&mut HostHeaders, u32> {
        if map != RESPONSE_HEADERS {
            return Err(self.note(format!("request header {subject} changed")));
        }
        self.map(map, subject)
    }

    /// Envoy writes what it gets: a line break in a value splits the response.
    pub(super) fn check_header(&mut self, name: &[u8], value: &[u8]) {
        let is_token = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(byte);
        let breaks = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
        if name.is_empty() || !name.iter().all(is_token) || value.iter().any(breaks) {
            self.note(format!(
                "header that breaks a message: {}: {}",
                text(name),
                text(value)
            ));
        }
    }
}

pub(super) fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
