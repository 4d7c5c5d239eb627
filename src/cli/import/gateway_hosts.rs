//! The hosts of a route of the Gateway API: its own, as far as listeners of its Gateways take them.

use std::collections::{BTreeSet, HashMap};

use super::document::Sourced;
use super::kubernetes;
use super::node::Node;
use super::policy;
use super::remarks::Remarks;
use super::routes::Stand;

/// The Gateways, by namespace and name.
#[derive(Debug, Default)]
pub(crate) struct Gateways<'t> {
    known: HashMap<(String, String), Vec<Node<'t>>>,
    /// The listeners of those that are not in the files, as others name them.
    named: HashMap<(String, String), BTreeSet<Section>>,
}

/// The name and the port that a listener is chosen by.
type Section = (Option<String>, Option<String>);

/// Where a route is attached.
#[derive(Debug)]
pub(crate) struct Attachment {
    /// The namespace and the name of the Gateway.
    pub(crate) gateway: Option<(String, String)>,
    /// The name of its listener, as far as it is known.
    pub(crate) listener: Option<String>,
    pub(crate) stand: Stand,
    pub(crate) names: Vec<Sourced<String>>,
    /// The Gateway is in the files: it says more.
    pub(crate) is_known: bool,
    /// Where the listener chooses the namespaces of its routes by labels, which the files do not have.
    pub(crate) selected: Option<String>,
}

impl<'t> Gateways<'t> {
    pub(crate) fn of(resources: &[Node<'t>]) -> Self {
        let mut all = Self::default();
        for resource in resources {
            let key = (kubernetes::namespace(resource), kubernetes::name(resource));
            if kubernetes::kind(resource) == "Gateway" && !kubernetes::is_istio_gateway(resource) {
                all.known
                    .entry(key)
                    .or_insert_with(|| kubernetes::items(resource, &["spec", "listeners"]));
            }
            for parent in kubernetes::items(resource, &["spec", "parentRefs"]) {
                let section = section(&parent);
                if let Some(gateway) = gateway(&parent, resource).filter(|_| section != (None, None)) {
                    all.named.entry(gateway).or_default().insert(section);
                }
            }
        }
        all
    }

    /// Something else names a listener.
    pub(crate) fn name_section(&mut self, gateway: (String, String), section: String) {
        self.named
            .entry(gateway)
            .or_default()
            .insert((Some(section), None));
    }

    /// Where a route is attached, and the hosts that it has there. Nothing: at no Gateway.
    pub(crate) fn attachments(&self, route: &Node<'_>, remarks: &mut Remarks) -> Vec<Attachment> {
        let own = policy::texts(route.path(&["spec", "hostnames"]), remarks);
        let parents = kubernetes::items(route, &["spec", "parentRefs"]);
        if parents.is_empty() {
            return vec![unknown(None, None, Stand::default(), &own, route)];
        }
        let mut all: Vec<Attachment> = Vec::new();
        for parent in parents {
            match gateway(&parent, route) {
                Some(gateway) => match self.known.get(&gateway) {
                    Some(listeners) => all.extend(known(&gateway, listeners, &parent, route, &own)),
                    None => all.extend(self.unknown(gateway, &parent, route, &own)),
                },
                None if parent.text_of("kind").as_deref() == Some("ListenerSet") => {
                    let name = format!("ListenerSet {}", parent.text_of("name").unwrap_or_default());
                    let stand = Stand {
                        listener: Some(name),
                        table: String::new(),
                    };
                    all.push(unknown(None, None, stand, &own, route));
                }
                None => {}
            }
        }
        all
    }

    /// At a Gateway that is not in the files: at the listener that is named, or at each that anything names, and at others.
    fn unknown(
        &self,
        gateway: (String, String),
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

/// The namespace and the name of a parent that is a Gateway.
fn gateway(parent: &Node<'_>, route: &Node<'_>) -> Option<(String, String)> {
    let is_one = parent.text_of("kind").is_none_or(|kind| kind == "Gateway");
    let namespace = parent
        .text_of("namespace")
        .unwrap_or_else(|| kubernetes::namespace(route));
    is_one.then(|| (namespace, parent.text_of("name").unwrap_or_default()))
}

fn unknown(
    gateway: Option<(String, String)>,
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
        listener,
        stand,
        names,
        is_known: false,
        selected: None,
    }
}

/// At the listeners of a Gateway that take it.
fn known(
    gateway: &(String, String),
    listeners: &[Node<'_>],
    parent: &Node<'_>,
    route: &Node<'_>,
    own: &[Sourced<String>],
) -> Vec<Attachment> {
    let kind = kubernetes::kind(route);
    let is_meant = |listener: &&Node<'_>| {
        [("sectionName", "name"), ("port", "port")]
            .iter()
            .all(|(asked, has)| {
                let asked = parent.text_of(asked);
                asked.is_none_or(|asked| listener.text_of(has) == Some(asked))
            })
    };
    let mut all = Vec::new();
    for listener in listeners
        .iter()
        .filter(is_meant)
        .filter(|listener| is_of_http(listener, &kind))
    {
        let from = listener.path(&["allowedRoutes", "namespaces", "from"]);
        let selected = match from.as_ref().and_then(|from| from.text()).as_deref() {
            None | Some("Same") if gateway.0 == kubernetes::namespace(route) => None,
            Some("All") => None,
            Some("Selector") => from.map(|from| from.place),
            _ => continue,
        };
        let hostname = host_of(listener);
        let taken = Sourced::new(
            hostname.clone(),
            &listener
                .get("hostname")
                .map_or_else(|| listener.place.clone(), |name| name.place),
        );
        let mut names = if own.is_empty() {
            vec![taken]
        } else {
            common(own, &[taken])
        };
        // What another listener on the port has by a longer name comes to that one.
        let port = listener.text_of("port");
        let others: Vec<_> = listeners
            .iter()
            .filter(|other| {
                other.text_of("port") == port && other.text_of("protocol") == listener.text_of("protocol")
            })
            .map(host_of)
            .filter(|other| *other != hostname && covers(&hostname, other))
            .collect();
        names.retain(|name| !others.iter().any(|other| covers(other, &name.value)));
        let (namespace, name) = gateway;
        all.push(Attachment {
            gateway: Some(gateway.clone()),
            listener: listener.text_of("name"),
            stand: Stand {
                listener: Some(format!("{namespace}/{name}:{port:?}")),
                table: listener.text_of("name").unwrap_or_default(),
            },
            names,
            is_known: true,
            selected,
        });
    }
    all
}

/// Whether a listener takes routes of a kind. Those of TLS and TCP take none that HTTP has.
fn is_of_http(listener: &Node<'_>, kind: &str) -> bool {
    let kinds = kubernetes::items(listener, &["allowedRoutes", "kinds"]);
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

fn host_of(listener: &Node<'_>) -> String {
    let hostname = listener.text_of("hostname").filter(|name| !name.is_empty());
    hostname.unwrap_or_else(|| "*".to_owned())
}

/// The hosts that both have.
pub(crate) fn common(own: &[Sourced<String>], taken: &[Sourced<String>]) -> Vec<Sourced<String>> {
    let mut known: Vec<Sourced<String>> = Vec::new();
    for own in own {
        for taken in taken {
            let both = if covers(&taken.value, &own.value) {
                own
            } else if covers(&own.value, &taken.value) {
                taken
            } else {
                continue;
            };
            if !known.contains(both) {
                known.push(both.clone());
            }
        }
    }
    known
}

/// Whether each host that `inner` stands for is one of `outer`'s. Of the Gateway API, a `*` is one label or more.
pub(crate) fn covers(outer: &str, inner: &str) -> bool {
    let of_outer = outer.strip_prefix('*');
    outer == "*"
        || outer == inner
        || of_outer.is_some_and(|end| inner.ends_with(end) && inner.len() > end.len())
}
