//! From hosts, which a proxy's policies belong to, to buckets, which rules belong to.
//!
//! A host gets what its own policies say and nothing of another's. The names in paths mean the same buckets on every
//! endpoint, so hosts share them only where their policies are the same; a host whose policies cannot be said beside
//! those of an earlier one is left out, and where it would get the earlier one's, it is listed as a bucket without
//! rules.

use std::collections::{HashMap, HashSet};

use super::code;
use super::grouped::{self, GroupedHosts};
use super::held::{self, MappedBucket};
use super::host_group::{HostGroup, NamedPath};
use super::host_routes::{self, RoutePolicy};
use super::imported_document::ImportedBucket;
use super::path_names;
use super::remarks::Remarks;
use super::routes::Host;

/// What hosts become.
#[derive(Debug, Default)]
pub(crate) struct Mapped {
    pub(crate) buckets: Vec<ImportedBucket>,
    /// The hosts that path-style names are under; none: all.
    pub(crate) endpoints: Vec<String>,
}

/// Maps every host.
pub(crate) fn map(hosts: &[Host], remarks: &mut Remarks) -> Mapped {
    let policies = host_routes::policies(hosts);
    let site = grouped::of(hosts, &policies, remarks);
    let is_unclaimable =
        |group: &HostGroup<'_>| !group.is_void && !group.is_any && !group.unbindable.is_empty();
    let mut mapping = Mapping {
        unclaimable: site.groups.iter().any(is_unclaimable),
        buckets: Vec::new(),
        by_name: HashMap::new(),
        bound: HashSet::new(),
        path_styles: Vec::new(),
        endpoints: Vec::new(),
        on_every_host: false,
        site: &site,
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
        mut endpoints,
        ..
    } = mapping;
    held::hold(&mut buckets, &mut endpoints, &site, remarks);
    let buckets = buckets.into_iter().map(|bucket| ImportedBucket {
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

struct Mapping<'g, 'r> {
    buckets: Vec<MappedBucket<'r>>,
    /// By their names, where they stand.
    by_name: HashMap<String, usize>,
    /// The hosts that buckets are bound to.
    bound: HashSet<String>,
    /// The groups with names in their paths.
    path_styles: Vec<&'g HostGroup<'r>>,
    /// Each with a slash behind it: a proxy's host says nothing of those below it.
    endpoints: Vec<String>,
    on_every_host: bool,
    /// Some hosts have names that no bucket can be bound to, so that none without rules keeps a policy of every host
    /// from them.
    unclaimable: bool,
    site: &'g GroupedHosts<'r>,
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
            if let Some(paths) = self
                .path_styles
                .first()
                .filter(|paths| paths.whole != group.whole)
            {
                let why = format!(
                    "the buckets of {} that no path names would get them too, and have others or none",
                    paths.called()
                );
                left_out(group, &why, remarks);
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
        if let Some(why) = self.why_not(group) {
            left_out(group, &why, remarks);
            bare.push(group);
            return;
        }
        let has_root = is_any && self.path_styles.is_empty();
        if let Some(place) = group.root.as_ref().filter(|_| !has_root) {
            remarks.say(
                code::ROOT_PATH,
                place,
                format!(
                    "the path \"/\" of the host {} alone: beside paths that name buckets it is no bucket's, and the edge leaves its \
                     requests as they are",
                    group.called()
                ),
            );
        }
        self.on_every_host |= is_any;
        self.endpoints
            .extend(group.names.iter().map(|name| format!("{name}/")));
        let mut known = self.path_styles.iter();
        if known.any(|known| known.answers_like(group)) {
            return;
        }
        for NamedPath { name, policy, lost } in &group.paths {
            let written = "written as a bucket without rules, whose preflights are refused and whose responses lose their CORS \
                           headers";
            let name_alone = path_names::segment(name);
            match lost {
                _ if policy.is_some() => {}
                Some(lost) => {
                    let why = format!("{}; {name_alone:?} is {written}", lost.why);
                    remarks.say(code::OTHER_HOSTS, &lost.place, why);
                }
                None => remarks.say(
                    code::OTHER_HOSTS,
                    &group.place,
                    format!(
                        "that the bucket {name_alone:?} has no policy, where the rest of its host has one: it is {written}"
                    ),
                ),
            }
            if !self.by_name.contains_key(name_alone) {
                self.put(name.clone(), Vec::new(), *policy, &group.place);
            }
        }
        if group.whole.is_some() {
            let hosts = if is_any { vec!["*".to_owned()] } else { Vec::new() };
            self.put("*".to_owned(), hosts, group.whole, &group.place);
        }
        self.path_styles.push(group);
    }

    /// Why the names in a host's paths cannot be said beside those of earlier hosts, if they cannot.
    fn why_not(&self, group: &HostGroup<'r>) -> Option<String> {
        if self.path_styles.iter().any(|known| known.answers_like(group)) {
            return None;
        }
        let is_of_host = |path: &&NamedPath<'_>| {
            let known = self.by_name.get(path_names::segment(&path.name));
            let known = known.and_then(|at| self.buckets.get(*at));
            known.is_some_and(|known| !known.hosts.is_empty())
        };
        if let Some(taken) = group.paths.iter().find(is_of_host) {
            let name = path_names::segment(&taken.name);
            return Some(format!(
                "the bucket {name:?} of its paths would be that of a host"
            ));
        }
        if !self.path_styles.is_empty() {
            return path_names::why_not_beside(group, &self.path_styles, self.on_every_host, self.site);
        }
        let every = self.by_name.get("*").and_then(|at| self.buckets.get(*at));
        let every = every.filter(|every| every.policy != group.whole)?;
        Some(format!(
            "what none of its paths names would get the policy of every host, at {}, and has another or none",
            every.place
        ))
    }

    /// Whether the policies of every host would get to hosts that have others and that no bucket can be bound to.
    fn leaves_out_any(&self, group: &HostGroup<'_>, remarks: &mut Remarks) -> bool {
        if self.unclaimable {
            remarks.say(code::OTHER_HOSTS, &group.place,
                "the policies of every other host: hosts whose names have a *, or are no names as they stand, would get them too, \
                 and no bucket can be bound to those: list the hosts that are meant",
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

    fn put(&mut self, name: String, hosts: Vec<String>, policy: RoutePolicy<'r>, place: &str) {
        self.by_name
            .insert(path_names::segment(&name).to_owned(), self.buckets.len());
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
        if !self.bound.contains("*") && (self.path_styles.is_empty() || !self.endpoints.is_empty()) {
            return;
        }
        for group in bare.iter().filter(|group| !group.is_void) {
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

fn left_out(group: &HostGroup<'_>, why: &str, remarks: &mut Remarks) {
    remarks.say(
        code::OTHER_HOSTS,
        &group.place,
        format!(
            "the policies of the host {}, which is left out: {why}: give the buckets of the hosts different names, or each host a listener and a configuration of its own",
            group.called()
        ),
    );
}
