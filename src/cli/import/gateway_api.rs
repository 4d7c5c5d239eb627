//! What policies of the Gateway API and of those who follow it have in common, and its HTTPRoute.

use super::code;
use super::gateway_hosts::{Attachment, Gateways};
use super::gateway_origins;
use super::imported_document::{ImportedBucket, Sourced};
use super::kube;
use super::node::Node;
use super::policy::{self, ListUse, Policy};
use super::reach::Reach;
use super::remarks::Remarks;
use super::routes::{Host, Joining, Paths, Route};
use super::rule_fields;
use crate::duration::duration;

/// The kinds that no controller has for itself.
pub(crate) const KINDS: [&str; 3] = ["HTTPRoute", "GRPCRoute", "Gateway"];

/// The fields of a policy, which all spell alike.
pub(crate) const FIELDS: [&str; 6] = [
    "allowOrigins",
    "allowMethods",
    "allowHeaders",
    "exposeHeaders",
    "maxAge",
    "allowCredentials",
];

/// The lists of a policy, which all spell alike.
pub(crate) fn lists(node: &Node<'_>, remarks: &mut Remarks) -> Policy {
    Policy {
        methods: policy::texts(node.get("allowMethods"), remarks),
        headers: policy::texts(node.get("allowHeaders"), remarks),
        exposed: policy::texts(node.get("exposeHeaders"), remarks),
        credentials: policy::credentials(node, node.get("allowCredentials"), remarks),
        place: node.place.clone(),
        ..Policy::default()
    }
}

/// A duration in whole seconds.
pub(crate) fn max_age(node: &Node<'_>, remarks: &mut Remarks) -> Option<Sourced<i64>> {
    node.get("maxAge").and_then(|value| {
        let Sourced { value: text, place } = policy::text(&value, remarks)?;
        let seconds = duration(&text);
        if seconds.is_none() {
            remarks.say(
                code::OTHER_TYPE,
                &place,
                format!("{text:?} is no duration in whole seconds: write MaxAgeSeconds as a number"),
            );
        }
        Some(Sourced::new(seconds?, &place))
    })
}

/// A rule of a route.
struct RouteRule<'t> {
    node: Node<'t>,
    paths: Vec<Sourced<Paths>>,
    /// Of a filter of its own.
    bucket: Option<ImportedBucket>,
    /// It only redirects.
    is_empty: bool,
}

/// Whether it is a route of HTTP's or of gRPC's, which share hosts and listeners.
pub(crate) fn is_route(resource: &Node<'_>) -> bool {
    matches!(&*kube::kind(resource), "HTTPRoute" | "GRPCRoute")
}

/// The hosts and routes of an HTTPRoute, at each listener that takes any. `around`: the rules that a rule without a
/// filter of its own has there, if any.
pub(crate) fn http_route(
    route: &Node<'_>,
    gateways: &Gateways<'_>,
    mut around: impl FnMut(&Node<'_>, &Attachment) -> Option<ImportedBucket>,
    remarks: &mut Remarks,
) -> Vec<Host> {
    let Some(spec) = route.get("spec") else {
        return Vec::new();
    };
    let is_grpc = kube::kind(route) == "GRPCRoute";
    let rules = spec.list("rules").into_iter();
    let rules: Vec<_> = rules.map(|rule| RouteRule::of(rule, is_grpc, remarks)).collect();
    let mut attachments = gateways.attachments(route, remarks);
    attachments.retain(|attachment| !attachment.names.is_empty());
    if attachments.is_empty() {
        remarks.say(
            code::UNREACHED_ROUTE,
            &spec.place,
            "no listener of its Gateways takes this route, by its protocol, its namespace or its hosts",
        );
    }
    let refused = kube::refused(route);
    let mut hosts = Vec::new();
    for attachment in attachments {
        let mut routes = Vec::new();
        for rule in &rules {
            let mut bucket = rule.bucket.clone().or_else(|| around(&rule.node, &attachment));
            if let (Some(place), Some(policy)) = (&refused, &bucket) {
                let message = format!(
                    "this policy, which is left out: the status at {place} says that a Gateway does not accept the route: mend \
                     the route, or give the file without its status"
                );
                remarks.say(code::OTHER_HOSTS, &policy.place, message);
                bucket = None;
            }
            // Whether the route is attached is not known: its requests count, and its policy does not.
            if let (Some(place), Some(policy)) = (&attachment.selected, &bucket) {
                remarks.say(
                    code::OTHER_HOSTS,
                    &policy.place,
                    format!(
                        "this policy, which is left out: the listener at {place} takes routes by the labels of their \
                         namespaces, which are not known here"
                    ),
                );
                bucket = None;
            }
            // Each has its own length.
            routes.extend(rule.paths.iter().map(|paths| Route {
                paths: vec![paths.clone()],
                bucket: bucket.clone(),
                is_empty: rule.is_empty,
                ..Route::default()
            }));
        }
        let is_of_every_host = attachment.names.iter().any(|name| name.value == "*");
        if is_of_every_host && !attachment.is_known && routes.iter().any(|route| route.bucket.is_some()) {
            remarks.say(
                code::ANY_HOST,
                &spec.place,
                "the hosts of this route are those of its Gateway's listeners, and the Gateway is not in the files: the \
                 rules are for every host",
            );
        }
        hosts.push(Host {
            domains: attachment.names,
            routes,
            joining: Joining::Longest,
            stand: attachment.stand,
        });
    }
    hosts
}

impl<'t> RouteRule<'t> {
    fn of(node: Node<'t>, is_grpc: bool, remarks: &mut Remarks) -> Self {
        let matches = node.list("matches").into_iter();
        let mut paths: Vec<_> = matches
            .map(|matched| Sourced::new(route_paths(&matched), &matched.place))
            .collect();
        if paths.is_empty() {
            let all = if is_grpc {
                Paths::All.conditional()
            } else {
                Paths::All
            };
            paths.push(Sourced::new(all, &node.place));
        }
        let mut filters = cors_filters(&node).into_iter();
        let policy = filters.next().map(|filter| filter_policy(&filter, remarks));
        for second in filters {
            remarks.say(
                code::SECOND_POLICY,
                &second.place,
                "a second CORS filter of one rule: the first stands",
            );
        }
        for own in node.list("backendRefs").iter().flat_map(cors_filters) {
            remarks.say(code::NO_BUCKET, &own.place,
                "the CORS filter of one of several backends: rules belong to a bucket; give the rule one filter",
            );
        }
        Self {
            bucket: policy.map(|policy| policy.into_bucket(ListUse::Printed, remarks)),
            is_empty: node
                .list("filters")
                .iter()
                .any(|filter| filter.get("requestRedirect").is_some()),
            node,
            paths,
        }
    }
}

/// The CORS filters of a rule, or of a backend.
pub(crate) fn cors_filters<'t>(of: &Node<'t>) -> Vec<Node<'t>> {
    let filters = of.list("filters").into_iter();
    filters.filter_map(|filter| filter.get("cors")).collect()
}

fn route_paths(matched: &Node<'_>) -> Paths {
    let service = matched
        .path(&["method", "service"])
        .and_then(|service| service.text());
    let paths = match matched.get("path") {
        // Of gRPC.
        None if matched
            .path(&["method", "type"])
            .and_then(|by| by.text())
            .as_deref()
            != Some("RegularExpression") =>
        {
            service.map_or(Paths::All, |service| {
                Paths::no_prefix(Reach::of_prefix(&format!("/{service}/")))
            })
        }
        None => Paths::All,
        Some(path) => {
            let value = path.text_of("value").unwrap_or_else(|| "/".to_owned());
            match path.text_of("type").as_deref() {
                None | Some("PathPrefix") => Paths::prefix(&value, true),
                Some("Exact") => Paths::no_prefix(Reach::of_path(&value)),
                Some(_) => Paths::no_prefix(Reach::of_regex(&value)),
            }
        }
    };
    if matched.fields().iter().any(|(key, _)| *key != "path") {
        paths.conditional()
    } else {
        paths
    }
}

fn filter_policy(node: &Node<'_>, remarks: &mut Remarks) -> Policy {
    node.say_unknown(&FIELDS, "a CORS filter", remarks);
    let max_age = match node.get("maxAge") {
        Some(value) => policy::text(&value, remarks)
            .and_then(|text| rule_fields::seconds(&text.value, &text.place, remarks)),
        None => Some(Sourced::new(5, &node.place)),
    };
    Policy {
        origins: gateway_origins::of(node, remarks),
        max_age,
        ..lists(node, remarks)
    }
}
