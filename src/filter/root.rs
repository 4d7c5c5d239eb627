//! The root context: one per configuration. Loads it and hands it to every stream.

use std::rc::Rc;

use log::{Level, error, info, log};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

#[cfg(feature = "metrics")]
use super::metrics::{self, Load, Metrics};
use super::stream::{Shared, Stream};
use crate::config::{self, Findings};
use crate::edge::Edge;
use crate::matcher::MatcherBuilder;

/// Holds the configuration of one plugin instance.
///
/// Each stream gets its own `Rc`: all instances of a worker share one VM, and an update makes a new root context in it
/// while streams of the old one are still in flight. A global would switch under them.
#[derive(Default)]
pub(super) struct Root {
    shared: Option<Rc<Shared>>,
}

#[cfg(feature = "metrics")]
impl Drop for Root {
    fn drop(&mut self) {
        if self
            .shared
            .as_ref()
            .is_some_and(|shared| shared.metrics.is_some())
        {
            metrics::end();
        }
    }
}

impl Context for Root {}

impl RootContext for Root {
    /// False makes Envoy reject the configuration: at start it exits, on an update it keeps the rules it has.
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        #[cfg(feature = "metrics")]
        let began = metrics::now();
        let text = self.get_plugin_configuration().unwrap_or_default();
        let mut builder = MatcherBuilder::default();
        let (settings, report) = config::read(&text, &mut builder);
        log_findings(Level::Warn, "warnings", &report.warnings);
        log_findings(Level::Error, "errors", &report.errors);
        let Some(settings) = settings else {
            error!(
                "bucket-cors: configuration refused, errors: {}",
                report.errors.total()
            );
            return false;
        };
        let matcher = builder.finish(settings);
        info!(
            "bucket-cors: configuration loaded, buckets: {}, rules: {}, patterns: {}, warnings: {}",
            matcher.bucket_count(),
            matcher.rule_count(),
            matcher.pattern_count(),
            report.warnings.total()
        );
        #[allow(unused_mut)] // Only metrics are added.
        let mut shared = Shared::new(Edge::new(matcher));
        #[cfg(feature = "metrics")]
        if shared.edge.matcher().settings().metrics != config::Metering::Off {
            let load = Load {
                warnings: report.warnings.total(),
                began,
            };
            shared.metrics = Some(Metrics::define(&shared.edge, &load));
        }
        self.shared = Some(Rc::new(shared));
        true
    }

    #[cfg(feature = "metrics")]
    fn on_tick(&mut self) {
        if let Some(shared) = &self.shared
            && let Some(metrics) = &shared.metrics
        {
            metrics.hand_over(&shared.edge);
        }
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(self.shared.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

fn log_findings(level: Level, what: &str, findings: &Findings) {
    for finding in findings.kept() {
        log!(level, "bucket-cors: {finding}");
    }
    if findings.left_out() > 0 {
        log!(level, "bucket-cors: {what} not shown: {}", findings.left_out());
    }
}
