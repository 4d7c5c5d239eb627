//! What stands beside a policy of Envoy Gateway: who else answers or refuses, what becomes of a request before the
//! filter sees it, and how long a response may take.

use bucket_cors::config::Code;

use super::super::find::is_our_name;
use super::super::tree::NodeId;
use super::super::warning::{ANOTHER_CORS, BEHIND_AUTHENTICATION, SWITCHED_OFF, Warning};
use super::downloads;
use super::filters::is_script_of_cors;
use super::listeners::ListenersLook;
use super::resource::{KubeResource, ResourceRef, of_kind};
use super::routes;
use super::subject::Subject;

/// Fields of a SecurityPolicy, and the filters that they bring.
const SECURITY: [(&str, &str); 6] = [
    ("jwt", "jwt_authn"),
    ("oidc", "oauth2"),
    ("basicAuth", "basic_auth"),
    ("apiKeyAuth", "api_key_auth"),
    ("extAuth", "ext_authz"),
    ("cors", "cors"),
];

/// Warns of the resources for the gateway that the policy is for.
pub(super) fn warnings(
    resources: &[KubeResource<'_>],
    policy: &KubeResource<'_>,
    subject: &Subject<'_>,
    is_whole: bool,
    warnings: &mut Vec<Warning>,
) {
    let own = policy.targets();
    let is_own = |route: &KubeResource<'_>| {
        own.is_empty()
            || own.iter().any(|target| route.is(target))
            || route
                .parents()
                .iter()
                .any(|parent| own.iter().any(|target| target.is(parent)))
    };
    let routes: Vec<&KubeResource> = of_kind(resources, "HTTPRoute")
        .filter(|route| is_own(route) && is_to_store(route, subject))
        .collect();
    let mut gateways: Vec<ResourceRef> = own
        .iter()
        .filter(|target| target.kind == "Gateway")
        .cloned()
        .collect();
    if !own.is_empty() && gateways.is_empty() {
        gateways = routes.iter().flat_map(|route| route.parents()).collect();
    }
    let there: Vec<&KubeResource> = of_kind(resources, "Gateway")
        .filter(|it| gateways.iter().any(|target| it.is(target)))
        .collect();
    let mut around = Around {
        resources,
        policy,
        filter: if subject.pointer.contains("/spec/dynamicModule/") {
            "dynamic_modules"
        } else {
            "wasm"
        },
        // A file with the gateway's routes is all of it too.
        is_whole: is_whole || !there.is_empty() || !routes.is_empty(),
        routes,
        gateways,
        warnings,
    };
    let listeners = ListenersLook {
        policy,
        routes: &around.routes,
        gateways: there,
        of_clients: around.policies("ClientTrafficPolicy"),
        is_whole: around.is_whole,
    };
    listeners.warnings(around.warnings);
    let of_backends = around.policies("BackendTrafficPolicy");
    downloads::warnings(&around.routes, &of_backends, around.warnings);
    around.others();
    around.scripts();
    around.replaced();
    routes::of_resources(&around.routes, around.warnings);
}

/// Whether a route leads to a server, under a host that the rules may be for.
fn is_to_store(route: &KubeResource<'_>, subject: &Subject<'_>) -> bool {
    let has_server = |rule: &NodeId| route.tree().get(*rule, "backendRefs").is_some();
    let mut hosts = route.texts(route.spec, "hostnames").peekable();
    let is_under = hosts.peek().is_none() || hosts.any(|host| subject.may_serve(host));
    is_under && route.items("rules").iter().any(has_server)
}

struct Around<'r, 'f> {
    resources: &'r [KubeResource<'f>],
    policy: &'r KubeResource<'f>,
    /// The filter's name in a `filterOrder`, behind `envoy.filters.http.`.
    filter: &'static str,
    /// What is not in the files is missing.
    is_whole: bool,
    /// Those with the filter.
    routes: Vec<&'r KubeResource<'f>>,
    /// Those with the filter. None: it may be any.
    gateways: Vec<ResourceRef>,
    warnings: &'r mut Vec<Warning>,
}

impl<'r, 'f> Around<'r, 'f> {
    /// The policies of a kind that are for the filter's gateway, or for a route with it.
    fn policies(&self, kind: &str) -> Vec<&'r KubeResource<'f>> {
        let is_ours = |policy: &&KubeResource<'_>| {
            let targets = policy.targets();
            targets.is_empty()
                || self.gateways.is_empty()
                || targets.iter().any(|target| {
                    self.gateways.iter().any(|gateway| gateway.is(target))
                        || self.routes.iter().any(|route| route.is(target))
                })
        };
        of_kind(self.resources, kind).filter(is_ours).collect()
    }

    fn warn(
        &mut self,
        of: &KubeResource<'_>,
        code: &'static Code,
        below: &str,
        node: NodeId,
        message: String,
    ) {
        let pointer = format!("{}/spec{below}", of.pointer);
        self.warnings.push(of.file.warning(code, pointer, node, message));
    }

    /// Who else answers preflights, or refuses them.
    fn others(&mut self) {
        let order = self.order();
        let stands_before = |filter: &str| order.iter().any(|known| known == filter);
        let mut told = Vec::new();
        for policy in self.policies("SecurityPolicy") {
            for (field, filter) in SECURITY {
                let value = policy.tree().get(policy.spec, field);
                if let Some(value) = value.filter(|_| !stands_before(filter)) {
                    self.answers_first(policy, filter, &format!("/{field}"), value);
                    told.push(filter);
                }
            }
        }
        for route in self.routes.clone() {
            for (rule_at, rule) in route.items("rules").iter().enumerate() {
                let filters = route.tree().get(*rule, "filters");
                let filters = filters.map_or(&[][..], |filters| route.tree().items(filters));
                for (at, filter) in filters.iter().enumerate() {
                    let is_cors = route.tree().text_of(*filter, "type") == Some("CORS");
                    if is_cors && !stands_before("cors") {
                        let below = format!("/rules/{rule_at}/filters/{at}");
                        self.answers_first(route, "cors", &below, *filter);
                        told.push("cors");
                    }
                }
            }
        }
        let missing = SECURITY.map(|(_, filter)| filter).into_iter();
        let missing = missing.filter(|filter| !stands_before(filter) && !told.contains(filter));
        self.lines(&missing.collect::<Vec<_>>());
    }

    fn answers_first(&mut self, of: &KubeResource<'_>, filter: &str, below: &str, node: NodeId) {
        let (code, what) = match filter {
            "cors" => (
                &ANOTHER_CORS,
                "this answers preflights before the filter does: take it out, or write",
            ),
            _ => (
                &BEHIND_AUTHENTICATION,
                "this stands before the filter: a preflight carries no credentials, so it is refused before the filter sees it. \
                 Write",
            ),
        };
        let message = format!("{what} {} in the EnvoyProxy's filterOrder", self.line(filter));
        self.warn(of, code, below, node, message);
    }

    /// Scripts of the filter's own policy that run before it.
    fn scripts(&mut self) {
        if self.order().iter().any(|known| known == "lua") {
            return;
        }
        let policy = self.policy;
        for (at, script) in policy.items("lua").iter().enumerate() {
            let text = policy.tree().get(*script, "inline");
            if let Some(text) = text.filter(|text| is_script_of_cors(policy.tree(), *text)) {
                let message = format!(
                    "this script stands before the filter, and names headers of CORS: it answers preflights first, or changes \
                     responses last. Take these headers out, or write {} in the EnvoyProxy's filterOrder",
                    self.line("lua")
                );
                self.warn(policy, &ANOTHER_CORS, &format!("/lua/{at}/inline"), text, message);
            }
        }
    }

    /// Policies of routes that stand in the place of the gateway's, where the filter is.
    fn replaced(&mut self) {
        let own = self.policy.targets();
        if own.is_empty() || own.iter().any(|target| target.kind != "Gateway") {
            return;
        }
        let routes = self.routes.clone();
        for policy in of_kind(self.resources, "EnvoyExtensionPolicy") {
            // Some versions can merge a route's policy into the gateway's.
            let is_merged = policy.text(&["mergeType"]).is_some();
            let has_filter = policy
                .tree()
                .any(policy.spec, &|id| policy.tree().text(id).is_some_and(is_our_name));
            if is_merged || has_filter {
                continue;
            }
            let targets = policy.targets();
            let lost: Vec<&str> = routes
                .iter()
                .filter(|route| targets.iter().any(|target| route.is(target)))
                .map(|route| route.name)
                .collect();
            if !lost.is_empty() {
                let message = format!(
                    "Envoy Gateway takes this policy for HTTPRoute {} in the place of the gateway's, so their requests pass by \
                     the filter. Put the filter into this policy too",
                    lost.join(", ")
                );
                self.warn(policy, &SWITCHED_OFF, "", policy.spec, message);
            }
        }
    }

    fn line(&self, filter: &str) -> String {
        let ours = self.filter;
        format!("{{name: envoy.filters.http.{ours}, before: envoy.filters.http.{filter}}}")
    }

    /// The filters that some line puts ours before.
    fn order(&self) -> Vec<String> {
        let mut before = Vec::new();
        for proxy in self.proxies() {
            for line in proxy.items("filterOrder") {
                let text = |name: &str| proxy.tree().text_of(*line, name).unwrap_or_default();
                let behind = |name: &'_ str| name.rsplit("envoy.filters.http.").next().map(str::to_owned);
                if behind(text("name")).as_deref() == Some(self.filter) {
                    before.extend(behind(text("before")));
                }
            }
        }
        before
    }

    /// The EnvoyProxies in force: those that the gateway or its class names, where either is in the files.
    fn proxies(&self) -> Vec<&'r KubeResource<'f>> {
        let all = || of_kind(self.resources, "EnvoyProxy");
        let Some(gateway) = self.gateway() else {
            return all().collect();
        };
        let class = gateway.text(&["gatewayClassName"]);
        let class = of_kind(self.resources, "GatewayClass").find(|it| Some(it.name) == class);
        let of_class = class.and_then(|class| class.text(&["parametersRef", "name"]));
        let named = gateway
            .text(&["infrastructure", "parametersRef", "name"])
            .or(of_class);
        all().filter(|proxy| Some(proxy.name) == named).collect()
    }

    fn gateway(&self) -> Option<&'r KubeResource<'f>> {
        let is_ours = |gateway: &&KubeResource<'_>| {
            self.gateways.is_empty() || self.gateways.iter().any(|target| gateway.is(target))
        };
        of_kind(self.resources, "Gateway").find(is_ours)
    }

    /// `missing`: the filters that no line puts ours before, and that no policy in the files brings yet.
    fn lines(&mut self, missing: &[&str]) {
        let proxies = self.proxies();
        let (cors, refusing): (Vec<&str>, Vec<&str>) = missing.iter().partition(|filter| **filter == "cors");
        let codes = [(refusing, &BEHIND_AUTHENTICATION), (cors, &ANOTHER_CORS)];
        for (filters, code) in codes.into_iter().filter(|(filters, _)| !filters.is_empty()) {
            let lines: Vec<String> = filters.iter().map(|filter| self.line(filter)).collect();
            let message = format!(
                "a policy that brings {} would stand before the filter. Write {} in the EnvoyProxy's filterOrder",
                filters.join(" or "),
                lines.join(" and ")
            );
            if let Some(proxy) = proxies.first() {
                let order = proxy.tree().get(proxy.spec, "filterOrder");
                let below = order.map_or("", |_| "/filterOrder");
                self.warn(proxy, code, below, order.unwrap_or(proxy.spec), message);
            } else if let Some(gateway) = self.gateway() {
                let message = format!(
                    "{message}, and name that EnvoyProxy in infrastructure.parametersRef of this Gateway"
                );
                self.warn(gateway, code, "", gateway.spec, message);
            } else if self.is_whole {
                self.warn(self.policy, code, "", self.policy.spec, message);
            }
        }
    }
}
