//! `--from envoy`: the policies in an Envoy's routes, wherever in a bootstrap, a resource file or a config dump they are.

mod chain;
mod level;
mod matched;
mod policy;

use std::collections::HashSet;

use bucket_cors::profile;

use self::chain::{Chain, Chains};
use self::level::{Filter, is_policy, legacy, per_filter, policies, within};
use self::policy::combined;
use super::source::{BucketNames, Source};
use crate::import::code::{self, RemarkCode};
use crate::import::cors_headers;
use crate::import::document::{Bucket, Sourced};
use crate::import::file::{File, FileContent};
use crate::import::kubernetes;
use crate::import::node::{Documents, Node};
use crate::import::policy::{ListUse, Policy};
use crate::import::remarks::Remarks;
use crate::import::routes::{Host, Joining, Paths, Route, Stand};
use crate::source::Trouble;

pub(super) static SOURCE: Source = Source {
    name: "envoy",
    holds: "Envoy's own filter: a bootstrap, a file of resources or a config dump",
    about: "\
CorsPolicy in the routes of a bootstrap, a resource file or a config dump, also inside a ConfigMap, in typed_per_filter_config or, as in older ones, in cors. A policy of the prefix /BUCKET/ is that bucket's. One of a whole virtual host is that of a bucket bound to its domains, called as the first of them, or as --bucket says. Other routes are no bucket's, and not carried over. One that only redirects, or answers with an error, takes no policy from those beside it. A regular expression is carried over where patterns with one * admit the same origins: https://.*\\.example\\.com is, https://[^.]+\\.example\\.com is not, because a * takes dots too. Envoy does not check methods and headers, and the edge does. Credentials for every origin are not carried over.",
    profile: &profile::FETCH,
    names: BucketNames::Routes,
    kinds: &["ConfigMap"],
    recognises: |file| file.values().iter().any(is_envoys) || !texts(file).is_empty(),
    read,
};

/// What is found, and the places of the policies that count or that Envoy itself leaves out.
struct VirtualHosts<'r> {
    hosts: Vec<Host>,
    known: HashSet<String>,
    chains: &'r Chains,
    remarks: &'r mut Remarks,
}

/// Reads the virtual hosts.
///
/// # Errors
/// That it is no YAML and no JSON, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let own = file.documents()?;
    let texts = texts(file);
    let mut inner = Vec::new();
    for (name, text) in &texts {
        match Documents::read(name, text) {
            Ok(documents) => inner.push(documents),
            Err(problem) => remarks.say(
                code::NOT_READ,
                name,
                format!("the text in this ConfigMap: {problem}"),
            ),
        }
    }
    for document in inner.iter().flat_map(Documents::roots) {
        cors_headers::say(&document, remarks);
    }
    // Listeners and routes can stand in files of their own.
    let all: Vec<_> = std::iter::once(own).chain(&inner).collect();
    let chains = Chains::of(all.iter().flat_map(|documents| documents.roots()));
    let mut reading = VirtualHosts {
        hosts: Vec::new(),
        known: HashSet::new(),
        chains: &chains,
        remarks,
    };
    for document in all.iter().flat_map(|documents| documents.roots()) {
        if is_policy(&document) {
            reading.alone(&document);
        } else {
            reading.walk(&document, None);
            reading.say_unknown(&document);
        }
    }
    Ok(FileContent::Hosts(reading.hosts))
}

/// The texts for an Envoy in the ConfigMaps of a file, each with what messages call it.
fn texts(file: &File<'_>) -> Vec<(String, String)> {
    let values = file.values();
    let texts = values.iter().flat_map(kubernetes::texts);
    texts
        .filter_map(|(key, value)| {
            let text = value.text().filter(|text| kubernetes::is_for_envoy(text))?;
            Some((format!("{} ({key})", value.place), text))
        })
        .collect()
}

/// Whether it is a file for an Envoy, or a part of one that policies stand in.
fn is_envoys(node: &Node<'_>) -> bool {
    node.has_any(&["static_resources", "virtual_hosts", "configs", "virtualHosts"])
        || is_virtual_host(node)
        || node.text_of("@type").is_some_and(|kind| kind.contains("envoy."))
        || is_policy(node)
        || node.list("resources").iter().any(is_envoys)
}

fn is_virtual_host(node: &Node<'_>) -> bool {
    node.get("domains").is_some() && node.has_any(&["routes", "matcher"])
}

impl VirtualHosts<'_> {
    /// A policy without anything around it is for whatever it is put in front of.
    fn alone(&mut self, node: &Node<'_>) {
        let policy = combined(std::slice::from_ref(node), self.remarks);
        let bucket = policy.map(|policy| policy.into_bucket(ListUse::Printed, self.remarks));
        self.hosts.push(Host {
            domains: vec![Sourced::new("*".to_owned(), &node.place)],
            routes: vec![everything(node, bucket)],
            joining: Joining::Apart,
            stand: Stand::default(),
        });
    }

    /// Looks for route configurations, and for virtual hosts that stand alone (VHDS).
    fn walk(&mut self, node: &Node<'_>, chain: Option<&Chain>) {
        if let Some(virtual_hosts) = node.proto("virtual_hosts") {
            let named = self.chains.using(&node.text_of("name").unwrap_or_default());
            let chain = chain.cloned().or(named);
            for host in virtual_hosts.items() {
                self.virtual_host(&host, Some(node), chain.as_ref());
            }
        } else if is_virtual_host(node) {
            // One that is discovered by itself has its route configuration in its name.
            let name = node.text_of("name").unwrap_or_default();
            let configuration = name.split('/').next().unwrap_or_default();
            let named = self.chains.using(configuration);
            self.virtual_host(node, None, chain.cloned().or(named).as_ref());
        } else {
            let own = Chain::of(node);
            for below in node.children() {
                self.walk(&below, own.as_ref().or(chain));
            }
        }
    }

    fn virtual_host(&mut self, host: &Node<'_>, configuration: Option<&Node<'_>>, chain: Option<&Chain>) {
        let domains = host.list("domains");
        let domains = domains
            .iter()
            .filter_map(|domain| Some(Sourced::new(domain.text()?, &domain.place)));
        let around: Vec<_> = std::iter::once(host).chain(configuration).collect();
        let is_used = chain.is_some_and(|chain| !chain.is_unused);
        let routes = if let Some(tree) = host.get("matcher") {
            self.say_tree(&tree, &around, chain);
            vec![everything(host, None)]
        } else {
            let routes = host.list("routes");
            let routes: Vec<_> = routes
                .iter()
                .map(|route| self.route(route, &around, chain))
                .collect();
            match configuration {
                _ if !routes.is_empty() => routes,
                // Discovery may still fill it.
                Some(whole) if is_used && whole.get("vhds").is_none() => {
                    self.say_without_routes(host, whole);
                    routes
                }
                // A fragment, or a virtual host whose routes are discovered.
                _ => {
                    let policy = self.effective(&around, chain);
                    let bucket = policy.map(|policy| policy.into_bucket(ListUse::Printed, self.remarks));
                    vec![everything(host, bucket)]
                }
            }
        };
        if chain.is_some_and(|chain| chain.is_unused) {
            return;
        }
        self.hosts.push(Host {
            domains: domains.collect(),
            routes,
            joining: Joining::Apart,
            stand: Stand::default(),
        });
    }

    fn route(&mut self, route: &Node<'_>, around: &[&Node<'_>], chain: Option<&Chain>) -> Route {
        let levels: Vec<_> = std::iter::once(route).chain(around.iter().copied()).collect();
        let matched = route.get("match").unwrap_or_else(|| route.nothing());
        let action = route.get("route");
        let clusters = action
            .and_then(|action| action.proto("weighted_clusters"))
            .map(|clusters| clusters.list("clusters"))
            .unwrap_or_default();
        for cluster in clusters {
            if let Some(Filter::Policy(own)) = per_filter(&cluster, chain) {
                self.known.insert(own.place.clone());
                self.remarks.say(code::NO_BUCKET, &own.place,
                    "the policy of one of several clusters: rules belong to a bucket; give the route one policy",
                );
            }
        }
        let policy = self.effective(&levels, chain);
        let paths = matched::paths(&matched);
        Route {
            paths: paths
                .into_iter()
                .map(|paths| Sourced::new(paths, &matched.place))
                .collect(),
            bucket: policy.map(|policy| policy.into_bucket(ListUse::Printed, self.remarks)),
            is_empty: matched::is_empty(route),
            ..Route::default()
        }
    }

    /// Says that nothing comes to a virtual host without routes, so that its policies do not count. Those around it may still
    /// be for its neighbours.
    fn say_without_routes(&mut self, host: &Node<'_>, configuration: &Node<'_>) {
        let has_routes = |host: &Node<'_>| !host.list("routes").is_empty() || host.get("matcher").is_some();
        let hosts = configuration.proto("virtual_hosts");
        let hosts = hosts.map(|hosts| hosts.items()).unwrap_or_default();
        let around = Some(configuration).filter(|_| !hosts.iter().any(has_routes));
        let mut found = Vec::new();
        for level in std::iter::once(host).chain(around) {
            within(level, &mut found);
            found.extend(legacy(level));
        }
        for policy in found {
            let why = "Envoy does not apply this policy, so it is left out: the virtual host has no routes, and its requests \
                       get 404";
            self.left_out(&policy, (code::NOT_APPLIED, why.to_owned()));
        }
    }

    /// Says that the routes of a virtual host are not read, if there are policies for them.
    fn say_tree(&mut self, tree: &Node<'_>, around: &[&Node<'_>], chain: Option<&Chain>) {
        let mut found: Vec<_> = around.iter().flat_map(|level| policies(level, chain)).collect();
        within(tree, &mut found);
        if !found.is_empty() {
            self.remarks.say(
                code::OTHER_MATCHER,
                &tree.place,
                "the routes of this virtual host, which are in a tree of matchers: trees are not read, so its hosts are left \
                 out: write rules for them, or list its routes in routes",
            );
        }
        self.known.extend(found.into_iter().map(|policy| policy.place));
    }

    /// A policy that was met nowhere stands where its host or its path is not known.
    fn say_unknown(&mut self, node: &Node<'_>) {
        if is_policy(node) {
            if !self.known.contains(&node.place) {
                self.remarks.say(code::NO_TARGET, &node.place,
                    "a policy that is not of a route, a virtual host or a route configuration: say in buckets what it is \
                     for",
                );
            }
            return;
        }
        for below in node.children() {
            self.say_unknown(&below);
        }
    }

    /// The policies that a level has and that Envoy does not apply.
    fn say_not_applied(&mut self, level: &Node<'_>, chain: &Chain) {
        let filters = level.proto("typed_per_filter_config");
        for (name, config) in filters.map(|filters| filters.fields()).unwrap_or_default() {
            let policy = config.get("config").filter(is_policy).unwrap_or(config);
            if !chain.filters.contains(name) && is_policy(&policy) {
                self.left_out(&policy, chain.why_not(Some(name)));
            }
        }
        if let Some(policy) = legacy(level).filter(|_| !chain.runs) {
            self.left_out(&policy, chain.why_not(None));
        }
    }

    fn left_out(&mut self, policy: &Node<'_>, (code, why): (RemarkCode, String)) {
        self.known.insert(policy.place.clone());
        self.remarks.say(code, &policy.place, why);
    }

    /// The policy that Envoy applies, of the policies of a route and of what is around it, the innermost first: each field
    /// is of the first policy that has it, but whether it is on is said by the first alone. The older place counts only
    /// where the newer is empty.
    fn effective(&mut self, levels: &[&Node<'_>], chain: Option<&Chain>) -> Option<Policy> {
        let mut policies = Vec::new();
        let mut is_off = false;
        for level in levels {
            if let Some(chain) = chain {
                self.say_not_applied(level, chain);
            }
            match per_filter(level, chain) {
                Some(Filter::Policy(policy)) => policies.push(policy),
                Some(Filter::Off(unused)) => {
                    is_off |= policies.is_empty();
                    self.known.extend(unused.map(|policy| policy.place));
                }
                None => {}
            }
        }
        let runs = chain.is_none_or(|chain| chain.runs);
        let older = levels.iter().filter_map(|level| legacy(level));
        let older: Vec<_> = older.filter(|_| runs).collect();
        self.known
            .extend(policies.iter().chain(&older).map(|policy| policy.place.clone()));
        if is_off {
            return None;
        }
        combined(if policies.is_empty() { &older } else { &policies }, self.remarks)
    }
}

/// A route that takes all requests of a host.
fn everything(node: &Node<'_>, bucket: Option<Bucket>) -> Route {
    Route {
        paths: vec![Sourced::new(Paths::All, &node.place)],
        bucket,
        ..Route::default()
    }
}
