//! Configuration text to validated rules: strict, complete, and run once.
//!
//! [`read`] hands each bucket on as soon as it is validated, so that the whole document never stands in memory as a
//! tree; [`parse`] collects them for tools and tests. [`CODES`] lists what they can find.

mod bucket;
mod bucket_warnings;
mod code;
mod cors;
mod document;
mod field;
mod header;
mod host;
mod json;
mod max_age;
mod message;
mod model;
mod names;
mod number;
mod origin;
mod origin_browser;
mod origin_star;
mod overlap;
mod place;
mod reading;
mod recorder;
mod report;
mod rule;
mod shared_domains;
mod source;
mod text;

pub use code::{CODES, Code, Severity};
pub use model::{Bucket, Configuration, Metering, Mode, Rule, Settings, Unmanaged, UpstreamCors};
#[cfg(feature = "cli")]
pub use place::pointer_token;
pub use report::{Finding, Findings, KEPT_FINDINGS, Report};

/// Takes the buckets of a configuration, one by one, in document order.
pub trait BucketSink<'a> {
    /// One valid bucket. May come before the document turns out to be invalid elsewhere.
    fn bucket(&mut self, bucket: Bucket<'a>);

    /// Forget every bucket so far: the document is read again from its start. Happens where the plugin's `profile` stands
    /// after `buckets`, whose validation depends on it (Istio sorts the keys of a `pluginConfig`).
    fn restart(&mut self);
}

impl<'a> BucketSink<'a> for Vec<Bucket<'a>> {
    fn bucket(&mut self, bucket: Bucket<'a>) {
        self.push(bucket);
    }

    fn restart(&mut self) {
        self.clear();
    }
}

/// Reads a configuration and hands its buckets to `sink`. Without errors there are settings, and what the sink has is the
/// whole; with errors there are none, and what the sink has is to be dropped.
pub fn read<'a>(text: &'a [u8], sink: &mut dyn BucketSink<'a>) -> (Option<Settings>, Report) {
    document::read(text, sink)
}

/// Reads a configuration as a whole.
pub fn parse(text: &[u8]) -> (Option<Configuration<'_>>, Report) {
    let mut buckets = Vec::new();
    let (settings, report) = read(text, &mut buckets);
    (
        settings.map(|settings| Configuration { settings, buckets }),
        report,
    )
}
