//! What a file has of CORS beside what its source reads.

use super::code;
use super::cors_headers;
use super::cors_named;
use super::file::File;
use super::foreign;
use super::kubernetes;
use super::remarks::Remarks;
use super::sources::{self, BucketNames, Source};

/// Resources beside those that the source reads, with CORS in them.
pub(super) fn say(file: &File<'_>, source: &Source, remarks: &mut Remarks) {
    for value in file.values() {
        let kind = kubernetes::kind(&value);
        let is_read = kind.is_empty() || source.kinds.contains(&&*kind);
        if is_read && source.names == BucketNames::Routes {
            cors_headers::say(&value, remarks);
        }
        // An Ingress may be another controller's.
        if kind.is_empty() || is_read && foreign::value(&value).is_none() {
            continue;
        }
        let place = match &*kind {
            "Ingress" if is_read => cors_named::in_other_annotations(&value),
            _ => cors_named::place(&value),
        };
        let Some(place) = place else { continue };
        let others = sources::SOURCES
            .iter()
            .filter(|other| other.kinds.contains(&&*kind));
        let others: Vec<_> = others.map(|other| format!("--from {}", other.name)).collect();
        let way_out = match (foreign::value(&value), others.as_slice()) {
            (Some(foreign), _) => foreign,
            (None, [_, ..]) => format!("import it with {}", others.join(" or ")),
            (None, []) => "see what it says, and write a rule for it".to_owned(),
        };
        let name = value.path(&["metadata", "name"]).and_then(|name| name.text());
        remarks.say(
            code::NOT_READ,
            &place,
            format!(
                "the CORS of the {kind} {:?}, which --from {} does not read: {way_out}",
                name.unwrap_or_default(),
                source.name
            ),
        );
    }
}
