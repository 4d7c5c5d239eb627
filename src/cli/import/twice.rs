//! Routes that stand in the files twice, as in a base and in what is put over it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::code;
use super::file::File;
use super::kube;
use super::node::Node;
use super::remarks::Remarks;
use super::sources::Source;

/// The kinds of routes that hosts have.
const KINDS: [&str; 3] = ["VirtualService", "HTTPRoute", "GRPCRoute"];

/// Where kubectl keeps what was applied last, which no controller reads.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Names each resource that the files have twice and in which they do not say the same.
pub(super) fn say(file: &File<'_>, source: &Source, remarks: &mut Remarks) {
    let values = file.values();
    let mut known: HashMap<[String; 4], &Node<'_>> = HashMap::new();
    for value in &values {
        let (kind, name) = (kube::kind(value), kube::name(value));
        if name.is_empty() || !KINDS.contains(&&*kind) || !source.kinds.contains(&&*kind) {
            continue;
        }
        let version = value.text_of("apiVersion").unwrap_or_default();
        let group = version.split('/').next().unwrap_or_default().to_owned();
        let namespace = kube::namespace(value);
        match known.entry([group, kind.clone(), namespace.clone(), name.clone()]) {
            Entry::Vacant(place) => _ = place.insert(value),
            Entry::Occupied(first) if says_otherwise(first.get(), value) => remarks.say(
                code::SECOND_POLICY,
                &value.place,
                format!(
                    "the {kind} {name:?} of the namespace {namespace:?} a second time: the one at {} says something else, and \
                     what they do not agree on is left out: give one of them, or what `kustomize build` or `kubectl get` prints",
                    first.get().place
                ),
            ),
            Entry::Occupied(_) => {}
        }
    }
}

/// Whether two resources ask their controller for different things.
fn says_otherwise(some: &Node<'_>, other: &Node<'_>) -> bool {
    let paths: [&[&str]; 2] = [&["spec"], &["metadata", "annotations"]];
    let mut paths = paths.iter();
    paths.any(|path| differ(some.path(path).as_ref(), other.path(path).as_ref()))
}

fn differ(some: Option<&Node<'_>>, other: Option<&Node<'_>>) -> bool {
    let (Some(some), Some(other)) = (some, other) else {
        return some.is_some() != other.is_some();
    };
    let (names, own) = parts(some);
    let (other_names, others) = parts(other);
    let mut both = own.iter().zip(&others);
    some.is_list() != other.is_list()
        || names != other_names
        || own.len() != others.len()
        || some.text() != other.text()
        || both.any(|(own, other)| differ(Some(own), Some(other)))
}

/// What is in a value, with the names of an object's fields, in their order.
fn parts<'t>(of: &Node<'t>) -> (Vec<&'t str>, Vec<Node<'t>>) {
    if of.is_list() {
        return (Vec::new(), of.items());
    }
    let mut fields = of.fields();
    fields.retain(|(name, _)| *name != LAST_APPLIED);
    fields.sort_by_key(|(name, _)| *name);
    fields.into_iter().unzip()
}
