//! The hosts of a route of the Gateway API: its own, as far as listeners of its Gateways take them.

use std::collections::{BTreeSet, HashMap};

use super::host_names::{common, covers};
use super::imported_document::Sourced;
use super::kube;
use super::listeners::{self, GatewayListener, Key, KnownGateway, KnownListeners};
use super::namespaces::Namespaces;
use super::node::Node;
use super::policy;
use super::remarks::Remarks;
use super::routes::Stand;

/// The Gateways.
#[derive(Debug, Default)]
pub(crate) struct Gateways<'t> {
    known: KnownListeners<'t>,
    namespaces: Namespaces<'t>,
    /// The listeners of those that are not in the files, as others name them.
    named: HashMap<Key, BTreeSet<Section>>,
}

/// The name and the port that a listener is chosen by.
type Section = (Option<String>, Option<String>);

/// Where a route is attached.
#[derive(Debug)]
pub(crate) struct Attachment {
    pub(crate) gateway: Option<Key>,
    /// The ListenerSet that adds the listener.
    pub(crate) set: Option<Key>,
    /// What the class of the Gateway calls the controller, as far as it is known.
    pub(crate) controller: Option<String>,
    /// The name of its listener, as far as it is known.
    pub(crate) listener: Option<String>,
    pub(crate) stand: Stand,
    pub(crate) names: Vec<Sourced<String>>,
    /// The Gateway is in the files: it says more.
    pub(crate) is_known: bool,
    /// Where namespaces are chosen by labels that the files do not have.
    pub(crate) selected: Option<String>,
}

impl<'t> Gateways<'t> {
    pub(crate) fn of(resources: &[Node<'t>]) -> Self {
        let namespaces = Namespaces::of(resources);
        let mut all = Self {
            known: KnownListeners::of(resources, &namespaces),
            namespaces,
            named: HashMap::new(),
        };
        for resource in resources {
            for parent in kube::items(resource, &["spec", "parentRefs"]) {
                let section = section(&parent);
                if let (true, Parent::Gateway(gateway)) =
                    (section != (None, None), Parent::of(&parent, resource))
                {
                    all.named.entry(gateway).or_default().insert(section);
                }
            }
        }
        all
    }

    /// Something else names a listener.
    pub(crate) fn name_section(&mut self, gateway: Key, section: String) {
        self.named
            .entry(gateway)
            .or_default()
            .insert((Some(section), None));
    }

    /// Where a route is attached, and the hosts that it has there. Nothing: at no Gateway.
    pub(crate) fn attachments(&self, route: &Node<'_>, remarks: &mut Remarks) -> Vec<Attachment> {
        let own = policy::texts(route.path(&["spec", "hostnames"]), remarks);
        let parents = kube::items(route, &["spec", "parentRefs"]);
        if parents.is_empty() {
            return vec![unknown(None, None, Stand::default(), &own, route)];
        }
        let mut all: Vec<Attachment> = Vec::new();
        for parent in parents {
            match Parent::of(&parent, route) {
                Parent::Gateway(gateway) => match self.known.gateway(&gateway) {
                    Some(known) => all.extend(self.known(&gateway, known, None, &parent, route, &own)),
                    None => all.extend(self.unknown(gateway, &parent, route, &own)),
                },
                Parent::Set(set) => match self.known.of_set(&set) {
                    Some((gateway, known)) => {
                        all.extend(self.known(gateway, known, Some(&set), &parent, route, &own));
                    }
                    None => {
                        let stand = Stand {
                            listener: Some(format!("ListenerSet {}/{}", set.0, set.1)),
                            table: String::new(),
                        };
                        all.push(unknown(None, None, stand, &own, route));
                    }
                },
                Parent::Other => {}
            }
        }
        all
    }

    /// At the listeners of a Gateway, or of a ListenerSet of it, that take it.
    fn known(
        &self,
        gateway: &Key,
        known: &KnownGateway<'_>,
        set: Option<&Key>,
        parent: &Node<'_>,
        route: &Node<'_>,
        own: &[Sourced<String>],
    ) -> Vec<Attachment> {
        let kind = kube::kind(route);
        let is_meant = |listener: &&GatewayListener<'_>| {
            let asked = [("sectionName", "name"), ("port", "port")];
            listener.set.as_ref() == set
                && asked.iter().all(|(asked, has)| {
                    let asked = parent.text_of(asked);
                    asked.is_none_or(|asked| listener.node.text_of(has) == Some(asked))
                })
        };
        let mut all = Vec::new();
        let listeners = known.listeners.iter().filter(is_meant);
        let listeners = listeners.filter(|listener| is_of_http(&listener.node, &kind));
        for GatewayListener {
            node,
            selected,
            host,
            narrower,
            ..
        } in listeners
        {
            let rule = node.path(&["allowedRoutes", "namespaces"]);
            // A route comes to a ListenerSet's listener as to one of that namespace.
            let home = set.map_or(&gateway.0, |set| &set.0);
            let may_come = self
                .namespaces
                .may_come(rule.as_ref(), &kube::namespace(route), home);
            let selected = match (may_come, selected) {
                (Some(false), _) => continue,
                (Some(true), selected) => selected.clone(),
                (None, _) => Some(rule.map_or_else(|| node.place.clone(), |rule| rule.place)),
            };
            let place = node
                .get("hostname")
                .map_or_else(|| node.place.clone(), |name| name.place);
            let taken = Sourced::new(host.clone(), &place);
            let mut names = if own.is_empty() {
                vec![taken]
            } else {
                common(own, &[taken])
            };
            // What another listener on the port has by a longer name comes to that one.
            names.retain(|name| !narrower.iter().any(|other| covers(other, &name.value)));
            let port = node.text_of("port");
            let name = node.text_of("name");
            all.push(Attachment {
                gateway: Some(gateway.clone()),
                set: set.cloned(),
                controller: known.controller.clone(),
                stand: Stand {
                    listener: Some(format!("{}:{port:?}", known.proxy)),
                    table: format!("{gateway:?} {set:?} {name:?}"),
                },
                // A policy names those of the Gateway itself, and not those that are added.
                listener: name.filter(|_| set.is_none()),
                names,
                is_known: true,
                selected,
            });
        }
        all
    }

    /// At a Gateway that is not in the files: at the listener that is named, or at each that anything names, and at
    /// others.
    fn unknown(
        &self,
        gateway: Key,
        parent: &Node<'_>,
        route: &Node<'_>,
        own: &[Sourced<String>],
    ) -> Vec<Attachment> {
        let mut sections = BTreeSet::from([section(parent)]);
        if sections.contains(&(None, None)) {
            sections.extend(self.named.get(&gateway).into_iter().flatten().cloned());
        }
        let at = sections.into_iter().map(|section| {
            let (namespace, name) = &gateway;
            let stand = Stand {
                listener: Some(format!("{namespace}/{name} {section:?}")),
                table: String::new(),
            };
            unknown(Some(gateway.clone()), section.0, stand, own, route)
        });
        at.collect()
    }
}

/// The listener that is asked for.
fn section(parent: &Node<'_>) -> Section {
    (parent.text_of("sectionName"), parent.text_of("port"))
}

/// What a route names as its parent.
enum Parent {
    Gateway(Key),
    Set(Key),
    /// Something that has no hosts at the edge.
    Other,
}

impl Parent {
    fn of(parent: &Node<'_>, route: &Node<'_>) -> Self {
        let namespace = parent
            .text_of("namespace")
            .unwrap_or_else(|| kube::namespace(route));
        let key = (namespace, parent.text_of("name").unwrap_or_default());
        match parent.text_of("kind").as_deref() {
            None | Some("Gateway") => Self::Gateway(key),
            Some(kind) if listeners::is_set(kind) => Self::Set(key),
            Some(_) => Self::Other,
        }
    }
}

fn unknown(
    gateway: Option<Key>,
    listener: Option<String>,
    stand: Stand,
    own: &[Sourced<String>],
    route: &Node<'_>,
) -> Attachment {
    let names = if own.is_empty() {
        vec![Sourced::new("*".to_owned(), &route.place)]
    } else {
        own.to_vec()
    };
    Attachment {
        gateway,
        set: None,
        controller: None,
        listener,
        stand,
        names,
        is_known: false,
        selected: None,
    }
}

/// Whether a listener takes routes of a kind. Those of TLS and TCP take none that HTTP has.
fn is_of_http(listener: &Node<'_>, kind: &str) -> bool {
    let kinds = kube::items(listener, &["allowedRoutes", "kinds"]);
    let mode = listener.path(&["tls", "mode"]).and_then(|mode| mode.text());
    matches!(
        listener.text_of("protocol").as_deref(),
        None | Some("HTTP" | "HTTPS")
    ) && mode.as_deref() != Some("Passthrough")
        && (kinds.is_empty()
            || kinds
                .iter()
                .any(|own| own.text_of("kind").as_deref() == Some(kind)))
}
