//! The root context: one per configuration. Loads it and hands it to every stream.

use std::rc::Rc;

use super::host;
#[cfg(feature = "metrics")]
use super::metrics::{self, Metrics};
use super::needs;
#[cfg(feature = "metrics")]
use super::shelf::OfPlugin;
#[cfg(feature = "metrics")]
use crate::config::Metering;
use crate::edge::Edge;
use crate::loading;
#[cfg(feature = "metrics")]
use crate::stats::Stats;

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
    /// Counting is an addition in memory: a host call for each request would cost more than the decision, so the host
    /// gets the sums now and then.
    #[cfg(feature = "metrics")]
    stats: Stats,
    /// None where the configuration wants none.
    #[cfg(feature = "metrics")]
    metrics: Option<Metrics>,
}

#[cfg(feature = "metrics")]
impl Shared {
    /// Where requests are counted.
    pub(super) fn sums(&self) -> &Stats {
        &self.stats
    }

    fn hand_over_metrics(&self) {
        if let Some(metrics) = &self.metrics {
            metrics.hand_over(&self.stats);
        }
    }
}

#[cfg(not(feature = "metrics"))]
impl Shared {
    /// Nobody asks for what would be counted.
    pub(super) fn sums(&self) -> &() {
        &()
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
        if text.as_ref().is_err_and(|status| status.is_refusal()) {
            needs::say_refused("proxy_get_buffer_bytes", "");
            return false;
        }
        #[cfg(feature = "metrics")]
        let shelf = OfPlugin;
        #[cfg(not(feature = "metrics"))]
        let shelf = ();
        let Some(loaded) = loading::load(text.unwrap_or_default(), needs::are_met, &shelf) else {
            return false;
        };
        #[cfg(feature = "metrics")]
        let metrics = (loaded.edge.matcher().settings().metrics != Metering::Off)
            .then(|| Metrics::define(&loaded, began));
        let edge = loaded.edge;
        self.shared = Some(Rc::new(Shared {
            #[cfg(feature = "metrics")]
            stats: Stats::new(edge.matcher().counted_buckets()),
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
