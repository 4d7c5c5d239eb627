//! From hosts, which a proxy's policies belong to, to buckets, which rules belong to.
//!
//! A host gets what its own policies say and nothing of another's. The names in paths mean the same buckets on every endpoint,
//! so hosts share them only where their policies are the same; a host whose policies cannot be said beside those of an earlier
//! one is left out, and where it would get the earlier one's, it is listed as a bucket without rules.

use std::collections::{HashMap, HashSet};

use super::code;
use super::document::{Bucket, Sourced};
use super::remarks::Remarks;
use super::routes::{Host, Route};
use super::tried::tried;

/// What hosts become.
#[derive(Debug, Default)]
pub(crate) struct Mapped {
    pub(crate) buckets: Vec<Bucket>,
    /// The hosts that path-style names are under; none: all.
    pub(crate) endpoints: Vec<String>,
}

/// A host, or several that have the same routes.
#[derive(Debug, Default)]
struct HostGroup {
    /// Every host that no other group names.
    is_any: bool,
    names: Vec<String>,
    /// Names with a `*`, which no bucket has. Without the `*`.
    wildcards: Vec<String>,
    /// The policies of first segments; `None`: none.
    paths: Vec<(String, Option<Bucket>)>,
    /// The policy of the rest.
    whole: Option<Bucket>,
    place: String,
}

impl HostGroup {
    fn has_policy(&self) -> bool {
        self.whole.is_some() || self.paths.iter().any(|(_, bucket)| bucket.is_some())
    }

    /// Whether its requests get the same answers as another's.
    fn answers_like(&self, other: &Self) -> bool {
        let alike = |(name, own): &(String, Option<Bucket>), (known, others): &(String, Option<Bucket>)| {
            name == known && same(own.as_ref(), others.as_ref())
        };
        same(self.whole.as_ref(), other.whole.as_ref())
            && self.paths.len() == other.paths.len()
            && self
                .paths
                .iter()
                .zip(&other.paths)
                .all(|(own, others)| alike(own, others))
    }

    /// What messages call it.
    fn called(&self) -> String {
        match self.names.first() {
            Some(name) => format!("{name:?}"),
            None => "\"*\"".to_owned(),
        }
    }
}

fn same(some: Option<&Bucket>, other: Option<&Bucket>) -> bool {
    match (some, other) {
        (Some(some), Some(other)) => some.answers_like(other),
        (None, None) => true,
        _ => false,
    }
}

/// Maps every host.
pub(crate) fn map(hosts: Vec<Host>, remarks: &mut Remarks) -> Mapped {
    let groups: Vec<_> = hosts
        .into_iter()
        .filter_map(|host| group(host, remarks))
        .collect();
    let has_wildcards = |group: &HostGroup| !group.is_any && !group.wildcards.is_empty();
    let mut mapping = Mapping {
        unclaimable: groups.iter().any(has_wildcards),
        ..Mapping::default()
    };
    let mut bare = Vec::new();
    for group in groups {
        if !group.has_policy() {
            bare.push(group);
        } else if group.paths.is_empty() {
            mapping.add_whole(group, &mut bare, remarks);
        } else {
            mapping.add_paths(group, &mut bare, remarks);
        }
    }
    mapping.finish(&bare, remarks)
}

/// What a host's routes come to. `None`: it has no name, which is said.
fn group(host: Host, remarks: &mut Remarks) -> Option<HostGroup> {
    let policy = host.routes.iter().find_map(|route| route.bucket.as_ref());
    let first = host.domains.first().map(|domain| domain.place.clone());
    if host.domains.is_empty() {
        if let Some(policy) = policy {
            remarks.say(
                code::OTHER_HOSTS,
                &policy.place,
                "the policies of a host without a name: say in buckets what they are for",
            );
        }
        return None;
    }
    let mut group = HostGroup {
        place: policy
            .map(|policy| policy.place.clone())
            .or(first)
            .unwrap_or_default(),
        ..HostGroup::default()
    };
    let has_policy = policy.is_some();
    let (paths, whole) = tried(host.routes, remarks);
    group.whole = whole.and_then(|route| route.bucket);
    let own = |(name, route): (String, Route)| (name, route.bucket);
    group.paths = paths.into_iter().map(own).collect();
    // What the rest of the host gets anyway needs no entry.
    let differs = |(_, own): &(String, Option<Bucket>)| !same(own.as_ref(), group.whole.as_ref());
    if group.whole.is_some() && !group.paths.iter().any(differs) {
        group.paths.clear();
    } else if group.whole.is_none() {
        group.paths.retain(|(_, bucket)| bucket.is_some());
    }
    domains(&host.domains, has_policy, &mut group, remarks);
    Some(group)
}

/// The names that a host has, as requests are compared: without port, in lower case.
fn domains(domains: &[Sourced<String>], has_policy: bool, group: &mut HostGroup, remarks: &mut Remarks) {
    for Sourced { value, place } in domains {
        let name = value.to_ascii_lowercase();
        let name = match name.rsplit_once(':') {
            Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
                host.to_owned()
            }
            _ => name,
        };
        if name == "*" {
            group.is_any = true;
        } else if name.contains('*') {
            if has_policy {
                remarks.say(code::OTHER_HOSTS, place,
                    format!(
                        "the hosts {value:?}: a bucket's hosts hold no wildcard: list them in hosts, or the domain in \
                         endpoints"
                    ),
                );
            }
            group.wildcards.push(name.replace('*', ""));
        } else if !group.names.contains(&name) {
            group.names.push(name);
        }
    }
}

#[derive(Default)]
struct Mapping {
    buckets: Vec<Bucket>,
    /// By their names, where they stand.
    by_name: HashMap<String, usize>,
    /// The hosts that buckets are bound to.
    bound: HashMap<String, usize>,
    /// The first group with names in its paths.
    path_style: Option<HostGroup>,
    endpoints: Vec<String>,
    on_every_host: bool,
    /// Some hosts have names with a `*`, so that no bucket without rules can keep a policy of every host from them.
    unclaimable: bool,
}

impl Mapping {
    /// A policy that a whole host has: the bucket that the host is bound to.
    fn add_whole(&mut self, mut group: HostGroup, bare: &mut Vec<HostGroup>, remarks: &mut Remarks) {
        let Some(bucket) = group.whole.clone() else { return };
        if group.is_any && self.leaves_out_any(&group, remarks) {
            group.is_any = false;
        }
        if group.is_any {
            // On an endpoint, what is not listed gets it too.
            let rest = self.path_style.as_ref().map(|paths| &paths.whole);
            if rest.is_some_and(|rest| !same(rest.as_ref(), Some(&bucket))) {
                left_out(&group, remarks);
                bare.push(group);
                return;
            }
            self.put("*", &["*".to_owned()], &bucket, remarks);
            return;
        }
        if let Some(first) = group.names.first() {
            self.put(first, &group.names, &bucket, remarks);
        }
    }

    /// Policies of names in a host's paths.
    fn add_paths(&mut self, mut group: HostGroup, bare: &mut Vec<HostGroup>, remarks: &mut Remarks) {
        if group.is_any && self.leaves_out_any(&group, remarks) {
            group.is_any = false;
        }
        if !group.is_any && group.names.is_empty() {
            return;
        }
        let every = self.by_name.get("*").and_then(|at| self.buckets.get(*at));
        let fits = match &self.path_style {
            Some(known) => known.answers_like(&group),
            None => every.is_none_or(|every| same(Some(every), group.whole.as_ref())),
        };
        if !fits {
            left_out(&group, remarks);
            bare.push(group);
            return;
        }
        self.on_every_host |= group.is_any;
        self.endpoints.extend(group.names.iter().cloned());
        if self.path_style.is_some() {
            return;
        }
        for (name, bucket) in &group.paths {
            if bucket.is_none() {
                remarks.say(code::OTHER_HOSTS, &group.place,
                    format!(
                        "that the bucket {name:?} has no policy, where the rest of its host has one: it is written as a \
                         bucket without rules, whose preflights are refused and whose responses lose their CORS headers"
                    ),
                );
            }
            let bucket = bucket.clone().unwrap_or_else(|| without_rules(&group.place));
            self.put(name, &[], &bucket, remarks);
        }
        if let Some(bucket) = &group.whole {
            let hosts = if group.is_any {
                vec!["*".to_owned()]
            } else {
                Vec::new()
            };
            self.put("*", &hosts, bucket, remarks);
        }
        self.path_style = Some(group);
    }

    /// Whether the policies of every host would get to hosts that have others and that no bucket can be bound to.
    fn leaves_out_any(&self, group: &HostGroup, remarks: &mut Remarks) -> bool {
        if self.unclaimable {
            remarks.say(code::OTHER_HOSTS, &group.place,
                "the policies of every other host: hosts whose names have a * would get them too, and no bucket can be \
                 bound to those: list the hosts that are meant",
            );
        }
        self.unclaimable
    }

    /// Adds a bucket, or hosts to the one that there is.
    fn put(&mut self, name: &str, hosts: &[String], bucket: &Bucket, remarks: &mut Remarks) {
        let mut free = Vec::new();
        for host in hosts {
            match self.bound.get(host).and_then(|at| self.buckets.get(*at)) {
                None => free.push(host.clone()),
                Some(known) if known.answers_like(bucket) => {}
                Some(_) => remarks.say(
                    code::SECOND_POLICY,
                    &bucket.place,
                    format!(
                        "a second policy for the host {host:?}: a host has one in the edge; the first stands"
                    ),
                ),
            }
        }
        if free.is_empty() && !hosts.is_empty() {
            return;
        }
        let at = match self.by_name.get(name) {
            Some(&at) => {
                let known = self
                    .buckets
                    .get_mut(at)
                    .filter(|known| known.answers_like(bucket));
                let Some(known) = known else {
                    remarks.say(code::SECOND_POLICY, &bucket.place,
                        format!(
                            "a second policy for the bucket {name:?}: a bucket has one list of rules on every host; the \
                             first policy stands"
                        ),
                    );
                    return;
                };
                known.hosts.extend(free.iter().cloned());
                at
            }
            None => {
                self.buckets.push(Bucket {
                    name: name.to_owned(),
                    hosts: free.clone(),
                    ..bucket.clone()
                });
                let at = self.buckets.len().saturating_sub(1);
                self.by_name.insert(name.to_owned(), at);
                at
            }
        };
        self.bound.extend(free.into_iter().map(|host| (host, at)));
    }

    /// Keeps from the hosts without policies what they would get of others.
    fn finish(mut self, bare: &[HostGroup], remarks: &mut Remarks) -> Mapped {
        if self.on_every_host {
            self.endpoints.clear();
        }
        let mut seen = HashSet::new();
        self.endpoints.retain(|host| seen.insert(host.clone()));
        for group in bare {
            if group.is_any && (self.bound.contains_key("*") || self.on_every_host) {
                remarks.say(code::OTHER_HOSTS, &group.place,
                    "that these other hosts have no policy: an earlier policy is for every host that is not listed",
                );
            }
            for name in &group.names {
                if !self.reaches(name) {
                    continue;
                }
                if self.bound.contains_key(name) || self.endpoints.contains(name) {
                    remarks.say(
                        code::OTHER_HOSTS,
                        &group.place,
                        format!("that the host {name:?} has other policies elsewhere: the first ones stand"),
                    );
                    continue;
                }
                remarks.say(code::OTHER_HOSTS, &group.place,
                    format!(
                        "the host {name:?}, which would get the policies of other hosts: it is written as a bucket \
                         without rules, whose preflights are refused and whose responses lose their CORS headers"
                    ),
                );
                let empty = without_rules(&group.place);
                self.put(name, std::slice::from_ref(name), &empty, remarks);
            }
        }
        Mapped {
            buckets: self.buckets,
            endpoints: self.endpoints,
        }
    }

    /// Whether requests of a host are answered by some bucket's rules.
    fn reaches(&self, host: &str) -> bool {
        let is_below = |endpoint: &String| {
            let bucket = host
                .strip_suffix(endpoint.as_str())
                .and_then(|rest| rest.strip_suffix('.'));
            bucket.is_some_and(|bucket| self.by_name.contains_key(bucket) || self.by_name.contains_key("*"))
        };
        self.bound.contains_key("*")
            || self.bound.contains_key(host)
            || (self.path_style.is_some() && self.endpoints.is_empty())
            || self
                .endpoints
                .iter()
                .any(|endpoint| endpoint == host || is_below(endpoint))
    }
}

fn left_out(group: &HostGroup, remarks: &mut Remarks) {
    remarks.say(code::OTHER_HOSTS, &group.place,
        format!(
            "the policies of the host {}, which is left out: a name in a path means the same bucket on every host, and an \
             earlier host has other policies: give the hosts different buckets, or their own listeners",
            group.called()
        ),
    );
}

fn without_rules(place: &str) -> Bucket {
    Bucket {
        place: place.to_owned(),
        ..Bucket::default()
    }
}
