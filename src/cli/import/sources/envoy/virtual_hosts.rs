//! The virtual hosts of a file, with the routes of each.

use std::collections::HashSet;

use super::chain::{Chain, Chains};
use super::effective::Policies;
use super::level::{Filter, per_filter};
use super::{matched, states};
use crate::import::code;
use crate::import::imported_document::{ImportedBucket, Sourced};
use crate::import::node::Node;
use crate::import::routes::{Host, Joining, Paths, Route, Stand};

/// What is found.
pub(super) struct VirtualHosts<'c, 'r> {
    pub(super) hosts: Vec<Host>,
    /// Those whose names are compared with the port of `Host`.
    pub(super) with_port: HashSet<usize>,
    pub(super) policies: Policies<'r>,
    pub(super) chains: &'c Chains,
}

/// Where a virtual host stands.
struct RouteTable<'n, 't> {
    configuration: Option<&'n Node<'t>>,
    chain: Option<Chain>,
    /// What its route configuration is called by. A request may come to any of them.
    table: String,
}

impl RouteTable<'_, '_> {
    /// Whether the port of `Host` is taken off before its names are looked up.
    fn ignores_port(&self) -> bool {
        let ignored = self.configuration;
        let ignored = ignored.and_then(|whole| whole.proto("ignore_port_in_host_matching")?.flag());
        ignored == Some(true) || self.chain.as_ref().is_some_and(|chain| chain.strips_port)
    }
}

impl VirtualHosts<'_, '_> {
    /// A policy without anything around it is for whatever it is put in front of.
    pub(super) fn alone(&mut self, node: &Node<'_>) {
        let bucket = self.policies.alone(node);
        self.hosts.push(Host {
            domains: vec![Sourced::new("*".to_owned(), &node.place)],
            routes: vec![everything(node, bucket)],
            joining: Joining::Apart,
            stand: Stand::default(),
        });
    }

    /// Looks for route configurations, and for virtual hosts that stand alone (VHDS).
    pub(super) fn walk(&mut self, node: &Node<'_>, chain: Option<&Chain>) {
        let name = node.text_of("name").unwrap_or_default();
        if let Some(virtual_hosts) = node.proto("virtual_hosts") {
            let is_completed = node.get("vhds").is_some();
            let around = RouteTable {
                configuration: Some(node),
                chain: chain.cloned().or_else(|| self.chains.using(&name)),
                table: if is_completed { name } else { node.place.clone() },
            };
            for host in virtual_hosts.items() {
                self.virtual_host(&host, &around);
            }
        } else if is_virtual_host(node) {
            // One that is discovered by itself has its route configuration in its name.
            let table = name.split_once('/').map_or("", |(table, _)| table);
            let configuration = if table.is_empty() { &name } else { table };
            let around = RouteTable {
                configuration: None,
                chain: chain.cloned().or_else(|| self.chains.using(configuration)),
                table: table.to_owned(),
            };
            self.virtual_host(node, &around);
        } else {
            let own = Chain::of(node);
            for below in states::in_force(node) {
                self.walk(&below, own.as_ref().or(chain));
            }
            for (over, why) in states::over(node) {
                self.policies.say_over(&over, why);
            }
        }
    }

    fn virtual_host(&mut self, host: &Node<'_>, around: &RouteTable<'_, '_>) {
        let RouteTable {
            configuration, chain, ..
        } = around;
        let chain = chain.as_ref();
        let levels: Vec<_> = std::iter::once(host).chain(*configuration).collect();
        let is_used = chain.is_some_and(|chain| !chain.is_unused);
        let routes = if let Some(tree) = host.get("matcher") {
            self.policies.say_tree(&tree, &levels, chain);
            vec![everything(host, None)]
        } else {
            let routes = host.list("routes");
            let routes: Vec<_> = routes
                .iter()
                .flat_map(|route| self.routes(route, &levels, chain))
                .collect();
            match configuration {
                _ if !routes.is_empty() => routes,
                // Discovery may still fill it.
                Some(whole) if is_used && whole.get("vhds").is_none() => {
                    self.policies.say_without_routes(host, whole);
                    routes
                }
                // A fragment, or a virtual host whose routes are discovered.
                _ => vec![everything(host, self.policies.effective(&levels, chain))],
            }
        };
        if chain.is_some_and(|chain| chain.is_unused) {
            return;
        }
        if !around.ignores_port() {
            self.with_port.insert(self.hosts.len());
        }
        self.hosts.push(Host {
            domains: domains(host, *configuration),
            routes,
            joining: Joining::Apart,
            stand: Stand {
                listener: Some(around.table.clone()),
                table: String::new(),
            },
        });
    }

    /// A route; with one before it that stands for those of its requests that have other policies.
    fn routes(&mut self, route: &Node<'_>, around: &[&Node<'_>], chain: Option<&Chain>) -> Vec<Route> {
        let levels: Vec<_> = std::iter::once(route).chain(around.iter().copied()).collect();
        let matched = route.get("match").unwrap_or_else(|| route.nothing());
        let paths = matched::paths(&matched);
        let (bucket, other) = if matched::is_answered(route) {
            self.policies.pass_over(&levels, chain);
            (None, None)
        } else {
            self.of_clusters(route, &levels, chain)
        };
        let others = other.filter(|_| bucket.is_some()).map(|place| {
            let paths = paths.iter().cloned().map(Paths::conditional);
            of_paths(paths, &place, None)
        });
        let own = Route {
            is_empty: matched::is_empty(route),
            ..of_paths(paths.iter().cloned(), &matched.place, bucket)
        };
        others.into_iter().chain([own]).collect()
    }

    /// The rules of a route, and the place of a cluster whose requests have others: its own level is the innermost.
    fn of_clusters(
        &mut self,
        route: &Node<'_>,
        levels: &[&Node<'_>],
        chain: Option<&Chain>,
    ) -> (Option<ImportedBucket>, Option<String>) {
        let clusters = route
            .get("route")
            .and_then(|action| action.proto("weighted_clusters"))
            .map(|clusters| clusters.list("clusters"))
            .unwrap_or_default();
        let mut buckets = Vec::new();
        for cluster in &clusters {
            let levels: Vec<_> = std::iter::once(cluster).chain(levels.iter().copied()).collect();
            buckets.push(self.policies.effective(&levels, chain));
        }
        if let Some(first) = buckets.first()
            && buckets
                .iter()
                .all(|bucket| is_alike(bucket.as_ref(), first.as_ref()))
        {
            return (first.clone(), None);
        }
        let own = self.policies.effective(levels, chain);
        let mut other = None;
        for (cluster, bucket) in clusters.iter().zip(&buckets) {
            if is_alike(bucket.as_ref(), own.as_ref()) {
                continue;
            }
            for (_, said) in per_filter(cluster, chain) {
                if let Filter::Policy(policy) = said {
                    let why = "the policy of one of several clusters: rules belong to a bucket; give the route one policy";
                    self.policies.left_out(&policy, (code::NO_BUCKET, why.to_owned()));
                }
            }
            other = other.or_else(|| Some(cluster.place.clone()));
        }
        (own, other)
    }
}

/// Whether two policies, or none, answer alike.
fn is_alike(one: Option<&ImportedBucket>, other: Option<&ImportedBucket>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.answers_like(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// The hosts of a virtual host. Where a header other than Host chooses it, any host may be meant.
fn domains(host: &Node<'_>, configuration: Option<&Node<'_>>) -> Vec<Sourced<String>> {
    if let Some(header) = configuration.and_then(|whole| whole.proto("vhost_header")) {
        return vec![Sourced::new("*".to_owned(), &header.place)];
    }
    let domains = host.list("domains");
    let domains = domains
        .iter()
        .filter_map(|domain| Some(Sourced::new(domain.text()?, &domain.place)));
    domains.collect()
}

pub(super) fn is_virtual_host(node: &Node<'_>) -> bool {
    node.get("domains").is_some() && node.has_any(&["routes", "matcher"])
}

/// A route that takes all requests of a host.
fn everything(node: &Node<'_>, bucket: Option<ImportedBucket>) -> Route {
    of_paths(std::iter::once(Paths::All), &node.place, bucket)
}

fn of_paths(paths: impl Iterator<Item = Paths>, place: &str, bucket: Option<ImportedBucket>) -> Route {
    Route {
        paths: paths.map(|paths| Sourced::new(paths, place)).collect(),
        bucket,
        ..Route::default()
    }
}
