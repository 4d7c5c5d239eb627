//! Holds what is written against what the routes say, with the edge's own eyes: no host and no path gets a policy from
//! the edge that its proxy does not give it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bucket_cors::config;
use bucket_cors::matcher::{Matcher, MatcherBuilder, Owner};
use serde_json::json;

use super::code;
use super::grouped::GroupedHosts;
use super::host_routes::RoutePolicy;
use super::owned_names;
use super::reach::Spot;
use super::remarks::Remarks;

/// A bucket with the policy that it stands for. `None`: it has no rules.
#[derive(Debug)]
pub(super) struct MappedBucket<'r> {
    pub(super) name: String,
    pub(super) hosts: Vec<String>,
    pub(super) policy: RoutePolicy<'r>,
    pub(super) place: String,
}

/// More requests than any proxy's hosts and paths make. Each costs some 100 ns.
const MOST_REQUESTS: usize = 2_000_000;

/// An endpoint whose name no request has (RFC 2606), so that no bucket's name counts in a path.
const NO_ENDPOINT: &str = "none.invalid/";

/// In front of a bucket's name, it makes one that no store takes, so that no path has it.
const OF_HOST: &str = "host:";

/// Takes the policies out that would get to hosts or paths which have others.
pub(super) fn hold(
    buckets: &mut Vec<MappedBucket<'_>>,
    endpoints: &mut Vec<String>,
    site: &GroupedHosts<'_>,
    remarks: &mut Remarks,
) {
    let names: BTreeSet<&str> = site
        .tables
        .iter()
        .flat_map(|table| table.names.iter().copied())
        .collect();
    let of_each = names.len().saturating_add(1).saturating_mul(2);
    let are_many = met_in_paths(buckets, site).nth(MOST_REQUESTS).is_some();
    if are_many || site.by_name.len().saturating_mul(of_each) > MOST_REQUESTS {
        if let Some(bucket) = buckets.first() {
            owned_names::say_too_many(&bucket.place, remarks);
        }
        buckets.clear();
        return;
    }
    // Buckets of hosts need no names in paths, which count on every endpoint, and on every host where there is none.
    let are_bound = buckets.iter().all(|bucket| !bucket.hosts.is_empty());
    let met = wider(buckets, endpoints, site, &names, true);
    if are_bound && endpoints.is_empty() && !met.is_empty() {
        endpoints.push(NO_ENDPOINT.to_owned());
    } else {
        for at in met.keys() {
            let bucket = buckets
                .get_mut(*at)
                .filter(|bucket| !bucket.hosts.is_empty() && bucket.name != "*");
            if let Some(bucket) = bucket {
                bucket.name.insert_str(0, OF_HOST);
            }
        }
    }
    // A path that a bucket no longer has may be another's.
    loop {
        let wider = wider(buckets, endpoints, site, &names, false);
        for (at, host) in &wider {
            if let Some(bucket) = buckets.get(*at) {
                remarks.say(
                    code::OTHER_HOSTS,
                    &bucket.place,
                    format!(
                        "the policy of the bucket {:?}, which is left out: the host {host:?} would get it too, whose own \
                         routes do not say so",
                        bucket.name
                    ),
                );
            }
        }
        if wider.is_empty() {
            say_void(buckets, endpoints, site, &names, remarks);
            return;
        }
        let mut at = 0..;
        buckets.retain(|_| at.next().is_none_or(|at| !wider.contains_key(&at)));
    }
}

/// The buckets whose policies get to a host that does not have them, each with one such host. `in_paths`: also where a
/// path begins with the name of a bucket, which no route has.
fn wider(
    buckets: &[MappedBucket<'_>],
    endpoints: &[String],
    site: &GroupedHosts<'_>,
    names: &BTreeSet<&str>,
    in_paths: bool,
) -> BTreeMap<usize, String> {
    let mut wider = BTreeMap::new();
    let Some(edge) = edge(buckets, endpoints) else {
        return wider;
    };
    let unnamed = unnamed(names);
    let mut ask = |host: &str, path: &str, spot: Spot<'_>| {
        let Owner::Bucket(id, _) = edge.locate(Some(host.as_bytes()), Some(path.as_bytes())) else {
            return;
        };
        let policy = buckets.get(id.index()).and_then(|bucket| bucket.policy);
        if policy.is_some() && !site.admits(host, spot, policy) {
            wider.entry(id.index()).or_insert_with(|| host.to_owned());
        }
    };
    let mut ask_all = |host: &str| {
        for (path, spot) in spots(names, &unnamed) {
            ask(host, &path, spot);
        }
    };
    ask_all("unknown.invalid");
    for name in site.by_name.keys() {
        let host = name.replace('*', &unnamed);
        ask_all(&host);
        ask_all(&format!("{unnamed}.{host}"));
    }
    if in_paths {
        for (host, bucket) in met_in_paths(buckets, site) {
            let host = host.replace('*', &unnamed);
            let name = bucket.name.trim_end_matches('/');
            ask(&host, &format!("/{name}/o"), Spot::Below(name));
        }
    }
    wider
}

/// A path for each spot that routes tell apart.
fn spots<'n>(names: &'n BTreeSet<&str>, unnamed: &str) -> impl Iterator<Item = (String, Spot<'n>)> {
    let rest = [
        ("/".to_owned(), Spot::Root),
        (format!("/{unnamed}/o"), Spot::Unnamed),
    ];
    let of_name = |name: &&'n str| {
        [
            (format!("/{name}"), Spot::Segment(name)),
            (format!("/{name}/o"), Spot::Below(name)),
        ]
    };
    rest.into_iter().chain(names.iter().flat_map(of_name))
}

/// Something that begins with the name of no bucket.
fn unnamed(names: &BTreeSet<&str>) -> String {
    let mut unnamed = "any".to_owned();
    while names.iter().any(|name| unnamed.starts_with(name)) {
        unnamed.insert(0, '_');
    }
    unnamed
}

/// Hosts without an object that get the policy of what is beside them.
fn say_void(
    buckets: &[MappedBucket<'_>],
    endpoints: &[String],
    site: &GroupedHosts<'_>,
    names: &BTreeSet<&str>,
    remarks: &mut Remarks,
) {
    let Some(edge) = edge(buckets, endpoints) else {
        return;
    };
    let unnamed = unnamed(names);
    for group in site.groups.iter().filter(|group| group.is_void) {
        let of_bucket = |host: &&String| {
            let host = host.replace('*', &unnamed);
            spots(names, &unnamed).find_map(|(path, _)| {
                let Owner::Bucket(id, _) = edge.locate(Some(host.as_bytes()), Some(path.as_bytes())) else {
                    return None;
                };
                buckets.get(id.index()).filter(|bucket| bucket.policy.is_some())
            })
        };
        let mut hosts = group.names.iter().chain(&group.unbindable);
        let found = hosts.find_map(|host| Some((host, of_bucket(&host)?)));
        if let Some((host, bucket)) = found {
            remarks.say(
                code::NO_OBJECT,
                &group.place,
                format!(
                    "the host {host:?}, which only redirects, or answers with an error: the edge answers its preflights, and \
                     marks its responses, as those of the bucket {:?}: a bucket of this host without rules keeps that from it",
                    bucket.name
                ),
            );
        }
    }
}

/// Each bucket that has a name, with each host that a path may name it under: to one that a bucket is bound to, paths
/// say nothing.
fn met_in_paths<'b, 'r>(
    buckets: &'b [MappedBucket<'r>],
    site: &'b GroupedHosts<'_>,
) -> impl Iterator<Item = (&'b str, &'b MappedBucket<'r>)> {
    let bound = buckets.iter().flat_map(|bucket| &bucket.hosts);
    let bound: HashSet<&str> = bound.map(String::as_str).filter(|host| *host != "*").collect();
    let hosts = site.by_name.keys().map(String::as_str);
    let hosts = hosts.filter(move |host| !bound.contains(host));
    let named = buckets.iter().filter(|bucket| bucket.name != "*");
    hosts.flat_map(move |host| named.clone().map(move |bucket| (host, bucket)))
}

/// What the edge makes of the buckets' names and hosts. `None`: it does not load them, and so nothing is written.
fn edge(buckets: &[MappedBucket<'_>], endpoints: &[String]) -> Option<Matcher> {
    let listed: Vec<_> = buckets
        .iter()
        .map(|bucket| json!({ "name": bucket.name, "hosts": bucket.hosts, "cors": null }))
        .collect();
    let text = json!({ "endpoints": endpoints, "buckets": listed }).to_string();
    let mut builder = MatcherBuilder::default();
    let (settings, report) = config::read(text.as_bytes(), &mut builder);
    report.errors.is_empty().then(|| builder.finish(settings))
}
