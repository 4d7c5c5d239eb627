//! What a file has of CORS beside what its source reads.

use super::code;
use super::cors_headers;
use super::cors_named;
use super::file::File;
use super::foreign;
use super::kube;
use super::mounted_texts;
use super::node::Node;
use super::remarks::Remarks;
use super::sources::{self, BucketNames, Source};

/// Resources beside those that the source reads, with CORS in them, and what of those that it reads it does not.
pub(super) fn say(file: &File<'_>, source: &Source, remarks: &mut Remarks) {
    for value in file.values() {
        let kind = kube::kind(&value);
        let is_read = is_read(&value, source);
        if is_read && source.names == BucketNames::Routes {
            cors_headers::say(&value, remarks);
        }
        // A VirtualService may be another controller's.
        if is_read && (kind.is_empty() || foreign::value(&value).is_none()) {
            say_other_places(&value, source, remarks);
            continue;
        }
        let place = match &*kind {
            // An Ingress too.
            "Ingress" if is_read => cors_named::in_other_annotations(&value),
            kind if is_read && mounted_texts::KINDS.contains(&kind) => mounted_texts::other_cors(&value),
            _ => cors_named::place(&value).or_else(|| mounted_texts::any_cors(&value)),
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
        remarks.say(
            code::NOT_READ,
            &place,
            format!(
                "the CORS of {}, which --from {} does not read: {way_out}",
                called(&value),
                source.name
            ),
        );
    }
}

/// Whether the source reads such a value. A control plane has nothing without a kind, but for the plugin's
/// configuration alone.
fn is_read(value: &Node<'_>, source: &Source) -> bool {
    let kind = kube::kind(value);
    let is_of_control_plane = source
        .kinds
        .iter()
        .any(|kind| matches!(*kind, "Gateway" | "Ingress"));
    match &*kind {
        "" => !is_of_control_plane || source.kinds.contains(&"WasmPlugin") && !kube::is_json_patch(value),
        kind => source.kinds.contains(&kind),
    }
}

/// CORS at a place that nothing reads, in a kind that the source reads.
fn say_other_places(value: &Node<'_>, source: &Source, remarks: &mut Remarks) {
    for place in cors_named::other_places(value) {
        let message = format!(
            "the CORS of {}, at a place that --from {} does not read: write it where its kind has CORS, or write a rule for it",
            called(value),
            source.name
        );
        remarks.say(code::NOT_READ, &place, message);
    }
}

fn called(value: &Node<'_>) -> String {
    let kind = kube::kind(value);
    let kind = if kind.is_empty() {
        "document".to_owned()
    } else {
        kind
    };
    format!("the {kind} {:?}", kube::name(value))
}
