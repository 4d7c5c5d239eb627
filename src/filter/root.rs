//! The root context: one per configuration. Loads it and hands it to every stream.

use std::rc::Rc;

use log::{error, info, warn};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use super::stream::{Shared, Stream};
use crate::config;
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

impl Context for Root {}

impl RootContext for Root {
    /// False makes Envoy reject the configuration: at start it exits, on an update it keeps the rules it has.
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        let text = self.get_plugin_configuration().unwrap_or_default();
        let mut builder = MatcherBuilder::default();
        let (settings, report) = config::read(&text, &mut builder);
        for finding in report.warnings.kept() {
            warn!("bucket-cors: {finding}");
        }
        for finding in report.errors.kept() {
            error!("bucket-cors: {finding}");
        }
        let Some(settings) = settings else {
            error!(
                "bucket-cors: configuration refused: {} errors",
                report.errors.total()
            );
            return false;
        };
        let matcher = builder.finish(settings);
        info!(
            "bucket-cors: loaded {} buckets, {} rules, {} patterns, {} warnings",
            matcher.bucket_count(),
            matcher.rule_count(),
            matcher.pattern_count(),
            report.warnings.total()
        );
        self.shared = Some(Rc::new(Shared::new(Edge::new(matcher))));
        true
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(self.shared.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
