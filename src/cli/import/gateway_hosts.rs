//! The hosts of an HTTPRoute: its own, as far as a listener of its Gateways takes them.

use super::document::Sourced;
use super::kubernetes;
use super::node::Node;
use super::policy;
use super::remarks::Remarks;

/// The hosts, and whether a Gateway that the route is attached to is in the files: it says more.
pub(crate) fn of(
    route: &Node<'_>,
    resources: &[Node<'_>],
    remarks: &mut Remarks,
) -> (Vec<Sourced<String>>, bool) {
    let hostnames = route.path(&["spec", "hostnames"]);
    let own = policy::texts(hostnames, remarks);
    let parents = route.path(&["spec", "parentRefs"]).map(|parents| parents.items());
    let (mut listeners, mut is_known) = (Vec::new(), false);
    for parent in parents.unwrap_or_default() {
        let gateway = resources
            .iter()
            .find(|resource| is_parent(resource, &parent, route));
        is_known |= gateway.is_some();
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
        listeners.extend(of_gateway.unwrap_or_default().into_iter().filter(is_meant));
    }
    let taken = if is_known {
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
    if own.is_empty() {
        return (distinct(taken), is_known);
    }
    let both = own.iter().flat_map(|own| {
        taken.iter().filter_map(|taken| {
            if covers(&taken.value, &own.value) {
                Some(own.clone())
            } else {
                covers(&own.value, &taken.value).then(|| taken.clone())
            }
        })
    });
    (distinct(both.collect()), is_known)
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
