//! The hosts of an HTTPRoute: its own, as far as a listener of its Gateways takes them.

use super::document::Sourced;
use super::kubernetes;
use super::node::Node;
use super::policy;
use super::remarks::Remarks;

/// The hosts of a route.
pub(crate) struct RouteHosts {
    pub(crate) names: Vec<Sourced<String>>,
    /// A Gateway that the route is attached to is in the files: it says more.
    pub(crate) is_gateway_known: bool,
    /// Where a listener chooses the namespaces of its routes by labels, which the files do not have.
    pub(crate) selected: Option<String>,
}

/// The hosts of an HTTPRoute.
pub(crate) fn of(route: &Node<'_>, resources: &[Node<'_>], remarks: &mut Remarks) -> RouteHosts {
    let hostnames = route.path(&["spec", "hostnames"]);
    let own = policy::texts(hostnames, remarks);
    let parents = route.path(&["spec", "parentRefs"]).map(|parents| parents.items());
    let (mut listeners, mut is_gateway_known, mut selected) = (Vec::new(), false, None);
    for parent in parents.unwrap_or_default() {
        let gateway = resources
            .iter()
            .find(|resource| is_parent(resource, &parent, route));
        is_gateway_known |= gateway.is_some();
        let of_gateway = gateway.map(|gateway| gateway.path(&["spec", "listeners"]));
        let of_gateway = of_gateway.flatten().map(|listeners| listeners.items());
        let is_meant = |listener: &Node<'_>| {
            [("sectionName", "name"), ("port", "port")]
                .iter()
                .all(|(asked, has)| {
                    parent
                        .text_of(asked)
                        .is_none_or(|asked| listener.text_of(has) == Some(asked))
                })
        };
        let is_same =
            gateway.is_some_and(|gateway| kubernetes::namespace(gateway) == kubernetes::namespace(route));
        for listener in of_gateway.unwrap_or_default().into_iter().filter(is_meant) {
            let from = listener.path(&["allowedRoutes", "namespaces", "from"]);
            let takes = match from.as_ref().and_then(|from| from.text()).as_deref() {
                None | Some("Same") => is_same,
                Some("Selector") => {
                    selected = selected.or_else(|| from.map(|from| from.place));
                    true
                }
                Some(from) => from == "All",
            };
            if takes {
                listeners.push(listener);
            }
        }
    }
    let taken = if is_gateway_known {
        listeners
            .iter()
            .map(|listener| match listener.get("hostname") {
                Some(name) => Sourced::new(name.text().unwrap_or_default(), &name.place),
                None => Sourced::new("*".to_owned(), &listener.place),
            })
            .collect()
    } else {
        vec![Sourced::new("*".to_owned(), &route.place)]
    };
    let names = if own.is_empty() {
        distinct(taken)
    } else {
        common(&own, &taken)
    };
    RouteHosts {
        names,
        is_gateway_known,
        selected,
    }
}

/// The hosts that both have.
pub(crate) fn common(own: &[Sourced<String>], taken: &[Sourced<String>]) -> Vec<Sourced<String>> {
    let both = own.iter().flat_map(|own| {
        taken.iter().filter_map(|taken| {
            if covers(&taken.value, &own.value) {
                Some(own.clone())
            } else {
                covers(&own.value, &taken.value).then(|| taken.clone())
            }
        })
    });
    distinct(both.collect())
}

fn is_parent(resource: &Node<'_>, parent: &Node<'_>, route: &Node<'_>) -> bool {
    let namespace = parent
        .text_of("namespace")
        .unwrap_or_else(|| kubernetes::namespace(route));
    let name = resource.path(&["metadata", "name"]).and_then(|name| name.text());
    kubernetes::kind(resource) == "Gateway"
        && parent.text_of("kind").is_none_or(|kind| kind == "Gateway")
        && name == parent.text_of("name")
        && kubernetes::namespace(resource) == namespace
}

/// Whether each host that `inner` stands for is one of `outer`'s. Of the Gateway API, a `*` is one label or more.
fn covers(outer: &str, inner: &str) -> bool {
    let of_outer = outer.strip_prefix('*');
    outer == "*"
        || outer == inner
        || of_outer.is_some_and(|end| inner.ends_with(end) && inner.len() > end.len())
}

fn distinct(names: Vec<Sourced<String>>) -> Vec<Sourced<String>> {
    let mut known: Vec<Sourced<String>> = Vec::new();
    for name in names {
        if known.iter().all(|known| known.value != name.value) {
            known.push(name);
        }
    }
    known
}
