//! The further names that server-alias gives the hosts of Ingresses.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::code;
use super::imported_document::Sourced;
use super::ingress::Controller;
use super::ingress_order;
use super::ingress_rules::{self, WithPolicy};
use super::node::Node;
use super::policy;
use super::remarks::Remarks;
use super::routes::Host;

/// A host of one of several controllers.
type InstanceHost = (Option<String>, String);

/// Names that an Ingress gives a host.
struct GivenAliases<'t> {
    ingress: &'t Node<'t>,
    names: Vec<Sourced<String>>,
}

/// Adds to each host the names that it has as ingress-nginx gives them: those of the oldest Ingress of the host; none
/// that is a host itself; and of two hosts with one alias, nginx takes the first by name.
pub(crate) fn add(
    hosts: &mut [Host],
    ingresses: &[WithPolicy<'_>],
    controller: &Controller,
    remarks: &mut Remarks,
) {
    let mut by_host: BTreeMap<InstanceHost, GivenAliases<'_>> = BTreeMap::new();
    for WithPolicy {
        ingress,
        bucket,
        instance,
    } in ingresses
    {
        let Some(alias) = controller.annotation(ingress, "server-alias") else {
            continue;
        };
        let names = policy::commas(&alias.text().unwrap_or_default(), &alias.place);
        let (names, others): (Vec<_>, Vec<_>) = names
            .into_iter()
            .partition(|name| controller.takes_aliases && !name.value.starts_with('~'));
        for other in others.iter().filter(|_| bucket.is_some()) {
            let message = format!("the hosts {:?} of server-alias: list them in hosts", other.value);
            remarks.say(code::OTHER_HOSTS, &other.place, message);
        }
        let rules = ingress_rules::rules(ingress);
        for host in rules
            .iter()
            .map(ingress_rules::host_of)
            .filter(|host| host != "*")
        {
            let new = GivenAliases {
                ingress,
                names: names.clone(),
            };
            let key = (instance.clone(), host);
            match by_host.get_mut(&key) {
                Some(known) => known.meet(new, &key.1, &alias.place, remarks),
                None => _ = by_host.insert(key, new),
            }
        }
    }
    let named: HashSet<InstanceHost> = hosts.iter().flat_map(keys).collect();
    let mut owners: HashMap<InstanceHost, String> = HashMap::new();
    for ((instance, host), GivenAliases { names, .. }) in &mut by_host {
        names.retain(|name| {
            let alias = (instance.clone(), name.value.to_ascii_lowercase());
            if named.contains(&alias) {
                return false;
            }
            let owner = owners.entry(alias).or_insert_with(|| host.clone());
            if owner != host {
                let message = format!(
                    "the alias {:?} of the host {host:?}: it is one of {owner:?} too, which nginx takes",
                    name.value
                );
                remarks.say(code::NOT_APPLIED, &name.place, message);
            }
            owner == host
        });
    }
    for host in hosts {
        let given = keys(host).next().and_then(|own| by_host.get(&own));
        host.domains
            .extend(given.into_iter().flat_map(|given| given.names.iter().cloned()));
    }
}

/// The names of a host, each with the controller that has it.
fn keys(host: &Host) -> impl Iterator<Item = InstanceHost> {
    let names = host
        .domains
        .iter()
        .map(|domain| domain.value.to_ascii_lowercase());
    names.map(|name| (host.stand.listener.clone(), name))
}

impl<'t> GivenAliases<'t> {
    /// Another Ingress gives the host names too.
    fn meet(&mut self, other: GivenAliases<'t>, host: &str, place: &str, remarks: &mut Remarks) {
        if self.names == other.names {
            return;
        }
        match ingress_order::order(self.ingress, other.ingress) {
            Some(order) => {
                let message =
                    format!("aliases of the host {host:?}: ingress-nginx takes those of its oldest Ingress");
                remarks.say(code::NOT_APPLIED, place, message);
                if order == Ordering::Greater {
                    *self = other;
                }
            }
            None => {
                let message = format!(
                    "the aliases of the host {host:?}, which are left out: two of its Ingresses give some, ingress-nginx takes \
                     those of the older, and metadata.creationTimestamp does not say which that is"
                );
                remarks.say(code::OTHER_HOSTS, place, message);
                self.names.clear();
            }
        }
    }
}
