//! Hosts that Envoy compares with the port of `Host`, which the edge does not look at.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::import::code;
use crate::import::host_group::{self, HostGroup};
use crate::import::host_routes::{self, HostRoutes};
use crate::import::owned_names;
use crate::import::remarks::Remarks;
use crate::import::routes::Host;

/// What a listener has for names with a port.
#[derive(Default)]
struct RoutedListener<'r> {
    /// The names that some host has with a port.
    with_port: BTreeSet<String>,
    /// The hosts of names with a `*` at the end, by what is before it: a port is part of what the `*` takes.
    starts: HashMap<String, (usize, &'r str)>,
    lengths: BTreeSet<usize>,
}

/// Says, of the first host of which it is so, that requests with a port come to another host, which answers otherwise.
/// `with_port`: the hosts whose names are compared so.
pub(super) fn say(hosts: &[Host], with_port: &HashSet<usize>, remarks: &mut Remarks) {
    let policies = host_routes::policies(hosts);
    let mut listeners: HashMap<Option<&str>, RoutedListener<'_>> = HashMap::new();
    let is_meant = |(index, _): &(usize, &Host)| with_port.contains(index);
    for (index, host) in hosts.iter().enumerate().filter(is_meant) {
        let listener = listeners.entry(host.stand.listener.as_deref()).or_default();
        for domain in &host.domains {
            let (name, port) = owned_names::compared(&domain.value);
            if let Some(start) = name.strip_suffix('*').filter(|_| port.is_empty()) {
                listener.lengths.insert(start.len());
                let own = (index, domain.value.as_str());
                listener.starts.entry(start.to_owned()).or_insert(own);
            } else if !port.is_empty() {
                listener.with_port.insert(name);
            }
        }
    }
    let group = |index: usize| {
        let pair = hosts.get(index).zip(policies.get(index));
        let table = HostRoutes::of(pair.map(|(host, own)| (host, own.as_slice())).into_iter());
        host_group::of(&table, &mut Remarks::default())
    };
    let mut others: HashMap<usize, HostGroup<'_>> = HashMap::new();
    for (index, host) in hosts.iter().enumerate().filter(is_meant) {
        let Some(listener) = listeners.get(&host.stand.listener.as_deref()) else {
            continue;
        };
        let mut own = None;
        for domain in &host.domains {
            let (name, port) = owned_names::compared(&domain.value);
            if name.contains('*') || !port.is_empty() || listener.with_port.contains(&name) {
                continue;
            }
            let taking = listener.lengths.iter().rev();
            let mut taking = taking.filter_map(|length| listener.starts.get(name.get(..*length)?));
            let Some((other, taker)) = taking.next().filter(|(other, _)| *other != index) else {
                continue;
            };
            let other = others.entry(*other).or_insert_with(|| group(*other));
            let own = own.get_or_insert_with(|| group(index));
            if other.is_void || own.is_void || own.answers_like(other) {
                continue;
            }
            remarks.say(
                code::ANY_PORT,
                &domain.place,
                format!(
                    "the host {:?} with a port behind it: Envoy compares the port too, so that {taker:?} takes such requests \
                     and answers otherwise, and the edge takes them for this host: set ignore_port_in_host_matching if that \
                     is meant; where requests come with a port, so it is with the other hosts of this file",
                    domain.value
                ),
            );
            return;
        }
    }
}
