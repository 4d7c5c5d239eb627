//! What stands beside a plugin of Istio's or Higress's and gets in its way: routes that answer preflights or cut
//! downloads, policies that refuse, and Higress's own plugin for CORS.

use super::super::tree::NodeId;
use super::super::warning::{ANOTHER_CORS, BEHIND_AUTHENTICATION, CUTS_DOWNLOADS, Warning};
use super::patches::reaches;
use super::resource::{KubeResource, of_kind};
use super::subject::Subject;
use super::time::is_long;

/// Warns of every resource beside a plugin that gets in its way.
pub(super) fn warnings(
    resources: &[KubeResource<'_>],
    plugin: &KubeResource<'_>,
    subject: &Subject<'_>,
    warnings: &mut Vec<Warning>,
) {
    let mut beside = BesideLook {
        resources,
        plugin,
        subject,
        warnings,
    };
    beside.virtual_services();
    beside.routes();
    beside.authorizers();
    beside.plugins();
}

struct BesideLook<'b, 'f> {
    resources: &'b [KubeResource<'f>],
    plugin: &'b KubeResource<'f>,
    subject: &'b Subject<'b>,
    warnings: &'b mut Vec<Warning>,
}

impl BesideLook<'_, '_> {
    /// Istio's routes at a gateway; those of sidecars are in force at the client.
    fn virtual_services(&mut self) {
        for of in of_kind(self.resources, "VirtualService") {
            let is_at_gateway = of.texts(of.spec, "gateways").any(|name| name != "mesh");
            let is_ours = of
                .texts(of.spec, "hosts")
                .any(|host| self.subject.may_serve(host));
            if !is_at_gateway || !is_ours {
                continue;
            }
            for (index, route) in of.items("http").iter().enumerate() {
                let below = format!("/http/{index}");
                self.cors(of, *route, "corsPolicy", &below);
                self.time(of, *route, &["timeout"], &below);
            }
        }
    }

    /// HTTPRoutes of gateways that are not known to be another controller's.
    fn routes(&mut self) {
        for of in of_kind(self.resources, "HTTPRoute") {
            let mut hosts = of.texts(of.spec, "hostnames").peekable();
            let is_ours = hosts.peek().is_none() || hosts.any(|host| self.subject.may_serve(host));
            let is_at_gateway = of.parents().iter().any(|parent| {
                let gateway = of_kind(self.resources, "Gateway").find(|it| it.is(parent));
                let class = gateway.and_then(|it| it.text(&["gatewayClassName"]));
                let is_known = |class: &str| class.contains("istio") || class.contains("higress");
                parent.kind == "Gateway" && class.is_none_or(is_known)
            });
            if !is_at_gateway || !is_ours {
                continue;
            }
            for (index, rule) in of.items("rules").iter().enumerate() {
                let below = format!("/rules/{index}");
                let filters = of.tree().get(*rule, "filters");
                let filters = filters.map_or(&[][..], |filters| of.tree().items(filters));
                for (at, filter) in filters.iter().enumerate() {
                    self.cors(of, *filter, "cors", &format!("{below}/filters/{at}"));
                }
                self.time(of, *rule, &["timeouts", "request"], &below);
            }
        }
    }

    fn cors(&mut self, of: &KubeResource<'_>, node: NodeId, key: &str, below: &str) {
        if let Some(policy) = of.tree().get(node, key) {
            let message = "this route has a policy for CORS of its own: where the filter leaves a preflight or a response as it \
                           is, this policy answers in its place. Take it out";
            let pointer = format!("{}/spec{below}/{key}", of.pointer);
            let warning = of
                .file
                .warning(&ANOTHER_CORS, pointer, policy, message.to_owned());
            self.warnings.push(warning);
        }
    }

    fn time(&mut self, of: &KubeResource<'_>, node: NodeId, path: &[&str], below: &str) {
        let limit = of.tree().path(node, path);
        if let Some((limit, text)) = limit.and_then(|limit| Some((limit, of.tree().text(limit)?)))
            && !is_long(Some(text))
        {
            let message = format!(
                "{text} is the time for the whole response: a slow download is cut. Take it out, or write 0s"
            );
            let pointer = format!("{}/spec{below}/{}", of.pointer, path.join("/"));
            let warning = of.file.warning(&CUTS_DOWNLOADS, pointer, limit, message);
            self.warnings.push(warning);
        }
    }

    /// External authorizers of Istio, which no phase of a plugin stands before.
    fn authorizers(&mut self) {
        for of in of_kind(self.resources, "AuthorizationPolicy") {
            let is_external = of.text(&["action"]) == Some("CUSTOM");
            let asks = |rule: &NodeId| self.takes_preflights(of, *rule);
            if !is_external || !reaches(of, &["selector", "matchLabels"], self.plugin) {
                continue;
            }
            if let Some(index) = of.items("rules").iter().position(asks)
                && let Some(rule) = of.items("rules").get(index)
            {
                let message = "an external authorizer stands before the filter in every phase: a preflight carries no \
                               credentials, so it is refused before the filter sees it. Write notMethods: [OPTIONS] in the \
                               operations of this rule";
                let pointer = format!("{}/spec/rules/{index}", of.pointer);
                let warning = of
                    .file
                    .warning(&BEHIND_AUTHENTICATION, pointer, *rule, message.to_owned());
                self.warnings.push(warning);
            }
        }
    }

    /// Whether a rule of an AuthorizationPolicy is for preflights to the store.
    fn takes_preflights(&self, of: &KubeResource<'_>, rule: NodeId) -> bool {
        let tree = of.tree();
        let takes = |to: &NodeId| {
            let Some(operation) = tree.get(*to, "operation") else {
                return true;
            };
            let is_options = |method: &str| matches!(method, "OPTIONS" | "*");
            let mut methods = of.texts(operation, "methods").peekable();
            let mut hosts = of.texts(operation, "hosts").peekable();
            (methods.peek().is_none() || methods.any(is_options))
                && !of.texts(operation, "notMethods").any(is_options)
                && (hosts.peek().is_none() || hosts.any(|host| self.subject.may_serve(host)))
        };
        let operations = tree.get(rule, "to").map(|to| tree.items(to));
        operations.is_none_or(|operations| operations.iter().any(takes))
    }

    /// Higress's own plugin for CORS.
    fn plugins(&mut self) {
        for of in of_kind(self.resources, "WasmPlugin").filter(|it| !it.holds(self.subject)) {
            let url = of.tree().get(of.spec, "url");
            let text = url.and_then(|url| of.tree().text(url)).unwrap_or_default();
            let image = text.rsplit('/').next().unwrap_or_default();
            let image = image.split([':', '@']).next().unwrap_or_default();
            let is_off =
                of.text(&["defaultConfigDisable"]) == Some("true") && of.items("matchRules").is_empty();
            if let Some(url) = url.filter(|_| image == "cors" && !is_off) {
                let message = "this is Higress's own plugin for CORS: both answer preflights and set headers. Take it out";
                let pointer = format!("{}/spec/url", of.pointer);
                let warning = of.file.warning(&ANOTHER_CORS, pointer, url, message.to_owned());
                self.warnings.push(warning);
            }
        }
    }
}
