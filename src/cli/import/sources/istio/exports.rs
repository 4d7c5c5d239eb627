//! Which namespaces' proxies see a VirtualService, by its exportTo.

use std::collections::BTreeSet;

use super::gateways::MESH;
use crate::import::code;
use crate::import::kubernetes;
use crate::import::node::Node;
use crate::import::remarks::Remarks;

/// Where a VirtualService is exported to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Exported {
    Everywhere,
    Nowhere,
    To(BTreeSet<String>),
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
    pub(super) fn of(service: &Node<'_>) -> Self {
        let named = kubernetes::items(service, &["spec", "exportTo"]);
        let named: Vec<_> = named.iter().filter_map(|name| name.text()).collect();
        let has = |name: &str| named.iter().any(|named| named == name);
        if has("~") {
            Self::Nowhere
        } else if named.is_empty() || has("*") {
            Self::Everywhere
        } else {
            let own = kubernetes::namespace(service);
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
    /// Says what becomes of a policy.
    pub(super) fn say(self, place: &str, gateway: &str, remarks: &mut Remarks) {
        let of_files = "give the Deployment or the Service of its proxies too, or export it to \"*\"";
        match self {
            Self::Always => {}
            Self::AtHome => {
                let message = format!(
                    "that exportTo shows this policy to proxies in the namespace of the Gateway {gateway:?}: where its proxies run \
                     in another one, they do not have it, and the edge does; {of_files}"
                );
                remarks.say(code::ASSUMED_NAMESPACE, place, message);
            }
            Self::Never => {
                let message = format!("exportTo keeps this policy from every proxy of {gateway:?}");
                remarks.say(code::NOT_APPLIED, place, message);
            }
            Self::Unknown if gateway == MESH => remarks.say(
                code::OTHER_HOSTS,
                place,
                "this policy, which is left out: by exportTo only the sidecars of some namespaces have it",
            ),
            Self::Unknown => {
                let message = format!(
                    "this policy, which is left out: exportTo does not name the namespace of the Gateway {gateway:?}, and \
                     whether its proxies run in one that it names is not in the files: {of_files}"
                );
                remarks.say(code::OTHER_HOSTS, place, message);
            }
        }
    }
}
