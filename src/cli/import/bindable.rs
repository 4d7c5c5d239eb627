//! Whether a bucket can be bound to a host, by its name.

use bucket_cors::config;
use serde_json::json;

use super::code::{self, RemarkCode};
use super::foreign;
use crate::source::placeholder;

/// Why no bucket can be bound to a host.
pub(super) struct Unbindable {
    pub(super) code: RemarkCode,
    pub(super) why: String,
}

/// What is wrong with a host's name as it is written, without its port, in the core's own eyes. One with a `*` stands
/// for hosts whose names are fine.
pub(super) fn problem(name: &str) -> Option<Unbindable> {
    if placeholder::within(name).is_some() {
        let why = foreign::to_be_filled(name);
        return Some(Unbindable {
            code: code::TEMPLATE,
            why,
        });
    }
    if name.contains('*') {
        return None;
    }
    let name = name.trim_end_matches('.');
    // What a bucket of a whole host is called does not count there.
    let text = json!({ "buckets": [{ "name": "any", "hosts": [name], "cors": null }] }).to_string();
    let (_, found) = config::read(text.as_bytes(), &mut Vec::new());
    found.errors.kept().first().map(|finding| Unbindable {
        code: RemarkCode::of_the_core(finding.code),
        why: format!("{}; the policies of this host are left out", finding.message),
    })
}
