//! What requests a route takes. Where routes switch the filter on, a preflight that matches none gets 404 from the
//! proxy, and the filter does not see it. A route without the filter is right for requests without `Origin` only.

use std::collections::BTreeMap;

use super::super::tree::{NodeId, Tree};
use super::super::warning::{NO_OPTIONS_ROUTE, Warning};
use super::resource::KubeResource;
use super::subject::SourceFile;

/// A way into a route.
pub(super) struct RouteEntry {
    pointer: String,
    node: NodeId,
    path: PathMatch,
    takes_preflights: bool,
}

#[derive(Clone, PartialEq)]
enum PathMatch {
    Prefix(String),
    Exact(String),
    Regex(String),
}

impl PathMatch {
    /// Whether every path of another pattern is one of this, as far as text shows it.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Prefix(prefix), Self::Prefix(path) | Self::Exact(path)) => {
                path.starts_with(prefix.as_str())
            }
            (Self::Prefix(prefix), Self::Regex(_)) => prefix == "/",
            (one, other) => one == other,
        }
    }
}

/// Routes of the same hosts: a request takes one of them.
type RouteGroup<'f> = Vec<(&'f SourceFile, RouteEntry)>;

/// Warns of each entry that takes no preflights, where no other of its group takes them.
fn without_preflights(group: &RouteGroup<'_>, warnings: &mut Vec<Warning>) {
    for (file, entry) in group.iter().filter(|(_, entry)| !entry.takes_preflights) {
        let takes_them =
            |(_, other): &(&SourceFile, RouteEntry)| other.takes_preflights && other.path.covers(&entry.path);
        if !group.iter().any(takes_them) {
            let message = "a preflight is OPTIONS and has no headers of the page's own: it matches neither this route nor another \
                           of these paths, and gets 404. Add a route of the same path with method OPTIONS";
            warnings.push(file.warning(
                &NO_OPTIONS_ROUTE,
                entry.pointer.clone(),
                entry.node,
                message.to_owned(),
            ));
        }
    }
}

/// Warns of a virtual host of Envoy, whose routes are one group.
pub(super) fn of_virtual_host(file: &SourceFile, routes: &[(String, NodeId)], warnings: &mut Vec<Warning>) {
    let entry = |(pointer, route): &(String, NodeId)| {
        let (name, found) = file.tree.field(*route, "match")?;
        let entry = Routes { tree: &file.tree }.entry(found, format!("{pointer}/{name}"))?;
        Some((file, entry))
    };
    let group: Vec<_> = routes.iter().filter_map(entry).collect();
    without_preflights(&group, warnings);
}

/// Whether no request with an `Origin` takes a route of a virtual host: its match demands that there is none, or a
/// route before it takes all that have one.
pub(super) fn is_without_origin(tree: &Tree, routes: &[NodeId], at: usize) -> bool {
    let looks = Routes { tree };
    let found = |route: &NodeId| tree.field(*route, "match").map(|(_, found)| found);
    let Some((found_here, own)) = routes
        .get(at)
        .and_then(found)
        .and_then(|it| Some((it, looks.entry(it, String::new())?)))
    else {
        return false;
    };
    let demands_none = |header: &NodeId| looks.presence_of_origin(*header) == Some(false);
    let takes_all = |earlier: NodeId| {
        looks.takes_every_origin(earlier)
            && (looks.entry(earlier, String::new())).is_some_and(|it| it.path.covers(&own.path))
    };
    looks.headers(found_here).iter().any(demands_none)
        || routes.iter().take(at).filter_map(found).any(takes_all)
}

/// Warns of HTTPRoutes: those of the same hosts are one group.
pub(super) fn of_resources(routes: &[&KubeResource<'_>], warnings: &mut Vec<Warning>) {
    let mut groups: BTreeMap<Vec<&str>, RouteGroup> = BTreeMap::new();
    for route in routes {
        let hosts = route.items("hostnames").iter();
        let mut hosts: Vec<&str> = hosts.filter_map(|host| route.tree().text(*host)).collect();
        hosts.sort_unstable();
        let entries = entries_of(route).into_iter().map(|entry| (route.file, entry));
        groups.entry(hosts).or_default().extend(entries);
    }
    for group in groups.values() {
        without_preflights(group, warnings);
    }
}

fn entries_of(route: &KubeResource<'_>) -> Vec<RouteEntry> {
    let routes = Routes { tree: route.tree() };
    let mut entries = Vec::new();
    for (index, rule) in route.items("rules").iter().enumerate() {
        let matches = route.tree().get(*rule, "matches");
        let matches = matches.map_or(&[][..], |list| route.tree().items(list));
        for (at, node) in matches.iter().enumerate() {
            let pointer = format!("{}/spec/rules/{index}/matches/{at}", route.pointer);
            entries.push(routes.http_entry(*node, pointer));
        }
    }
    entries
}

struct Routes<'t> {
    tree: &'t Tree,
}

impl Routes<'_> {
    fn text(&self, id: NodeId, name: &str) -> Option<&str> {
        self.tree.text_of(id, name)
    }

    /// A RouteMatch of Envoy.
    fn entry(&self, node: NodeId, pointer: String) -> Option<RouteEntry> {
        let prefix = ["prefix", "path_separated_prefix"]
            .iter()
            .find_map(|name| self.text(node, name));
        let regex = self
            .tree
            .field(node, "safe_regex")
            .and_then(|(_, regex)| self.text(regex, "regex"));
        let path = match (prefix, self.text(node, "path"), regex) {
            (Some(prefix), ..) => PathMatch::Prefix(prefix.to_owned()),
            (_, Some(path), _) => PathMatch::Exact(path.to_owned()),
            (.., Some(regex)) => PathMatch::Regex(regex.to_owned()),
            _ => return None,
        };
        let takes_preflights = (self.headers(node).iter()).all(|header| self.matches_preflights(*header));
        Some(RouteEntry {
            pointer,
            node,
            path,
            takes_preflights,
        })
    }

    /// The HeaderMatchers of a RouteMatch.
    fn headers(&self, node: NodeId) -> &[NodeId] {
        let headers = self.tree.field(node, "headers");
        headers.map_or(&[], |(_, headers)| self.tree.items(headers))
    }

    /// Whether a HeaderMatcher demands that there is an `Origin`, or that there is none.
    fn presence_of_origin(&self, matcher: NodeId) -> Option<bool> {
        const FIELDS: [&str; 5] = [
            "name",
            "present_match",
            "presentMatch",
            "invert_match",
            "invertMatch",
        ];
        let is_known =
            |(key, _): &(NodeId, NodeId)| self.tree.text(*key).is_some_and(|key| FIELDS.contains(&key));
        let is_of_presence = self.tree.pairs(matcher).iter().all(is_known);
        let name = self.text(matcher, "name")?;
        let is_inverted = self.text(matcher, "invert_match") == Some("true");
        let is_present = self.text(matcher, "present_match") != Some("false");
        (is_of_presence && name.eq_ignore_ascii_case("origin")).then_some(is_present != is_inverted)
    }

    /// Whether a RouteMatch demands nothing beside its path but, at most, an `Origin`.
    fn takes_every_origin(&self, node: NodeId) -> bool {
        const FIELDS: [&str; 7] = [
            "prefix",
            "path",
            "path_separated_prefix",
            "pathSeparatedPrefix",
            "safe_regex",
            "safeRegex",
            "headers",
        ];
        let is_known =
            |(key, _): &(NodeId, NodeId)| self.tree.text(*key).is_some_and(|key| FIELDS.contains(&key));
        let demands_one = |header: &NodeId| self.presence_of_origin(*header) == Some(true);
        self.tree.pairs(node).iter().all(is_known) && self.headers(node).iter().all(demands_one)
    }

    /// Whether a HeaderMatcher of Envoy matches a preflight, as far as that does not depend on the page.
    fn matches_preflights(&self, matcher: NodeId) -> bool {
        let is_inverted = self.text(matcher, "invert_match") == Some("true");
        let name = self
            .text(matcher, "name")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let value = match name.as_str() {
            ":method" => Some("OPTIONS"),
            // Every preflight has them, with values that the page chooses; so has every request the others.
            "origin" | "access-control-request-method" | ":path" | ":authority" | "host" | ":scheme" => {
                return true;
            }
            _ => None,
        };
        let Some(value) = value else {
            let wants_absence = self.text(matcher, "present_match") == Some("false");
            return wants_absence != is_inverted;
        };
        let string = self
            .tree
            .field(matcher, "string_match")
            .map_or(matcher, |(_, string)| string);
        let by = |name: &str| self.text(string, name);
        let regex = ["safe_regex", "safe_regex_match"]
            .iter()
            .find_map(|name| self.tree.field(string, name))
            .and_then(|(_, regex)| self.text(regex, "regex"));
        let exact = by("exact").or_else(|| self.text(matcher, "exact_match"));
        let prefix = by("prefix").or_else(|| self.text(matcher, "prefix_match"));
        let matches = exact.is_none_or(|exact| exact == value)
            && prefix.is_none_or(|prefix| value.starts_with(prefix))
            && by("suffix").is_none_or(|suffix| value.ends_with(suffix))
            // An expression over methods that does not name this one hardly matches it.
            && regex.is_none_or(|regex| regex.contains(value) || regex.contains(".*"));
        matches != is_inverted
    }

    /// An HTTPRouteMatch of the Gateway API.
    fn http_entry(&self, node: NodeId, pointer: String) -> RouteEntry {
        let path = self.tree.get(node, "path");
        let value = path
            .and_then(|path| self.text(path, "value"))
            .unwrap_or("/")
            .to_owned();
        let path = match path.and_then(|path| self.text(path, "type")) {
            Some("Exact") => PathMatch::Exact(value),
            Some("RegularExpression") => PathMatch::Regex(value),
            _ => PathMatch::Prefix(value),
        };
        let method = self.text(node, "method");
        let headers = self.tree.get(node, "headers");
        let has_headers = headers.is_some_and(|headers| !self.tree.items(headers).is_empty());
        RouteEntry {
            pointer,
            node,
            path,
            takes_preflights: method.is_none_or(|method| method == "OPTIONS") && !has_headers,
        }
    }
}
