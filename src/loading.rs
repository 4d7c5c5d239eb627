//! Loads the text of a configuration, and tells the operator through the log what was found.

use std::ops::Deref;

use log::{Level, error, info, log};

use crate::config::{self, BucketSink, Findings, OnRefused, Report, Settings, Unmanaged};
use crate::edge::Edge;
use crate::matcher::MatcherBuilder;

/// A configuration that was accepted, or what stands in for one.
pub(crate) struct Loaded {
    pub(crate) edge: Edge,
    /// How many warnings there were.
    #[cfg(feature = "metrics")]
    pub(crate) warnings: usize,
    /// How many plugins work with what stands in for their refused rules; `None`: as many as before.
    #[cfg(feature = "metrics")]
    pub(crate) refused: Option<u64>,
}

/// What a host keeps for a plugin, also while the filter's code is replaced: the code that takes a value may be another
/// version than the code that put it there. Where a host keeps nothing, there is nothing to take.
pub(crate) trait Shelf {
    /// A value that was kept.
    type Value: Deref<Target = [u8]>;

    /// False: it is not kept.
    fn put(&self, slot: Slot, value: &[u8]) -> bool;

    fn take(&self, slot: Slot) -> Option<Self::Value>;
}

/// Keeps nothing.
#[cfg(not(feature = "metrics"))]
impl Shelf for () {
    type Value = Vec<u8>;

    fn put(&self, _: Slot, _: &[u8]) -> bool {
        false
    }

    fn take(&self, _: Slot) -> Option<Vec<u8>> {
        None
    }
}

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// The text of the last good configuration. Only a text means the same to every version.
    LastGood,
    /// [`REFUSED`], or anything else, as the last one was.
    #[cfg(feature = "metrics")]
    State,
    /// How many plugins' last ones were refused, in a byte: one number for all.
    #[cfg(feature = "metrics")]
    Refused,
    /// What is kept to see whether anything is.
    #[cfg(all(feature = "proxy-wasm", feature = "metrics"))]
    Trial,
}

#[cfg(feature = "metrics")]
impl Slot {
    /// None of them begins another.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Slot::LastGood => "bucket_cors.last_good",
            Slot::State => "bucket_cors.state",
            Slot::Refused => "bucket_cors.refused",
            #[cfg(feature = "proxy-wasm")]
            Slot::Trial => "bucket_cors.trial",
        }
    }
}

#[cfg(feature = "metrics")]
const REFUSED: &[u8] = b"r";

/// `None`: the configuration is no good and nothing is to stand in for it; the log says why, with all its errors.
/// `can_be_met` says of settings whether the host gives what they need; where not, it has said why.
pub(crate) fn load<T: Deref<Target = [u8]>>(
    text: T,
    can_be_met: impl FnOnce(&Settings) -> bool,
    shelf: &impl Shelf,
) -> Option<Loaded> {
    let mut builder = MatcherBuilder::default();
    let (mut settings, mut report) = config::read(&text, &mut builder);
    log_findings(Level::Warn, "warnings", &report.warnings);
    log_findings(Level::Error, "errors", &report.errors);
    let is_good = report.errors.is_empty();
    if !is_good && !stand_in(&mut settings, &mut report, &mut builder, shelf) {
        return None;
    }
    if !can_be_met(&settings) {
        return None;
    }
    if is_good {
        shelf.put(Slot::LastGood, &text);
    }
    let matcher = builder.finish(settings);
    // Freed only now: earlier, the matcher would take its slot, and the text of a reload would not fit there again.
    drop(text);
    let warnings = report.warnings.total();
    info!(
        "bucket-cors: configuration loaded, buckets: {}, rules: {}, patterns: {}, warnings: {warnings}",
        matcher.bucket_count(),
        matcher.rule_count(),
        matcher.pattern_count(),
    );
    Some(Loaded {
        edge: Edge::new(matcher),
        #[cfg(feature = "metrics")]
        warnings,
        #[cfg(feature = "metrics")]
        refused: count_refused(!is_good, shelf),
    })
}

/// Puts the rules that were good last in the place of refused ones; without them, none. False: nothing is to stand in.
#[cold]
fn stand_in(
    settings: &mut Settings,
    report: &mut Report,
    builder: &mut MatcherBuilder,
    shelf: &impl Shelf,
) -> bool {
    let errors = report.errors.total();
    let mut instead = "";
    let stands_in = settings.on_refused_rules == OnRefused::LastGood;
    if stands_in {
        instead = "; no configuration was good yet, so no bucket has CORS";
        builder.restart();
        settings.unmanaged = Unmanaged::Refuse;
        // An edge that relies on no route is right behind any.
        settings.route_prepares = false;
        if let Some(text) = shelf.take(Slot::LastGood) {
            let (good, found) = config::read(&text, builder);
            if found.errors.is_empty() {
                (*settings, *report) = (good, found);
                instead = "; the last good one stays in force";
            } else {
                // Another version of the filter found it good.
                builder.restart();
            }
        }
    }
    error!("bucket-cors: configuration refused, errors: {errors}{instead}");
    stands_in
}

/// One gauge says it of all plugins, so that one whose rules are good says nothing, unless they were refused before.
/// Only a change is written: workers load what the main thread has loaded, and none changes the number at the same
/// time.
#[cfg(feature = "metrics")]
#[cold]
fn count_refused(stands_in: bool, shelf: &impl Shelf) -> Option<u64> {
    let was_refused = shelf.take(Slot::State).is_some_and(|state| *state == *REFUSED);
    let kept = shelf.take(Slot::Refused);
    let mut count = kept.and_then(|kept| kept.first().copied()).unwrap_or_default();
    if stands_in != was_refused {
        let (state, new) = match stands_in {
            true => (REFUSED, count.saturating_add(1)),
            false => (&[][..], count.saturating_sub(1)),
        };
        count = new;
        shelf.put(Slot::State, state);
        shelf.put(Slot::Refused, &[count]);
    }
    (stands_in || was_refused).then_some(count.into())
}

fn log_findings(level: Level, what: &str, findings: &Findings) {
    for finding in findings.kept() {
        log!(level, "bucket-cors: {finding}");
    }
    if findings.left_out() > 0 {
        log!(level, "bucket-cors: {what} not shown: {}", findings.left_out());
    }
}
