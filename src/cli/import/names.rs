//! The names of hosts, each with the hosts whose routes its requests come to.

use std::collections::{HashMap, HashSet};

use super::code;
use super::document::Sourced;
use super::remarks::Remarks;
use super::routes::Host;

/// A name, and the hosts that may take its requests.
#[derive(Debug)]
pub(super) struct HostName<'r> {
    /// As the edge compares it.
    pub(super) name: String,
    /// Where they stand among the hosts.
    pub(super) owners: Vec<usize>,
    pub(super) place: &'r str,
}

/// A host that has a name.
#[derive(Debug, Clone, Copy)]
struct Owner<'r> {
    index: usize,
    listener: Option<&'r str>,
    /// It has the name on every port.
    is_bare: bool,
}

/// More hosts than any proxy has for its names.
const MOST_OWNERS: usize = 2_000_000;

/// The names of all hosts, in the order in which they stand.
pub(super) fn of<'r>(hosts: &'r [Host], remarks: &mut Remarks) -> Vec<HostName<'r>> {
    let mut at: HashMap<String, usize> = HashMap::new();
    let mut names: Vec<(HostName<'r>, Vec<Owner<'r>>)> = Vec::new();
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
            if policy.is_some() && name.contains('*') && name != "*" {
                remarks.say(code::OTHER_HOSTS, place,
                    format!(
                        "the hosts {value:?}: a bucket's hosts hold no wildcard: list them in hosts, or the domain in \
                         endpoints"
                    ),
                );
            }
            let owner = Owner {
                index,
                listener: host.stand.listener.as_deref(),
                is_bare: name.len() == value.trim_end_matches('.').len(),
            };
            let next = names.len();
            match names.get_mut(*at.entry(name.clone()).or_insert(next)) {
                Some((_, owners)) => owners.push(owner),
                None => {
                    let place = policy.map_or(place, |policy| &policy.place);
                    let name = HostName {
                        name,
                        owners: Vec::new(),
                        place,
                    };
                    names.push((name, vec![owner]));
                }
            }
        }
    }
    let mut listeners: HashSet<_> = hosts.iter().map(|host| host.stand.listener.as_deref()).collect();
    listeners.insert(None);
    let mut most = MOST_OWNERS;
    let mut all = Vec::new();
    for (known, own) in &names {
        let mut owners = own.clone();
        let mut served: HashSet<Option<&str>> = bare(own).collect();
        if own.iter().any(|owner| owner.listener.is_some()) {
            served.insert(None);
        }
        // A listener that does not have the name has it under a wildcard, and so does another port.
        for above in above(&known.name).filter(|above| *above != known.name) {
            if served.len() == listeners.len() {
                break;
            }
            let Some((_, others)) = at.get(&above).and_then(|at| names.get(*at)) else {
                continue;
            };
            let is_missing = |owner: &&Owner<'r>| !served.contains(&owner.listener);
            owners.extend(others.iter().filter(is_missing));
            served.extend(bare(others));
        }
        let mut owners: Vec<usize> = owners.iter().map(|owner| owner.index).collect();
        owners.dedup();
        let Some(left) = most.checked_sub(owners.len()) else {
            say_too_many(known.place, remarks);
            return Vec::new();
        };
        most = left;
        all.push(HostName {
            name: known.name.clone(),
            owners,
            place: known.place,
        });
    }
    all
}

fn bare<'o, 'r>(owners: &'o [Owner<'r>]) -> impl Iterator<Item = Option<&'r str>> + use<'o, 'r> {
    let bare = owners.iter().filter(|owner| owner.is_bare);
    bare.map(|owner| owner.listener)
}

/// The names with a `*` that a host has, the longest first.
pub(super) fn above(host: &str) -> impl Iterator<Item = String> {
    let dots = host.bytes().enumerate().filter(|(_, byte)| *byte == b'.');
    let ends = dots.filter_map(|(at, _)| Some(format!("*{}", host.get(at..)?)));
    ends.chain(["*".to_owned()])
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

/// More than can be held against their routes.
pub(super) fn say_too_many(place: &str, remarks: &mut Remarks) {
    remarks.say(
        code::OTHER_HOSTS,
        place,
        "all policies: there are too many hosts and paths to hold each against its routes: import them in parts",
    );
}
