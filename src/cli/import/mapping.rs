//! From hosts, which a proxy's policies belong to, to buckets, which rules belong to.
//!
//! A host gets what its own policies say and nothing of another's. The names in paths mean the same buckets on every endpoint,
//! so hosts share them only where their policies are the same; a host whose policies cannot be said beside those of an earlier
//! one is left out, and where it would get the earlier one's, it is listed as a bucket without rules.

use std::collections::{HashMap, HashSet};

use super::answers::{self, Policy};
use super::code;
use super::document::Bucket;
use super::grouped::{self, HostGroup};
use super::held::{self, MappedBucket};
use super::remarks::Remarks;
use super::routes::Host;

/// What hosts become.
#[derive(Debug, Default)]
pub(crate) struct Mapped {
    pub(crate) buckets: Vec<Bucket>,
    /// The hosts that path-style names are under; none: all.
    pub(crate) endpoints: Vec<String>,
}

/// Maps every host.
pub(crate) fn map(hosts: &[Host], remarks: &mut Remarks) -> Mapped {
    let policies = answers::policies(hosts);
    let site = grouped::of(hosts, &policies, remarks);
    let has_wildcards = |group: &HostGroup<'_>| !group.is_any && !group.wildcards.is_empty();
    let mut mapping = Mapping {
        unclaimable: site.groups.iter().any(has_wildcards),
        ..Mapping::default()
    };
    let mut bare = Vec::new();
    for group in &site.groups {
        if !group.has_policy() {
            bare.push(group);
        } else if group.paths.is_empty() {
            mapping.add_whole(group, &mut bare, remarks);
        } else {
            mapping.add_paths(group, &mut bare, remarks);
        }
    }
    mapping.finish(&bare, remarks);
    let Mapping {
        mut buckets,
        endpoints,
        ..
    } = mapping;
    held::hold(&mut buckets, &endpoints, &site, remarks);
    let buckets = buckets.into_iter().map(|bucket| Bucket {
        name: bucket.name,
        hosts: bucket.hosts,
        place: bucket.place,
        ..bucket
            .policy
            .map(|policy| policy.bucket.clone())
            .unwrap_or_default()
    });
    Mapped {
        buckets: buckets.collect(),
        endpoints,
    }
}

#[derive(Default)]
struct Mapping<'g, 'r> {
    buckets: Vec<MappedBucket<'r>>,
    /// By their names, where they stand.
    by_name: HashMap<String, usize>,
    /// The hosts that buckets are bound to.
    bound: HashSet<String>,
    /// The first group with names in its paths.
    path_style: Option<&'g HostGroup<'r>>,
    /// Each with a slash behind it: a proxy's host says nothing of those below it.
    endpoints: Vec<String>,
    on_every_host: bool,
    /// Some hosts have names with a `*`, so that no bucket without rules can keep a policy of every host from them.
    unclaimable: bool,
}

impl<'g, 'r> Mapping<'g, 'r> {
    /// A policy that a whole host has: the bucket that the host is bound to.
    fn add_whole(
        &mut self,
        group: &'g HostGroup<'r>,
        bare: &mut Vec<&'g HostGroup<'r>>,
        remarks: &mut Remarks,
    ) {
        let is_any = group.is_any && !self.leaves_out_any(group, remarks);
        if is_any {
            // On an endpoint, what is not listed gets it too.
            let rest = self.path_style.map(|paths| paths.whole);
            if rest.is_some_and(|rest| rest != group.whole) {
                left_out(group, remarks);
                bare.push(group);
                return;
            }
            let known = self.by_name.get("*").and_then(|at| self.buckets.get_mut(*at));
            match known {
                Some(known) => known.hosts.push("*".to_owned()),
                None => self.put("*".to_owned(), vec!["*".to_owned()], group.whole, &group.place),
            }
            self.bound.insert("*".to_owned());
        } else if let Some(first) = group.names.first() {
            let name = self.free_name(first);
            self.put(name, group.names.clone(), group.whole, &group.place);
        }
    }

    /// Policies of names in a host's paths.
    fn add_paths(
        &mut self,
        group: &'g HostGroup<'r>,
        bare: &mut Vec<&'g HostGroup<'r>>,
        remarks: &mut Remarks,
    ) {
        let is_any = group.is_any && !self.leaves_out_any(group, remarks);
        if !is_any && group.names.is_empty() {
            return;
        }
        let every = self.by_name.get("*").and_then(|at| self.buckets.get(*at));
        let is_free = |(name, _): &(String, Policy<'_>)| !self.by_name.contains_key(segment(name));
        let fits = match self.path_style {
            Some(known) => known.answers_like(group),
            None => every.is_none_or(|every| every.policy == group.whole) && group.paths.iter().all(is_free),
        };
        if !fits {
            left_out(group, remarks);
            bare.push(group);
            return;
        }
        self.on_every_host |= is_any;
        self.endpoints
            .extend(group.names.iter().map(|name| format!("{name}/")));
        if self.path_style.is_some() {
            return;
        }
        for (name, policy) in &group.paths {
            if policy.is_none() {
                remarks.say(code::OTHER_HOSTS, &group.place,
                    format!(
                        "that the bucket {:?} has no policy, where the rest of its host has one: it is written as a \
                         bucket without rules, whose preflights are refused and whose responses lose their CORS headers",
                        segment(name)
                    ),
                );
            }
            self.put(name.clone(), Vec::new(), *policy, &group.place);
        }
        if group.whole.is_some() {
            let hosts = if is_any { vec!["*".to_owned()] } else { Vec::new() };
            self.put("*".to_owned(), hosts, group.whole, &group.place);
        }
        self.path_style = Some(group);
    }

    /// Whether the policies of every host would get to hosts that have others and that no bucket can be bound to.
    fn leaves_out_any(&self, group: &HostGroup<'_>, remarks: &mut Remarks) -> bool {
        if self.unclaimable {
            remarks.say(code::OTHER_HOSTS, &group.place,
                "the policies of every other host: hosts whose names have a * would get them too, and no bucket can be \
                 bound to those: list the hosts that are meant",
            );
        }
        self.unclaimable
    }

    /// A name for the bucket of a host that is not another bucket's.
    fn free_name(&self, host: &str) -> String {
        let mut name = host.to_owned();
        while self.by_name.contains_key(&name) {
            name.push('-');
        }
        name
    }

    fn put(&mut self, name: String, hosts: Vec<String>, policy: Policy<'r>, place: &str) {
        self.by_name.insert(segment(&name).to_owned(), self.buckets.len());
        self.bound.extend(hosts.iter().cloned());
        self.buckets.push(MappedBucket {
            name,
            hosts,
            policy,
            place: policy.map_or(place, |policy| &policy.bucket.place).to_owned(),
        });
    }

    /// Keeps from the hosts without policies what they would get of others.
    fn finish(&mut self, bare: &[&HostGroup<'_>], remarks: &mut Remarks) {
        if self.on_every_host {
            self.endpoints.clear();
        }
        if !self.bound.contains("*") && (self.path_style.is_none() || !self.endpoints.is_empty()) {
            return;
        }
        for group in bare {
            for name in &group.names {
                remarks.say(code::OTHER_HOSTS, &group.place,
                    format!(
                        "the host {name:?}, which would get the policies of other hosts: it is written as a bucket \
                         without rules, whose preflights are refused and whose responses lose their CORS headers"
                    ),
                );
                let bucket = self.free_name(name);
                self.put(bucket, vec![name.clone()], None, &group.place);
            }
        }
    }
}

/// A bucket's name as it stands in a path.
fn segment(name: &str) -> &str {
    name.strip_suffix('/').unwrap_or(name)
}

fn left_out(group: &HostGroup<'_>, remarks: &mut Remarks) {
    remarks.say(code::OTHER_HOSTS, &group.place,
        format!(
            "the policies of the host {}, which is left out: a name in a path means the same bucket on every host, and an \
             earlier host has other policies: give the hosts different buckets, or their own listeners",
            group.called()
        ),
    );
}
