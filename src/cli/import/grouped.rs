//! Hosts that get the same, each with what its own routes say.

use std::collections::{HashMap, HashSet};

use super::answers::{Answer, Policy, Table, Verdict};
use super::code;
use super::document::Sourced;
use super::remarks::Remarks;
use super::routes::{Host, Paths, Spot};

/// A host, or several that have the same policies.
#[derive(Debug, Default)]
pub(super) struct HostGroup<'r> {
    /// Every host that no other group names.
    pub(super) is_any: bool,
    pub(super) names: Vec<String>,
    /// Names with a `*`, which no bucket has.
    pub(super) wildcards: Vec<String>,
    /// The policies of first segments, by the names of buckets.
    pub(super) paths: Vec<(String, Policy<'r>)>,
    /// The policy of the rest.
    pub(super) whole: Policy<'r>,
    pub(super) place: String,
}

/// All hosts.
#[derive(Debug, Default)]
pub(super) struct GroupedHosts<'r> {
    pub(super) groups: Vec<HostGroup<'r>>,
    pub(super) tables: Vec<Table<'r>>,
    /// The number of the table of each name: as routes have it, in lower case and without port.
    pub(super) by_name: HashMap<String, usize>,
}

impl HostGroup<'_> {
    pub(super) fn has_policy(&self) -> bool {
        self.whole.is_some() || self.paths.iter().any(|(_, policy)| policy.is_some())
    }

    /// Whether its requests get the same answers as another's.
    pub(super) fn answers_like(&self, other: &Self) -> bool {
        self.whole == other.whole && self.paths == other.paths
    }

    /// What messages call it.
    pub(super) fn called(&self) -> String {
        match self.names.first() {
            Some(name) => format!("{name:?}"),
            None => "\"*\"".to_owned(),
        }
    }
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
                let mut group = group(&table, remarks);
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

/// What the routes of a host come to, as far as buckets can say it.
fn group<'r>(table: &Table<'r>, remarks: &mut Remarks) -> HostGroup<'r> {
    say_parts(table, remarks);
    let rest = table.answer(Spot::Unnamed);
    let mut whole = given(&rest, "the rest of its host", remarks);
    let mut paths = Vec::new();
    for &name in &table.names {
        let below = table.answer(Spot::Below(name));
        let alone = table.verdict(Spot::Segment(name));
        let policy = given(&below, &format!("the bucket {name:?}"), remarks);
        let (name, policy) = if alone == Verdict::NoRoute || alone == Verdict::Each(policy) {
            (name.to_owned(), policy)
        } else if alone.admits(whole) {
            (format!("{name}/"), policy)
        } else {
            if let Some((_, place)) = below
                .found
                .iter()
                .find(|(found, _)| policy.is_some() && *found == policy)
            {
                say_left_out(
                    place,
                    &format!("the bucket {name:?}"),
                    &format!("the path \"/{name}\" has not"),
                    remarks,
                );
            }
            (name.to_owned(), None)
        };
        paths.push((name, policy));
    }
    // A bucket of a whole host has all of its paths.
    if paths.iter().all(|(_, policy)| *policy == whole) {
        paths.clear();
        let root = table.answer(Spot::Root);
        if !root.verdict().admits(whole) {
            if let Some((_, place)) = rest.found.first() {
                say_left_out(place, "a whole host", "the path \"/\" has not", remarks);
            }
            whole = None;
        }
    } else if whole.is_none() {
        paths.retain(|(_, policy)| policy.is_some());
    } else {
        paths.retain(|(_, policy)| *policy != whole);
    }
    HostGroup {
        paths,
        whole,
        ..HostGroup::default()
    }
}

/// The policy that all requests of a spot have, which is said where some have another.
fn given<'r>(answer: &Answer<'r>, of: &str, remarks: &mut Remarks) -> Policy<'r> {
    match answer.verdict() {
        Verdict::Each(policy) => return policy,
        Verdict::NoRoute => return None,
        Verdict::Mixed => {}
    }
    let policy = answer.found.iter().find(|(policy, _)| policy.is_some());
    let other = answer.found.iter().find(|found| Some(*found) != policy);
    if let (Some((_, place)), Some((_, other))) = (policy, other) {
        say_left_out(
            place,
            of,
            &format!("some of its requests, by the route at {other}, have not"),
            remarks,
        );
    }
    None
}

fn say_left_out(place: &str, of: &str, who_has_not: &str, remarks: &mut Remarks) {
    remarks.say(
        code::OTHER_HOSTS,
        place,
        format!("the policy of {of}, which is left out: {who_has_not} this policy, and rules belong to a whole bucket"),
    );
}

/// What is no bucket's, and routes that no request comes to.
fn say_parts(table: &Table<'_>, remarks: &mut Remarks) {
    for step in table.steps().filter(|step| step.policy.is_some()) {
        let spot = match step.paths {
            Paths::AnyCase(_) => {
                remarks.say(code::PATH_CASE, step.place,
                    "that upper and lower case are alike in the path: buckets' names compare byte for byte, so that only the \
                     name as written gets this policy",
                );
                continue;
            }
            Paths::Other(why, _) => {
                let message = format!("the policy of this route: {why}");
                remarks.say(code::OTHER_HOSTS, step.place, message);
                continue;
            }
            Paths::All => Spot::Unnamed,
            Paths::Prefix(name) => {
                remarks.say(
                    code::PREFIX_IS_BUCKET,
                    step.place,
                    format!(
                        "the prefix is taken for the bucket {name:?}, and not for others whose name begins so"
                    ),
                );
                Spot::Below(name)
            }
            Paths::Bucket(name) | Paths::Folder(name) => Spot::Below(name),
        };
        let found = table.answer(spot).found;
        if !found.iter().any(|(policy, _)| *policy == step.policy) {
            remarks.say(
                code::UNREACHED_ROUTE,
                step.place,
                "no request comes to this route: an earlier one takes its paths",
            );
        }
    }
}
