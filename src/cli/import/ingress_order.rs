//! Which of several Ingresses has a path, where its controller takes the oldest.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, HashSet};

use super::code;
use super::imported_document::ImportedBucket;
use super::ingress_rules::{self, WithPolicy};
use super::kube;
use super::node::Node;
use super::remarks::Remarks;

/// Which of two Ingresses ingress-nginx takes first. `None`: nothing says when they were made.
pub(crate) fn order(some: &Node<'_>, other: &Node<'_>) -> Option<Ordering> {
    let key = |ingress: &Node<'_>| {
        let name = format!("{}/{}", kube::namespace(ingress), kube::name(ingress));
        // Of two that were made at once, the last by name comes first.
        Some((kube::made(ingress)?, Reverse(name)))
    };
    Some(key(some)?.cmp(&key(other)?))
}

/// Where the paths stand that an older Ingress has.
pub(crate) fn lost(ingresses: &[WithPolicy<'_>], remarks: &mut Remarks) -> HashSet<String> {
    let mut by_path: BTreeMap<_, Vec<(&WithPolicy<'_>, Node<'_>)>> = BTreeMap::new();
    for own in ingresses {
        for rule in ingress_rules::rules(own.ingress) {
            for path in ingress_rules::paths_of(&rule) {
                let kind = path.text_of("pathType").unwrap_or_default();
                let location = [ingress_rules::host_of(&rule), ingress_rules::path_of(&path), kind];
                let key = (own.instance.clone(), location);
                by_path.entry(key).or_default().push((own, path));
            }
        }
    }
    let mut lost = HashSet::new();
    for mut same in by_path.into_values() {
        let is_said = same.len() == 1 || same.iter().all(|(own, _)| kube::made(own.ingress).is_some());
        same.sort_by(|(some, _), (other, _)| order(some.ingress, other.ingress).unwrap_or(Ordering::Equal));
        let mut same = same.into_iter();
        let Some((first, at)) = same.next() else { continue };
        for (other, path) in same {
            // A path that one Ingress has twice has one policy.
            let is_alike = ImportedBucket::are_alike(first.bucket.as_ref(), other.bucket.as_ref());
            if is_said {
                if other.bucket.is_some() && !is_alike {
                    let message = format!(
                        "the policy of this path: ingress-nginx takes the older of two Ingresses for it, the one at {}",
                        at.place
                    );
                    remarks.say(code::NOT_APPLIED, &path.place, message);
                }
                lost.insert(path.place);
            } else if !is_alike {
                let message = format!(
                    "the policy of this path, which is left out: the Ingress at {} has the path too and says something else. \
                     ingress-nginx takes the older of the two, and metadata.creationTimestamp does not say which that is: \
                     give the files as the cluster has them",
                    at.place
                );
                remarks.say(code::SECOND_POLICY, &path.place, message);
            }
        }
    }
    lost
}
