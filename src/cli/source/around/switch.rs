//! Which routes of a connection manager have the filter, and what they do to responses in its place.

use bucket_cors::config::Code;
use bucket_cors::http::header_names;

use super::super::tree::{NodeId, Tree};
use super::super::warning::{NOT_PREPARED, NOT_SWITCHED_ON, NOT_WITHOUT_ORIGIN, SWITCHED_OFF, Warning};
use super::routes;
use super::subject::{SourceFile, Subject};

/// A part of a route configuration, with the pointer to it.
type Pointed = (String, NodeId);

/// A way of a request: a route, or one of the clusters between which a route chooses.
pub(super) struct Way<'t> {
    /// From the route configuration to the route or the cluster.
    parts: Vec<Pointed>,
    /// What says last whether the filter is on, or the route where nothing does.
    switch: Pointed,
    pub(super) is_on: bool,
    /// The clusters of its route. None where it sends requests to no cluster.
    clusters: Option<Vec<&'t str>>,
    /// Whether no request with an `Origin` goes it.
    is_without_origin: bool,
}

/// The ways through route configurations of a filter that is called `name`, and that is on in its chain or not.
pub(super) fn ways<'t>(tree: &'t Tree, configurations: &[Pointed], name: &str, is_on: bool) -> Vec<Way<'t>> {
    let mut ways = Vec::new();
    for configuration in configurations {
        for host in items(tree, configuration, "virtual_hosts") {
            let routes = items(tree, &host, "routes");
            let nodes: Vec<NodeId> = routes.iter().map(|(_, route)| *route).collect();
            for (at, route) in routes.into_iter().enumerate() {
                let is_without_origin = routes::is_without_origin(tree, &nodes, at);
                let parts = vec![configuration.clone(), host.clone(), route];
                add(tree, parts, (name, is_on), is_without_origin, &mut ways);
            }
        }
    }
    ways
}

/// The elements of a list of a message, with the pointers to them.
fn items(tree: &Tree, (pointer, node): &Pointed, field: &str) -> Vec<Pointed> {
    let Some((key, list)) = tree.field(*node, field) else {
        return Vec::new();
    };
    let items = tree.items(list).iter().enumerate();
    items
        .map(|(at, item)| (format!("{pointer}/{key}/{at}"), *item))
        .collect()
}

fn add<'t>(
    tree: &'t Tree,
    parts: Vec<Pointed>,
    (name, is_on): (&str, bool),
    is_without_origin: bool,
    ways: &mut Vec<Way<'t>>,
) {
    let Some(route) = parts.last().cloned() else {
        return;
    };
    let action = tree
        .field(route.1, "route")
        .map(|(key, action)| (format!("{}/{key}", route.0), action));
    let several = action.as_ref().and_then(|(pointer, action)| {
        let (key, several) = tree.field(*action, "weighted_clusters")?;
        Some(items(tree, &(format!("{pointer}/{key}"), several), "clusters"))
    });
    let clusters = action.map(|(_, action)| {
        let named = several.iter().flatten();
        let named = named.filter_map(|(_, cluster)| tree.text_of(*cluster, "name"));
        named.chain(tree.text_of(action, "cluster")).collect::<Vec<_>>()
    });
    let each: Vec<Vec<Pointed>> = match several {
        Some(several) => several
            .into_iter()
            .map(|cluster| [parts.as_slice(), &[cluster]].concat())
            .collect(),
        None => vec![parts],
    };
    for parts in each {
        let said = parts.iter().rev().find_map(|(pointer, part)| {
            let (key, filters) = tree.field(*part, "typed_per_filter_config")?;
            let own = tree.get(filters, name)?;
            let is_on = tree.text_of(own, "disabled") != Some("true");
            Some((is_on, (format!("{pointer}/{key}"), filters)))
        });
        let (is_on, switch) = said.unwrap_or_else(|| (is_on, route.clone()));
        ways.push(Way {
            parts,
            switch,
            is_on,
            clusters: clusters.clone(),
            is_without_origin,
        });
    }
}

/// Warns of the ways to a store. `name`: the filter's in its chain.
pub(super) fn warnings(
    file: &SourceFile,
    subject: &Subject<'_>,
    name: &str,
    ways: &[Way<'_>],
    warnings: &mut Vec<Warning>,
) {
    let mut warn = |code: &'static Code, (pointer, node): &Pointed, message: String| {
        warnings.push(file.warning(code, pointer.clone(), *node, message));
    };
    let to_stores = || ways.iter().filter(|way| way.clusters.is_some());
    let with: Vec<&str> = to_stores()
        .filter(|way| way.is_on)
        .flat_map(|way| way.clusters.iter().flatten().copied())
        .collect();
    let has_none = !to_stores().any(|way| way.is_on);
    // What goes to a cluster that no request reaches by way of the filter is another service.
    let is_of_stores = |way: &Way<'_>| {
        let mut clusters = way.clusters.iter().flatten();
        has_none || way.clusters.as_ref().is_some_and(Vec::is_empty) || clusters.any(|it| with.contains(it))
    };
    let mut without = to_stores().filter(|way| !way.is_on && !way.is_without_origin && is_of_stores(way));
    if let Some(way) = without.next() {
        let code = if has_none { &NOT_SWITCHED_ON } else { &SWITCHED_OFF };
        let message = format!(
            "{name} is off here{}: the store answers in its place, with its own CORS headers or none. Switch the filter on \
             wherever a browser can reach the store; only requests without Origin may go without it, \
             as in envoy/envoy-origin-only.yaml",
            others(without.count())
        );
        warn(code, &way.switch, message);
    }
    let mut past = to_stores().filter(|way| !way.is_on && way.is_without_origin);
    if let Some(way) = past.next().filter(|_| subject.has_headers_for_all) {
        let message = format!(
            "cross_origin_resource_policy and timing_allow_origin are for every response, and those to requests without Origin \
             do not pass {name} here: they lack both. Let all requests into the filter, as in envoy/envoy.yaml"
        );
        warn(&NOT_WITHOUT_ORIGIN, &way.switch, message);
    }
    if subject.settings.route_prepares {
        let mut unprepared = to_stores().filter(|way| way.is_on).filter_map(|way| {
            let lacks = way.lacks(&file.tree);
            (!lacks.is_empty()).then_some((way, lacks))
        });
        if let Some((way, lacks)) = unprepared.next() {
            let message = format!(
                "route_prepares says that this route takes the store's CORS headers off and adds Vary: Origin, but it does not for \
                 {}{}: the store's own headers reach browsers, and a cache may hand one origin's response to another. \
                 Write what envoy/envoy-origin-only.yaml has, or take route_prepares out",
                lacks.join(", "),
                others(unprepared.count())
            );
            if let Some(part) = way.parts.last() {
                warn(&NOT_PREPARED, part, message);
            }
        }
    }
}

/// Thousands of routes get one line.
fn others(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(", and on {count} more routes or clusters"),
    }
}

impl Way<'_> {
    /// The headers that no part of it prepares.
    fn lacks(&self, tree: &Tree) -> Vec<&'static str> {
        let is_prepared = |name: &str| {
            self.parts.iter().any(|part| match name {
                header_names::VARY => items(tree, part, "response_headers_to_add")
                    .iter()
                    .any(|(_, added)| adds_origin(tree, *added)),
                name => tree
                    .field(part.1, "response_headers_to_remove")
                    .is_some_and(|(_, list)| {
                        let mut removed = tree.items(list).iter();
                        removed.any(|it| tree.text(*it).is_some_and(|it| it.eq_ignore_ascii_case(name)))
                    }),
            })
        };
        let all = header_names::OF_RESPONSES.into_iter();
        all.filter(|name| !is_prepared(name)).collect()
    }
}

/// Whether a HeaderValueOption adds `Origin` to `Vary`, whatever the store has there.
fn adds_origin(tree: &Tree, option: NodeId) -> bool {
    let Some((_, header)) = tree.field(option, "header") else {
        return false;
    };
    let text = |name: &str| tree.text_of(header, name).unwrap_or_default();
    let mut named = text("value").split(',');
    text("key").eq_ignore_ascii_case(header_names::VARY)
        && named.any(|name| name.trim().eq_ignore_ascii_case(header_names::ORIGIN))
        && !matches!(
            tree.text_of(option, "append_action"),
            Some("ADD_IF_ABSENT" | "OVERWRITE_IF_EXISTS")
        )
}
