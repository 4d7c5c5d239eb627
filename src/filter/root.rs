//! The root context: one per configuration. Loads it and hands it to every stream.

use std::rc::Rc;

use log::{Level, error, info, log};

use super::host;
#[cfg(feature = "metrics")]
use super::metrics::{self, Load, Metrics};
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

/// A configuration at work.
pub(super) struct Shared {
    pub(super) edge: Edge,
    /// None where the configuration wants none.
    #[cfg(feature = "metrics")]
    metrics: Option<Metrics>,
}

#[cfg(feature = "metrics")]
impl Shared {
    fn hand_over_metrics(&self) {
        if let Some(metrics) = &self.metrics {
            metrics.hand_over(&self.edge);
        }
    }
}

#[cfg(feature = "metrics")]
impl Drop for Shared {
    /// What the last streams of a replaced configuration counted.
    fn drop(&mut self) {
        self.hand_over_metrics();
    }
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

impl Root {
    /// What streams need of it; `None` before a configuration was accepted.
    pub(super) fn shared(&self) -> Option<Rc<Shared>> {
        self.shared.clone()
    }

    /// Loads what the host has for this context; false: it is no good.
    pub(super) fn configure(&mut self) -> bool {
        #[cfg(feature = "metrics")]
        let began = metrics::now();
        let text = host::plugin_configuration();
        let mut builder = MatcherBuilder::default();
        let (settings, report) = config::read(text.as_deref().unwrap_or_default(), &mut builder);
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
        // Only now: the matcher would come to stand in its hole, into which the text of a reload would no longer fit.
        drop(text);
        info!(
            "bucket-cors: configuration loaded, buckets: {}, rules: {}, patterns: {}, warnings: {}",
            matcher.bucket_count(),
            matcher.rule_count(),
            matcher.pattern_count(),
            report.warnings.total()
        );
        let edge = Edge::new(matcher);
        #[cfg(feature = "metrics")]
        let metrics = (edge.matcher().settings().metrics != config::Metering::Off).then(|| {
            let warnings = report.warnings.total();
            Metrics::define(&edge, &Load { warnings, began })
        });
        self.shared = Some(Rc::new(Shared {
            edge,
            #[cfg(feature = "metrics")]
            metrics,
        }));
        true
    }

    /// Hands over what was counted since the last time.
    #[cfg(feature = "metrics")]
    pub(super) fn hand_over_metrics(&self) {
        if let Some(shared) = &self.shared {
            shared.hand_over_metrics();
        }
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
