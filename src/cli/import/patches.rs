//! Patches of a proxy's own configuration, which may take away or change what a control plane has written into it.

use super::code;
use super::json_path;
use super::kube;
use super::node::Node;
use super::remarks::Remarks;
use super::routes::Host;

/// A kind of resource that has patches.
pub(crate) struct PatchKind {
    name: &'static str,
    list: &'static str,
    /// Where the new value stands in a patch.
    value: [&'static str; 2],
    /// Whether a patch may change which policy a request has.
    changes: fn(&Node<'_>) -> bool,
}

/// Istio's, and of those that are made of it.
pub(crate) static ENVOY_FILTER: PatchKind = PatchKind {
    name: "EnvoyFilter",
    list: "configPatches",
    value: ["patch", "value"],
    changes,
};

/// Envoy Gateway's.
pub(crate) static ENVOY_PATCH_POLICY: PatchKind = PatchKind {
    name: "EnvoyPatchPolicy",
    list: "jsonPatches",
    value: ["operation", "value"],
    changes: changes_json,
};

/// The patches in the files that may change which policy a request has.
#[derive(Debug, Default)]
pub(crate) struct Patches(Vec<Patch>);

/// Whose proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Gateways,
    Sidecars,
}

#[derive(Debug)]
struct Patch {
    /// What messages call it.
    called: String,
    place: String,
    /// `None`: both.
    side: Option<Side>,
    /// The one host that it is for.
    host: Option<String>,
}

/// The fields of a proxy's configuration that say which requests have which policy.
const STRUCTURE: [&str; 10] = [
    "default_filter_chain",
    "domains",
    "filter_chains",
    "http_filters",
    "match",
    "rds",
    "route_config",
    "routes",
    "scoped_routes",
    "virtual_hosts",
];

impl Patches {
    /// Those of a kind of resource.
    pub(crate) fn of(resources: &[Node<'_>], kind: &PatchKind) -> Self {
        let mut all = Self::default();
        let of_kind = |resource: &&Node<'_>| kube::kind(resource) == kind.name;
        for resource in resources.iter().filter(of_kind) {
            let called = format!("the {} {:?}", kind.name, kube::name(resource));
            let patches = kube::items(resource, &["spec", kind.list]);
            let patches = patches.iter().filter(|patch| (kind.changes)(patch));
            all.0.extend(patches.map(|patch| Patch::of(patch, &called)));
        }
        all
    }

    /// Takes the policies out that one of them may change.
    pub(crate) fn take_out(&self, hosts: &mut Vec<Host>, side: Side, remarks: &mut Remarks) {
        for patch in &self.0 {
            if patch.side.is_some_and(|own| own != side) {
                continue;
            }
            let mut rest = Vec::new();
            for host in hosts.iter_mut().filter(|host| host.has_policy()) {
                let domains = std::mem::take(&mut host.domains);
                let (own, others): (Vec<_>, Vec<_>) = domains
                    .into_iter()
                    .partition(|domain| patch.is_for(&domain.value));
                host.domains = own;
                if !others.is_empty() {
                    rest.push(Host {
                        domains: others,
                        ..host.clone()
                    });
                }
                if !host.domains.is_empty() {
                    patch.say_and_clear(host, remarks);
                }
            }
            hosts.retain(|host| !host.domains.is_empty());
            hosts.extend(rest);
        }
    }
}

impl Patch {
    fn of(patch: &Node<'_>, called: &str) -> Self {
        let context = patch
            .path(&["match", "context"])
            .and_then(|context| context.text());
        let vhost = patch.path(&["match", "routeConfiguration", "vhost", "name"]);
        let host = vhost.and_then(|name| name.text());
        Self {
            called: called.to_owned(),
            place: patch.place.clone(),
            side: match context.as_deref() {
                Some("GATEWAY") => Some(Side::Gateways),
                Some("SIDECAR_OUTBOUND") => Some(Side::Sidecars),
                _ => None,
            },
            // Istio's virtual hosts are called after their host and port.
            host: host.and_then(|name| Some(name.rsplit_once(':')?.0.to_owned())),
        }
    }

    /// Whether it may be for a host, of which a bare name is that of a service.
    fn is_for(&self, host: &str) -> bool {
        self.host.as_ref().is_none_or(|own| {
            let is_service = || own.strip_prefix(host).is_some_and(|rest| rest.starts_with('.'));
            own.eq_ignore_ascii_case(host) || !host.contains('.') && is_service()
        })
    }

    fn say_and_clear(&self, host: &mut Host, remarks: &mut Remarks) {
        for route in &mut host.routes {
            if let Some(policy) = route.bucket.take() {
                let message = format!(
                    "this policy, which is left out: {} at {} changes what the proxy makes of it, or may: import the proxy's \
                     config dump with --from envoy",
                    self.called, self.place
                );
                remarks.say(code::OTHER_HOSTS, &policy.place, message);
            }
        }
    }
}

/// Where a patch is about the filter of CORS: it takes it away, changes it, or has a policy of it.
pub(crate) fn of_cors(resource: &Node<'_>) -> Option<String> {
    let name = kube::kind(resource);
    let kind = [&ENVOY_FILTER, &ENVOY_PATCH_POLICY];
    let kind = kind.into_iter().find(|kind| kind.name == name)?;
    let patches = kube::items(resource, &["spec", kind.list]).into_iter();
    let mut of_cors = patches.filter(|patch| {
        let value = patch.path(&kind.value);
        (kind.changes)(patch) && names_filter(patch) || value.as_ref().is_some_and(names_filter)
    });
    of_cors.next().map(|patch| patch.place)
}

/// Whether something names the filter of CORS, by a key or by a value.
fn names_filter(node: &Node<'_>) -> bool {
    let is_it = |text: &str| text.contains("http.cors") || text == "envoy.cors";
    node.text().is_some_and(|text| is_it(&text))
        || node.fields().iter().any(|(key, _)| is_it(key))
        || node.children().iter().any(names_filter)
}

/// Whether a patch of an EnvoyFilter may change which policy a request has.
fn changes(patch: &Node<'_>) -> bool {
    let text = |path: &[&str]| patch.path(path).and_then(|text| text.text()).unwrap_or_default();
    let value = patch.path(&["patch", "value"]);
    let has_structure = || value.as_ref().is_some_and(has_structure);
    // What sidecars do with requests from outside is no VirtualService's.
    if text(&["match", "context"]) == "SIDECAR_INBOUND" {
        return false;
    }
    let operation = text(&["patch", "operation"]);
    let adds = operation == "ADD" || operation.starts_with("INSERT");
    let filter = ["match", "listener", "filterChain", "filter"];
    match text(&["applyTo"]).as_str() {
        "HTTP_FILTER" => {
            let name = text(&[&filter[..], &["subFilter", "name"]].concat());
            // Without a name it is for each of them.
            !adds && (name.is_empty() || name.contains("cors"))
        }
        "NETWORK_FILTER" => {
            let name = text(&[&filter[..], &["name"]].concat());
            let is_of_http = name.is_empty() || name.contains("http_connection_manager");
            !adds && is_of_http && (operation != "MERGE" || has_structure())
        }
        "LISTENER" | "FILTER_CHAIN" => !adds && (operation != "MERGE" || has_structure()),
        // One that is added takes requests of others.
        "ROUTE_CONFIGURATION" | "VIRTUAL_HOST" | "HTTP_ROUTE" => operation != "MERGE" || has_structure(),
        _ => false,
    }
}

/// Whether a patch of an EnvoyPatchPolicy may.
fn changes_json(patch: &Node<'_>) -> bool {
    const OTHERS: [&str; 3] = [".Cluster", ".ClusterLoadAssignment", ".Secret"];
    let kind = patch.text_of("type").unwrap_or_default();
    let operation = |field: &str| patch.path(&["operation", field]).and_then(|it| it.text());
    let op = operation("op").unwrap_or_default();
    if op == "test" || OTHERS.iter().any(|other| kind.ends_with(other)) {
        return false;
    }
    let pointer = operation("path").unwrap_or_default();
    // Where the pointer begins.
    let place = match operation("jsonPath").as_deref().map(json_path::steps) {
        None => Some(Vec::new()),
        Some(steps) => steps,
    };
    let at = |pointer: &str, op: &str| {
        let steps = place
            .clone()
            .map(|place| [place, json_path::of_pointer(pointer)].concat());
        steps.is_none_or(|steps| json_path::may_change(&steps, op))
    };
    let from = operation("from").filter(|_| op == "move");
    at(&pointer, &op) || from.is_some_and(|from| at(&from, "remove"))
}

/// Whether a value has a field that says which requests have which policy.
fn has_structure(value: &Node<'_>) -> bool {
    value.fields().iter().any(|(field, _)| is_structure(field)) || value.children().iter().any(has_structure)
}

/// A field as either spelling has it, or the name of the filter of CORS.
fn is_structure(field: &str) -> bool {
    let plain = |text: &str| text.replace('_', "").to_ascii_lowercase();
    let field = plain(field);
    field.contains("cors") || STRUCTURE.iter().any(|name| plain(name) == field)
}
