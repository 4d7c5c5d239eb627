//! What a configuration stands in: what becomes of a request where the filter fails, what it may call, and the place
//! that Istio and Higress give it.

use bucket_cors::config::{Code, Metering, OnRefused, Settings};

use super::super::envoy_place::{Ancestor, ancestors};
use super::super::tree::{NodeId, Tree};
use super::super::warning::{
    BEHIND_AUTHENTICATION, FAILS_OPEN, MISSING_CAPABILITY, NOT_ON_GATEWAYS, NOT_SWITCHED_ON, SWITCHED_OFF,
    Warning,
};
use super::subject::{SourceFile, Subject};

/// What the filter is called by, and what it calls: without one of them it loads nothing, sees nothing, or changes
/// nothing.
const CALLS: [&str; 11] = [
    "proxy_on_context_create",
    "proxy_on_configure",
    "proxy_on_request_headers",
    "proxy_on_response_headers",
    "proxy_on_delete",
    "proxy_log",
    "proxy_get_buffer_bytes",
    "proxy_get_header_map_pairs",
    "proxy_replace_header_map_value",
    "proxy_remove_header_map_value",
    "proxy_send_local_response",
];

/// The same for statistics.
const CALLS_OF_METRICS: [&str; 6] = [
    "proxy_on_tick",
    "proxy_set_tick_period_milliseconds",
    "proxy_define_metric",
    "proxy_increment_metric",
    "proxy_record_metric",
    "proxy_get_current_time_nanoseconds",
];

/// The same for the access log.
const CALLS_OF_ACCESS_LOG: [&str; 1] = ["proxy_set_property"];

/// The same for the last good rules.
const CALLS_OF_LAST_GOOD: [&str; 3] = [
    "proxy_get_property",
    "proxy_get_shared_data",
    "proxy_set_shared_data",
];

/// Warns of everything on the way to the configuration, and gives that way back.
pub(super) fn warnings(
    file: &SourceFile,
    subject: &Subject<'_>,
    warnings: &mut Vec<Warning>,
) -> Vec<Ancestor> {
    let ancestors = ancestors(&file.tree, subject.document, subject.pointer);
    let mut check = AncestorCheck { file, warnings };
    for Ancestor { pointer, node } in &ancestors {
        check.failure(pointer, *node);
        check.capabilities(pointer, *node, subject.settings);
        check.matcher(pointer, *node);
        // Where Envoy wants them from 1.40 on.
        if let Some((key, vm)) = file.tree.field(*node, "vm_config") {
            check.capabilities(&format!("{pointer}/{key}"), vm, subject.settings);
        }
    }
    check.phase(&ancestors);
    ancestors
}

struct AncestorCheck<'c> {
    file: &'c SourceFile,
    warnings: &'c mut Vec<Warning>,
}

impl<'c> AncestorCheck<'c> {
    fn tree(&self) -> &'c Tree {
        &self.file.tree
    }

    fn warn(&mut self, code: &'static Code, pointer: String, node: NodeId, message: String) {
        self.warnings
            .push(self.file.warning(code, pointer, node, message));
    }

    /// `failure_policy` and `fail_open` of Envoy, `failStrategy` of Istio and Higress, `failOpen` of Envoy Gateway.
    fn failure(&mut self, pointer: &str, node: NodeId) {
        for name in ["failure_policy", "fail_strategy", "fail_open"] {
            let Some((key, value)) = self.tree().field(node, name) else {
                continue;
            };
            let text = self.tree().text(value).unwrap_or_default();
            // Envoy takes an enum's number too, and 3 is FAIL_OPEN in its FailurePolicy.
            if matches!((name, text), (_, "FAIL_OPEN" | "true") | ("failure_policy", "3")) {
                let message = format!(
                    "{key} is {text}: where the filter cannot work, the proxy lets every response through as the store sent it, \
                     with the store's own CORS headers. Take FAIL_RELOAD, or FAIL_CLOSE where there is none"
                );
                self.warn(&FAILS_OPEN, format!("{pointer}/{key}"), value, message);
            }
        }
    }

    fn capabilities(&mut self, pointer: &str, node: NodeId, settings: &Settings) {
        let Some((restriction, list)) = self.tree().field(node, "capability_restriction_config") else {
            return;
        };
        let Some((key, allowed)) = self.tree().field(list, "allowed_capabilities") else {
            return;
        };
        let is_allowed = |call: &str| self.tree().get(allowed, call).is_some();
        let of = |calls: &'static [&'static str], is_needed: bool| calls.iter().filter(move |_| is_needed);
        let needed = of(&CALLS, true)
            .chain(of(&CALLS_OF_METRICS, settings.metrics != Metering::Off))
            .chain(of(&CALLS_OF_ACCESS_LOG, settings.access_log))
            .chain(of(
                &CALLS_OF_LAST_GOOD,
                settings.on_refused_rules == OnRefused::LastGood,
            ));
        let missing: Vec<&str> = needed.copied().filter(|call| !is_allowed(call)).collect();
        // An empty list allows everything.
        if missing.is_empty() || self.tree().pairs(allowed).is_empty() {
            return;
        }
        let message = format!(
            "the list does not have {}: without a call the configuration is refused, and without a callback the proxy passes \
             the filter by, with the store's own CORS headers. Add what is missing, as in envoy/envoy.yaml",
            missing.join(", ")
        );
        let pointer = format!("{pointer}/{restriction}/{key}");
        self.warn(&MISSING_CAPABILITY, pointer, allowed, message);
    }

    /// Envoy's matcher around a filter.
    fn matcher(&mut self, pointer: &str, node: NodeId) {
        let tree = self.tree();
        let is_of = |id: NodeId, kind: &str| tree.text_of(id, "@type").is_some_and(|it| it.ends_with(kind));
        if !is_of(node, ".ExtensionWithMatcher") {
            return;
        }
        for name in ["xds_matcher", "matcher"] {
            let found = tree.field(node, name);
            if let Some((key, matcher)) =
                found.filter(|(_, it)| tree.any(*it, &|id| is_of(id, ".SkipFilter")))
            {
                let message = "requests that this matcher skips pass by the filter, and get the store's own CORS headers or none. \
                               Take the matcher out; envoy/envoy-origin-only.yaml keeps requests without Origin out by a route";
                self.warn(
                    &SWITCHED_OFF,
                    format!("{pointer}/{key}"),
                    matcher,
                    message.to_owned(),
                );
            }
        }
    }

    /// Whether Istio or Higress let any request into a plugin.
    fn is_on(&mut self, pointer: &str, spec: NodeId) {
        let tree = self.tree();
        let of_wasm = tree
            .field(spec, "wasm")
            .map(|(key, wasm)| (format!("{pointer}/{key}"), wasm));
        for (pointer, plugin) in of_wasm.into_iter().chain([(pointer.to_owned(), spec)]) {
            if let Some(kind) = tree.get(plugin, "type")
                && tree.text(kind) == Some("NETWORK")
            {
                let message = "a network filter sees no HTTP request, and so this one does nothing. Take type out, or write HTTP";
                self.warn(
                    &NOT_SWITCHED_ON,
                    format!("{pointer}/type"),
                    kind,
                    message.to_owned(),
                );
            }
        }
        let is_off = |id: NodeId, key: &str| tree.text_of(id, key) == Some("true");
        let rules = tree.get(spec, "matchRules");
        let mut rules = rules.map_or(&[][..], |rules| tree.items(rules)).iter();
        if let Some(flag) = tree.get(spec, "defaultConfigDisable")
            && is_off(spec, "defaultConfigDisable")
            && rules.all(|rule| is_off(*rule, "configDisable"))
        {
            let message = "with defaultConfigDisable, and no rule of matchRules in force, Higress lets no request into the filter. \
                           Take defaultConfigDisable out";
            self.warn(
                &NOT_SWITCHED_ON,
                format!("{pointer}/defaultConfigDisable"),
                flag,
                message.to_owned(),
            );
        }
    }

    /// Where Istio and Higress put a plugin, and where Istio leaves it out.
    fn phase(&mut self, ancestors: &[Ancestor]) {
        let in_spec = |pair: &&[Ancestor]| matches!(pair, [_, spec] if spec.pointer.ends_with("/spec"));
        let Some([resource, Ancestor { pointer, node: spec }]) = ancestors.windows(2).find(in_spec) else {
            return;
        };
        let kind = self.tree().text_of(resource.node, "kind");
        if !matches!(kind, Some("WasmPlugin" | "TrafficExtension")) {
            return;
        }
        self.is_on(pointer, *spec);
        let phase = self.tree().field(*spec, "phase");
        let is_first = phase
            .as_ref()
            .is_some_and(|(_, phase)| self.tree().text(*phase) == Some("AUTHN"));
        if !is_first {
            let (at, node) = match phase {
                Some((key, node)) => (format!("{pointer}/{key}"), node),
                None => (pointer.clone(), *spec),
            };
            let message = "in any phase but AUTHN, authentication and authorization stand before the filter: a preflight carries \
                           no credentials, so it is refused before the filter sees it. Write phase: AUTHN";
            self.warn(&BEHIND_AUTHENTICATION, at, node, message.to_owned());
        }
        let Some((key, selectors)) = self.tree().field(*spec, "match") else {
            return;
        };
        if is_for_sidecars(self.tree(), *spec) {
            return;
        }
        for (index, selector) in self.tree().items(selectors).to_vec().into_iter().enumerate() {
            if self.tree().text_of(selector, "mode") == Some("SERVER") {
                let message = "a gateway's traffic is CLIENT: with mode SERVER, Istio leaves the filter out of gateways without a \
                               word. Write CLIENT, or leave match out"
                    .to_owned();
                self.warn(
                    &NOT_ON_GATEWAYS,
                    format!("{pointer}/{key}/{index}"),
                    selector,
                    message,
                );
            }
        }
    }
}

/// Whether a plugin's selector is for workloads that are no gateways, as far as their labels say.
fn is_for_sidecars(tree: &Tree, spec: NodeId) -> bool {
    let labels = tree.path(spec, &["selector", "matchLabels"]);
    let labels = labels.map_or(&[][..], |labels| tree.pairs(labels));
    let is_of_gateway = |id: NodeId| {
        let text = tree.text(id).unwrap_or_default();
        text.contains("gateway") || text.contains("ingress") || text == "istio"
    };
    let mut labels = labels.iter().peekable();
    labels.peek().is_some() && !labels.any(|(key, value)| is_of_gateway(*key) || is_of_gateway(*value))
}
