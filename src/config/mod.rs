//! Configuration text to validated rules: strict, complete, and run once.
//!
//! [`read`] hands each bucket on as soon as it is validated, so that the whole document never stands in memory as a
//! tree; [`parse`] collects them for tools and tests. [`CODES`] lists what they can find.

mod bucket;
mod document;
mod from_text;
mod host_name;
mod model;
mod origin;
mod reading;
mod report;
mod rules;
mod unique_names;
mod whole;

pub use from_text::MOST_BYTES;
pub use model::{
    Bucket, BucketSink, Configuration, Endpoint, Metering, Mode, OnRefused, Rule, Settings, Unmanaged,
    UpstreamCors,
};
pub use report::code::{CODES, Code, Severity};
#[cfg(feature = "cli")]
pub use report::place::pointer_token;
pub use report::{Finding, Findings, KEPT_FINDINGS, Report};

/// Reads a configuration and hands its buckets to `sink`. With errors, what the sink has is to be dropped, and the
/// settings are what could be read of them.
pub fn read<'a>(text: &'a [u8], sink: &mut dyn BucketSink<'a>) -> (Settings, Report) {
    from_text::read(text, sink)
}

/// Reads a configuration as a whole.
pub fn parse(text: &[u8]) -> (Option<Configuration<'_>>, Report) {
    let mut buckets = Vec::new();
    let (settings, report) = read(text, &mut buckets);
    let is_good = report.errors.is_empty();
    (is_good.then_some(Configuration { settings, buckets }), report)
}
