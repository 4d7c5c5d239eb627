//! Hosts that get the same, each with what its own routes say.

use std::collections::HashMap;

use super::host_group::{self, HostGroup};
use super::host_routes::{HostRoutes, RoutePolicy};
use super::owned_names::{self, OwnedName, Wildcards};
use super::reach::Spot;
use super::remarks::Remarks;
use super::routes::Host;

/// All hosts.
#[derive(Debug, Default)]
pub(super) struct GroupedHosts<'r> {
    pub(super) groups: Vec<HostGroup<'r>>,
    pub(super) tables: Vec<HostRoutes<'r>>,
    /// The number of the table of each name: as routes have it, in lower case and without port.
    pub(super) by_name: HashMap<String, usize>,
    wildcards: Wildcards,
}

impl GroupedHosts<'_> {
    /// Whether the edge may give this policy to requests for a host.
    pub(super) fn admits(&self, host: &str, spot: Spot<'_>, policy: RoutePolicy<'_>) -> bool {
        let table = self.table(host).and_then(|at| self.tables.get(at));
        table.map_or(policy.is_none(), |table| table.verdict(spot).admits(policy))
    }

    /// The routes of a host: by its name, or by the first name with a `*` that it has.
    fn table(&self, host: &str) -> Option<usize> {
        let known = |name: &str| self.by_name.get(name).copied();
        known(host).or_else(|| self.wildcards.above(host).find_map(|name| known(&name)))
    }
}

/// Groups the hosts, each with the numbers of its routes' policies.
pub(super) fn of<'r>(
    hosts: &'r [Host],
    numbers: &'r [Vec<RoutePolicy<'r>>],
    remarks: &mut Remarks,
) -> GroupedHosts<'r> {
    let mut site = GroupedHosts {
        wildcards: Wildcards::of(hosts),
        ..GroupedHosts::default()
    };
    let mut known: HashMap<Vec<usize>, (usize, usize)> = HashMap::new();
    let mut by_place: HashMap<String, Vec<usize>> = HashMap::new();
    for OwnedName {
        name,
        owners,
        place,
        is_bindable,
    } in owned_names::of(hosts, &site.wildcards, remarks)
    {
        let (table, group) = match known.get(&owners) {
            Some(known) => *known,
            None => {
                let of_owners = owners
                    .iter()
                    .filter_map(|owner| Some((hosts.get(*owner)?, numbers.get(*owner)?.as_slice())));
                let table = HostRoutes::of(of_owners);
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
                _ if is_bindable => group.names.push(name.clone()),
                _ => group.unbindable.push(name.clone()),
            }
        }
        site.by_name.insert(name, table);
    }
    site
}
