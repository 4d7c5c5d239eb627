//! Envoy's connection managers that have the filter in their chain: the other filters there, what becomes of a request
//! before any filter sees it, and what its routes do.

use bucket_cors::config::Code;
use bucket_cors::http::header_names::CORS_PREFIX;

use super::super::envoy_place::Ancestor;
use super::super::tree::NodeId;
use super::super::warning::{
    ANOTHER_CORS, BEHIND_AUTHENTICATION, CHANGED_KEYS, CUTS_DOWNLOADS, NOT_SWITCHED_ON, REFUSED_HEADERS,
    Warning,
};
use super::connection_managers::{self, Manager};
use super::filters::{FilterKind, is_script_of_cors};
use super::routes;
use super::subject::{SourceFile, Subject};
use super::switch;
use super::time::is_long;

/// Fields of a connection manager, the values that are right before a store, and what others do.
const OPTIONS: [(&[&str], &[&str], &Code, &str); 3] = [
    (
        &["path_with_escaped_slashes_action"],
        &["KEEP_UNCHANGED", "IMPLEMENTATION_SPECIFIC_DEFAULT"],
        &CHANGED_KEYS,
        "a key with %2F or %5C is redirected, refused or becomes another one: browsers follow no redirect of a preflight, and \
         the signature of a URL holds for its own key alone. Write KEEP_UNCHANGED",
    ),
    (
        &["merge_slashes"],
        &["false"],
        &CHANGED_KEYS,
        "// in a key becomes /, which is another object, and the signature of its URL is wrong. Write false",
    ),
    (
        &["common_http_protocol_options", "headers_with_underscores_action"],
        &["ALLOW"],
        &REFUSED_HEADERS,
        "a header such as x-amz-meta-my_key is refused or dropped. Write ALLOW",
    ),
];

/// Warns of every manager in the document.
pub(super) fn warnings(
    file: &SourceFile,
    subject: &Subject<'_>,
    ancestors: &[Ancestor],
    warnings: &mut Vec<Warning>,
) {
    let tree = &*file.tree;
    let named = ancestors.iter().rev().find_map(|it| {
        tree.text_of(it.node, "name")
            .filter(|_| tree.field(it.node, "typed_config").is_some())
    });
    let name = named.unwrap_or_default();
    for manager in &connection_managers::all(tree, subject.document, subject.pointer, name) {
        let mut look = ChainLook {
            file,
            subject,
            manager,
            warnings: &mut *warnings,
        };
        look.filters();
        look.options();
        look.routes();
    }
}

/// One manager, and what there is to say of it.
struct ChainLook<'l> {
    file: &'l SourceFile,
    subject: &'l Subject<'l>,
    manager: &'l Manager,
    warnings: &'l mut Vec<Warning>,
}

impl ChainLook<'_> {
    fn text(&self, id: NodeId, name: &str) -> &str {
        self.file.tree.text_of(id, name).unwrap_or_default()
    }

    fn warn(&mut self, code: &'static Code, pointer: String, node: NodeId, message: String) {
        self.warnings
            .push(self.file.warning(code, pointer, node, message));
    }

    /// The other filters of the chain.
    fn filters(&mut self) {
        let manager = self.manager;
        let has_istio_s =
            (manager.filters.iter()).any(|filter| self.text(*filter, "name").starts_with("istio."));
        let has_policy = self.has_cors_policy();
        for (index, filter) in manager.filters.iter().enumerate() {
            let is_before = index < manager.ours;
            let pointer = format!("{}/{index}", manager.list);
            let name = self.text(*filter, "name").to_owned();
            let kind = FilterKind::of(&self.file.tree, *filter);
            // Istio puts one into every chain, which does nothing without a policy, and behind ours changes nothing.
            let is_idle = !is_before && has_istio_s && !has_policy;
            if kind == FilterKind::Cors && !is_idle {
                let message = format!(
                    "{name} stands in the same chain: where a route has a policy for it, two filters answer preflights and set \
                     headers. Take it out, with the policies"
                );
                self.warn(&ANOTHER_CORS, pointer, *filter, message);
            } else if is_before && kind == FilterKind::Authentication {
                let message = format!(
                    "{name} stands before the filter: a preflight carries no credentials, so it is refused before the filter \
                     sees it. Put bucket-cors first"
                );
                self.warn(&BEHIND_AUTHENTICATION, pointer, *filter, message);
            } else if is_before && kind == FilterKind::Lua && self.runs_script_of_cors(*filter, &name) {
                let message = format!(
                    "{name} stands before the filter, and its script names headers of CORS: it answers preflights first, or \
                     changes responses last. Take these headers out of the script, or put bucket-cors first"
                );
                self.warn(&ANOTHER_CORS, pointer, *filter, message);
            } else if is_before && self.changes_headers(*filter, &name) {
                let message = format!(
                    "{name} stands before the filter, so it changes responses after it, and it sets or removes CORS headers. Take \
                     these out of its response_mutations"
                );
                self.warn(&ANOTHER_CORS, pointer, *filter, message);
            }
        }
    }

    /// Whether a route, a virtual host or another filter's configuration has a policy for Envoy's own CORS filter.
    fn has_cors_policy(&self) -> bool {
        let is_policy = |id| {
            self.text(id, "@type")
                .ends_with("filters.http.cors.v3.CorsPolicy")
        };
        self.file.tree.any(self.subject.document, &is_policy)
    }

    /// Whether a filter for header mutations, or what a route says for it, has CORS headers of responses.
    fn changes_headers(&self, filter: NodeId, name: &str) -> bool {
        let tree = &*self.file.tree;
        let is_of_cors = |text: &str| text.to_ascii_lowercase().starts_with(CORS_PREFIX);
        let changes = |mutation: &NodeId| {
            let added = tree.field(*mutation, "append");
            let header = added.and_then(|(_, added)| tree.field(added, "header"));
            is_of_cors(self.text(*mutation, "remove"))
                || header.is_some_and(|(_, header)| is_of_cors(self.text(header, "key")))
        };
        let has_some = |id: NodeId| {
            let list = tree.field(id, "response_mutations");
            list.is_some_and(|(_, list)| tree.items(list).iter().any(changes))
        };
        self.has_or_routes_have(filter, name, &has_some)
    }

    /// Whether a filter for scripts, or what a route says for it, has one that names headers of CORS.
    fn runs_script_of_cors(&self, filter: NodeId, name: &str) -> bool {
        self.has_or_routes_have(filter, name, &|id| is_script_of_cors(&self.file.tree, id))
    }

    /// Whether such a node stands in a filter, or in what a route says for it.
    fn has_or_routes_have(&self, filter: NodeId, name: &str, is_such: &dyn Fn(NodeId) -> bool) -> bool {
        let tree = &*self.file.tree;
        let of_routes = |id: NodeId| {
            let own = tree
                .field(id, "typed_per_filter_config")
                .and_then(|(_, filters)| tree.get(filters, name));
            own.is_some_and(|own| tree.any(own, is_such))
        };
        tree.any(filter, is_such) || tree.any(self.subject.document, &of_routes)
    }

    fn options(&mut self) {
        for (path, right, code, message) in OPTIONS {
            let (mut pointer, mut node) = (self.manager.pointer.clone(), Some(self.manager.node));
            for name in path {
                let found = node.and_then(|node| self.file.tree.field(node, name));
                node = found.as_ref().map(|(_, value)| *value);
                pointer = format!("{pointer}/{}", found.map(|(key, _)| key).unwrap_or_default());
            }
            let value = node.and_then(|node| Some((node, self.file.tree.text(node)?)));
            if let Some((node, text)) = value.filter(|(_, text)| !right.contains(text)) {
                let message = format!("with {text}, {message}");
                self.warn(code, pointer, node, message);
            }
        }
    }

    fn routes(&mut self) {
        let Some(filter) = self.manager.filters.get(self.manager.ours).copied() else {
            return;
        };
        let is_off = self.text(filter, "disabled") == "true";
        let configurations = (self.manager).route_configurations(&self.file.tree, self.subject.document);
        for (pointer, configuration) in &configurations {
            self.virtual_hosts(pointer, *configuration, is_off);
        }
        let name = self.text(filter, "name").to_owned();
        let file = self.file;
        let ways = switch::ways(&file.tree, &configurations, &name, !is_off);
        if !is_off || ways.iter().any(|way| way.is_on) {
            switch::warnings(file, self.subject, &name, &ways, self.warnings);
        } else if !configurations.is_empty() {
            let message = format!(
                "{name} is disabled in this chain, and no route has it in its typed_per_filter_config: no request reaches the \
                 filter. In Envoy Gateway, see whether the policy was accepted, and for which Gateway or HTTPRoute"
            );
            let pointer = format!("{}/{}", self.manager.list, self.manager.ours);
            self.warn(&NOT_SWITCHED_ON, pointer, filter, message);
        }
    }

    /// Whether preflights find a route that switches the filter on, and how long a response may take.
    fn virtual_hosts(&mut self, pointer: &str, configuration: NodeId, is_off: bool) {
        let tree = &*self.file.tree;
        let Some((key, hosts)) = tree.field(configuration, "virtual_hosts") else {
            return;
        };
        let mut limited = Vec::new();
        for (index, host) in tree.items(hosts).iter().enumerate() {
            let Some((list, routes)) = tree.field(*host, "routes") else {
                continue;
            };
            let pointer = format!("{pointer}/{key}/{index}/{list}");
            let routes = tree.items(routes).iter().enumerate();
            let routes: Vec<_> = routes
                .map(|(at, route)| (format!("{pointer}/{at}"), *route))
                .collect();
            // A filter that is on in its chain answers preflights before any route is looked for.
            if is_off {
                routes::of_virtual_host(self.file, &routes, self.warnings);
            }
            limited.extend(routes.into_iter().filter_map(|(pointer, route)| {
                let (key, action) = tree.field(route, "route")?;
                let limit = tree.text_of(action, "timeout");
                (!is_long(limit)).then(|| (format!("{pointer}/{key}"), action, limit))
            }));
        }
        // Thousands of routes get one line.
        let Some((pointer, action, limit)) = limited.first().cloned() else {
            return;
        };
        let others = match limited.len() {
            1 => String::new(),
            count => format!(
                ", and for {} more routes of this configuration",
                count.saturating_sub(1)
            ),
        };
        let limit = limit.unwrap_or("15s, Envoy's own where a route names none,");
        let message = format!(
            "{limit} is the time for the whole response{others}: a slow download is cut. Write timeout: 0s, and an idle_timeout"
        );
        self.warn(&CUTS_DOWNLOADS, pointer, action, message);
    }
}
