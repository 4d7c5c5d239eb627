//! `--from envoy`: the policies in an Envoy's routes, wherever in a bootstrap, a resource file or a config dump they are.

use std::collections::HashSet;

use super::document::Sourced;
use super::node::{Documents, Node};
use super::policy::{self, Lists, Policy};
use super::report::Report;
use super::routes::{self, Host, Paths, Reach, Route};
use super::{Source, store, string_match};

/// The fields of a policy: of the filter's own, and of those that it had in a route and in older Envoys.
const FIELDS: [&str; 13] = [
    "allow_origin_string_match",
    "allow_origin",
    "allow_origin_regex",
    "allow_methods",
    "allow_headers",
    "expose_headers",
    "max_age",
    "allow_credentials",
    "allow_private_network_access",
    "enabled",
    "filter_enabled",
    "shadow_enabled",
    "forward_not_matching_preflights",
];

/// What is found, and the places of the policies that count or that Envoy itself leaves out.
struct Reading<'r> {
    hosts: Vec<Host>,
    known: HashSet<String>,
    report: &'r mut Report,
}

/// Reads the virtual hosts.
///
/// # Errors
/// That it is no YAML and no JSON, for a person.
pub(crate) fn read(source: &Source<'_>, report: &mut Report) -> Result<Vec<Host>, String> {
    let documents = Documents::read(source.file, source.text)?;
    let mut reading = Reading {
        hosts: Vec::new(),
        known: HashSet::new(),
        report,
    };
    for document in documents.roots() {
        if is_policy(&document) {
            reading.alone(&document);
        } else {
            reading.walk(&document);
            reading.say_unknown(&document);
        }
    }
    Ok(reading.hosts)
}

/// Whether it is a policy, new or old.
fn is_policy(node: &Node<'_>) -> bool {
    let is_typed = node
        .text_of("@type")
        .is_some_and(|kind| kind.ends_with(".CorsPolicy"));
    is_typed || node.proto("allow_origin_string_match").is_some()
}

impl Reading<'_> {
    /// A policy without anything around it is for whatever it is put in front of.
    fn alone(&mut self, node: &Node<'_>) {
        let policy = combined(std::slice::from_ref(node), self.report);
        self.hosts.push(Host {
            domains: vec![Sourced::new("*".to_owned(), &node.place)],
            routes: vec![Route {
                paths: vec![Sourced::new(Paths::All, &node.place)],
                bucket: policy.map(|policy| policy.into_bucket(Lists::Printed, self.report)),
                place: node.place.clone(),
            }],
        });
    }

    /// Looks for route configurations, and for virtual hosts that stand alone (VHDS).
    fn walk(&mut self, node: &Node<'_>) {
        if let Some(virtual_hosts) = node.proto("virtual_hosts") {
            for host in virtual_hosts.items() {
                self.virtual_host(&host, Some(node));
            }
        } else if node.get("domains").is_some() && node.get("routes").is_some() {
            self.virtual_host(node, None);
        } else {
            for below in children(node) {
                self.walk(&below);
            }
        }
    }

    fn virtual_host(&mut self, host: &Node<'_>, configuration: Option<&Node<'_>>) {
        let domains = host.list("domains");
        let domains = domains
            .iter()
            .filter_map(|domain| Some(Sourced::new(domain.text()?, &domain.place)));
        let around: Vec<_> = std::iter::once(host).chain(configuration).collect();
        let mut routes = Vec::new();
        for route in host.list("routes") {
            let levels: Vec<_> = std::iter::once(&route).chain(around.iter().copied()).collect();
            let matched = route.get("match").unwrap_or_else(|| route.nothing());
            let action = route.get("route");
            let clusters = action
                .and_then(|action| action.proto("weighted_clusters"))
                .map(|clusters| clusters.list("clusters"))
                .unwrap_or_default();
            for cluster in clusters {
                if let Some(Filter::Policy(own)) = per_filter(&cluster) {
                    self.known.insert(own.place.clone());
                    self.report.lost(
                        &own.place,
                        "the policy of one of several clusters: rules belong to a bucket; give the route one policy",
                    );
                }
            }
            let policy = self.effective(&levels);
            let paths = paths(&matched);
            let case = matched
                .proto("case_sensitive")
                .filter(|flag| flag.flag() == Some(false));
            if let (Some(case), Some(_), Paths::Bucket(_) | Paths::Prefix(_)) = (case, &policy, &paths) {
                routes::say_any_case(&case.place, self.report);
            }
            routes.push(Route {
                paths: vec![Sourced::new(paths, &matched.place)],
                bucket: policy.map(|policy| policy.into_bucket(Lists::Printed, self.report)),
                place: route.place,
            });
        }
        // A fragment, or a virtual host whose routes are discovered.
        if routes.is_empty() {
            routes.push(Route {
                paths: vec![Sourced::new(Paths::All, &host.place)],
                bucket: self
                    .effective(&around)
                    .map(|policy| policy.into_bucket(Lists::Printed, self.report)),
                place: host.place.clone(),
            });
        }
        self.hosts.push(Host {
            domains: domains.collect(),
            routes,
        });
    }

    /// A policy that was met nowhere stands where its host or its path is not known.
    fn say_unknown(&mut self, node: &Node<'_>) {
        if is_policy(node) {
            if !self.known.contains(&node.place) {
                self.report.lost(
                    &node.place,
                    "a policy that is not of a route, a virtual host or a route configuration: say in buckets what it is \
                     for",
                );
            }
            return;
        }
        for below in children(node) {
            self.say_unknown(&below);
        }
    }

    /// The policy that Envoy applies, of the policies of a route and of what is around it, the innermost first: each field
    /// is of the first policy that has it, but whether it is on is said by the first alone. The older place counts only
    /// where the newer is empty.
    fn effective(&mut self, levels: &[&Node<'_>]) -> Option<Policy> {
        let mut policies = Vec::new();
        let mut is_off = false;
        for level in levels {
            match per_filter(level) {
                Some(Filter::Policy(policy)) => policies.push(policy),
                Some(Filter::Off(unused)) => {
                    is_off |= policies.is_empty();
                    self.known.extend(unused.map(|policy| policy.place));
                }
                None => {}
            }
        }
        let older: Vec<_> = levels.iter().filter_map(|level| legacy(level)).collect();
        self.known
            .extend(policies.iter().chain(&older).map(|policy| policy.place.clone()));
        if is_off {
            return None;
        }
        combined(if policies.is_empty() { &older } else { &policies }, self.report)
    }
}

/// What is in a list or an object.
fn children<'t>(node: &Node<'t>) -> Vec<Node<'t>> {
    if node.is_list() {
        node.items()
    } else {
        node.fields().into_iter().map(|(_, field)| field).collect()
    }
}

fn paths(matched: &Node<'_>) -> Paths {
    let mut paths = Paths::no_prefix(Reach::default());
    let mut is_conditional = false;
    for (key, value) in matched.fields() {
        let text = value.text().unwrap_or_default();
        match key {
            "prefix" => paths = Paths::prefix(&text, false),
            "path_separated_prefix" | "pathSeparatedPrefix" => paths = Paths::prefix(&text, true),
            "path" => paths = Paths::no_prefix(Reach::of_path(&text)),
            "safe_regex" | "safeRegex" => {
                let regex = value.text_of("regex").unwrap_or_default();
                paths = if matches!(regex.as_str(), ".*" | "/.*") {
                    Paths::All
                } else {
                    Paths::no_prefix(Reach::of_regex(&regex))
                };
            }
            // How a path compares. Buckets' names compare byte for byte.
            "case_sensitive" | "caseSensitive" => {}
            _ if value.is_empty() => {}
            _ => is_conditional = true,
        }
    }
    if is_conditional {
        paths.conditional()
    } else {
        paths
    }
}

/// What a level says of the filter.
enum Filter<'t> {
    Policy(Node<'t>),
    /// With the policy that it would have, if it says one.
    Off(Option<Node<'t>>),
}

/// The policy among what a level says for its filters, by whatever name.
fn per_filter<'t>(level: &Node<'t>) -> Option<Filter<'t>> {
    let filters = level.proto("typed_per_filter_config")?;
    filters.fields().into_iter().find_map(|(name, config)| {
        if !config.text_of("@type")?.ends_with(".FilterConfig") {
            return is_policy(&config).then_some(Filter::Policy(config));
        }
        let inner = config.get("config");
        let is_of_cors = inner.as_ref().map_or(name.contains("cors"), is_policy);
        let is_off = config.get("disabled").and_then(|flag| flag.flag()) == Some(true);
        match inner {
            _ if !is_of_cors => None,
            inner if is_off => Some(Filter::Off(inner)),
            inner => inner.map(Filter::Policy),
        }
    })
}

/// Older Envoys have it beside the route's action, or in the virtual host.
fn legacy<'t>(level: &Node<'t>) -> Option<Node<'t>> {
    level.path(&["route", "cors"]).or_else(|| level.get("cors"))
}

/// The first policy, with what it lacks from the others.
fn combined(policies: &[Node<'_>], report: &mut Report) -> Option<Policy> {
    let first = policies.first()?.clone();
    let field = |name: &str| policies.iter().find_map(|policy| policy.proto(name));
    // A string that is empty, and a list, count as not there.
    let text = |name: &str, report: &mut Report| {
        policies.iter().find_map(|policy| {
            let text = policy::text(&policy.proto(name)?, report)?;
            (!text.value.is_empty()).then_some(text)
        })
    };
    let list = |name: &str, report: &mut Report| {
        text(name, report)
            .map(|text| policy::commas(&text.value, &text.place))
            .unwrap_or_default()
    };

    // The flag of before there were fractions.
    let flag = first.get("enabled").and_then(|flag| policy::flag(&flag, report));
    let is_on = fraction(&first, "filter_enabled", flag != Some(false), report);
    let is_shadow = !is_on && fraction(&first, "shadow_enabled", false, report);
    if !is_on && !is_shadow {
        report.note(&first.place, "the policy is off (filter_enabled), and left out");
        return None;
    }
    if let Some(shadow) = first.proto("shadow_enabled").filter(|_| is_on) {
        report.idle(
            &shadow.place,
            "shadow_enabled counts only where filter_enabled is off",
        );
    }
    for policy in policies {
        policy.say_unknown_proto(&FIELDS, "a CORS policy", report);
    }
    if let Some(field) = field("forward_not_matching_preflights")
        && let Some(forwards) = policy::flag(&field, report)
    {
        policy::say_unmatched_preflights(forwards, &field.place, report);
    }
    let matchers = policies.iter().find_map(|policy| {
        let matchers = policy.proto("allow_origin_string_match")?.items();
        (!matchers.is_empty()).then_some(matchers)
    });
    let mut origins = Vec::new();
    for matcher in matchers.iter().flatten() {
        origins.extend(string_match::read(matcher, report));
    }
    // Of before string matchers: exact, and `*`.
    for (old, kind) in [
        ("allow_origin", string_match::Kind::Exact),
        ("allow_origin_regex", string_match::Kind::Regex),
    ] {
        for value in policy::texts(field(old).filter(|_| matchers.is_none()), report) {
            let patterns = string_match::patterns(kind, &value.value, false, &value.place, report);
            origins.extend(
                patterns
                    .into_iter()
                    .map(|pattern| Sourced::new(pattern, &value.place)),
            );
        }
    }
    Some(Policy {
        methods: list("allow_methods", report),
        headers: list("allow_headers", report),
        exposed: list("expose_headers", report),
        max_age: text("max_age", report).and_then(|text| store::seconds(&text.value, &text.place, report)),
        private_network: field("allow_private_network_access").and_then(|flag| policy::flag(&flag, report))
            == Some(true),
        credentials: policy::credentials(&first, field("allow_credentials"), report),
        origins,
        is_shadow,
        place: first.place,
    })
}

/// Whether a `RuntimeFractionalPercent` is on.
fn fraction(policy: &Node<'_>, name: &str, absent: bool, report: &mut Report) -> bool {
    let Some(fraction) = policy.proto(name) else {
        return absent;
    };
    fraction.say_unknown_proto(&["runtime_key", "default_value"], name, report);
    if fraction.proto("runtime_key").is_some() {
        report.note(
            &fraction.place,
            "a runtime key can change it while Envoy runs; what is written is its default",
        );
    }
    let Some(default) = fraction.proto("default_value") else {
        return absent;
    };
    default.say_unknown_proto(&["numerator", "denominator"], name, report);
    let number = default
        .text_of("numerator")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0_u32);
    let whole = match default.text_of("denominator").as_deref() {
        Some("TEN_THOUSAND" | "1") => 10_000,
        Some("MILLION" | "2") => 1_000_000,
        _ => 100,
    };
    if number > 0 && number < whole {
        report.lost(
            &fraction.place,
            format!("{number} of {whole} requests: rules apply to every request; they are written as on"),
        );
    }
    number > 0
}
