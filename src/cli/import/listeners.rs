//! The listeners of Gateways of the Gateway API: their own, those that ListenerSets add, and those of Gateways that
//! share one proxy.

use std::collections::{BTreeSet, HashMap};

use super::host_names::covers;
use super::kube;
use super::namespaces::Namespaces;
use super::node::Node;

/// A namespace and a name.
pub(crate) type Key = (String, String);

/// A listener.
#[derive(Debug)]
pub(crate) struct GatewayListener<'t> {
    pub(crate) node: Node<'t>,
    /// The ListenerSet that adds it.
    pub(crate) set: Option<Key>,
    /// Where the Gateway chooses the namespaces of its ListenerSets by labels that the files do not have.
    pub(crate) selected: Option<String>,
    /// `*` where it takes any.
    pub(crate) host: String,
    /// Longer names of other listeners on its port, which take what they cover.
    pub(crate) narrower: Vec<String>,
}

impl<'t> GatewayListener<'t> {
    fn of(node: Node<'t>, set: Option<Key>, selected: Option<String>) -> Self {
        let hostname = node.text_of("hostname").filter(|name| !name.is_empty());
        Self {
            host: hostname.unwrap_or_else(|| "*".to_owned()),
            node,
            set,
            selected,
            narrower: Vec::new(),
        }
    }

    /// Listeners that take each other's requests: of one proxy, port and protocol.
    fn place(&self, proxy: &str) -> (String, Option<String>, Option<String>) {
        let own = |field: &str| self.node.text_of(field);
        (proxy.to_owned(), own("port"), own("protocol"))
    }
}

/// A Gateway.
#[derive(Debug, Default)]
pub(crate) struct KnownGateway<'t> {
    pub(crate) listeners: Vec<GatewayListener<'t>>,
    /// What has its ports: itself, or its class where the Gateways of that share one proxy.
    pub(crate) proxy: String,
    /// What its GatewayClass calls the controller.
    pub(crate) controller: Option<String>,
    /// Otherwise only ListenerSets of it are.
    pub(crate) is_in_files: bool,
}

/// All that the files have.
#[derive(Debug, Default)]
pub(crate) struct KnownListeners<'t> {
    gateways: HashMap<Key, KnownGateway<'t>>,
    /// The Gateway of each ListenerSet.
    sets: HashMap<Key, Key>,
}

/// Whether something is a set of listeners, by its kind, as it is called since it is stable and before.
pub(crate) fn is_set(kind: &str) -> bool {
    SETS.contains(&kind)
}

/// The kinds of such sets.
pub(crate) const SETS: [&str; 2] = ["ListenerSet", "XListenerSet"];

/// The namespace and the name of a resource.
pub(crate) fn key(resource: &Node<'_>) -> Key {
    (kube::namespace(resource), kube::name(resource))
}

impl<'t> KnownListeners<'t> {
    pub(crate) fn of(resources: &[Node<'t>], namespaces: &Namespaces<'t>) -> Self {
        let mut all = Self::default();
        let mut gates: HashMap<Key, &Node<'t>> = HashMap::new();
        let parts = ListenerParts::of(resources);
        for gateway in resources
            .iter()
            .filter(|resource| kube::kind(resource) == "Gateway" && !kube::is_istio_gateway(resource))
        {
            let (namespace, name) = key(gateway);
            let own = kube::items(gateway, &["spec", "listeners"]).into_iter();
            let own = own.map(|node| GatewayListener::of(node, None, None));
            gates.entry(key(gateway)).or_insert(gateway);
            all.gateways.entry(key(gateway)).or_insert_with(|| KnownGateway {
                listeners: own.collect(),
                controller: controller(gateway, &parts),
                proxy: shared_proxy(gateway, &parts).unwrap_or_else(|| format!("{namespace}/{name}")),
                is_in_files: true,
            });
        }
        for set in resources.iter().filter(|resource| is_set(&kube::kind(resource))) {
            let Some(parent) = set.path(&["spec", "parentRef"]) else {
                continue;
            };
            let namespace = parent
                .text_of("namespace")
                .unwrap_or_else(|| kube::namespace(set));
            let gateway = (namespace, parent.text_of("name").unwrap_or_default());
            let allowed = gates
                .get(&gateway)
                .map(|gateway| gateway.path(&["spec", "allowedListeners", "namespaces"]));
            let is_taken = match &allowed {
                // A Gateway takes none unless it says so.
                Some(rule) => rule
                    .as_ref()
                    .filter(|rule| rule.get("from").is_some())
                    .map_or(Some(false), |rule| {
                        namespaces.may_come(Some(rule), &kube::namespace(set), &gateway.0)
                    }),
                None => Some(true),
            };
            all.sets.insert(key(set), gateway.clone());
            let proxy = format!("{}/{}", gateway.0, gateway.1);
            let known = all.gateways.entry(gateway).or_insert_with(|| KnownGateway {
                proxy,
                ..KnownGateway::default()
            });
            if is_taken == Some(false) {
                continue;
            }
            let own = kube::items(set, &["spec", "listeners"]).into_iter();
            let selected = match (is_taken, &allowed) {
                (None, Some(Some(rule))) => Some(rule.place.clone()),
                _ => None,
            };
            known
                .listeners
                .extend(own.map(|node| GatewayListener::of(node, Some(key(set)), selected.clone())));
        }
        all.hold_against_each_other();
        all
    }

    /// Looks up once what each listener leaves to others.
    fn hold_against_each_other(&mut self) {
        let mut hosts: HashMap<_, BTreeSet<String>> = HashMap::new();
        for gateway in self.gateways.values() {
            for listener in &gateway.listeners {
                let place = hosts.entry(listener.place(&gateway.proxy)).or_default();
                place.insert(listener.host.clone());
            }
        }
        for gateway in self.gateways.values_mut() {
            for listener in &mut gateway.listeners {
                let beside = hosts.get(&listener.place(&gateway.proxy));
                let narrower = beside.into_iter().flatten();
                let narrower =
                    narrower.filter(|other| **other != listener.host && covers(&listener.host, other));
                listener.narrower = narrower.cloned().collect();
            }
        }
    }

    /// A Gateway, if it is in the files.
    pub(crate) fn gateway(&self, gateway: &Key) -> Option<&KnownGateway<'t>> {
        self.gateways.get(gateway).filter(|gateway| gateway.is_in_files)
    }

    /// The Gateway of a ListenerSet that is in the files.
    pub(crate) fn of_set(&self, set: &Key) -> Option<(&Key, &KnownGateway<'t>)> {
        self.gateways.get_key_value(self.sets.get(set)?)
    }
}

/// What the class of a Gateway calls its controller.
fn controller(gateway: &Node<'_>, parts: &ListenerParts<'_, '_>) -> Option<String> {
    let name = gateway.path(&["spec", "gatewayClassName"])?.text()?;
    let class = parts.called("GatewayClass", &name, None)?;
    class.path(&["spec", "controllerName"])?.text()
}

/// The proxy that the Gateways of a class share, if Envoy Gateway merges them.
fn shared_proxy(gateway: &Node<'_>, parts: &ListenerParts<'_, '_>) -> Option<String> {
    let name = gateway.path(&["spec", "gatewayClassName"])?.text()?;
    let class = parts.called("GatewayClass", &name, None)?;
    let parameters = class.path(&["spec", "parametersRef"])?;
    let (kind, own) = (parameters.text_of("kind")?, parameters.text_of("name")?);
    let proxy = parts.called(&kind, &own, parameters.text_of("namespace").as_deref())?;
    let merges = proxy.path(&["spec", "mergeGateways"])?.flag()?;
    merges.then(|| format!("the class {name}"))
}

/// The resources by their kinds and names.
struct ListenerParts<'r, 't>(HashMap<(String, String), Vec<&'r Node<'t>>>);

impl<'r, 't> ListenerParts<'r, 't> {
    fn of(resources: &'r [Node<'t>]) -> Self {
        let mut all: HashMap<_, Vec<_>> = HashMap::new();
        for resource in resources {
            let key = (kube::kind(resource), kube::name(resource));
            all.entry(key).or_default().push(resource);
        }
        Self(all)
    }

    /// The resource of a kind and a name.
    fn called(&self, kind: &str, name: &str, namespace: Option<&str>) -> Option<&'r Node<'t>> {
        let mut all = self.0.get(&(kind.to_owned(), name.to_owned()))?.iter();
        let is_there =
            |resource: &&&Node<'_>| namespace.is_none_or(|namespace| kube::namespace(resource) == namespace);
        all.find(is_there).copied()
    }
}
