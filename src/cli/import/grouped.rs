//! Hosts that get the same, each with what its own routes say.

use std::collections::{HashMap, HashSet};

use super::answers::{Policy, Table};
use super::code;
use super::document::Sourced;
use super::host_group::{self, HostGroup};
use super::remarks::Remarks;
use super::routes::{Host, Spot};

/// All hosts.
#[derive(Debug, Default)]
pub(super) struct GroupedHosts<'r> {
    pub(super) groups: Vec<HostGroup<'r>>,
    pub(super) tables: Vec<Table<'r>>,
    /// The number of the table of each name: as routes have it, in lower case and without port.
    pub(super) by_name: HashMap<String, usize>,
}

impl GroupedHosts<'_> {
    /// Whether the edge may give this policy to requests for a host.
    pub(super) fn admits(&self, host: &str, spot: Spot<'_>, policy: Policy<'_>) -> bool {
        let table = self.table(host).and_then(|at| self.tables.get(at));
        table.map_or(policy.is_none(), |table| table.verdict(spot).admits(policy))
    }

    /// The routes of a host: by its name, by the longest name with a `*` that it has, or those of every host.
    fn table(&self, host: &str) -> Option<usize> {
        let known = |name: &str| self.by_name.get(name).copied();
        known(host).or_else(|| above(host).find_map(|name| known(&name)))
    }
}

/// The names with a `*` that a host has, the longest first.
fn above(host: &str) -> impl Iterator<Item = String> {
    let dots = host.bytes().enumerate().filter(|(_, byte)| *byte == b'.');
    let ends = dots.filter_map(|(at, _)| Some(format!("*{}", host.get(at..)?)));
    ends.chain(["*".to_owned()])
}

/// Groups the hosts, each with the numbers of its routes' policies.
pub(super) fn of<'r>(
    hosts: &'r [Host],
    numbers: &'r [Vec<Policy<'r>>],
    remarks: &mut Remarks,
) -> GroupedHosts<'r> {
    // The hosts as they stand, by each of their names.
    let mut standing: HashMap<String, usize> = HashMap::new();
    let mut names: Vec<(String, Vec<usize>, &str)> = Vec::new();
    // Those that stand without a port.
    let mut bare = HashSet::new();
    for (index, host) in hosts.iter().enumerate() {
        let policy = host.routes.iter().find_map(|route| route.bucket.as_ref());
        if let (Some(policy), []) = (policy, host.domains.as_slice()) {
            remarks.say(
                code::OTHER_HOSTS,
                &policy.place,
                "the policies of a host without a name: say in buckets what they are for",
            );
        }
        for Sourced { value, place } in &host.domains {
            let name = compared(value);
            if name.len() == value.trim_end_matches('.').len() {
                bare.insert(name.clone());
            }
            if policy.is_some() && name.contains('*') && name != "*" {
                remarks.say(code::OTHER_HOSTS, place,
                    format!(
                        "the hosts {value:?}: a bucket's hosts hold no wildcard: list them in hosts, or the domain in \
                         endpoints"
                    ),
                );
            }
            let place = policy.map_or(place, |policy| &policy.place);
            let next = names.len();
            let at = *standing.entry(name.clone()).or_insert(next);
            match names.get_mut(at) {
                Some((_, owners, _)) if owners.last() == Some(&index) => {}
                Some((_, owners, _)) => owners.push(index),
                None => names.push((name, vec![index], place)),
            }
        }
    }
    // Without the port, a request is another host's.
    let of = |name: &str| standing.get(name).and_then(|at| names.get(*at));
    let mut more = Vec::new();
    for (at, (name, ..)) in names.iter().enumerate() {
        let others = above(name)
            .find_map(|name| of(&name))
            .filter(|_| !bare.contains(name));
        more.extend(others.map(|(_, owners, _)| (at, owners.clone())));
    }
    for (at, others) in more {
        if let Some((_, owners, _)) = names.get_mut(at) {
            owners.extend(others);
        }
    }
    let mut site = GroupedHosts::default();
    let mut known: HashMap<Vec<usize>, (usize, usize)> = HashMap::new();
    let mut by_place: HashMap<String, Vec<usize>> = HashMap::new();
    for (name, owners, place) in names {
        let (table, group) = match known.get(&owners) {
            Some(known) => *known,
            None => {
                let of_owners = owners
                    .iter()
                    .filter_map(|owner| Some((hosts.get(*owner)?, numbers.get(*owner)?.as_slice())));
                let table = Table::of(of_owners);
                let mut group = host_group::of(&table, remarks);
                group.place = place.to_owned();
                site.tables.push(table);
                let same = by_place.entry(place.to_owned()).or_default();
                let is_same = |at: &&usize| {
                    site.groups
                        .get(**at)
                        .is_some_and(|known| known.answers_like(&group))
                };
                let at = same.iter().find(is_same).copied().unwrap_or(site.groups.len());
                if at == site.groups.len() {
                    same.push(at);
                    site.groups.push(group);
                }
                let both = (site.tables.len().saturating_sub(1), at);
                known.insert(owners, both);
                both
            }
        };
        if let Some(group) = site.groups.get_mut(group) {
            match name.as_str() {
                "*" => group.is_any = true,
                wildcard if wildcard.contains('*') => group.wildcards.push(name.clone()),
                _ => group.names.push(name.clone()),
            }
        }
        site.by_name.insert(name, table);
    }
    site
}

/// A name as the edge compares it: without port and dots at its end, in lower case.
fn compared(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let name = match name.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => &name,
    };
    name.trim_end_matches('.').to_owned()
}
