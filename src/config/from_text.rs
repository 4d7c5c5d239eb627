//! A configuration from its text: how long it may be, how it is encoded, and whether all of it was read.

use super::document::DocumentReader;
use super::model::{BucketSink, OnRefused, Settings};
use super::reading::{not_json, recorder};
use super::report::{MessagePart::Number, Place, Report, code};
use crate::profile::OSS;

/// The longest configuration that is read, in bytes. A VM's memory ends at 4 GiB, and the old rules stand there until
/// the new ones are ready. `tests/module/memory.rs` loads the worst shapes of this size twice.
pub const MOST_BYTES: usize = 64 << 20;

/// Reads a configuration; see [`super::read`].
pub(super) fn read<'a>(text: &'a [u8], sink: &mut dyn BucketSink<'a>) -> (Settings, Report) {
    // Windows editors begin UTF-8 with a byte order mark, which RFC 8259 section 8.1 lets a parser ignore.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut report = Report::default();
    if not_json::is_empty(&mut report, text) || is_too_large(&mut report, text) {
        return (Settings::default(), report);
    }
    // Checking the encoding once is cheaper than once for each string. What stands before a bad byte is read all the
    // same.
    let readable = match std::str::from_utf8(text) {
        Ok(readable) => readable,
        Err(error) => {
            let readable = text.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(readable).unwrap_or_default()
        }
    };
    let mut document = DocumentReader::new(&OSS, sink);
    let mut result = recorder::read(&mut document, readable);
    if let Some(profile) = document.late_profile {
        let sink = document.sink;
        sink.restart();
        document = DocumentReader::new(profile, sink);
        result = recorder::read(&mut document, readable);
    }
    let mut report = document.reading.report;
    let mut settings = document.settings;
    let is_cut = readable.len() < text.len();
    if is_cut || result.is_err() {
        // What else the text asks for, nobody knows.
        settings.on_refused_rules = OnRefused::Reject;
    }
    match result {
        Err(error) if !(is_cut && error.is_eof()) => not_json::not_json(&mut report, text, &error),
        _ if is_cut => not_json::not_utf8(&mut report, text, readable.len()),
        _ => {}
    }
    (settings, report)
}

#[cold]
fn is_too_large(report: &mut Report, text: &[u8]) -> bool {
    let too_large = text.len() > MOST_BYTES;
    if too_large {
        report.add(
            &code::CONFIGURATION_TOO_LARGE,
            &Place::Document,
            "the configuration is {} bytes, and at most {} are read, so that the next rules fit beside these: take out \
             buckets that nobody asks for, or spread the rest over several listeners",
            &[Number(text.len()), Number(MOST_BYTES)],
        );
    }
    too_large
}
