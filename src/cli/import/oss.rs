//! `--from oss` and `--from s3`: a document of one bucket, in XML or JSON.

use super::document::Bucket;
use super::node::Documents;
use super::report::Report;
use super::{Source, store, xml};

/// Reads the document of a bucket.
///
/// # Errors
/// Why it is none, for a person.
pub(crate) fn read(source: &Source<'_>, report: &mut Report) -> Result<Vec<Bucket>, String> {
    let text = without_timing(source.text);
    let cors = if text.trim_start().starts_with('<') {
        xml::read(source.file, text, report)?
    } else {
        store::json(&Documents::read(source.file, text)?.root()?, report)?
    };
    Ok(vec![Bucket {
        name: source.bucket()?,
        cors,
        place: source.file.to_owned(),
        ..Bucket::default()
    }])
}

/// ossutil prints how long it took behind the document: `0.203116(s) elapsed`.
fn without_timing(text: &str) -> &str {
    let text = text.trim_end();
    let (before, last) = text.rsplit_once('\n').unwrap_or(("", text));
    let is_timing = last
        .trim()
        .strip_suffix("(s) elapsed")
        .is_some_and(|time| time.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
    if is_timing { before } else { text }
}
