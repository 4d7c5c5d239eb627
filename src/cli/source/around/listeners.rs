//! What Envoy Gateway makes of object keys and header names: a ClientTrafficPolicy says so, for a whole Gateway or for
//! one of its listeners.

use bucket_cors::config::Code;

use super::super::tree::NodeId;
use super::super::warning::{CHANGED_KEYS, REFUSED_HEADERS, Warning};
use super::resource::KubeResource;

/// Fields of a ClientTrafficPolicy, the value that is right before a store, and what the gateway does without it.
const OPTIONS: [(&[&str], &str, &Code, &str); 3] = [
    (
        &["path", "escapedSlashesAction"],
        "KeepUnchanged",
        &CHANGED_KEYS,
        "a key with %2F or %5C is redirected, refused or becomes another one: browsers follow no redirect of a preflight",
    ),
    (
        &["path", "disableMergeSlashes"],
        "true",
        &CHANGED_KEYS,
        "// in a key becomes /, which is another object, and the signature of its URL is wrong",
    ),
    (
        &["headers", "withUnderscoresAction"],
        "Allow",
        &REFUSED_HEADERS,
        "a header such as x-amz-meta-my_key is refused or dropped",
    ),
];

/// The filter's policy, and what stands beside it.
pub(super) struct ListenersLook<'l, 'f> {
    pub(super) policy: &'l KubeResource<'f>,
    /// The routes with the filter.
    pub(super) routes: &'l [&'l KubeResource<'f>],
    /// Those with the filter that are in the files.
    pub(super) gateways: Vec<&'l KubeResource<'f>>,
    /// The ClientTrafficPolicies for a gateway with the filter.
    pub(super) of_clients: Vec<&'l KubeResource<'f>>,
    /// What is not in the files is missing.
    pub(super) is_whole: bool,
}

impl ListenersLook<'_, '_> {
    /// What becomes of object keys and header names.
    pub(super) fn warnings(&self, warnings: &mut Vec<Warning>) {
        let mut warn = |of: &KubeResource<'_>, code, below: &str, node: NodeId, message| {
            let pointer = format!("{}/spec{below}", of.pointer);
            warnings.push(of.file.warning(code, pointer, node, message));
        };
        for (path, right, code, message) in OPTIONS {
            let field = path.join(".");
            let message = format!("{message}. Write {field}: {right}");
            for policy in &self.of_clients {
                let node = path
                    .iter()
                    .try_fold(policy.spec, |at, key| policy.tree().get(at, key));
                if policy.text(path) != Some(right) {
                    let below = node.map(|_| format!("/{}", path.join("/"))).unwrap_or_default();
                    warn(policy, code, &below, node.unwrap_or(policy.spec), message.clone());
                }
            }
            if self.of_clients.is_empty() {
                if self.is_whole {
                    let message = format!(
                        "{message} in a ClientTrafficPolicy for this gateway, as in envoy/envoy-gateway-store.yaml"
                    );
                    warn(self.policy, code, "", self.policy.spec, message);
                }
                continue;
            }
            for gateway in &self.gateways {
                let without = self.without_policy(gateway);
                let Some((index, first, _)) = without.first() else {
                    continue;
                };
                let names: Vec<&str> = without.iter().map(|(_, _, name)| *name).collect();
                let message = format!(
                    "{message} in a ClientTrafficPolicy whose sectionName is that of a listener without one, or which has none: \
                     {}",
                    names.join(", ")
                );
                warn(gateway, code, &format!("/listeners/{index}"), *first, message);
            }
        }
    }

    /// The listeners of a gateway that no ClientTrafficPolicy is for and that requests with the filter come by.
    fn without_policy<'g>(&self, gateway: &'g KubeResource<'_>) -> Vec<(usize, NodeId, &'g str)> {
        let mut listeners = Vec::new();
        for (index, node) in gateway.items("listeners").iter().enumerate() {
            let name = gateway.tree().text_of(*node, "name").unwrap_or_default();
            let is_covered = self.of_clients.iter().any(|policy| {
                // One that says by labels what it is for may be for all of it.
                policy.targets().is_empty()
                    || policy.targets().iter().any(|target| target.takes(gateway, name))
            });
            let takes_routes = self.routes.is_empty()
                || self
                    .routes
                    .iter()
                    .flat_map(|route| route.parents())
                    .any(|it| it.takes(gateway, name));
            let own = self.policy.targets();
            let has_filter = own.is_empty()
                || own
                    .iter()
                    .any(|it| it.kind != "Gateway" || it.takes(gateway, name));
            if !is_covered && takes_routes && has_filter {
                listeners.push((index, *node, name));
            }
        }
        listeners
    }
}
