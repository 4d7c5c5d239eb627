//! Which namespaces' proxies see a VirtualService, by its exportTo.

use std::collections::BTreeSet;

use super::gateways::MESH;
use super::mesh::MeshDefault;
use crate::import::code;
use crate::import::kube;
use crate::import::node::Node;
use crate::import::remarks::Remarks;

/// Where a VirtualService is exported to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Exported {
    Everywhere,
    Nowhere,
    To(BTreeSet<String>),
}

/// What messages call that which says where a VirtualService is exported to.
pub(super) fn called(service: &Node<'_>, default: Option<&MeshDefault>) -> String {
    match default.filter(|_| own_names(service).is_empty()) {
        Some(default) => format!("defaultVirtualServiceExportTo of the mesh, at {},", default.place),
        None => "exportTo".to_owned(),
    }
}

fn own_names(service: &Node<'_>) -> Vec<String> {
    let named = kube::items(service, &["spec", "exportTo"]);
    named.iter().filter_map(|name| name.text()).collect()
}

/// Whether the proxies of a Gateway, or sidecars, see a VirtualService.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    Always,
    /// If they run in the namespace of their Gateway, and nothing in the files says otherwise.
    AtHome,
    /// Some may, and others not.
    Unknown,
    Never,
}

impl Exported {
    /// `default`: where the mesh exports a VirtualService to that does not say it.
    pub(super) fn of(service: &Node<'_>, default: Option<&MeshDefault>) -> Self {
        let named = own_names(service);
        let has = |name: &str| named.iter().any(|named| named == name);
        if let Some(default) = default.filter(|_| named.is_empty()) {
            let has = |name: &str| default.namespaces.iter().any(|named| named == name);
            // Istio takes these two alone as a default, and this one first.
            if has(".") {
                Self::To(BTreeSet::from([kube::namespace(service)]))
            } else if has("*") {
                Self::Everywhere
            } else {
                Self::Nowhere
            }
        } else if has("~") {
            Self::Nowhere
        } else if named.is_empty() || has("*") {
            Self::Everywhere
        } else {
            let own = kube::namespace(service);
            let resolved = |name: String| if name == "." { own.clone() } else { name };
            Self::To(named.into_iter().map(resolved).collect())
        }
    }

    /// Whether a namespace has it.
    pub(super) fn reaches(&self, namespace: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Nowhere => false,
            Self::To(namespaces) => namespaces.contains(namespace),
        }
    }

    /// Whether the proxies of a Gateway see it. `proxies`: the namespaces of those that the files have.
    pub(super) fn sight(&self, gateway: &str, proxies: &BTreeSet<String>) -> Sight {
        let Self::To(namespaces) = self else {
            return match self {
                Self::Nowhere => Sight::Never,
                _ => Sight::Always,
            };
        };
        let home = gateway.split_once('/').map(|(namespace, _)| namespace);
        if proxies.is_empty() {
            return match home {
                Some(home) if namespaces.contains(home) => Sight::AtHome,
                _ => Sight::Unknown,
            };
        }
        match (proxies.is_subset(namespaces), proxies.is_disjoint(namespaces)) {
            (true, _) => Sight::Always,
            (_, true) => Sight::Never,
            _ => Sight::Unknown,
        }
    }
}

impl Sight {
    /// Says what becomes of a policy. `by`: what messages call that which says so.
    pub(super) fn say(self, place: &str, gateway: &str, by: &str, remarks: &mut Remarks) {
        let of_files = "give the Deployment or the Service of its proxies too, or export it to \"*\"";
        match self {
            Self::Always => {}
            Self::AtHome => {
                let message = format!(
                    "that {by} shows this policy to proxies in the namespace of the Gateway {gateway:?}: where its proxies run \
                     in another one, they do not have it, and the edge does; {of_files}"
                );
                remarks.say(code::ASSUMED_NAMESPACE, place, message);
            }
            Self::Never => {
                let message = format!("{by} keeps this policy from every proxy of {gateway:?}");
                remarks.say(code::NOT_APPLIED, place, message);
            }
            Self::Unknown if gateway == MESH => remarks.say(
                code::OTHER_HOSTS,
                place,
                format!(
                    "this policy, which is left out: by {by} only the sidecars of some namespaces have it"
                ),
            ),
            Self::Unknown => {
                let message = format!(
                    "this policy, which is left out: {by} does not name the namespace of the Gateway {gateway:?}, and \
                     whether its proxies run in one that it names is not in the files: {of_files}"
                );
                remarks.say(code::OTHER_HOSTS, place, message);
            }
        }
    }
}
